#!/usr/bin/python3
"""A fake OTLP upstream, over HTTP and gRPC on one port, for traces, logs and metrics. It decodes what comes with Google's own
protobuf from the project's .proto files, and is as strict as the Collector: wrong ids, an unknown
media type or coding are refused; what no exporter should send is a problem of the test."""
import base64
import fcntl
import json
import socket
import subprocess
import sys
import urllib.parse
import zlib
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here))
import common
import grpc_server

ROOT = here.parent.parent
GENERATED = ROOT / "build/pyproto"


def load_protos():
    """Makes Python modules of proto/otlp/*.proto, once for each change of them."""
    files = sorted((ROOT / "proto/otlp").glob("*.proto"))
    made = GENERATED / "made"
    GENERATED.mkdir(parents=True, exist_ok=True)
    with open(GENERATED / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists() or made.stat().st_mtime < max(f.stat().st_mtime for f in files):
            subprocess.run(["protoc", f"-I{ROOT}", f"--python_out={GENERATED}", *map(str, files)], check=True)
            made.touch()
    sys.path.insert(0, str(GENERATED))


load_protos()
# The modules exist only now.
from google.protobuf import json_format, message  # noqa: E402
from proto.otlp import logs_service_pb2, metrics_service_pb2, trace_service_pb2  # noqa: E402

REQUESTS = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
}
IDS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}


def value(v):
    """An AnyValue as Python has it."""
    kind = v.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [value(x) for x in v.array_value.values]
    if kind == "kvlist_value":
        return {x.key: value(x.value) for x in v.kvlist_value.values}
    if kind == "bytes_value":
        return v.bytes_value.hex()
    return getattr(v, kind)


def attributes(items):
    return {a.key: value(a.value) for a in items}


def show(attrs):
    return "{" + ", ".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in sorted(attrs.items())) + "}"


def items(signal, req):
    """(resource's attributes, what it is called, its own attributes, the message) of each span, record
    or metric."""
    if signal == "traces":
        for r in req.resource_spans:
            for s in r.scope_spans:
                for x in s.spans:
                    yield r.resource, x.name, x.attributes, x
    elif signal == "logs":
        for r in req.resource_logs:
            for s in r.scope_logs:
                for x in s.log_records:
                    body = value(x.body)
                    yield r.resource, body if isinstance(body, str) else json.dumps(body), x.attributes, x
    else:
        for r in req.resource_metrics:
            for s in r.scope_metrics:
                for x in s.metrics:
                    yield r.resource, x.name, [], x


def from_json(signal, text):
    """OTLP's JSON: ids are hex there, where protobuf's own mapping has base64."""
    def ids(x):
        if isinstance(x, list):
            return [ids(y) for y in x]
        if not isinstance(x, dict):
            return x
        return {k: bytes_b64(y) if k in IDS and isinstance(y, str) else ids(y) for k, y in x.items()}

    def bytes_b64(h):
        return base64.b64encode(bytes.fromhex(h)).decode()
    return json_format.ParseDict(ids(json.loads(text)), REQUESTS[signal](), ignore_unknown_fields=True)


def to_json(msg):
    def ids(x):
        if isinstance(x, list):
            return [ids(y) for y in x]
        if not isinstance(x, dict):
            return x
        return {k: base64.b64decode(y).hex() if k in IDS and isinstance(y, str) else ids(y)
            for k, y in x.items()}
    return ids(json_format.MessageToDict(msg, use_integers_for_enums=True))


class Otlp(common.Fake):
    def __init__(self, port=0):
        self.items = []  # (signal, resource text, name, attributes, message, headers of its request)
        self.bodies = []  # (signal, protobuf as it came, unpacked)
        self.basic = self.bearer = None
        self.reject = 0  # say partial success: so many rejected
        self.max_message = 4 << 20  # of a call of gRPC
        super().__init__(port)

    def state(self):
        with self.lock:
            count = {s: sum(1 for i in self.items if i[0] == s) for s in REQUESTS}
            return {"requests": self.requests, "problems": self.problems, **count}

    def control(self, path, body):
        if path not in ("items", "bodies"):
            return super().control(path, body)
        with self.lock:
            if path == "bodies":
                return [b.hex() for _, b in self.bodies[-10:]]
            return [to_json(i[4]) for i in self.items[-100:]]

    def handle(self, request, body):
        self.note(request)
        signal = request.path.split("?")[0].rsplit("/v1/", 1)[-1]
        if request.path.split("?")[0] == "/oauth2/token":
            return self.token(request, body)
        if signal not in REQUESTS:
            return 404, b"404 page not found\n", [("Content-Type", "text/plain")]
        if request.command != "POST":
            return 405, b"405 method not allowed, supported: [POST]", []
        try:
            auth = request.headers.get("Authorization", "")
            if self.basic and auth != "Basic " + base64.b64encode(self.basic.encode()).decode():
                return self.status(401, 16, "invalid credentials")
            if self.bearer and auth != f"Bearer {self.bearer}":
                return self.status(401, 16, "invalid token")
            return self.take(signal, request, body)
        except ValueError as e:
            self.problem(f"refused a {signal} request: {e}")
            return self.status(400, 3, str(e))

    def token(self, request, body):
        """An OAuth 2.0 server beside it (RFC 6749, 4.4), for the client me with the secret s3cret."""
        form = dict(urllib.parse.parse_qsl(body.decode()))
        basic = base64.b64encode(b"me:s3cret").decode()
        if request.headers.get("Authorization") != "Basic " + basic:
            return 401, b'{"error": "invalid_client"}', [("Content-Type", "application/json")]
        if request.command != "POST" or form.get("grant_type") != "client_credentials":
            return 400, b'{"error": "unsupported_grant_type"}', [("Content-Type", "application/json")]
        token = {"access_token": "t-" + form.get("scope", "none"), "token_type": "bearer", "expires_in": 3600}
        return 200, json.dumps(token).encode(), [("Content-Type", "application/json")]

    def is_http2(self, sock):
        if self.tls:
            sock.do_handshake()
            return sock.selected_alpn_protocol() == "h2"
        try:
            return sock.recv(3, socket.MSG_PEEK) == b"PRI"
        except OSError:
            return False

    def on_call(self, headers, body):
        """A call of gRPC; see grpc_server.py."""
        with self.lock:
            self.seen.append(headers)
        signal = {f"/opentelemetry.proto.collector.{s}.v1.{s.capitalize()}Service/Export": k
            for s, k in (("trace", "traces"), ("logs", "logs"), ("metrics", "metrics"))}.get(headers[":path"])
        if not signal:
            raise grpc_server.Refused(12, f"unknown method {headers[':path']}")
        if headers.get("content-type") != "application/grpc" or headers.get("te") != "trailers":
            self.problem(f"a call with {headers}")
        auth = headers.get("authorization", "")
        if self.basic and auth != "Basic " + base64.b64encode(self.basic.encode()).decode():
            raise grpc_server.Refused(16, "invalid credentials")
        if self.bearer and auth != f"Bearer {self.bearer}":
            raise grpc_server.Refused(16, "invalid token")
        message_ = grpc_server.message_of(headers, body, self.max_message)
        try:
            return self.decoded(signal, message_, headers)
        except ValueError as e:
            self.problem(f"refused a {signal} call: {e}")
            raise grpc_server.Refused(3, str(e)) from e

    def problem(self, text):
        with self.lock:
            self.problems.append(text)
            self.lock.notify_all()

    def status(self, http, code, text):
        # google.rpc.Status, written by hand: code = 1, message = 2.
        t = text.encode()[:100]
        return http, bytes([8, code, 18, len(t)]) + t, [("Content-Type", "application/x-protobuf")]

    def take(self, signal, request, body):
        if request.headers.get("Content-Type") != "application/x-protobuf":
            return 415, b"415 unsupported media type", [("Content-Type", "text/plain")]
        if "Expect" in request.headers:
            self.problem("sent an Expect header")
        coding = request.headers.get("Content-Encoding", "")
        if coding == "gzip":
            try:
                d = zlib.decompressobj(31)
                body = d.decompress(body) + d.flush()
            except zlib.error as e:
                raise ValueError(f"gzip: {e}") from e
            if d.unused_data or not d.eof:
                raise ValueError("gzip: more or less than one member")
        elif coding:
            raise ValueError(f"unsupported Content-Encoding: {coding}")
        headers = {k.lower(): v for k, v in request.headers.items()}
        return 200, self.decoded(signal, body, headers), [("Content-Type", "application/x-protobuf")]

    def decoded(self, signal, body, headers):
        """Takes a request; returns the response, or raises ValueError."""
        try:
            msg = REQUESTS[signal].FromString(body)
        except message.DecodeError as e:
            raise ValueError(f"protobuf: {e}") from e
        got = list(items(signal, msg))
        if not got:
            raise ValueError("an empty envelope")
        for _, _, _, x in got:
            self.check(signal, x)
        with self.lock:
            for r, name, attrs, x in got:
                self.items.append((signal, show(attributes(r.attributes)), name, attributes(attrs), x, headers))
                keys = [a.key for a in r.attributes]
                if len(keys) != len(set(keys)):
                    self.problems.append(f"a resource has an attribute twice: {keys}")
            self.bodies.append((signal, body))
            self.lock.notify_all()
        answer = b""
        if self.reject:
            answer = bytes([10, 9, 8, self.reject, 18, 5]) + b"sorry"
        return answer

    def check(self, signal, x):
        if signal == "traces":
            checks = [(x.trace_id, 16), (x.span_id, 8), (x.parent_span_id, 8)]
            for link in x.links:
                checks += [(link.trace_id, 16), (link.span_id, 8)]
        elif signal == "logs":
            checks = [(x.trace_id, 16), (x.span_id, 8)]
        else:
            checks = []
        for got, want in checks:
            if len(got) not in (0, want):
                raise ValueError(f"an id of {len(got)} bytes, want {want}")


if __name__ == "__main__":
    common.main(Otlp, __doc__)
