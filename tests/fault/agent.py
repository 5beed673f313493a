"""The agent under test: its lives, its memory, its counters, and the disk on which it keeps its positions."""
import bisect
import os
import random
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
from array import array

TROUBLE = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "must failed", "DEADLYSIGNAL", "too many are open")
# What the agent says when it gives something up, and the reason that its counters have for it.
LOSSES = {
    "a log that was read in part is not there any more": "rotated_unread",
    "a deleted log is given up unread": "held_limit",
    "a rotated log is not what its name says": "broken_gz",
    "a compressed log is broken": "broken_gz",
    "a log stays unreadable, it is left out": "unreadable",
    "a log is gone that could not be opened": "unreadable",
    "the end of a deleted log cannot be read": "unreadable",
    "lines of a deleted log were not delivered": "undelivered",
}
AGAIN = 'msg="lines that no destination took are read again"'
DEADLINE = 10
FAILED_STARTS = 5
INF = float("inf")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port():
    """One that the kernel gives to no connection of the fakes' while an agent ends and the next one begins."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        first = int(f.read().split()[0])
    while True:
        port = random.randrange(10_000, max(first, 10_100))
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


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


class Strain:
    """What the machine took from the agent and from this program: the seconds in which one of them had to
    run and did not. Bounds that are times are held to the promise and this, not to a guess at the load."""
    EVERY = 0.05

    def __init__(self):
        self.times, self.sums = array("d"), array("d")
        self.pid, self.waited = None, 0.0
        threading.Thread(target=self._look, daemon=True).start()

    def _waited(self, pid):
        """Of its threads: seconds on a run queue (Documentation/scheduler/sched-stats.rst)."""
        ns = 0
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                    ns += int(f.read().split()[1])
        except (OSError, IndexError):
            return 0.0
        return ns / 1e9

    def _look(self):
        total, pid, before = 0.0, None, 0.0
        while True:
            begun = time.monotonic()
            time.sleep(self.EVERY)
            now = time.monotonic()
            total += max(0.0, now - begun - self.EVERY)
            if self.pid != pid:
                pid, before = self.pid, 0.0
            waited = self._waited(pid) if pid else 0.0
            total += max(0.0, waited - before)
            before = max(before, waited)
            self.times.append(now)
            self.sums.append(total)

    def between(self, begin, end):
        n = len(self.sums)
        if not n:
            return 0.0
        last = min(bisect.bisect_left(self.times, end), n - 1)
        first = bisect.bisect_right(self.times, begin, 0, n) - 1
        return self.sums[last] - (self.sums[first] if first >= 0 else 0.0)


class Life:
    def __init__(self, number):
        self.number = number
        self.begun = time.monotonic()
        self.watches = INF  # from then on it has every file open that is there
        self.asked = None  # to end, then
        self.end = INF
        self.by_itself = False  # it was asked to end, and did
        self.drained = False  # it ended by itself, well within its deadline
        self.blocked = []  # [from, to]: it was stopped, or could open nothing
        self.counters = {}


class Agent:
    def __init__(self, binary, folder, env, args, config, problem):
        self.binary, self.folder, self.env, self.args = binary, folder, env, args
        self.config, self.problem = config, problem
        with open(binary, "rb") as f:
            self.sanitized = b"__asan_init" in f.read()
        self.port = free_port()
        self.child = None
        self.lives = []
        self.asked_to_end = None
        self.read_again = {}  # what it said: path: lives
        self.log_at, self.log_life, self.log_lock = 0, 0, threading.Lock()
        self.anonymous = self.files = 0
        self.heal = None  # undoes what blocks it
        self.strain = Strain()

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
        self.strain.pid = self.child.pid
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
        self.asked_to_end = self.life.asked = time.monotonic()

    def _does_not_start(self):
        """Then nothing can be judged."""
        last = self.lives[-FAILED_STARTS:]
        if len(last) == FAILED_STARTS and all(x.watches == INF and not x.asked and x.end < x.begun + 2 for x in last):
            with open(self.folder / "agent.log", encoding="utf-8", errors="replace") as f:
                raise SystemExit(f"the agent does not start: {f.read()[-600:]}")

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
            self.life.end = time.monotonic()
            self._does_not_start()
        elif status == 0:
            self.life.by_itself = True
            self.life.drained = time.monotonic() < self.asked_to_end + DEADLINE - 2
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

    def show_itself(self):
        """What it counts, and what it has open: for whoever looks for the cause of a broken promise."""
        fds = []
        try:
            for fd in os.listdir(f"/proc/{self.child.pid}/fd"):
                with open(f"/proc/{self.child.pid}/fdinfo/{fd}", encoding="ascii") as f:
                    fds.append(f"{fd} {os.readlink(f'/proc/{self.child.pid}/fd/{fd}')} {f.read().split()[1]}\n")
            (self.folder / "descriptors").write_text("".join(fds), encoding="utf-8", errors="replace")
            with self._get("/metrics") as a:
                (self.folder / "metrics").write_bytes(a.read())
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

    def reads_again(self, path, life):
        """True if it said in that life that it reads lines of this log again."""
        with self.log_lock, open(self.folder / "agent.log", "rb") as f:
            f.seek(self.log_at)
            for line in f:
                if not line.endswith(b"\n"):
                    break
                self.log_at += len(line)
                text = line.decode(errors="replace")
                if text.startswith("-- life "):
                    self.log_life = int(text[8:])
                elif AGAIN in text and (m := re.search(r' path=(?:"([^"]*)"|(\S+))', text)):
                    self.read_again.setdefault(m[1] or m[2], set()).add(self.log_life)
        return life in self.read_again.get(path, ())

    def lost(self):
        """[life, reason, bytes, path] of each loss that it said. What it says outlives a kill, its counters do not."""
        said, life = [], 0
        with open(self.folder / "agent.log", encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("-- life "):
                    life = int(line[8:])
                    continue
                reason = next((reason for text, reason in LOSSES.items() if f'msg="{text}' in line), None)
                if reason:
                    path = re.search(r' path=(?:"([^"]*)"|(\S+))', line)
                    n = re.search(r" bytes=(\d+)", line)
                    said.append((life, reason, int(n[1]) if n else 0, (path[1] or path[2]) if path else ""))
        return said

    def trouble(self):
        with open(self.folder / "agent.log", encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        for i, line in enumerate(lines):
            if any(t in line for t in TROUBLE):
                return "\n".join(lines[i:i + 30])
        return None
