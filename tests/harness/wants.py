"""What a scenario wants to see. check() is asked again and again until it has nothing to say any
more, and once more after the agent has ended: then nothing may have come twice either."""
import json
import re
from datetime import datetime

from harness import text


def compare(title, want, got):
    """The lines that differ, or nothing."""
    if want == got:
        return []
    out, w, g = [f"{title}: wanted - and got +"], list(want), list(got)
    import difflib
    lines = difflib.unified_diff(w, g, lineterm="", n=2)
    return out + [x for x in lines if not x.startswith(("---", "+++"))][:24]


def rfc3339_ns(t):
    m = re.match(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$", t)
    s = datetime.fromisoformat(m.group(1) + m.group(3).replace("Z", "+00:00")).timestamp()
    return int(s) * 10**9 + int((m.group(2) or "0").ljust(9, "0"))


def loki(world, who, body, final):
    """Each stream's lines in order, each line exactly once unless it says `at least once`."""
    options, want = text.wanted(body)
    fake = world.fake(who)
    with fake.lock:
        entries = list(fake.entries)
        problems = list(fake.problems)
    if "at least once" in options:
        entries = list({(e[0], e[1], e[3]): e for e in reversed(entries)}.values())[::-1]
    streams, wanted = {}, {}
    for e in entries:
        streams.setdefault(e[1], []).append(e)
    for x in want:
        wanted.setdefault(x.labels, []).append(x)
    out = [f"{who}: a client should not send this: {p}" for p in problems]
    if "any streams" not in options:
        out += compare(f"{who}: streams", sorted(wanted), sorted(streams))
    for labels, lines in wanted.items():
        got = streams.get(labels, [])
        w, g = [text.show(x.line) for x in lines], [text.show(e[3]) for e in got]
        if "in any order" in options:
            w, g = sorted(w), sorted(g)
        out += compare(f"{who}: {labels}", w, g)
        if not out and "in any order" not in options:
            for x, e in zip(lines, got):
                out += entry_extra(x, e)
    return out


def entry_extra(x, e):
    tenant, _, ns, _, meta = e
    out = []
    for kind, want in x.extra:
        if kind == "meta":
            got = "{" + ", ".join(f'{k}="{v}"' for k, v in meta) + "}"
            ok = got == want
        elif kind == "time":
            got, ok = ns, ns == rfc3339_ns(want)
        elif kind == "tenant":
            got, ok = tenant, tenant == want
        else:
            raise ValueError(f"an entry has no {kind}")
        if not ok:
            out.append(f"{x.labels} {text.show(x.line)}: {kind} is {got}, wanted {want}")
    return out


def otlp(world, who, body, final):
    """Each span (log record, metric), exactly once, in any order: {resource's attributes} its name."""
    options, want = text.wanted(body)
    fake = world.fake(who)
    with fake.lock:
        got = list(fake.items)
        out = [f"{who}: {p}" for p in fake.problems]
    if "at least once" in options:
        got = list({(i[1], i[2], i[4].SerializeToString()): i for i in got}.values())
    out += compare(f"{who}: items", sorted(f"{x.labels} {text.show(x.line)}" for x in want),
        sorted(f"{i[1]} {text.show(i[2])}" for i in got))
    if out:
        return out
    for x in want:
        if x.extra:
            same = [i for i in got if i[1] == x.labels and i[2].encode() == x.line]
            out += min((item_extra(x, i) for i in same), key=len)
    return out


def item_extra(x, item):
    import otlp as fake
    out = []
    for kind, want in x.extra:
        if kind == "signal":
            if item[0] != want:
                out.append(f"{x.line}: is of {item[0]}, wanted {want}")
        elif kind == "json":
            out += subset(json.loads(want), fake.to_json(item[4]), x.line.decode())
        elif kind == "header":
            name, _, pattern = want.partition(": ")
            if not re.fullmatch(pattern, item[5].get(name.lower(), "")):
                out.append(f"{x.line}: its request's {name} is {item[5].get(name.lower())!r}, wanted /{pattern}/")
        else:
            raise ValueError(f"an item has no {kind}")
    return out


def subset(want, got, where):
    """What is wanted must be there; what else is there does not matter."""
    if isinstance(want, dict) and isinstance(got, dict):
        return [p for k, v in want.items() for p in subset(v, got.get(k), f"{where}.{k}")]
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [p for i, v in enumerate(want) for p in subset(v, got[i], f"{where}[{i}]")]
    return [] if want == got else [f"{where} is {json.dumps(got)}, wanted {json.dumps(want)}"]


def headers(world, who, body, final):
    """`Name: regex` holds for each request; `!Name`: no request has it."""
    out = []
    seen = world.fake(who).seen
    if not seen:
        return [f"{who}: no request came"]
    for _, line in text.numbered(body):
        for h in seen:
            if line.startswith("!"):
                if line[1:].lower() in h:
                    out.append(f"{who}: a request has the header {line[1:]}: {h[line[1:].lower()]}")
            else:
                name, _, pattern = line.partition(": ")
                if not re.fullmatch(pattern, h.get(name.lower(), "")):
                    out.append(f"{who}: {name} is {h.get(name.lower())!r}, wanted /{pattern}/")
    return out[:5]


def metrics(world, body, final):
    if final:
        return []  # the server is gone; they were seen before
    have = world.agent.metrics()
    out = []
    for _, line in text.numbered(body):
        m = text.Metric(line)
        if not m.holds(have):
            out.append(f"metrics: wanted {m.text}, it is {m.value(have)}")
    return out


def calls(world, body):
    """The API server's, in their order: `watch pods first 401`, the verb, what, the token and the answer; ` ...` behind it:
    once or more. None is left out."""
    fake = world.fakes["api"]
    with fake.lock:
        have = "".join(f"{c['verb']} {c['path'].rpartition('/')[2]} {c['token']} {c['status']}\n" for c in fake.calls)
    want = "".join(f"(?:{re.escape(line.removesuffix(' ...'))}\n){'+' if line.endswith(' ...') else ''}"
        for _, line in text.numbered(body))
    return [] if re.fullmatch(want, have) else [f"api calls: wanted\n{body}came\n{have}"]


def patterns(title, body, have):
    """Each line is a regex that some line matches; with a ! before it: that none matches."""
    out = []
    for _, line in text.numbered(body):
        pattern = line.removeprefix("!")
        found = re.search(pattern, have, re.M)
        if bool(found) == line.startswith("!"):
            out.append(f"{title}: {'has' if found else 'no'} /{pattern}/" + (f": {found.group(0)}" if found else ""))
    return out


def check(world, final):
    """A list of what is not as wanted."""
    out = []
    if "api" in world.fakes:
        out += [f"api: a client should not do this: {p}" for p in world.fakes["api"].problems]
    for name in world.sections:
        if not name.startswith("want "):
            continue
        body = world.section(name)
        what = name[5:]
        m = re.fullmatch(r"((?:loki|otlp)\d*)( headers)?", what)
        if m and m.group(2):
            out += headers(world, m.group(1), body, final)
        elif m:
            out += (loki if what.startswith("loki") else otlp)(world, what, body, final)
        elif what == "api calls":
            out += calls(world, body)
        elif what == "metrics":
            out += metrics(world, body, final)
        elif what == "log":
            out += patterns("log", body, world.agent.log())
        elif what == "stdout":
            out += patterns("stdout", body, world.agent.stdout())
        elif what.startswith("file "):
            f = world.file(what[5:])
            out += patterns(what, body, f.read_text(errors="replace") if f.exists() else "")
        elif what == "exact stdout":
            if final:
                out += compare("stdout", body.splitlines(), world.agent.stdout().splitlines())
        elif what != "exit":
            raise ValueError(f"what is {name}?")
    return out


def exit_status(world):
    body = world.section("want exit").strip()
    want = int(body) if body else 0
    return [] if world.agent.status == want else [f"exit status {world.agent.status}, wanted {want}"]
