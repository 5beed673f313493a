"""A double of the kubelet as far as logs go (Kubernetes: pkg/kubelet/logs/container_log_manager.go,
pkg/kubelet/kuberuntime/kuberuntime_gc.go): the folders of pods, static ones too, rotation in its
exact order, restarts with N.log, the removal of dead containers' logs and of deleted pods' folders.
The only difference: its monitor looks each 1.1 s in place of 10 s."""
import gzip
import os
import time
import uuid

from containerd import Container, Docker, Plain

MAX_FILES = 5
INTERVAL = 1.1  # names of rotated files have a resolution of one second


class Pod:
    def __init__(self, kubelet, number, rng):
        self.kubelet, self.rng = kubelet, rng
        self.namespace = rng.choice(("team-a", "team-b", "api-c", "api-d"))
        self.name = f"app-{number}-{rng.randrange(16**4):04x}"
        self.in_api = self.namespace[:3] == "api"  # the others are found by their files alone
        self.kind = Container
        root = "api" if self.in_api else "files"
        if self.in_api and rng.random() < self.kubelet.docker_share:
            self.kind = Docker
        elif not self.in_api and rng.random() < 0.25:
            self.kind, root = Plain, "plain"
        self.static = rng.random() < 0.2
        self.looping = rng.random() < 0.15 and self.kind is not Plain  # it crashes as soon as it can
        uid = uuid.UUID(int=rng.getrandbits(128), version=4)
        self.uid = uid.hex if self.static else str(uid)  # a static pod's is the hash of its manifest
        self.folder = kubelet.root / root / f"{self.namespace}_{self.name}_{self.uid}"
        self.containers = ["app"] + (["sidecar"] if rng.random() < 0.3 else [])
        self.lives = {c: [] for c in self.containers}
        self.born = time.monotonic()
        for c in self.containers:
            (self.folder / c).mkdir(parents=True)
            self.start(c)

    def start(self, container):
        """After a reboot, or when the runtime lost its state, the number comes from the folder, and jumps."""
        lives = self.lives[container]
        k = self.kubelet
        k.number += 1
        jump = self.rng.choice((1, 1, 1, 1, 3))
        life = self.kind(k.number, self.folder / container, lives[-1].n + jump if lives else 0, k.ledger, self.rng, self)
        life.name = container
        lives.append(life)
        if self.looping:
            life.write(self.rng.randrange(1, 200))
            k.in_(self.rng.choice((0.1, 0.5, 2)), life)

    def live(self):
        return [v[-1] for v in self.lives.values() if v[-1].running]


class Kubelet:
    def __init__(self, root, ledger, rng, count):
        self.root, self.ledger, self.rng, self.count = root, ledger, rng, count
        self.docker_share = 0.25
        self.blocks = False  # programs write blocks of several lines
        self.docker = root.parent / "docker/containers"
        self.pods = []
        self.number = 0
        self.pod_number = 0
        self.restarts = []  # (when, pod, container)
        self.crashes = []  # (when, life)
        self.undo = []  # (when, container): a rotation whose reopening fails
        self.next_look = 0.0
        self.leaving = []  # (when, pod)
        self.on_start = self.on_end = lambda pod: None  # what the API server hears

    def in_(self, seconds, life):
        self.crashes.append((time.monotonic() + seconds, life))

    def add_pod(self):
        self.pod_number += 1
        pod = Pod(self, self.pod_number, self.rng)
        self.pods.append(pod)
        self.count["pods"] += 1
        self.count["pods in a crash loop"] += pod.looping
        self.on_start(pod)
        return pod

    def running(self):
        return [c for p in self.pods for c in p.live()]

    def tick(self):
        now = time.monotonic()
        for when, pod in [x for x in self.leaving if x[0] <= now]:
            self.leaving.remove((when, pod))
            self._remove_pod(pod)
        for when, life in [x for x in self.crashes if x[0] <= now]:
            self.crashes.remove((when, life))
            if life.running and life.pod in self.pods:
                self._end(life)
        for when, pod, container in [r for r in self.restarts if r[0] <= now]:
            self.restarts.remove((when, pod, container))
            if pod in self.pods:
                pod.start(container)
                self._collect(pod, container)
        for c in self.running():
            if c.reopen_at is not None and c.reopen_at <= now:
                c.reopen()
        self._look(now)

    def _look(self, now):
        for when, c in [u for u in self.undo if u[0] <= now]:
            self.undo.remove((when, c))
            if c.running:
                self._rename_back(c)
        if now < self.next_look:
            return
        self.next_look = now + INTERVAL
        for c in self.running():
            busy = c.reopen_at is not None or any(u[1] is c for u in self.undo)
            if type(c) is Container and c.file.size > c.rotate_size and not busy:
                self._rotate(c)

    def _remove(self, file, path):
        os.unlink(path)
        self.ledger.gone(file)
        self.count["files removed"] += 1

    def _rotate(self, c):
        """The five steps, in the kubelet's order."""
        rotated = sorted(p for p in c.folder.glob(f"{c.n}.log.*"))
        for p in list(rotated):
            if p.suffix == ".tmp" or p.suffix != ".gz" and p.with_name(p.name + ".gz") in rotated:
                p.unlink()
                rotated.remove(p)
        while len(rotated) > MAX_FILES - 2:
            self._remove(c.rotated.pop(0), rotated.pop(0))
        for f, p in zip(c.rotated, rotated):
            if p.suffix != ".gz":
                self._compress(f, p)
        to = c.path.with_name(c.path.name + time.strftime(".%Y%m%d-%H%M%S", time.localtime()))
        if to.exists():
            return
        os.rename(c.path, to)
        c.file.path = to
        if self.rng.random() < 0.05:
            return self.undo.append((time.monotonic() + self.rng.choice((0, 0.2)), c))
        c.rotated.append(c.file)
        c.reopen_at = time.monotonic() + self.rng.choice((0, 0, 0.05, 0.3, 0.8))
        self.count["rotations"] += 1
        self.ledger.note("rotated", c, f"to {to.suffix}, reopened in {c.reopen_at - time.monotonic():.2f} s")

    def _rename_back(self, c):
        os.rename(c.file.path, c.path)
        c.file.path = c.path
        self.count["rotations taken back"] += 1
        self.ledger.note("rotation taken back", c)

    def _compress(self, file, path):
        tmp = path.with_name(path.name + ".tmp")
        text = path.read_bytes()
        if self.rng.random() < 0.1:  # it dies here: the next rotation cleans up
            return tmp.write_bytes(gzip.compress(text, 1)[:-9])
        with gzip.open(tmp, "wb", 1) as to:
            to.write(text)
        file.path = path.with_name(path.name + ".gz")
        os.rename(tmp, file.path)
        path.unlink()
        self.count["files compressed"] += 1
        self.ledger.note("compressed", None, str(file.path)[-90:])

    def _end(self, life):
        self.undo = [u for u in self.undo if u[1] is not life or self._rename_back(life)]
        life.end()
        self.restarts.append((time.monotonic() + self.rng.choice((0, 0.1, 1)), life.pod, life.name))
        self.count["container restarts"] += 1
        self.ledger.note("end", life)

    def crash(self):
        """A container ends, and starts again after a while as N+1."""
        c = self.rng.choice(self.running() or [None])
        if c and type(c) is not Plain:
            self._end(c)

    def _gone(self, file):
        self.ledger.gone(file)
        self.count["files removed"] += 1

    def _collect(self, pod, container):
        """MaxPerPodContainer is 1: of the dead ones the newest stays."""
        for life in pod.lives[container][:-2]:
            self._remove_life(life)

    def _remove_life(self, life):
        if life.files():
            life.remove(self._gone)
        for p in life.folder.glob(f"{life.n}.log*"):  # what a kubelet that died has left
            p.unlink()

    def delete_pod(self):
        """Its containers end, the API server hears of it, and soon its folder goes."""
        old = [p for p in self.pods if time.monotonic() - p.born > 3]
        if not old:
            return
        pod = self.rng.choice(old)
        for c in pod.live():
            self.undo = [u for u in self.undo if u[1] is not c or self._rename_back(c)]
            c.end()
        self.pods.remove(pod)
        self.on_end(pod)
        self.leaving.append((time.monotonic() + self.rng.choice((0, 0.01, 0.5, 2)), pod))

    def _remove_pod(self, pod):
        for lives in pod.lives.values():
            for life in lives:
                self._remove_life(life)
            lives[-1].folder.rmdir()
        pod.folder.rmdir()
        self.count["pods deleted"] += 1

    def stop(self):
        """Every container ends; what is on disk stays."""
        self.restarts, self.crashes = [], []
        for c in self.running():
            self.undo = [u for u in self.undo if u[1] is not c or self._rename_back(c)]
            c.end(for_ever=True)
