"""What the fake servers share: HTTP/1.1 on loopback, answers that a test has scripted, and
stopping and starting on the same port. A fake is used in the runner's process, or alone by its
main(), where /_control/ does over HTTP what the methods do."""
import argparse
import json
import os
import socket
import ssl
import struct
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fake, port):
        self.fake = fake
        self.open = set()
        self.lock = threading.Lock()
        super().__init__((fake.host, port), Handler)

    def get_request(self):
        s, address = super().get_request()
        if self.fake.tls:  # the handshake is made by the request's own thread
            s = self.fake.tls.wrap_socket(s, server_side=True, do_handshake_on_connect=False)
        return s, address

    def process_request(self, request, client_address):
        with self.lock:
            self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self.lock:
            self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass  # the peer went away: that is its right

    def drop_connections(self):
        with self.lock:
            for s in self.open:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300

    def log_message(self, *args):
        pass

    def handle(self):
        if not self.server.fake.is_http2(self.connection):
            return super().handle()
        import grpc_server
        grpc_server.serve(self.connection, self.server.fake)

    def version_string(self):
        return "fake"

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while True:
            n = int(self.rfile.readline().split(b";")[0], 16)
            body += self.rfile.read(n)
            self.rfile.readline()
            if n == 0:
                return body

    def answer(self, status, body=b"", headers=()):
        self.send_response_only(status)
        for k, v in headers:
            self.send_header(k, v)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204 and self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        body = self.read_body()
        if len(body) < int(self.headers.get("Content-Length") or 0):
            self.close_connection = True  # the client died in the midst of it
            return None
        fake = self.server.fake
        if self.path.startswith("/_control/"):
            reply = fake.control(self.path[len("/_control/"):], body)
            return self.answer(200, json.dumps(reply).encode(), [("Content-Type", "application/json")])
        scripted = fake.next_answer()
        if scripted:
            return self.act(scripted, body)
        reply = fake.handle(self, body)
        if reply:  # else it has answered by itself, as a stream
            self.answer(*reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def act(self, a, body):
        """Does what the script says in place of the fake's own answer."""
        fake = self.server.fake
        if a["kind"] == "hangs":
            fake.released.wait(120)
        elif a["kind"] == "resets":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif a["kind"] == "swallows":  # it took the data, but nobody hears so
            fake.handle(self, body)
        elif a["kind"] == "answers":
            return self.answer(a["status"], a["body"].encode(), a["headers"])
        self.close_connection = True
        if a["kind"] != "closes":
            self.connection.close()


class Fake:
    """answers holds what is scripted; after it the fake behaves as the real server does."""
    tls = None  # an ssl.SSLContext: it speaks TLS
    host = "127.0.0.1"

    def __init__(self, port=0):
        self.port = port
        self.lock = threading.Condition()
        self.answers = deque()
        self.requests = 0  # all that came, whatever the answer
        self.seen = []  # headers of each request, lower case
        self.problems = []  # what no client should ever send
        self.released = threading.Event()
        self.server = None
        self.start()

    def is_http2(self, sock):
        return False

    def start(self):
        if self.server:
            return
        for _ in range(100):
            try:
                self.server = Server(self, self.port)
                break
            except OSError:
                if not self.port:
                    raise
                time.sleep(0.02)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Nothing listens any more; open connections are cut."""
        if not self.server:
            return
        self.server.shutdown()
        self.server.server_close()
        self.server.drop_connections()
        self.server = None
        self.released.set()

    def url(self):
        return f"http{'s' if self.tls else ''}://{self.host}:{self.port}"

    def next_answer(self):
        with self.lock:
            self.requests += 1
            if not self.answers:
                self.lock.notify_all()
                return None
            a = self.answers[0]
            if a["times"] > 0:
                a["times"] -= 1
                if a["times"] == 0:
                    self.answers.popleft()
            self.lock.notify_all()
            return a

    def script(self, kind, status=0, times=-1, body="", headers=()):
        """times -1: until recover()."""
        self.released.clear()
        with self.lock:
            self.answers.append({"kind": kind, "status": status, "times": times, "body": body,
                "headers": list(headers)})

    def recover(self):
        with self.lock:
            self.answers.clear()
        self.released.set()

    def control(self, path, body):
        args = json.loads(body or b"{}")
        if path == "script":
            self.script(**args)
        elif path == "recover":
            self.recover()
        elif path == "state":
            return self.state()
        elif path == "stop":
            os._exit(0)
        else:
            raise ValueError(path)
        return {}

    def note(self, request):
        with self.lock:
            self.seen.append({k.lower(): v for k, v in request.headers.items()})


def main(make, about):
    """Runs one fake alone: says its port in a file, and serves until it is ended."""
    p = argparse.ArgumentParser(description=about)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--port-file", help="gets the port's number once it listens")
    p.add_argument("--tls-cert", help="PEM file: certificate; with --tls-key it speaks TLS")
    p.add_argument("--tls-key")
    a = p.parse_args()
    if a.tls_cert:
        Fake.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        Fake.tls.load_cert_chain(a.tls_cert, a.tls_key)
    fake = make(a.port)
    if a.port_file:
        with open(a.port_file + ".tmp", "w") as f:
            f.write(f"{fake.port}\n")
        os.rename(a.port_file + ".tmp", a.port_file)
    else:
        print(fake.url(), flush=True)
    threading.Event().wait()
