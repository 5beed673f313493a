"""The agent under test: its lives, its memory, and the disk on which it keeps its positions."""
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

TROUBLE = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "must failed", "DEADLYSIGNAL")
DEADLINE = 10


class Volume:
    """A small tmpfs that can be full; without the right to mount one, a folder that can be read-only."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True)
        self.mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path],
            stderr=subprocess.DEVNULL).returncode == 0
        self.faults = []  # [from, to]

    def fill(self):
        self.faults.append([time.monotonic(), None])
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
        if self.faults and self.faults[-1][1] is None:
            self.faults[-1][1] = time.monotonic()
        if self.mounted:
            (self.path / "filler").unlink(missing_ok=True)
        else:
            self.path.chmod(0o700)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", self.path], check=False)


class Agent:
    def __init__(self, binary, folder, env, args, config, ledger):
        self.binary, self.folder, self.env, self.args = binary, folder, env, args
        self.config, self.ledger = config, ledger
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.child = None
        self.life = 0
        self.ready_at = None
        self.asked_to_end = None
        self.rss = 0
        self.ready_event = threading.Event()

    def start(self):
        self.life += 1
        self.ready_at = self.asked_to_end = None
        env = {"PATH": os.environ["PATH"], "LIFE": str(self.life),
            "ASAN_OPTIONS": "exitcode=99:quarantine_size_mb=4:malloc_context_size=8", **self.env}
        argv = [self.binary, "run", f"--storage.path={self.folder}/data/store",
            f"--server.http.listen-addr=127.0.0.1:{self.port}", f"--shutdown.deadline={DEADLINE}s", *self.args, self.config]
        with open(self.folder / "agent.log", "ab") as log:
            log.write(f"-- life {self.life}\n".encode())
            log.flush()
            self.child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        threading.Thread(target=self._await_ready, args=(self.child,), daemon=True).start()

    def _await_ready(self, child):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while child.poll() is None:
            try:
                with opener.open(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as a:
                    if a.status == 200 and self.child is child:
                        self.ready_at = time.monotonic()
                        return
            except OSError:
                pass
            time.sleep(0.1)

    def watches(self):
        """From when on it has every file open that is there: 2 s after it is ready."""
        return self.ready_at + 2 if self.ready_at else float("inf")

    def kill(self):
        self.child.kill()
        self.child.wait()
        self._ended()

    def ask_to_end(self):
        self.child.send_signal(signal.SIGTERM)
        self.asked_to_end = time.monotonic()

    def _ended(self):
        self.ledger.ends[self.life] = time.monotonic()
        positions = self.folder / "data/store/positions"
        if positions.exists():
            shutil.copy(positions, self.folder / f"positions.{self.life}")
        self.child = None

    def look(self):
        """True while it runs. An end that nobody asked for is a problem."""
        if not self.child:
            return False
        status = self.child.poll()
        if status is None:
            if self.asked_to_end and time.monotonic() > self.asked_to_end + DEADLINE + 20:
                self.ledger.problem("does not end", f"life {self.life}")
                self.kill()
                return False
            self._measure()
            return True
        if not self.asked_to_end or status != 0:
            self.ledger.problem("ended badly", f"life {self.life}: status {status}, asked: {bool(self.asked_to_end)}")
        self._ended()
        return False

    def _measure(self):
        try:
            with open(f"/proc/{self.child.pid}/status", encoding="ascii", errors="replace") as f:
                for line in f:
                    if line.startswith("VmRSS:"):
                        self.rss = max(self.rss, int(line.split()[1]) * 1024)
        except OSError:
            pass

    def trouble(self):
        with open(self.folder / "agent.log", encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        for i, line in enumerate(lines):
            if any(t in line for t in TROUBLE):
                return "\n".join(lines[i:i + 30])
        return None
