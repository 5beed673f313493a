#!/usr/bin/python3
"""A fake Loki, as strict as Loki 3.7 with its default limits: the same statuses and texts, and a
400 for one line or stream stores the others. (Facts: Loki's pkg/distributor, pkg/validation and
pkg/loghttp/push; measured on the real program.) Rates are not limited; a test scripts a 429."""
import base64
import re
import sys
import time
from pathlib import Path

import snappy

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common

NS = 10**9
PLAIN = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]


class Refused(Exception):
    """The whole push is refused: nothing is stored."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def varint(b, at):
    v = shift = 0
    while True:
        if at >= len(b):
            raise Refused(400, "unexpected EOF")
        if shift >= 64:
            raise Refused(400, "proto: integer overflow")
        v |= (b[at] & 0x7F) << shift
        shift += 7
        at += 1
        if b[at - 1] < 0x80:
            return v, at


def fields(b, known):
    """(number, value) of each field; known: number -> (name, wire type)."""
    at = 0
    while at < len(b):
        tag, at = varint(b, at)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise Refused(400, f"proto: PushRequest: illegal tag 0 (wire type {tag})")
        if number in known and wire != known[number][1]:
            raise Refused(400, f"proto: wrong wireType = {wire} for field {known[number][0]}")
        if wire == 0:
            v, at = varint(b, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            v, at = b[at:at + size], at + size
        elif wire == 2:
            n, at = varint(b, at)
            v, at = b[at:at + n], at + n
        else:
            raise Refused(400, f"proto: illegal wireType {wire}")
        if at > len(b):
            raise Refused(400, "unexpected EOF")
        if number in known:
            yield number, v


def pairs(b):
    name = value = b""
    for n, v in fields(b, {1: ("Name", 2), 2: ("Value", 2)}):
        name, value = (v, value) if n == 1 else (name, v)
    return name.decode("utf-8", "replace"), value.decode("utf-8", "replace")


def signed(v):
    return v - (1 << 64) if v >> 63 else v


def entry(b):
    ns, line, meta = 0, b"", []
    for n, v in fields(b, {1: ("Timestamp", 2), 2: ("Line", 2), 3: ("StructuredMetadata", 2)}):
        if n == 1:
            for m, w in fields(v, {1: ("Seconds", 0), 2: ("Nanos", 0)}):
                ns += signed(w) * NS if m == 1 else signed(w)
        elif n == 2:
            line = v
        else:
            meta.append(pairs(v))
    return ns, line, tuple(meta)


def decode(body):
    """The streams of a push request: (labels text, entries)."""
    for _, s in fields(body, {1: ("Streams", 2)}):
        labels, entries = "", []
        for n, v in fields(s, {1: ("Labels", 2), 2: ("Entries", 2), 3: ("Hash", 0)}):
            if n == 1:
                labels = v
            elif n == 2:
                entries.append(entry(v))
        yield labels, entries


GO_STRING = re.compile(r'"((?:[^"\\\n]|\\(?:[abfnrtv\\"\']|x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|'
    r'U[0-9a-fA-F]{8}))*)"')
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def unquote(text):
    def one(m):
        e = m.group(1)
        if e[0] in "xuU":
            return chr(int(e[1:], 16))
        return chr(int(e, 8)) if e[0].isdigit() else ESCAPES.get(e, e)
    return re.sub(r"\\(x..|u.{4}|U.{8}|[0-7]{3}|.)", one, text)


def parse_labels(raw):
    """{a="b", c="d"} to a list of pairs; refuses as Prometheus' parser does."""
    at = 1

    def bad(what):
        raise Refused(400, f"couldn't parse labels: 1:{at + 1}: parse error: {what}")
    try:
        text = raw.decode() if raw else "{}"
    except UnicodeDecodeError as e:
        at = e.start
        bad("invalid UTF-8 rune")
    got = []
    if not text.startswith("{"):
        at = 0
        bad(f'unexpected identifier "{text}"')
    while text[at:at + 1] != "}" or got and text[at - 1:at] == ",":
        m = re.match(r"[a-zA-Z_][a-zA-Z0-9_]*", text[at:])
        if not m:
            bad(f"unexpected character inside braces: '{text[at:at + 1]}'")
        at += m.end()
        if text[at:at + 1] != "=":
            bad(f"unexpected character inside braces: '{text[at:at + 1]}'")
        at += 1
        v = GO_STRING.match(text, at)
        if not v:
            word = re.match(r"\w*", text[at:]).group(0)
            bad(f'unexpected identifier "{word}" in label set, expected string')
        got.append((m.group(0), unquote(v.group(0)[1:-1])))
        at = v.end()
        sep = re.match(r", ?", text[at:])
        at += sep.end() if sep else 0
        if not sep and text[at:at + 1] != "}":
            bad(f"unexpected character inside braces: '{text[at:at + 1]}'")
    if at != len(text) - 1:
        bad("unexpected text after the labels")
    return got


def quote(v):
    return '"' + "".join({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(c, c)
        for c in v) + '"'


def show(labels):
    return "{" + ", ".join(f"{k}={quote(v)}" for k, v in labels) + "}"


def rfc3339(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ns // NS))


class Loki(common.Fake):
    max_line = 262144

    def __init__(self, port=0):
        self.takes_old = False  # reject_old_samples: false
        self.entries = []  # (tenant, labels, ns, line, meta) in the order they came
        self.newest = {}
        self.basic = self.bearer = None  # what it wants to see
        self.auth_on = False  # a tenant is wanted
        super().__init__(port)

    def state(self):
        with self.lock:
            return {"requests": self.requests, "entries": len(self.entries), "problems": self.problems,
                "streams": len(self.newest)}

    def handle(self, request, body):
        path = request.path.split("?")[0]
        if path == "/ready":
            return 200, b"ready\n", PLAIN
        if path not in ("/loki/api/v1/push", "/api/prom/push"):
            return 404, b"404 page not found\n", PLAIN
        if request.command != "POST":
            return 405, b"", []
        self.note(request)
        try:
            tenant = self.check_sender(request)
            errors = self.push(tenant, self.decode(request, body))
        except Refused as e:
            return e.status, f"{e}\n".encode(), PLAIN
        if errors:
            return 400, ("\n".join(errors) + "\n").encode(), PLAIN
        return 204, b"", []

    def check_sender(self, request):
        auth = request.headers.get("Authorization", "")
        if self.basic and auth != "Basic " + base64.b64encode(self.basic.encode()).decode():
            raise Refused(401, "authentication error: invalid authentication credentials")
        if self.bearer and auth != f"Bearer {self.bearer}":
            raise Refused(401, "authentication error: invalid token")
        tenant = request.headers.get("X-Scope-OrgID", "")
        if self.auth_on and not tenant:
            raise Refused(401, "no org id")
        if len(tenant) > 150:
            raise Refused(400, "tenant ID is too long: max 150 characters")
        if "/" in tenant:
            raise Refused(400, f"tenant ID '{tenant}' contains unsupported character '/'")
        return tenant

    def decode(self, request, body):
        kind = request.headers.get("Content-Type")
        if not kind:
            raise Refused(400, "mime: no media type")
        coding = request.headers.get("Content-Encoding", "")
        if coding not in ("", "snappy", "gzip"):
            raise Refused(400, f'Content-Encoding "{coding}" not supported')
        if len(body) > 100 << 20:
            raise Refused(413, "request body too large")
        if kind.split(";")[0].strip() != "application/x-protobuf":
            raise Refused(400, "snappy: corrupt input")  # (no agent here sends JSON)
        try:
            plain = snappy.uncompress(body)
        except Exception as e:  # each version of the module has its own class
            raise Refused(400, "snappy: corrupt input") from e
        return list(decode(bytes(plain)))

    def push(self, tenant, streams):
        """Stores what it may; returns the texts about what it refused."""
        if not streams:
            raise Refused(422, "error at least one valid stream is required for ingestion")
        parsed = [(parse_labels(raw), entries) for raw, entries in streams]
        errors = []
        with self.lock:
            for labels, entries in parsed:
                if any(not e for e in (entries,)):
                    self.problems.append(f"a stream without entries: {show(labels)}")
                if labels != sorted(labels):
                    self.problems.append(f"labels are not sorted: {show(labels)}")
                text = show(labels)
                why = self.check_stream(labels)
                if why:
                    errors.append(why)
                    continue
                for e in entries:
                    why = self.check_entry(tenant, text, *e)
                    if why:
                        errors.append(why)
                    else:
                        self.entries.append((tenant, text, *e))
            self.lock.notify_all()
        return errors

    def check_stream(self, labels):
        names = [k for k, _ in labels]
        text = show(labels[:-1] + labels[-1:] + [("service_name", "unknown_service")])
        for k in names:
            if names.count(k) > 1:
                raise Refused(400, f"stream '{text}' has duplicate label name: '{k}'")
        if len(names) > 15:
            return f"entry for stream '{text}' has {len(names)} label names; limit 15"
        for k, v in labels:
            if len(k.encode()) > 1024:
                return f"stream '{text}' has label name too long: '{k}'"
            if len(v.encode()) > 2048:
                return f"stream '{text}' has label value too long: '{v}'"
        return None

    def check_entry(self, tenant, text, ns, line, meta):
        now = time.time_ns()
        if len(line) > self.max_line:
            return (f"max entry size '{self.max_line}' bytes exceeded for stream '{text}' while adding an "
                f"entry with length '{len(line)}' bytes")
        if not self.takes_old and ns < now - 168 * 3600 * NS:
            return (f"entry for stream '{text}' has timestamp too old: {rfc3339(ns)}, oldest acceptable "
                f"timestamp is: {rfc3339(now - 168 * 3600 * NS)}")
        if ns > now + 600 * NS:
            return f"entry for stream '{text}' has timestamp too new: {rfc3339(ns)}"
        if len(meta) > 128:
            return (f"stream '{text}' has too many structured metadata labels: '{len(meta)}', limit: "
                "'128'. Please see the limits")
        size = sum(len(k.encode()) + len(v.encode()) for k, v in meta)
        if size > 65536:
            return f"stream '{text}' has structured metadata too large: '{size}' bytes, limit: '65536' bytes."
        newest = self.newest.get((tenant, text), ns)
        if ns < newest - 3600 * NS:
            return (f"entry with timestamp {rfc3339(ns)} ignored, reason: 'entry too far behind, entry "
                f"timestamp is: {rfc3339(ns)}, oldest acceptable timestamp is: "
                f"{rfc3339(newest - 3600 * NS)}',\nuser '{tenant or 'fake'}', total ignored: 1 out of 1 "
                f"for stream: {text}")
        self.newest[(tenant, text)] = max(ns, newest)
        return None


if __name__ == "__main__":
    common.main(Loki, __doc__)
