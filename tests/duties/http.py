#!/usr/bin/python3
"""What a receiver of OTLP/HTTP owes its clients, on the wire: a function a duty, named for its number in
docs/otlp.md. `http.py AGENT UPSTREAM [NUMBER...]`: both are host:port; the upstream is tests/fakes/otlp.py,
which counts what reached it. The agent takes traces and logs, no metrics."""
import gzip
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.remove(str(Path(__file__).resolve().parent))  # this file's name is that of a module
sys.path.insert(0, str(ROOT / "tests/fakes"))
import http.client  # noqa: E402

import otlp  # noqa: E402

agent, upstream = (a.removeprefix("http://").rsplit(":", 1) for a in sys.argv[1:3])
PROTO, JSON = "application/x-protobuf", "application/json"
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


made = 0


def body(spans=1, **fields):
    """A request in JSON; fields are those of each span. Names are never used again."""
    global made
    made += 1
    name = f"r{made}"
    return {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "d"}}]},
        "scopeSpans": [{"spans": [{"traceId": TRACE, "spanId": SPAN, "name": f"{name}s{i}", **fields} for i in range(spans)]}]}]}


def proto(request, signal_="traces"):
    return otlp.from_json(signal_, json.dumps(request)).SerializeToString()


GOOD = proto(body(2))


def connect():
    return http.client.HTTPConnection(agent[0], int(agent[1]), timeout=20)


def connect_once():
    """A connection that is not made again when the agent has closed it."""
    c = connect()
    c.connect()
    c.auto_open = 0
    return c


def ask(data, path="/v1/traces", kind=PROTO, method="POST", conn=None, **headers):
    """(status, headers in lower case, body)"""
    c = conn or connect()
    h = {"Content-Type": kind} if kind else {}
    h.update({k.replace("_", "-"): v for k, v in headers.items()})
    c.request(method, path, body=data, headers=h)
    r = c.getresponse()
    got = r.read()
    if not conn:
        c.close()
    return r.status, {k.lower(): v for k, v in r.getheaders()}, got


def raw(data, pieces=1, cut=False):
    """All that comes back for these bytes, until the agent closes, which it has to; cut: we do, at once."""
    s = socket.create_connection((agent[0], int(agent[1])), timeout=20)
    step = max(1, len(data) // pieces)
    try:
        for i in range(0, len(data), step):
            s.sendall(data[i:i + step])
        out = b""
        while not cut and (part := s.recv(65536)):
            out += part
    except TimeoutError:
        raise AssertionError(f"it is not closed; what came is {out[:100]}") from None
    except OSError:
        pass
    finally:
        s.close()
    return out


LAST = "Connection: close\r\n"


def head(n=None, more="", path="/v1/traces", kind=PROTO):
    length = "" if n is None else f"Content-Length: {n}\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n{length}{more}\r\n".encode()


def statuses(answer):
    return [int(x) for x in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]


def control(what):
    c = http.client.HTTPConnection(upstream[0], int(upstream[1]), timeout=20)
    c.request("GET", f"/_control/{what}")
    return json.loads(c.getresponse().read())


def count():
    return control("state")


def items():
    """What reached the upstream, as JSON of the last requests."""
    return control("items")


def came_on(part):
    """These bytes reached the upstream as they are."""
    return any(part in bytes.fromhex(b) for b in control("bodies"))


def forwarded(before, n, signal_="traces"):
    for _ in range(400):
        if count()[signal_] >= before[signal_] + n:  # what came before may have been on its way
            return
        time.sleep(0.025)
    raise AssertionError(f"{count()[signal_] - before[signal_]} {signal_} reached the upstream, not {n}")


def is_status(got, kind=PROTO):
    """A google.rpc.Status in the request's encoding."""
    status, headers, b = got
    assert headers["content-type"] == kind, headers
    if kind == JSON:
        assert json.loads(b)["message"], b
    else:
        assert b[:1] == b"\x08" and b"\x12" in b, b
    return status


def request_name(request):
    found = re.search(r'"name": "([^"]*)", "kind"|"spanId": "[^"]*", "name": "([^"]*)"', json.dumps(request))
    return found and (found[1] or found[2])


def sent(request, signal_="traces"):
    """The first item of a request, as it reached the upstream."""
    before = count()
    path = f"/v1/{signal_}"
    assert ask(json.dumps(request).encode(), path, JSON)[0] == 200
    forwarded(before, 1, signal_)
    name = request_name(request)
    for _ in range(400):
        if found := [x for x in items() if name in (None, x.get("name"))]:
            return found[-1]
        time.sleep(0.025)
    raise AssertionError(f"{name} did not come")


def duty_1():
    before = count()
    status, headers, b = ask(GOOD)
    assert (status, headers["content-type"], b) == (200, PROTO, b"")
    forwarded(before, 2)


def duty_2():
    before = count()
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "l"}}]}]}]}
    status, headers, b = ask(proto(logs, "logs"), "/v1/logs")
    assert (status, headers["content-type"], b) == (200, PROTO, b"")
    forwarded(before, 1, "logs")


def duty_3():
    assert is_status(ask(b"", "/v1/metrics")) == 404


def duty_4():
    before = count()
    assert ask(gzip.compress(GOOD), Content_Encoding="gzip")[0] == 200
    forwarded(before, 2)


def duty_5():
    assert ask(b"")[0] == 200


def duty_6():
    assert ask(gzip.compress(b""), Content_Encoding="gzip")[0] == 200


def duty_7():
    before = count()
    assert ask(gzip.compress(GOOD) + gzip.compress(GOOD), Content_Encoding="gzip")[0] == 200
    forwarded(before, 4)


def duty_10():
    status, headers, b = ask(json.dumps(body()).encode(), kind=JSON)
    assert (status, headers["content-type"]) == (200, JSON) and json.loads(b) in ({}, {"partialSuccess": {}})


def duty_11():
    assert sent(body(traceId=TRACE.upper(), spanId=SPAN.upper()))["traceId"] == TRACE
    assert sent(body())["spanId"] == SPAN


def duty_12():
    x = sent(body(kind=2, startTimeUnixNano="1544712660000000001", endTimeUnixNano=1544712661000000002, attributes=[
        {"key": "a", "value": {"intValue": "9007199254740993"}}, {"key": "b", "value": {"intValue": 42}}]))
    assert (x["startTimeUnixNano"], x["endTimeUnixNano"], x["kind"]) == ("1544712660000000001", "1544712661000000002", 2)
    assert [a["value"]["intValue"] for a in x["attributes"]] == ["9007199254740993", "42"]


def duty_13():
    assert sent(body(x=1, y={"z": [{}]}, u=[1, [2]], w=None))["name"].endswith("s0")


def duty_14():
    x = sent(body(status=None, attributes=[{"key": "a", "value": {"bytesValue": "AAH/"}},
        {"key": "b", "value": {"doubleValue": 1.5}}, {"key": "c", "value": {"doubleValue": "NaN"}},
        {"key": "d", "value": {"boolValue": False}},
        {"key": "e", "value": {"arrayValue": {"values": [{}, {"stringValue": "x"}]}}},
        {"key": "f", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": 1}}]}}},
        {"key": "g", "value": {}}, {"key": "h", "value": {"stringValue": ""}}]))
    v = {a["key"]: a.get("value", {}) for a in x["attributes"]}
    assert v == {"a": {"bytesValue": "AAH/"}, "b": {"doubleValue": 1.5}, "c": {"doubleValue": "NaN"},
        "d": {"boolValue": False}, "e": {"arrayValue": {"values": [{}, {"stringValue": "x"}]}},
        "f": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": "1"}}]}}, "g": {}, "h": {"stringValue": ""}}, v


def duty_15():
    before = count()
    text = json.dumps(body(name="@")).replace("@", "gr\\u00fc\\u00df \\ud83d\\ude00 \u00fc")
    assert ask(text.encode(), kind=JSON)[0] == 200
    forwarded(before, 1)
    assert items()[-1]["name"] == "gr\u00fc\u00df \U0001f600 \u00fc"


def duty_16():
    assert sent(body(kind="SPAN_KIND_SERVER"))["kind"] == 2


def duty_17():
    request = {"resource_spans": [{"scope_spans": [{"spans": [{"trace_id": TRACE, "span_id": SPAN, "name": "snake"}]}]}]}
    assert sent(request)["name"] == "snake"


def duty_18():
    """Every field that the specification's own example has."""
    x = sent({"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "my.service"}}]},
        "scopeSpans": [{"scope": {"name": "my.library", "version": "1.0.0", "attributes": [
            {"key": "my.scope.attribute", "value": {"stringValue": "some scope attribute"}}]},
        "spans": [{"traceId": TRACE.upper(), "spanId": SPAN.upper(), "parentSpanId": SPAN[:-1] + "3", "flags": 1,
            "name": "I'm a server span", "startTimeUnixNano": "1544712660000000000",
            "endTimeUnixNano": "1544712661000000000", "kind": 2,
            "attributes": [{"key": "my.span.attr", "value": {"stringValue": "some value"}}]}]}]}]})
    assert (x["name"], x["parentSpanId"], x["flags"]) == ("I'm a server span", SPAN[:-1] + "3", 1)


def duty_19():
    before = count()
    assert ask(gzip.compress(json.dumps(body()).encode()), kind=JSON, Content_Encoding="gzip")[0] == 200
    forwarded(before, 1)


def duty_20():
    assert ask(json.dumps(body()).encode(), kind="application/json; charset=utf-8")[0] == 200
    assert ask(GOOD, kind="Application/X-Protobuf")[0] == 200


def duty_21():
    for kind in (None, "text/plain", "application/grpc"):
        assert is_status(ask(GOOD, kind=kind)) == 415, kind


def duty_22():
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        status, headers, _ = ask(None, method=method)
        assert (status, headers["allow"]) == (405, "POST"), method


def duty_23():
    assert is_status(ask(GOOD, "/v1/trace")) == 404


def duty_24():
    assert ask(GOOD, "/v1/traces?x=1")[0] == 200


def duty_30():
    for bad in (b"\x0a\x05", b"hello", GOOD[:-1], b"\x02\x00"):
        assert is_status(ask(bad)) == 400, bad


def duty_31():
    for bad in (b"{", b"[]", b'{"resourceSpans":7}', b"{} x"):
        assert is_status(ask(bad, kind=JSON), JSON) == 400, bad


def duty_32():
    z = gzip.compress(GOOD)
    for bad in (GOOD, z[:-9], z[:-8] + b"\0" * 8):
        assert is_status(ask(bad, Content_Encoding="gzip")) == 400


def duty_33():
    assert is_status(ask(GOOD, Content_Encoding="br")) in (400, 415)


def duty_34():
    assert ask(GOOD, Content_Encoding="identity")[0] == 200


def duty_35():
    import snappy
    before = count()
    deflate = zlib.compressobj(wbits=-15)
    forms = [("deflate", zlib.compress(GOOD)), ("deflate", deflate.compress(GOOD) + deflate.flush()),
        ("zlib", zlib.compress(GOOD)), ("snappy", snappy.compress(GOOD)),
        # frames with a block that is not compressed, by hand
        ("zstd", struct.pack("<III", 0xfd2fb528, len(GOOD) << 8 | 0xa0, len(GOOD) << 11 | 1 << 8) + GOOD),
        ("lz4", b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", len(GOOD) | 1 << 31) + GOOD + bytes(4))]
    for name, data in forms:
        assert ask(data, Content_Encoding=name)[0] == 200, name
    forwarded(before, 2 * len(forms))


LIMIT = 20 << 20


def duty_36():
    data = b"\0" * (LIMIT + 1000)
    assert is_status(ask(data)) == 413


def duty_37():
    data = b"\0" * 65536
    assert is_status(ask(data for _ in range(LIMIT // len(data) + 2))) == 413


def bombs():
    """(Content-Encoding, what becomes a GiB of zeros, or 64 MiB at least)."""
    import snappy
    zeros = bytes(1 << 20)
    for name, wbits in ("gzip", 31), ("zlib", 15), ("deflate", -15):
        bomb = zlib.compressobj(9, wbits=wbits)
        data = b"".join(bomb.compress(zeros) for _ in range(1024 if name == "gzip" else 64)) + bomb.flush()
        yield name, data
        if name == "gzip":  # it says its size at its end, where that of the last member is
            yield name, data + gzip.compress(b"")
            yield name, gzip.compress(zeros) * 1024
    yield "zstd", b"\x28\xb5\x2f\xfd\0\x58" + 8192 * ((128 << 13 | 2).to_bytes(3, "little") + b"\0")
    block = b"\x1f\0\1\0" + b"\xff" * 16000 + b"\0\x50" + bytes(5)
    yield "lz4", b"\x04\x22\x4d\x18\x60\x70\x73" + (struct.pack("<I", len(block)) + block) * 270 + bytes(4)
    yield "snappy", b"\x80\x80\x80\x80\4\0\0" + b"\xfe\1\0" * 1000
    chunk = snappy.compress(bytes(65536))
    chunk = b"\0" + (len(chunk) + 4).to_bytes(3, "little") + b"\x59\xd0\xcb\x2b" + chunk
    yield "snappy", b"\xff\6\0\0sNaPpY" + chunk * 1024


def duty_38():
    for name, data in bombs():
        start = time.monotonic()
        assert is_status(ask(data, Content_Encoding=name)) == 413, name
        assert time.monotonic() - start < 15, name


# libmicrohttpd 1.0 up to 1.0.1 takes the end of an extension for data, and refuses what follows.
MICROHTTPD = subprocess.run(["pkg-config", "--modversion", "libmicrohttpd"], capture_output=True, text=True).stdout
EXTENSION = b"" if MICROHTTPD.startswith("1.0.") else b';e="1"'


def chunked(data, size):
    return b"".join(b"%x%s\r\n%s\r\n" % (len(data[i:i + size]), EXTENSION, data[i:i + size])
        for i in range(0, len(data), size)) + b"0\r\nTrailer: t\r\n\r\n"


def duty_40():
    before = count()
    more = LAST + "Transfer-Encoding: chunked\r\n"
    assert statuses(raw(head(more=more) + chunked(GOOD, 50))) == [200]
    forwarded(before, 2)


def duty_41():
    before = count()
    more = LAST + "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"
    assert statuses(raw(head(more=more) + chunked(gzip.compress(GOOD), 7), 20)) == [200]
    forwarded(before, 2)


def duty_42():
    s = socket.create_connection((agent[0], int(agent[1])), timeout=20)
    s.sendall(head(len(GOOD), "Expect: 100-continue\r\n"))
    assert statuses(s.recv(65536)) == [100]
    s.sendall(GOOD)
    assert statuses(s.recv(65536)) == [200]
    s.close()
    for refused, want in (head(LIMIT * 10), 413), (head(LIMIT + 1000), 413), (head(100, path="/v1/x"), 404):
        s = socket.create_connection((agent[0], int(agent[1])), timeout=20)
        s.sendall(refused[:-2] + b"Expect: 100-continue\r\n\r\n")
        assert statuses(s.recv(65536)) == [want]  # and not 100
        s.close()


def duty_43():
    c = connect_once()
    for _ in range(3):
        assert ask(GOOD, conn=c)[0] == 200


def duty_44():
    one = head(len(GOOD)) + GOOD
    last = head(len(GOOD), LAST) + GOOD
    assert statuses(raw(one + head(2) + b"\x0a\x05" + last)) == [200, 400, 200]


def duty_45():
    answer = raw(head(len(GOOD)).replace(b"HTTP/1.1", b"HTTP/1.0") + GOOD)
    assert b" 200 " in answer[:20], answer[:100]


def duty_46():
    answer = raw(head(len(GOOD), LAST) + GOOD)  # ends, because it is closed
    assert statuses(answer) == [200] and b"onnection: close" in answer


def duty_47():
    data = head(len(GOOD), LAST) + GOOD
    assert statuses(raw(data, len(data))) == [200]


def duty_48():
    cut = proto(body(name="cut"))
    raw(head(len(cut) + 10) + cut, cut=True)
    assert sent(body(name="after"))["name"] == "after"
    assert not [x for x in items() if x.get("name") == "cut"]


def duty_49():
    for more, rest in (("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
            ("Content-Length: 2\r\nContent-Length: 3\r\n", b"abc"), ("Content-Length: -1\r\n", b"abc"),
            ("Transfer-Encoding: chunked\r\n", b"xyz\r\nabc\r\n0\r\n\r\n")):
        answer = raw(head(more=more) + rest)  # ends, because it is closed
        assert set(statuses(answer)) == {400}, (more, answer)


def duty_50():
    before = count()
    failed = []

    def run():
        c = connect()
        for _ in range(20):
            if ask(GOOD, conn=c)[0] != 200:
                failed.append(1)
        c.close()
    threads = [threading.Thread(target=run) for _ in range(50)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    forwarded(before, 50 * 20 * 2)


def duty_51():
    half = [socket.create_connection((agent[0], int(agent[1]))) for _ in range(300)]
    for s in half:
        s.sendall(b"POST /v1/traces HTTP/1.1\r\nHo")
    start = time.monotonic()
    assert ask(GOOD)[0] == 200
    assert time.monotonic() - start < 10
    for s in half:
        s.close()


def duty_52():
    assert statuses(raw(head(0, "X: " + "x" * (2 << 20) + "\r\n"))) in ([431], [400], [])
    assert ask(GOOD)[0] == 200


def duty_53():
    s = socket.create_connection((agent[0], int(agent[1])), timeout=20)
    s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
    assert s.recv(100)[3:4] == b"\4"  # SETTINGS: it is served
    s.close()


def duty_54():
    assert raw(b"\x16\3\1\2\0\1\0\1\xfc\3\3") == b""  # closed at once


def duty_57():
    status, headers, b = ask(b"\x0a\x05", Accept_Encoding="gzip")
    assert status == 400 and "content-encoding" not in headers and b[:1] == b"\x08"


def span(data):
    def field(n, d):
        size, out = len(d), b""
        while size > 127:
            out, size = out + bytes([size & 127 | 128]), size >> 7
        return bytes([n << 3 | 2]) + out + bytes([size]) + d
    return field(1, field(2, field(2, data)))


def duty_60():
    assert is_status(ask(span(b"\x0a\x0f" + b"x" * 15))) == 400


def duty_61():
    status, _, b = ask(span(b"\x0a\x10" + b"\0" * 16))
    assert status == 200 and b"empty or zero" in b


def duty_62():
    assert is_status(ask(span(b"\x2a\x01\xff"))) == 400


def duty_63():
    before = count()
    unknown = b"\xc2\x3e\x03new" + b"\xcb\x3e\x08\x01\xcc\x3e"
    assert ask(span(b"\x2a\x01u" + unknown))[0] == 200
    forwarded(before, 1)
    assert came_on(unknown)


def wrap(n, data):
    size, length = len(data), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([n << 3 | 2]) + length + bytes([size]) + data


def nested(n):
    """A value in n arrays."""
    data = b"\x18\x01"
    for _ in range(n):
        data = wrap(5, wrap(1, data))
    return data


def duty_64():
    """Five messages to the value of a span's attribute, and two for each array."""
    assert ask(span(wrap(9, wrap(2, nested(47)))))[0] == 200
    for n in 48, 100, 1500:
        assert is_status(ask(span(wrap(9, wrap(2, nested(n)))))) == 400, n


def duty_65():
    for n in 200, 3000, 200000:  # whole, so that depth alone is wrong with them
        assert is_status(ask(b"\x3b" * n + b"\x3c" * n)) == 400, n
        if n <= 3000:
            assert is_status(ask(span(wrap(9, wrap(2, nested(n)))))) == 400, n
    for n in 1000, 100000:
        for key in b"resourceSpans", b"unknown":
            data = b'{"%s":%s%s}' % (key, b"[" * n, b"]" * n)
            assert is_status(ask(data, kind=JSON), JSON) == 400, (key, n)
            data = b'{"%s":%s1%s}' % (key, b'{"k":' * n, b"}" * n)
            assert is_status(ask(data, kind=JSON), JSON) == 400, (key, n)
        data = json.dumps(body()).encode().replace(b'"name"', b'"attributes":[{"key":"k","value":%s1%s}],"name"' % (
            b'{"arrayValue":{"values":[' * n, b"]}}" * n))
        assert is_status(ask(data, kind=JSON), JSON) == 400, n
    assert ask(GOOD)[0] == 200


def duty_66():
    before = count()
    resource = wrap(1, wrap(1, wrap(1, b"k") + wrap(2, wrap(1, b"v"))))
    spans = b"\x12\x87\x80\x00" + wrap(2, wrap(5, b"pad"))  # scope_spans, its length padded
    assert ask(wrap(1, spans + resource + wrap(1, wrap(1, wrap(1, b"l") + wrap(2, wrap(1, b"w"))))))[0] == 200
    forwarded(before, 1)
    assert came_on(wrap(2, wrap(5, b"pad"))) and came_on(resource) and items()[-1]["name"] == "pad"


def duty_67():
    assert is_status(ask(span(b"\x28\x07"))) == 400


def duty_68():
    before = count()
    assert ask(wrap(1, b""))[0] == 200
    assert ask(GOOD)[0] == 200
    forwarded(before, 2)


def duty_69():
    before = count()
    data = proto(body(40000, traceState="x" * 100))
    assert len(data) > 5 << 20
    assert ask(gzip.compress(data, 1), Content_Encoding="gzip")[0] == 200
    forwarded(before, 40000)


def duty_71():
    c = connect_once()
    assert ask(GOOD, conn=c)[0] == 200
    time.sleep(float(os.environ.get("IDLE", "1")))  # IDLE=35 when it is run by hand
    assert ask(GOOD, conn=c)[0] == 200


def duty_72():
    origin, allow = "https://web.example.com", "access-control-allow-"
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type, x-tenant"}
    status, headers, got = ask(b"", method="OPTIONS", Origin=origin, **asked)
    assert (status, got) == (204, b"") and headers["access-control-max-age"] == "600", headers
    assert headers[allow + "origin"] == origin and headers[allow + "methods"] == "POST", headers
    assert "x-tenant" in headers[allow + "headers"] and "Origin" in headers["vary"], headers
    for data, want in (GOOD, 200), (b"\x0a\x05", 400):
        status, headers, _ = ask(data, Origin=origin)
        assert status == want and headers[allow + "origin"] == origin and headers["vary"] == "Origin", headers
    for other in "https://example.org", "http://web.example.com", "null":
        assert allow + "origin" not in ask(b"", method="OPTIONS", Origin=other, **asked)[1], other
        assert allow + "origin" not in ask(GOOD, Origin=other)[1], other
    asked["Access_Control_Request_Headers"] = "x-other"
    assert allow + "origin" not in ask(b"", method="OPTIONS", Origin=origin, **asked)[1]


ASKED_FOR = {"duty_72"}  # needs a configuration of its own
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
wanted = {f"duty_{n}" for n in sys.argv[3:]}
failed = 0
for name, f in list(globals().items()):
    if not name.startswith("duty_") or (name not in wanted if wanted else name in ASKED_FOR):
        continue
    try:
        f()
        print(name.replace("_", " "), "kept")
    except Exception as e:  # noqa: BLE001: what else it may be is the finding
        failed += 1
        print(name.replace("_", " "), f"BROKEN: {type(e).__name__}: {e}")
sys.exit(failed != 0)
