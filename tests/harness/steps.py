"""The verbs of a scenario's `do` section. A verb is a pattern and a function: adding one here adds
it to the language; docs/testing.md lists them."""
import base64
import contextlib
import ctypes
import gzip
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from datetime import datetime, timedelta, timezone

from harness import agent, text
from harness.world import ROOT, Failed, Skipped

VERBS = []


def verb(pattern):
    def put(f):
        VERBS.append((re.compile(pattern + "$", re.S), f))
        return f
    return put


def perform(world, line):
    for pattern, f in VERBS:
        m = pattern.match(line)
        if m:
            return f(world, *m.groups())
    raise Failed(f"no such step: {line}")


# -- the agent -------------------------------------------------------------------------------

@verb(r"start")
def start(w):
    w.start_agent()


@verb(r"start without waiting")
def start_only(w):
    w.agent.start()


@verb(r"kill -9")
def kill(w):
    w.agent.kill()


@verb(r"signal ([A-Z0-9]+)")
def send_signal(w, name):
    w.agent.signal(name)


@verb(r"stop")
def stop(w):
    w.agent.signal("TERM")
    wait_exit(w)


@verb(r"restart")
def restart(w):
    stop(w)
    w.start_agent()


@verb(r"wait exit")
def wait_exit(w):
    w.wait("the agent to end", lambda: not w.agent.running())


@verb(r"reload")
def reload(w):
    status, body = agent.http("POST", f"http://{w.agent.address}/-/reload", b"")
    if status != 200:
        raise Failed(f"reload gave {status}: {body.decode(errors='replace')}")


# -- files: times are now, so that a strict Loki takes them -----------------------------------

def stamp(plus=0):
    """As containerd writes it: UTC, trailing zeros of the fraction dropped."""
    ns = time.time_ns() + plus
    frac = f"{ns % 10**9:09d}".rstrip("0")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + (f".{frac}" if frac else "") + "Z"


def put(w, name, data, mode="ab"):
    if name in w.writers:
        w.writers[name].write(data)
        return
    f = w.file(name)
    f.parent.mkdir(parents=True, exist_ok=True)
    with open(f, mode) as out:
        out.write(data)


@verb(r"keep-open (\S+)")
def keep_open(w, name):
    """What is written to it from now on is by one writer, as a container is, which does not close it."""
    w.file(name).parent.mkdir(parents=True, exist_ok=True)
    w.writers[name] = open(w.file(name), "ab", buffering=0)


@verb(r"append (\S+) (.*)")
def append(w, name, what):
    """Bytes as they are: end lines with \\n."""
    put(w, name, b"".join(text.expand(what)))


@verb(r"cri (\S+) (stdout|stderr) ?(.*)")
def cri(w, name, stream, what):
    """Whole lines as containerd writes them: pieces of 16,384 bytes, the last one F."""
    out = b""
    for line in text.expand(what):
        while len(line) > 16384:
            out += f"{stamp()} {stream} P ".encode() + line[:16384] + b"\n"
            line = line[16384:]
        out += f"{stamp()} {stream} F ".encode() + line + b"\n"
    put(w, name, out)


@verb(r"cri-part (\S+) (stdout|stderr) (.*)")
def cri_part(w, name, stream, what):
    put(w, name, f"{stamp()} {stream} P ".encode() + text.decode(what) + b"\n")


@verb(r"docker (\S+) (stdout|stderr) (.*)")
def docker(w, name, stream, what):
    """The json-file driver: end lines with \\n, or they are parts."""
    for line in text.expand(what):
        log = json.dumps({"log": line.decode(), "stream": stream, "time": stamp()}, ensure_ascii=False)
        put(w, name, log.encode() + b"\n")


@verb(r"rotate (\S+)")
def rotate(w, name):
    """As the kubelet does: N.log becomes N.log.YYYYMMDD-HHMMSS, and N.log is made anew."""
    rename_away(w, name)
    put(w, name, b"")


@verb(r"rename-away (\S+)")
def rename_away(w, name):
    w.rotations += 1
    when = datetime.now(timezone.utc) - timedelta(days=1) + timedelta(seconds=w.rotations)
    old = f"{name}.{when:%Y%m%d-%H%M%S}"
    w.file(name).rename(w.file(old))
    w.last_rotated = old


@verb(r"gzip-rotated")
def gzip_rotated(w):
    """The last rotated file becomes X.tmp, X.gz, and goes."""
    f = w.file(w.last_rotated)
    with open(f, "rb") as src, gzip.open(str(f) + ".tmp", "wb") as dst:
        shutil.copyfileobj(src, dst)
    os.rename(str(f) + ".tmp", str(f) + ".gz")
    f.unlink()


@verb(r"append-rotated (.*)")
def append_rotated(w, what):
    put(w, w.last_rotated, b"".join(text.expand(what)))


@verb(r"rename (\S+) (\S+)")
def rename(w, a, b):
    w.file(b).parent.mkdir(parents=True, exist_ok=True)
    w.file(a).rename(w.file(b))


@verb(r"truncate (\S+)")
def truncate(w, name):
    os.truncate(w.file(name), 0)


@verb(r"remove (\S+)")
def remove(w, name):
    f = w.file(name)
    if f.is_dir() and not f.is_symlink():
        shutil.rmtree(f)
    else:
        f.unlink()


@verb(r"mkdir (\S+)")
def mkdir(w, name):
    w.file(name).mkdir(parents=True, exist_ok=True)


@verb(r"link (\S+) -> (\S+)")
def link(w, name, to):
    """Replaced atomically if it is there: so a ConfigMap changes."""
    f = w.file(name)
    f.parent.mkdir(parents=True, exist_ok=True)
    new = f.with_name(f.name + ".new")
    new.symlink_to(to)
    os.rename(new, f)


@verb(r"copy (\S+) (\S+)")
def copy(w, a, b):
    w.file(b).parent.mkdir(parents=True, exist_ok=True)
    new = w.file(b + ".new")
    shutil.copyfile(w.file(a), new)
    os.rename(new, w.file(b))


@verb(r"small disk (\S+)")
def small_disk(w, name):
    """A file system of 1 MiB of its own, which goes with this process. Before `start`."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder = w.file(name)
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or libc.unshare(0x20000) != 0:  # CLONE_NEWNS
        raise Skipped("it needs root, to mount a small file system")
    libc.mount(b"none", b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE: nobody else sees it
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"size=1m") != 0:
        raise Skipped(f"a tmpfs cannot be mounted: {os.strerror(ctypes.get_errno())}")


@verb(r"fill disk (\S+)")
def fill_disk(w, name):
    with open(w.file(name) / "filler", "wb", buffering=0) as f:
        for size in (65536, 4096, 1):
            try:
                while f.write(b"x" * size):
                    pass
            except OSError:
                pass


@verb(r"free disk (\S+)")
def free_disk(w, name):
    (w.file(name) / "filler").unlink()


@verb(r"chmod ([0-7]+) (\S+)")
def chmod(w, mode, name):
    w.file(name).chmod(int(mode, 8))


@verb(r"certificate (\S+)(?: by (\S+))?")
def certificate(w, name, by):
    """NAME.crt and NAME.key, for localhost and 127.0.0.1; its own authority, or signed by another one. If they were there
    they are replaced."""
    key, new = w.file(f"{name}.key.new"), w.file(f"{name}.crt.new")
    command = ["openssl", "req", "-x509" if not by else "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", key, "-subj", f"/CN={name}", "-days", "2"]
    if not by:
        subprocess.run([*command, "-out", new, "-addext", "keyUsage=keyCertSign"], check=True, capture_output=True)
    else:
        w.file(f"{name}.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        asked = subprocess.run(command, check=True, capture_output=True).stdout
        subprocess.run(["openssl", "x509", "-req", "-CA", w.file(f"{by}.crt"), "-CAkey", w.file(f"{by}.key"), "-CAcreateserial",
            "-days", "2", "-extfile", w.file(f"{name}.ext"), "-out", new], input=asked, check=True, capture_output=True)
    os.rename(key, w.file(f"{name}.key"))
    os.rename(new, w.file(f"{name}.crt"))


# -- the fakes ------------------------------------------------------------------------------

TIMES = {"once": 1, "twice": 2, "": -1}


@verb(r"journal (\S+) (.*)")
def journal(w, folder, fields):
    """One more entry of a journal; the message is the rest: `journal logs PRIORITY=6 MESSAGE=hello there`."""
    w.journal_entries = getattr(w, "journal_entries", 0) + 1
    at = 1795341600_000000 + w.journal_entries * 1000000
    head, _, message = fields.partition("MESSAGE=")
    entry = f"__REALTIME_TIMESTAMP={at}\n__MONOTONIC_TIMESTAMP={at}\n_BOOT_ID={'0' * 31}1\n".encode()
    entry += b"".join(f"{f}\n".encode() for f in head.split())
    raw = b"".join(text.expand(message))
    entry += b"MESSAGE\n" + len(raw).to_bytes(8, "little") + raw + b"\n\n" if raw else b"\n"
    w.file(folder).mkdir(parents=True, exist_ok=True)
    subprocess.run(["/lib/systemd/systemd-journal-remote", "-o", w.file(folder) / "system.journal", "-"],
        input=entry, check=True, capture_output=True)


@verb(r"send tls (\S+)(?: as (\S+))? (\S+):(\d+) (.*)")
def send_tls(w, ca, name, host, port, what):
    """Bytes by TLS to a port whose certificate is by CA, with a certificate of one's own. A refusal is none of the step's business."""
    context = ssl.create_default_context(cafile=w.file(f"{ca}.crt"))
    if name:
        context.load_cert_chain(w.file(f"{name}.crt"), w.file(f"{name}.key"))
    with socket.create_connection((host, int(port))) as s, contextlib.suppress(ssl.SSLError, ConnectionError):
        with context.wrap_socket(s, server_hostname=host) as tls:
            for part in text.expand(what):
                tls.sendall(part)
            tls.unwrap()


@verb(r"send (udp )?(\S+):(\d+) (.*)")
def send(w, udp, host, port, what):
    """Bytes to a TCP or UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as s:
        s.connect((host, int(port)))
        for part in text.expand(what):
            s.sendall(part)


@verb(r"(loki\d*|otlp\d*) (?:answers (\d+)|(hangs|resets|closes|swallows))"
    r"(?: (once|twice|(\d+) times))?(?: after (\d+) s( by date)?)?(?: saying (.*))?")
def answers(w, who, status, kind, often, n, after, by_date, body):
    """Without a number of times: until it recovers. `swallows` takes the data and cuts the
    connection; `after` is a Retry-After, in seconds or as a date. To a call of gRPC a number below 100 is its status, and `after` a
    RetryInfo."""
    times = int(n) if n else TIMES[often or ""]
    if by_date:
        after = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + int(after)))
    headers = [("Retry-After", after)] if after else []
    w.fake(who).script(kind or "answers", status=int(status or 0), times=times, body=(body or "") + "\n",
        headers=headers)


@verb(r"(loki\d*|otlp\d*) recovers")
def recovers(w, who):
    w.fake(who).recover()


@verb(r"(loki\d*|otlp\d*|api) (stops|starts)")
def stops(w, who, what):
    w.fake(who).stop() if what == "stops" else w.fake(who).start()


@verb(r"(loki\d*|otlp\d*) wants (basic|bearer) (\S+)")
def wants_auth(w, who, kind, what):
    setattr(w.fake(who), kind, what)


@verb(r"(loki\d*) takes old lines")
def takes_old(w, who):
    """For texts with a date written in: a Loki with reject_old_samples = false."""
    w.fake(who).takes_old = True


@verb(r"(loki\d*) wants a tenant")
def wants_tenant(w, who):
    w.fake(who).auth_on = True


@verb(r"(otlp\d*) rejects (\d+)")
def rejects(w, who, n):
    w.fake(who).reject = int(n)


@verb(r"api delete (\S+) (\S+)")
def api_delete(w, namespace, name):
    w.fake("api").delete_pod(namespace, name)


@verb(r"api ([a-z]+)(?: (\{.*\}))?")
def api(w, what, args):
    """A verb of tests/fakes/apiserver.py: `api pod {"name": "shop"}`, `api compact`, `api close`."""
    w.fake("api").control(what, args or "{}")


# -- requests to the agent, and clients -----------------------------------------------------

@verb(r"(get|post|put) (\S+)(?: (\S+\.json|\S+\.bin))?((?: (?:proto|json|gzip|deflate|zstd|chunked|"
    r"type=\S+|coding=\S+|header=\S+|user=\S+))*) gives (\d+)(?: /(.*)/)?")
def request(w, method, url, name, options, want, pattern):
    """`post URL spans.json proto gzip gives 200 /regex/`: a file in OTLP/JSON, sent as it is or as
    protobuf."""
    options = options.split()
    body, headers = None, {}
    if name:
        body = w.file(name).read_bytes()
        headers["Content-Type"] = "application/json"
    if "proto" in options:
        import otlp
        body = otlp.from_json(url.rsplit("/", 1)[-1], body).SerializeToString()
        headers["Content-Type"] = "application/x-protobuf"
    if "gzip" in options:
        body = gzip.compress(body)
        headers["Content-Encoding"] = "gzip"
    for o in options:
        key, _, v = o.partition("=")
        if key == "type":
            headers["Content-Type"] = v
        elif key == "coding":
            headers["Content-Encoding"] = v
        elif key == "header":
            headers[v.split(":")[0]] = v.split(":", 1)[1]
        elif key == "user":
            headers["Authorization"] = "Basic " + base64.b64encode(v.encode()).decode()
    if method == "post" and body is None:
        body = b""
    if "chunked" in options:
        data = body
        body = (data[i:i + 7] for i in range(0, len(data), 7))
        headers["Transfer-Encoding"] = "chunked"
    status, got = agent.http(method.upper(), url, body, headers.items())
    if status != int(want):
        raise Failed(f"{method} {url} gave {status}, not {want}: {got[:2000].decode(errors='replace')}")
    if pattern and not re.search(pattern, got.decode(errors="replace"), re.M):
        raise Failed(f"{method} {url}: no /{pattern}/ in:\n{got[:4000].decode(errors='replace')}")


@verb(r"client (\S+)(.*)")
def client(w, script, args):
    """A real OpenTelemetry client: tests/clients/SCRIPT, by node."""
    r = w.run(["node", str(ROOT / "tests/clients" / script), *args.split()],
        env={"PATH": os.environ["PATH"], "HOME": str(w.folder)})
    if r.returncode != 0:
        raise Failed(f"client {script} ended with {r.returncode}:\n{r.stdout}{r.stderr}")


@verb(r"invar (.+)")
def invar(w, args):
    """The program once more, for another command; it has to end well."""
    r = w.run([str(w.agent.binary), *shlex.split(args)], env={"PATH": os.environ["PATH"], "HOME": str(w.folder)})
    if r.returncode != 0:
        raise Failed(f"invar {args} ended with {r.returncode}:\n{r.stdout}{r.stderr}")


@verb(r"duties (\S+) (\S+) (\S+)((?: \d+)*)")
def duties(w, script, where, upstream, numbers):
    """tests/duties/SCRIPT against an address, with a fake behind it; a line a duty."""
    r = w.run(["/usr/bin/python3", str(ROOT / "tests/duties" / script), where, upstream, *numbers.split()],
        env={"PATH": os.environ["PATH"], "HOME": str(w.folder)})
    if r.returncode != 0:
        raise Failed("\n".join(x for x in (r.stdout + r.stderr).splitlines() if not x.endswith(" kept")))


@verb(r"occupy (\d+)")
def occupy(w, port):
    """Somebody else listens there."""
    import socket
    s = socket.create_server(("127.0.0.1", int(port)))
    w.occupied = s


# -- waiting ---------------------------------------------------------------------------------

@verb(r"wait (loki\d*) (\d+) (lines|requests)")
def wait_loki(w, who, n, what):
    f = w.fake(who)
    w.wait(f"{n} {what} at {who}", lambda: (len(f.entries) if what == "lines" else f.requests) >= int(n))


@verb(r"wait (otlp\d*) (\d+) (items|requests)")
def wait_otlp(w, who, n, what):
    f = w.fake(who)
    w.wait(f"{n} {what} at {who}", lambda: (len(f.items) if what == "items" else f.requests) >= int(n))


@verb(r"wait api (\d+) answers of (\d+) to (\S+)")
def wait_api(w, n, status, token):
    f = w.fake("api")
    w.wait(f"{n} answers of {status} to {token} at the API server",
        lambda: sum(c["status"] == int(status) and c["token"] == token for c in list(f.calls)) >= int(n))


@verb(r"wait metric (.*)")
def wait_metric(w, what):
    m = text.Metric(what)
    try:
        w.wait(f"metric {what}", lambda: m.holds(w.agent.metrics()))
    except Failed as e:
        raise Failed(f"{e}; it is {m.value(w.agent.metrics())}") from e


@verb(r"wait log /(.*)/")
def wait_log(w, pattern):
    w.wait(f"log /{pattern}/", lambda: re.search(pattern, w.agent.log(), re.M))


@verb(r"wait stdout /(.*)/")
def wait_stdout(w, pattern):
    w.wait(f"stdout /{pattern}/", lambda: re.search(pattern, w.agent.stdout(), re.M))


@verb(r"wait get (\S+) (\d+)(?: /(.*)/)?")
def wait_get(w, url, status, pattern):
    def there():
        got, body = agent.http("GET", url)
        return got == int(status) and (not pattern or re.search(pattern, body.decode(errors="replace"), re.M))
    w.wait(f"GET {url} to give {status} /{pattern or ''}/", there)


@verb(r"wait file (\S+) /(.*)/")
def wait_file(w, name, pattern):
    f = w.file(name)
    w.wait(f"{name} /{pattern}/", lambda: f.exists() and re.search(pattern, f.read_text(errors="replace"), re.M))
