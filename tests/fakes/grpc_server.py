"""gRPC for a fake: unary calls over HTTP/2 (python3-h2), on the port that speaks HTTP/1.1 too. It knows
nothing of what is called: on_call() of the fake gets path, headers and message, and says how the call ends."""
import gzip
import struct
import urllib.parse

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

WINDOW = 1 << 24


class Refused(Exception):
    """The call ends with this code."""
    def __init__(self, code, text="", headers=()):
        super().__init__(text)
        self.code, self.text, self.headers = code, text, list(headers)


def retry_info(seconds):
    """The value of grpc-status-details-bin with a RetryInfo."""
    import base64

    def field(number, data):
        return bytes([number << 3 | 2, len(data)]) + data
    info = field(1, bytes([8, seconds]))
    any_ = field(1, b"type.googleapis.com/google.rpc.RetryInfo") + field(2, info)
    return base64.b64encode(b"\x08\x0e" + field(3, any_)).decode().rstrip("=")


def message_of(headers, data, limit):
    if len(data) < 5:
        raise Refused(13, "no message, or it is cut off")
    flag, size = struct.unpack(">BI", data[:5])
    body = data[5:]
    if len(body) != size:
        raise Refused(13, f"a message of {size} bytes, but {len(body)} came")
    coding = headers.get("grpc-encoding", "identity")
    if flag and coding == "gzip":
        body = gzip.decompress(body)
    elif flag and coding == "snappy":
        import snappy
        body = snappy.StreamDecompressor().decompress(body)
    elif flag:
        raise Refused(12, f"unknown grpc-encoding {coding}")
    if len(body) > limit:
        raise Refused(8, f"grpc: received message larger than max ({len(body)} vs. {limit})")
    return body


class Connection:
    """One connection, in its own thread."""

    def __init__(self, sock, fake):
        self.sock, self.fake = sock, fake
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.streams = {}  # id: (headers, body)

    def run(self):
        self.h2.local_settings.initial_window_size = WINDOW
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(WINDOW)
        self.sock.sendall(self.h2.data_to_send())
        while True:
            data = self.sock.recv(65536)
            if not data:
                return
            for e in self.h2.receive_data(data):
                if not self.on_event(e):
                    return
            self.sock.sendall(self.h2.data_to_send())

    def on_event(self, e):
        if isinstance(e, h2.events.RequestReceived):
            self.streams[e.stream_id] = (dict(e.headers), bytearray())
        elif isinstance(e, h2.events.DataReceived):
            self.h2.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
            if e.stream_id in self.streams:
                self.streams[e.stream_id][1].extend(e.data)
        elif isinstance(e, h2.events.StreamReset):
            self.streams.pop(e.stream_id, None)
        elif isinstance(e, h2.events.StreamEnded) and e.stream_id in self.streams:
            return self.answer(e.stream_id, *self.streams.pop(e.stream_id))
        elif isinstance(e, h2.events.ConnectionTerminated):
            return False
        return True

    def answer(self, stream, headers, body):
        try:
            scripted = self.fake.next_answer()
            if scripted and scripted["kind"] == "hangs":
                self.fake.released.wait(120)
            if scripted and scripted["kind"] in ("resets", "closes", "hangs"):
                return False
            if scripted and scripted["kind"] == "answers" and scripted["status"] >= 100:
                self.h2.send_headers(stream, [(":status", str(scripted["status"])),
                    ("content-type", "text/plain")], end_stream=True)
                return True
            if scripted and scripted["kind"] == "answers":
                delay = dict(scripted["headers"]).get("Retry-After")
                more = [("grpc-status-details-bin", retry_info(int(delay)))] if delay else []
                raise Refused(scripted["status"], scripted["body"].strip(), more)
            answer = self.fake.on_call(headers, bytes(body))
            if scripted and scripted["kind"] == "swallows":
                return False
        except Refused as r:
            self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc"),
                ("grpc-status", str(r.code)), ("grpc-message", urllib.parse.quote(r.text, safe=" ")), *r.headers],
                end_stream=True)
            return True
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        self.h2.send_data(stream, struct.pack(">BI", 0, len(answer)) + answer)
        self.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        return True


def serve(sock, fake):
    try:
        Connection(sock, fake).run()
    except (OSError, h2.exceptions.ProtocolError) as e:
        if isinstance(e, h2.exceptions.ProtocolError):
            fake.problem(f"HTTP/2: {e}")
