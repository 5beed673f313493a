#!/usr/bin/python3
"""The fakes answer as the real servers do: a fake that is too kind proves nothing."""
import gzip
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import snappy

sys.path.insert(0, str(Path(__file__).resolve().parent))
import apiserver
import loki
import otlp

NOW = time.time_ns()
NS = 10**9


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(n, data):
    return varint(n << 3 | 2) + varint(len(data)) + data


def number(n, v):
    return varint(n << 3) + varint(v & (1 << 64) - 1)


def entry(ns=NOW, line=b"x", meta=()):
    t = number(1, ns // NS) + number(2, ns % NS)
    return field(2, field(1, t) + field(2, line) + b"".join(
        field(3, field(1, k.encode()) + field(2, v.encode())) for k, v in meta))


def push(labels='{job="a"}', *entries):
    raw = labels if isinstance(labels, bytes) else labels.encode()
    return field(1, field(1, raw) + b"".join(entries or [entry()]))


def post(url, body, headers):
    r = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(r, timeout=10) as a:
            return a.status, a.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode("utf-8", "replace")


PB = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
MANY = "{" + ", ".join(f'l{i:02}="v"' for i in range(16)) + "}"
HOUR = 3600 * NS

# what, body (before snappy unless raw), headers, status, a part of the text, entries stored
LOKI = [
    ("a line", push(), PB, 204, "", 1),
    ("no coding said", push(), {"Content-Type": "application/x-protobuf"}, 204, "", 1),
    ("a stream without entries", field(1, field(1, b'{a="b"}')), PB, 204, "", 0),
    ("no labels", push("{}"), PB, 204, "", 1),
    ("structured metadata", push('{a="b"}', entry(meta=[("k", "v")])), PB, 204, "", 1),
    ("bytes", push('{a="b"}', entry(line=b"\xff\0")), PB, 204, "", 1),
    ("an hour behind", push('{a="b"}', entry(), entry(NOW - HOUR + NS)), PB, 204, "", 2),
    ("empty body", None, PB, 400, "snappy: corrupt input", 0),
    ("not compressed", b"raw" + push(), PB, 400, "snappy: corrupt input", 0),
    ("protobuf cut short", push()[:-1], PB, 400, "unexpected EOF", 0),
    ("wrong wire type", number(1, 1), PB, 400, "proto: wrong wireType = 0 for field Streams", 0),
    ("text", push(), {"Content-Type": "text/plain"}, 400, "snappy: corrupt input", 0),
    ("zstd", push(), {**PB, "Content-Encoding": "zstd"}, 400, 'Content-Encoding "zstd" not supported', 0),
    ("no stream", b"", PB, 422, "error at least one valid stream is required for ingestion", 0),
    ("unquoted value", push("{job=ok}"), PB, 400,
        "couldn't parse labels: 1:6: parse error: unexpected identifier \"ok\" in label set, expected string", 0),
    ("dash in a name", push('{a-b="c"}'), PB, 400,
        "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'", 0),
    ("one bad stream fails all", push() + push("{job=ok}"), PB, 400, "couldn't parse labels", 0),
    ("bad UTF-8 in a value", push(b'{a="\xff"}'), PB, 400, "invalid UTF-8 rune", 0),
    ("a name twice", push('{a="1", a="2"}'), PB, 400,
        "stream '{a=\"1\", a=\"2\", service_name=\"unknown_service\"}' has duplicate label name: 'a'", 0),
    ("16 labels, and a good stream", push(MANY) + push(), PB, 400, "has 16 label names; limit 15", 1),
    ("a name too long", push("{" + "a" * 1025 + '="b"}'), PB, 400, "has label name too long", 0),
    ("a value of 2,048", push('{a="' + "b" * 2048 + '"}'), PB, 204, "", 1),
    ("a value too long", push('{a="' + "b" * 2049 + '"}'), PB, 400, "has label value too long", 0),
    ("a line of 256 KiB", push('{a="b"}', entry(line=b"x" * 262144)), PB, 204, "", 1),
    ("a line too long is refused alone", push('{a="b"}', entry(line=b"x" * 262145), entry()), PB, 400,
        "max entry size '262144' bytes exceeded for stream '{a=\"b\"}' while adding an entry with length "
        "'262145' bytes", 1),
    ("too old", push('{a="b"}', entry(0), entry()), PB, 400, "has timestamp too old: 1970-01-01T00:00:00Z", 1),
    ("too new", push('{a="b"}', entry(NOW + HOUR)), PB, 400, "has timestamp too new", 0),
    ("too far behind", push('{a="b"}', entry(), entry(NOW - 2 * HOUR)), PB, 400, "entry too far behind", 1),
    ("129 pairs", push('{a="b"}', entry(meta=[(f"k{i}", "v") for i in range(129)])), PB, 400,
        "has too many structured metadata labels: '129', limit: '128'", 0),
    ("tenant with a slash", push(), {**PB, "X-Scope-OrgID": "a/b"}, 400,
        "tenant ID 'a/b' contains unsupported character '/'", 0),
]

SPAN = field(1, b"\1" * 16) + field(2, b"\2" * 8) + field(5, b"GET /")
RESOURCE = field(1, field(1, field(1, b"service.name") + field(2, field(1, b"shop"))))


def traces(span=SPAN, resource=RESOURCE):
    return field(1, resource + field(2, field(2, span)))


OT = {"Content-Type": "application/x-protobuf"}
GZ = {**OT, "Content-Encoding": "gzip"}
OTLP = [
    ("a span", "traces", traces(), OT, 200, "", 1),
    ("gzip", "traces", gzip.compress(traces()), GZ, 200, "", 1),
    ("two requests one after the other", "traces", traces() + traces(), OT, 200, "", 2),
    ("an unknown field", "traces", traces(SPAN + field(1000, b"x")), OT, 200, "", 1),
    ("an empty envelope", "traces", b"", OT, 400, "an empty envelope", 0),
    ("an id of 15 bytes", "traces", traces(field(1, b"\1" * 15) + field(5, b"x")), OT, 400, "15 bytes", 0),
    ("cut short", "traces", traces()[:-1], OT, 400, "protobuf", 0),
    ("bad UTF-8", "traces", traces(SPAN[:-7] + field(5, b"\xff")), OT, 400, "protobuf", 0),
    ("JSON upstream", "traces", b"{}", {"Content-Type": "application/json"}, 415, "", 0),
    ("half a gzip", "traces", gzip.compress(traces())[:-9], GZ, 400, "gzip", 0),
    ("two gzip members", "traces", gzip.compress(traces()) * 2, GZ, 400, "gzip", 0),
    ("unknown coding", "traces", traces(), {**OT, "Content-Encoding": "br"}, 400, "Content-Encoding", 0),
    ("unknown path", "profiles", traces(), OT, 404, "", 0),
]


START = "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"

# query, status, what comes: names of pods, types of events, or a part of the message
API = [
    ("", 200, ["far", "web"]),
    ("fieldSelector=spec.nodeName%3Dnode-1", 200, ["web"]),
    ("fieldSelector=spec.nodeName!%3Dnode-1", 200, ["far"]),
    ("fieldSelector=spec.colour%3Dred", 400, "field label not supported"),
    ("labelSelector=app%20in%20(web,x)", 200, ["web"]),
    ("labelSelector=!app", 200, ["far"]),
    ("labelSelector=app%20in", 400, "unable to parse"),
    ("resourceVersion=900", 504, "Too large resource version"),
    ("resourceVersion=x", 400, "invalid syntax"),
    ("watch=1&timeoutSeconds=1&resourceVersion=0", 200, ["ADDED", "ADDED"]),
    (START + "&timeoutSeconds=1", 200, ["ADDED", "ADDED", "BOOKMARK", "BOOKMARK"]),
    (START.replace("&allowWatchBookmarks=true", ""), 422, "allowWatchBookmarks"),
    (START.rsplit("&", 1)[0], 422, "requires setting"),
    ("watch=1&resourceVersionMatch=NotOlderThan", 422, "forbidden for watch"),
    ("watch=1&resourceVersion=50&timeoutSeconds=1", 200, ["ERROR"]),
    ("watch=1&resourceVersion=900&timeoutSeconds=1&allowWatchBookmarks=1", 200, []),
    ("watch=1&resourceVersion=x", 500, "invalid syntax"),
]


def get(url, headers=()):
    r = urllib.request.Request(url, headers={"User-Agent": "selftest", **dict(headers)})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(r, timeout=10) as a:
            return a.status, a.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def api_answer(url, query, headers=()):
    status, body = get(f"{url}/api/v1/pods?{query}", headers)
    if status != 200:
        return status, json.loads(body)["message"]
    if "watch" in query:
        return status, [json.loads(line)["type"] for line in body.splitlines()]
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    items = json.loads(body)["items"]
    assert not any("kind" in p for p in items)
    return status, [p["metadata"]["name"] for p in items]


def check_api(expect):
    fake = apiserver.Api()
    fake.compact()
    fake.set_pod({"name": "web", "labels": {"app": "web"}})
    fake.set_pod({"name": "far", "node": "node-2"})
    for query, status, want in API:
        got, answer = api_answer(fake.url(), query)
        ok = want in answer if isinstance(want, str) else want == answer
        expect(f"api: {query}: {answer}", (got, ok), (status, True))
    fake.initial_events = False
    expect("api: an old server", api_answer(fake.url(), START)[0], 422)
    fake.token = "right"
    expect("api: no token", api_answer(fake.url(), "")[0], 403)
    expect("api: a wrong token", api_answer(fake.url(), "", {"Authorization": "Bearer wrong"})[0], 401)
    right = {"Authorization": "Bearer right", "Accept-Encoding": "gzip"}
    expect("api: the right one", api_answer(fake.url(), "", right), (200, ["far", "web"]))
    status, _ = get(fake.url() + "/api/v1/pods", {**right, "User-Agent": "curl/8"})
    expect("api: curl is noted", (status, len(fake.problems)), (200, 1))
    fake.stop()


def main():
    bad = 0

    def expect(what, got, want):
        nonlocal bad
        if got != want:
            bad += 1
            print(f"{what}: got {got}, wanted {want}")

    for what, body, headers, status, part, stored in LOKI:
        fake = loki.Loki()
        data = b"" if body is None else body[3:] if body.startswith(b"raw") else snappy.compress(body)
        got, answer = post(fake.url() + "/loki/api/v1/push", data, headers)
        expect(f"loki: {what}", (got, part in answer, len(fake.entries)), (status, True, stored))
        fake.stop()
    for what, signal, body, headers, status, part, stored in OTLP:
        fake = otlp.Otlp()
        got, answer = post(f"{fake.url()}/v1/{signal}", body, headers)
        expect(f"otlp: {what}: {answer}", (got, part in answer, len(fake.items)), (status, True, stored))
        fake.stop()

    check_api(expect)
    fake = loki.Loki()
    fake.script("answers", status=429, times=2, body="slow down\n", headers=[("Retry-After", "1")])
    fake.script("resets", times=1)
    url, data = fake.url() + "/loki/api/v1/push", snappy.compress(push())
    expect("scripted", [post(url, data, PB) for _ in range(2)], [(429, "slow down\n")] * 2)
    try:
        post(url, data, PB)
        expect("a reset", "an answer", "none")
    except OSError:
        pass
    expect("after the script", post(url, data, PB)[0], 204)
    fake.stop()
    fake.start()
    expect("started again on its port", post(url, data, PB)[0], 204)
    fake.auth_on = True
    expect("no tenant", post(url, data, PB), (401, "no org id\n"))
    fake.stop()
    print(f"{len(LOKI) + len(OTLP) + len(API) + 11 - bad} answers as wanted, {bad} not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
