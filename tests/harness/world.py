"""What one scenario has around it: a folder, variables, ports, the agent, the fakes (made when
they are first named), and waiting, which is always for a condition."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from harness import agent, text

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/fakes"))
LIMIT = float(os.environ.get("SCENARIO_SECONDS", "60"))  # patience, not a measurement


class Failed(Exception):
    pass


class Skipped(Exception):
    """What the scenario needs is not to be had here."""


class World:
    def __init__(self, path, binary):
        self.path = Path(path)
        self.sentence, self.sections = text.sections(self.path.read_text())
        name = str(self.path.relative_to(ROOT / "tests/scenario").with_suffix(""))
        self.folder = ROOT / "build/scenario" / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.fakes = {}
        self.ports = {}
        self.next_port = 10000 + os.getpid() % 450 * 50
        self.rotations = 0
        self.children = []
        self.writers = {}  # of files that are kept open: by name
        env = dict(x.split("=", 1) for _, x in text.numbered(self.section("env")))
        command = " ".join(x for _, x in text.numbered(self.section("run")))
        self.agent = agent.Agent(binary, self.folder, self.variable("HTTP"), command, env)
        for name in self.sections:
            if name not in ("do", "run", "env") and not name.startswith("want "):
                to = self.file(name)
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_text(self.section(name))

    def section(self, name):
        """Its text with the variables put in; empty if there is no such section."""
        return re.sub(r"@([A-Z]+\d*)@", lambda m: self.variable(m.group(1)), self.sections.get(name, ""))

    def file(self, name):
        return self.folder / name

    def variable(self, name):
        """LOKI, LOKI2, OTLP: where a fake listens. HTTP: the agent's own server. PORT1, PORT2: free
        ports. DIR: the scenario's folder. ROOT: the project's."""
        fixed = {"DIR": str(self.folder), "ROOT": str(ROOT)}
        if name in fixed:
            return fixed[name]
        if re.fullmatch(r"(LOKI|OTLP|API)\d*", name):
            return self.fake(name.lower()).url()
        if name == "HTTP" or re.fullmatch(r"PORT\d+", name):
            if name not in self.ports:
                self.ports[name] = self.free_port()
            return f"127.0.0.1:{self.ports[name]}" if name == "HTTP" else str(self.ports[name])
        raise ValueError(f"no variable @{name}@")

    def free_port(self):
        """Below the range that the system gives to clients, so that nobody else gets it."""
        while True:
            self.next_port += 1
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind(("127.0.0.1", self.next_port))
                    return self.next_port
                except OSError:
                    pass

    def fake(self, name):
        if name not in self.fakes:
            kind = name.rstrip("0123456789")
            if kind == "loki":
                from loki import Loki as make
            elif kind == "otlp":
                from otlp import Otlp as make
            elif kind == "api":
                from apiserver import Api as make
            else:
                raise ValueError(f"no fake {name}")
            self.fakes[name] = make()
            if kind == "api":
                for pod in json.loads(self.sections.get("pods.json", "[]")):
                    self.fakes[name].set_pod(pod)
        return self.fakes[name]

    def wait(self, what, condition):
        """Until condition() is true. When the agent has ended, nothing will change any more."""
        until = time.monotonic() + LIMIT
        while True:
            running = self.agent.running()
            got = condition()
            if got:
                return got
            if not running:
                raise Failed(f"the agent has ended (exit {self.agent.status}) while waiting for {what}")
            if time.monotonic() > until:
                raise Failed(f"waited {LIMIT:.0f} s for {what}")
            time.sleep(0.02)

    def start_agent(self):
        self.agent.start()
        if self.agent.lasts():
            self.wait("the agent to be ready", self.agent.ready)

    def stop_agent(self):
        """The agent's end, asked for if it does not come by itself."""
        if self.agent.lasts():
            self.agent.signal("TERM")
        self.wait("the agent to end", lambda: not self.agent.running())

    def run(self, argv, **kw):
        return subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, timeout=300, **kw)

    def close(self):
        self.agent.kill()
        for f in self.fakes.values():
            f.stop()
        for c in self.children:
            c.kill()
            c.wait()
        for p in [self.folder, *self.folder.rglob("*")]:
            if p.is_dir() and not p.is_symlink():
                p.chmod(0o755)
