"""The agent as a child process: its command, its log, its metrics, its end."""
import os
import shlex
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from harness import text

TROUBLE = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "UndefinedBehavior", "must failed",
    "Sanitizer:DEADLYSIGNAL")


def http(method, url, body=None, headers=(), timeout=30):
    """(status, body); (0, reason) when there is no answer."""
    r = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(r, timeout=timeout) as a:
            return a.status, a.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()
    except (OSError, ValueError) as e:
        return 0, str(e).encode()


class Agent:
    def __init__(self, binary, folder, address, command, env):
        self.binary = binary
        self.folder = Path(folder)
        self.address = address
        self.command = shlex.split(command) if command else ["run", "config.alloy"]
        self.env = env
        self.child = None
        self.status = None  # of the last that ended
        self.log_path = self.folder / "agent.log"
        self.out_path = self.folder / "stdout"

    def serves(self):
        return self.command[0] == "run"

    def lasts(self):
        return self.serves() and "--once" not in self.command and "--help" not in self.command

    def argv(self):
        a = list(self.command)
        if self.serves():
            if not any(x.startswith("--storage.path") for x in a):
                a.insert(1, "--storage.path=data")
            if not any(x.startswith("--server.http.listen-addr") for x in a):
                a.insert(1, f"--server.http.listen-addr={self.address}")
        return [str(self.binary), *a]

    def start(self):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "HOSTNAME": "node-1",
            "ASAN_OPTIONS": "exitcode=99:detect_stack_use_after_return=1:allocator_may_return_null=1",
            "UBSAN_OPTIONS": "print_stacktrace=1", **self.env}
        self.status = None
        with open(self.log_path, "ab") as log, open(self.out_path, "ab") as out:
            self.child = subprocess.Popen(self.argv(), cwd=self.folder, env=env, stdin=subprocess.DEVNULL,
                stdout=out, stderr=log, start_new_session=True)

    def running(self):
        if self.child and self.child.poll() is not None:
            self.status = self.child.returncode
            self.child = None
        return self.child is not None

    def signal(self, name):
        if self.running():
            self.child.send_signal(getattr(signal, "SIG" + name))

    def kill(self):
        self.signal("KILL")
        if self.child:
            self.child.wait()
        self.running()

    def ready(self):
        return http("GET", f"http://{self.address}/-/ready", timeout=5)[0] == 200

    def metrics(self):
        status, body = http("GET", f"http://{self.address}/metrics", timeout=10)
        return text.samples(body.decode()) if status == 200 else []

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stdout(self):
        return self.out_path.read_text(errors="replace") if self.out_path.exists() else ""

    def trouble(self):
        """What a sanitizer or a must() said, with what follows it; None: nothing."""
        lines = (self.log() + self.stdout()).splitlines()
        for i, line in enumerate(lines):
            if any(t in line for t in TROUBLE):
                return "\n".join(lines[i:i + 40])
        return None
