#!/usr/bin/python3
"""The demo, once the agent is built: a fake API server with the pods of a shop, their logs and
traces, the agent, and a sink that prints what arrives. The sink is the strict one of the tests."""
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/fakes"))
import loki  # noqa: E402
import otlp  # noqa: E402

ONCE = "--once" in sys.argv
DIR = ROOT / "build/demo"
COLOURS = sys.stdout.isatty()
NODE = "demo-node"


class Pod:
    """uid and address: what the API server says; the address is the one it sends its traces from."""

    def __init__(self, number, namespace, app, container):
        self.namespace, self.app, self.container = namespace, app, container
        self.name = f"{app}-7d9c5b6f4-x{number}kq2"
        self.uid = f"0000000{number}-aaaa-4bbb-8ccc-dddddddddddd"
        self.address = f"127.0.1.{number}"
        self.dir = DIR / "pods" / f"{namespace}_{self.name}_{self.uid}" / container
        self.live = self.dir / "0.log"
        self.written = 0
        self.rotated = 0

    def object(self):
        """As the API server gives it."""
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name, "namespace": self.namespace,
            "uid": self.uid, "resourceVersion": "1", "creationTimestamp": "2026-11-22T10:00:00Z",
            "labels": {"app.kubernetes.io/name": self.app, "pod-template-hash": "7d9c5b6f4"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True,
                "name": f"{self.app}-7d9c5b6f4", "uid": "rs-" + self.uid}]},
            "spec": {"nodeName": NODE, "containers": [{"name": self.container, "image": f"shop/{self.app}:1.4"}]},
            "status": {"phase": "Running", "podIP": self.address, "podIPs": [{"ip": self.address}],
                "hostIP": "127.0.0.1", "startTime": "2026-11-22T10:00:01Z",
                "containerStatuses": [{"name": self.container, "containerID": f"containerd://c{self.uid}",
                    "image": f"shop/{self.app}:1.4", "ready": True, "state": {"running": {}}}]}}

    def write(self, line, stream="stdout"):
        self.dir.mkdir(parents=True, exist_ok=True)
        ns = time.time_ns()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns % 10**9:09d}Z"
        data, out = line.encode(), b""
        while len(data) > 16384:
            out += f"{stamp} {stream} P ".encode() + data[:16384] + b"\n"
            data = data[16384:]
        with open(self.live, "ab") as f:
            f.write(out + f"{stamp} {stream} F ".encode() + data + b"\n")
        self.written += 1

    def rotate(self):
        self.rotated += 1
        self.live.rename(self.dir / f"0.log.20261122-{100000 + self.rotated:06d}")
        self.live.touch()


NGINX = Pod(1, "web", "nginx", "nginx")
CART = Pod(2, "shop", "cart", "app")
MASTODON = Pod(3, "social", "mastodon-web", "puma")
BILLING = Pod(4, "shop", "billing", "java")
PODS = [NGINX, CART, MASTODON, BILLING]
PATHS = ["/", "/cart", "/api/v1/timelines/home", "/assets/app.css", "/checkout"]
written_spans = 0


def write_some():
    """One turn of the shop: what it prints, and sometimes a trace."""
    trace = f"{random.getrandbits(128):032x}"
    kind = random.choices(["request", "probe", "cart", "rails", "java", "long"], [5, 1, 4, 3, 1, 0.3])[0]
    path = random.choice(PATHS)
    if kind == "request":
        NGINX.write(f'10.0.3.{random.randrange(255)} - - "GET {path} HTTP/1.1" {random.choice([200, 200, 304, 404])} '
            f"{random.randrange(9000)}")
    elif kind == "probe":
        NGINX.write('10.0.0.1 - - "GET /healthz HTTP/1.1" 200 2')
        NGINX.written -= 1  # the configuration drops these
    elif kind == "cart":
        CART.write(json.dumps({"level": random.choice(["info", "info", "warn"]), "msg": random.choice(
            ["item added", "price looked up: 12 €", "coupon expired"]), "trace_id": trace}, ensure_ascii=False))
        send_trace(CART, "cart", trace, ["POST /cart", "SELECT items", "redis GET"])
    elif kind == "rails":
        MASTODON.write(f"[{trace[:16]}] method=GET path={path} controller=TimelinesController status=200 "
            f"duration={random.randrange(9000) / 100:.2f}")
        send_trace(MASTODON, "mastodon/web", trace, ["GET /api/v1/timelines/home", "mastodon_production SELECT"])
    elif kind == "java":
        for line in ("java.lang.IllegalStateException: invoice 4711 is locked",
                "\tat org.example.billing.InvoiceService.close(InvoiceService.java:112)",
                "\tat org.example.billing.Nightly.run(Nightly.java:31)"):
            BILLING.write(line, "stderr")
    else:
        BILLING.write("report: " + "größe " * 5000)
    if random.random() < 0.05:
        pod = random.choice([p for p in PODS if p.written])
        pod.rotate()
        note(f"{pod.name}: its log was rotated")


def send_trace(pod, service, trace, names):
    """OTLP/JSON from the pod's own address."""
    global written_spans
    now = time.time_ns()
    root = f"{random.getrandbits(64):016x}"
    spans = [{"traceId": trace, "spanId": root if i == 0 else f"{random.getrandbits(64):016x}",
        "parentSpanId": "" if i == 0 else root, "name": n, "kind": 2 if i == 0 else 3,
        "startTimeUnixNano": str(now - 10**7), "endTimeUnixNano": str(now - i * 10**6)} for i, n in enumerate(names)]
    body = json.dumps({"resourceSpans": [{"resource": {"attributes": [
        {"key": "service.name", "value": {"stringValue": service}}]}, "scopeSpans": [{"spans": spans}]}]})
    c = http.client.HTTPConnection("127.0.0.1", agent_port, timeout=20, source_address=(pod.address, 0))
    c.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
    if c.getresponse().status == 200:
        written_spans += len(spans)
    c.close()


# -- what arrives --------------------------------------------------------------------------------

def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOURS else text


def note(text):
    print(paint("2", f"         -- {text}"), flush=True)


class Printer:
    """Prints what the sinks have got since it last looked."""

    def __init__(self, logs, traces):
        self.logs, self.traces = logs, traces
        self.lines = self.spans = 0

    def look(self):
        with self.logs.lock:
            entries = self.logs.entries[self.lines:]
        with self.traces.lock:
            items = self.traces.items[self.spans:]
        self.lines += len(entries)
        self.spans += len(items)
        for _, labels, ns, line, meta in entries:
            self.show_line(dict(re.findall(r'(\w+)="([^"]*)"', labels)), ns, line, meta)
        traces = {}
        for _, resource, _, _, span in items:
            traces.setdefault(span.trace_id, (json.loads("{" + re.sub(r'([\w.]+)=', r'"\1":', resource[1:-1]) + "}"),
                []))[1].append(span)
        for resource, spans in traces.values():
            self.show_trace(resource, spans)

    def show_line(self, labels, ns, line, meta):
        text = line.decode("utf-8", "replace").replace("\t", "    ")
        where = f"{labels.pop('namespace')}/{labels.pop('pod')}"
        rest = " ".join(f"{k}={v}" for k, v in [*labels.items(), *meta])
        size = f" … {len(line)} bytes" if len(text) > 96 else ""
        print(f"{clock(ns)} {paint('32', 'line ')} {paint('36', where)} {paint('2', rest)}\n"
            f"               {text[:96]}{size}", flush=True)

    def show_trace(self, resource, spans):
        where = f"{resource.get('k8s.namespace.name', '?')}/{resource.get('k8s.pod.name', '?')}"
        rest = " ".join(f"{k}={v}" for k, v in resource.items() if k in ("service.name", "k8s.deployment.name"))
        spans.sort(key=lambda x: x.parent_span_id != b"")
        path = " > ".join(f"{x.name} {(x.end_time_unix_nano - x.start_time_unix_nano) / 1e6:.0f} ms" for x in spans)
        print(f"{clock(spans[0].start_time_unix_nano)} {paint('35', 'trace')} {paint('36', where)} {paint('2', rest)}\n"
            f"               {path}", flush=True)


def clock(ns):
    return time.strftime("%H:%M:%S", time.localtime(ns // 10**9))


def proc(pid):
    """(resident MiB, CPU s)."""
    f = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(f[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20, (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")


def start_api():
    """The port of a fake API server that has our pods."""
    f = DIR / "api-port"
    child = subprocess.Popen([sys.executable, ROOT / "tests/fakes/apiserver.py", "--port-file", f],
        start_new_session=True)
    while not f.exists():
        time.sleep(0.02)
    port = int(f.read_text())
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for p in PODS:
        c.request("POST", "/_control/pod", json.dumps(p.object()), {"Content-Type": "application/json"})
        c.getresponse().read()
    return child, port


def start_agent(api, logs, traces):
    (DIR / "kubeconfig").write_text(f"""apiVersion: v1
kind: Config
current-context: demo
contexts: [{{name: demo, context: {{cluster: demo, user: demo}}}}]
clusters: [{{name: demo, cluster: {{server: "http://127.0.0.1:{api}"}}}}]
users: [{{name: demo, user: {{}}}}]
""")
    env = {"PATH": os.environ["PATH"], "HOSTNAME": NODE, "API_SERVER": f"http://127.0.0.1:{api}",
        "KUBECONFIG": str(DIR / "kubeconfig"), "LOG_ROOT": str(DIR / "pods"),
        "LOKI_URL": logs.url() + "/loki/api/v1/push", "OTLP_ENDPOINT": traces.url(),
        "OTLP_LISTEN": f"127.0.0.1:{agent_port}"}
    return subprocess.Popen([ROOT / "build/release/invar", "run", f"--storage.path={DIR}/data",
        f"--server.http.listen-addr=127.0.0.1:{http_port}", f"--pod-logs.path={DIR}/pods", ROOT / "scripts/demo.alloy"],
        env=env, stderr=open(DIR / "agent.log", "wb"), start_new_session=True)


def free_port(wish):
    import socket
    for port in (wish, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return s.getsockname()[1]
            except OSError:
                pass
    sys.exit("no free port")


def ready():
    c = http.client.HTTPConnection("127.0.0.1", http_port, timeout=2)
    try:
        c.request("GET", "/-/ready")
        return c.getresponse().status == 200
    except OSError:
        return False


def main():
    subprocess.run(["rm", "-rf", DIR], check=True)
    (DIR / "pods").mkdir(parents=True)
    logs, traces = loki.Loki(), otlp.Otlp()
    api, port = start_api()
    agent = start_agent(port, logs, traces)
    printer = Printer(logs, traces)
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *a: stop.set())
    signal.signal(signal.SIGTERM, lambda *a: stop.set())
    for _ in range(500):
        if ready() or agent.poll() is not None:
            break
        time.sleep(0.02)
    print(f"The agent runs with scripts/demo.alloy and says of itself: http://127.0.0.1:{http_port}/metrics\n"
        "Its log is in build/demo/agent.log. Below is what a small Loki and a small OTLP server get from it:\n"
        f"log lines and traces with the names of their pods. {'A short look:' if ONCE else 'Ctrl-C ends it.'}\n",
        flush=True)
    turns, told = 0, time.monotonic()
    try:
        while not stop.is_set() and agent.poll() is None and not (ONCE and turns >= 40):
            write_some()
            turns += 1
            stop.wait(0.1 if ONCE else random.uniform(0.05, 0.6))
            printer.look()
            if time.monotonic() - told > 5:
                told = time.monotonic()
                rss, cpu = proc(agent.pid)
                note(f"{printer.lines} lines and {printer.spans} spans so far; the agent: {rss:.1f} MiB, "
                    f"{cpu:.2f} s of CPU in all")
        return finish(agent, printer, logs, traces)
    finally:
        agent.kill()
        api.kill()


def finish(agent, printer, logs, traces):
    wanted = sum(p.written for p in PODS)
    until = time.monotonic() + 15
    while agent.poll() is None and time.monotonic() < until:
        printer.look()
        if printer.lines >= wanted and printer.spans >= written_spans:
            break
        time.sleep(0.05)
    if agent.poll() is not None:
        print(Path(DIR / "agent.log").read_text(), f"\nthe agent has ended with {agent.returncode}")
        return 1
    rss, cpu = proc(agent.pid)
    agent.send_signal(signal.SIGTERM)
    agent.wait(20)
    printer.look()
    print(f"\n{wanted} lines were written and {printer.lines} arrived; {written_spans} spans were sent and "
        f"{printer.spans} arrived; {sum(p.rotated for p in PODS)} logs were rotated meanwhile.\n"
        f"The agent took {rss:.1f} MiB and {cpu:.2f} s of CPU, and ended with {agent.returncode}.")
    for p in logs.problems + traces.problems:
        print("the sink complains:", p)
    good = (printer.lines, printer.spans, agent.returncode) == (wanted, written_spans, 0)
    return 0 if good and not logs.problems + traces.problems else 1


agent_port = free_port(4318)
http_port = free_port(12345)

if __name__ == "__main__":
    sys.exit(main())
