"""The agent under test: its lives, its memory, its counters, and the disk on which it keeps its positions."""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

TROUBLE = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "must failed", "DEADLYSIGNAL")
DEADLINE = 10
INF = float("inf")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Volume:
    """A small tmpfs that can be full; without the right to mount one, a folder that can be read-only."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True)
        self.mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path],
            stderr=subprocess.DEVNULL).returncode == 0
        self.faults = []  # [from, to]

    def fill(self):
        self.faults.append([time.monotonic(), INF])
        if not self.mounted:
            return self.path.chmod(0o500)
        with open(self.path / "filler", "wb", buffering=0) as f:
            for size in (65536, 4096, 1):
                try:
                    while f.write(b"x" * size):
                        pass
                except OSError:
                    pass

    def free(self):
        if self.faults:
            self.faults[-1][1] = min(self.faults[-1][1], time.monotonic())
        if self.mounted:
            (self.path / "filler").unlink(missing_ok=True)
        else:
            self.path.chmod(0o700)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", self.path], check=False)


class Life:
    def __init__(self, number):
        self.number = number
        self.begun = time.monotonic()
        self.watches = INF  # from then on it has every file open that is there
        self.end = INF
        self.blocked = []  # [from, to]: it was stopped, or could open nothing
        self.counters = {}


class Agent:
    def __init__(self, binary, folder, env, args, config, problem):
        self.binary, self.folder, self.env, self.args = binary, folder, env, args
        self.config, self.problem = config, problem
        with open(binary, "rb") as f:
            self.sanitized = b"__asan_init" in f.read()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.child = None
        self.lives = []
        self.asked_to_end = None
        self.anonymous = self.files = 0
        self.heal = None  # undoes what blocks it

    @property
    def life(self):
        return self.lives[-1]

    def start(self):
        self.lives.append(Life(len(self.lives) + 1))
        self.asked_to_end = None
        env = {"PATH": os.environ["PATH"], "LIFE": str(self.life.number),
            "ASAN_OPTIONS": "exitcode=99:quarantine_size_mb=4:malloc_context_size=8", **self.env}
        argv = [self.binary, "run", f"--storage.path={self.folder}/data/store",
            f"--server.http.listen-addr=127.0.0.1:{self.port}", f"--shutdown.deadline={DEADLINE}s", *self.args, self.config]
        with open(self.folder / "agent.log", "ab") as log:
            log.write(f"-- life {self.life.number}\n".encode())
            log.flush()
            self.child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        threading.Thread(target=self._await_ready, args=(self.child, self.life), daemon=True).start()

    def _get(self, path, data=None):
        return OPENER.open(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data), timeout=10)

    def _await_ready(self, child, life):
        while child.poll() is None:
            try:
                with self._get("/-/ready") as a:
                    if a.status == 200:
                        life.watches = time.monotonic() + 2
                        return
            except OSError:
                pass
            time.sleep(0.1)

    def reload(self, must_work):
        """In a thread of its own: the agent may be stopped just now."""
        child, life = self.child, self.life

        def post():
            try:
                with self._get("/-/reload", data=b"") as a:
                    worked = a.status == 200
            except urllib.error.HTTPError:
                worked = False
            except OSError:
                return  # it was killed
            if worked != must_work and self.child is child and not life.blocked:
                self.problem("reload", f"life {life.number}: worked: {worked}")
        threading.Thread(target=post, daemon=True).start()

    def block(self, kind):
        """It cannot run, or not open a file, until heal()."""
        span = [time.monotonic(), INF]
        self.life.blocked.append(span)
        child = self.child
        if kind == "stop":
            child.send_signal(signal.SIGSTOP)
        else:
            limits = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
            n = len(os.listdir(f"/proc/{child.pid}/fd"))
            resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (n, limits[1]))

        def heal():
            self.heal = None
            # What could not be opened is tried again after 10 s.
            span[1] = time.monotonic() + (1 if kind == "stop" else 11)
            if self.child is not child or child.poll() is not None:
                return
            if kind == "stop":
                child.send_signal(signal.SIGCONT)
            else:
                resource.prlimit(child.pid, resource.RLIMIT_NOFILE, limits)
        self.heal = heal

    def kill(self):
        self.child.kill()
        self.child.wait()
        self._ended()

    def ask_to_end(self):
        if self.heal:
            self.heal()
        self.child.send_signal(signal.SIGTERM)
        self.asked_to_end = time.monotonic()

    def _ended(self):
        self.life.end = time.monotonic()
        positions = self.folder / "data/store/positions"
        if positions.exists():
            shutil.copy(positions, self.folder / f"positions.{self.life.number}")
        self.child = None

    def look(self):
        """True while it runs. An end that nobody asked for is a problem."""
        if not self.child:
            return False
        status = self.child.poll()
        if status is None:
            if self.asked_to_end and time.monotonic() > self.asked_to_end + DEADLINE + 20:
                self.problem("does not end", f"life {self.life.number}")
                self.kill()
                return False
            self._measure()
            return True
        # Asked before it listens to signals: that is an end like any other.
        early = status == -signal.SIGTERM and self.life.watches == INF
        if not self.asked_to_end or (status != 0 and not early):
            self.problem("ended badly", f"life {self.life.number}: status {status}, asked: {bool(self.asked_to_end)}")
        self._ended()
        return False

    def _measure(self):
        try:
            with open(f"/proc/{self.child.pid}/status", encoding="ascii", errors="replace") as f:
                for line in f:
                    if line.startswith("RssAnon:"):
                        self.anonymous = max(self.anonymous, int(line.split()[1]) * 1024)
            self.files = max(self.files, len(os.listdir(f"/proc/{self.child.pid}/fd")))
        except OSError:
            pass

    def scrape(self):
        """{name: {labels: value}} of what it counts; {} if it does not answer."""
        got = {}
        try:
            with self._get("/metrics") as a:
                for line in a.read().decode().splitlines():
                    m = re.match(r"([a-z_]+)(?:\{(.*)\})? ([0-9.e+-]+)$", line)
                    if m:
                        got.setdefault(m[1], {})[m[2] or ""] = float(m[3])
        except OSError:
            return {}
        self.life.counters = got
        return got

    def trouble(self):
        with open(self.folder / "agent.log", encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        for i, line in enumerate(lines):
            if any(t in line for t in TROUBLE):
                return "\n".join(lines[i:i + 30])
        return None
