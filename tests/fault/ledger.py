"""What became of each line: one byte a line, per life of a container and stream. A repeat never
hides a loss, because only the line's own byte says that it came."""
import bisect
import re
import threading
import time
import zlib
from array import array

CAME, REFUSED, UNHEARD = 1, 2, 4  # UNHEARD: it came, but the answer was lost
HEAD = re.compile(rb"(\d+) ([oe]) (\d+) ")
SHOWN = 8


class Stream:
    def __init__(self):
        self.state = bytearray()
        self.when = array("d")  # it came last
        self.life = array("H")  # of the agent, when it came last
        self.starts = []  # numbers at which another file begins
        self.files = []
        self.highest = {}  # by the agent's life


class Ledger:
    def __init__(self, count):
        self.count = count
        self.lock = threading.Lock()
        self.streams = {}
        self.labels = {}
        self.problems = {}
        self.missing = 0  # not come, not refused
        self.begun = time.monotonic()
        self.ends = {}  # agent's life: when it ended
        self.progress = time.monotonic()
        self.max_age = 0.0
        self.fragments = {}  # one side of a record that a rotation cut: the file of the other
        self.came_alone = []
        self.may_repeat = lambda life, when: False  # set by the driver
        self.answer_lost = lambda when: False

    def add(self, c):
        with self.lock:
            for s in "oe":
                self.streams[c.number, s] = Stream()
        self.labels[c.number] = c

    def wrote(self, c, stream, file):
        with self.lock:
            s = self.streams[c.number, stream]
            if not s.files or s.files[-1] is not file:
                s.starts.append(len(s.state))
                s.files.append(file)
            s.state.append(0)
            s.when.append(0)
            s.life.append(0)
            self.missing += 1
        self.count["lines"] += 1

    def cut(self, line, at, old, new):
        """If the kubelet takes one file of the two away unread, the other side comes alone."""
        self.fragments[line[:at]] = new
        self.fragments[line[at:]] = old

    def problem(self, kind, text):
        n, shown = self.problems.get(kind, (0, []))
        if len(shown) < SHOWN:
            shown.append(text)
        self.problems[kind] = n + 1, shown

    def since(self, when):
        return f"{when - self.begun:.1f} s" if when else "now"

    def _find(self, line, labels):
        """(stream, number) of a whole line; None: it is broken."""
        m = HEAD.match(line)
        head, _, crc = line.rpartition(b"@@")
        if line in self.fragments:
            self.came_alone.append(line)
            return None
        if not m or crc != b"%08x" % zlib.crc32(head):
            self.problem("broken", f"after {self.since(time.monotonic())}: {labels} {line[:120]!r}...{line[-40:]!r} ({len(line)} bytes)")
            return None
        number, which, seq = int(m[1]), m[2].decode(), int(m[3])
        s = self.streams.get((number, which))
        if s is None or seq >= len(s.state):
            self.problem("never written", f"{line[:80]!r}")
            return None
        c = self.labels[number]
        stream = "stdout" if which == "o" else "stderr"
        for want in (f'pod="{c.pod.name}"', f'namespace="{c.pod.namespace}"', f'container="{c.name}"',
                f'stream="{stream}"' if not c.pod.in_api else ""):
            if want not in labels:
                self.problem("wrong labels", f"{labels} lacks {want}")
        return s, seq, (number, which)

    def take(self, life, labels, lines, heard, refuse):
        """Lines as they lie in a push. heard: the answer will arrive. refuse(i): this one is not taken."""
        now = time.monotonic()
        with self.lock:
            for i, line in enumerate(lines):
                found = self._find(line, labels)
                if found:
                    self._mark(life, now, *found, heard, refuse(i))

    def _mark(self, life, now, s, seq, name, heard, refused):
        state = s.state[seq]
        if not state:
            self.missing -= 1
            self.progress = now
        if refused:
            s.state[seq] |= REFUSED
            self.count["lines refused"] += 1
            return
        before = s.highest.get(life, -1)
        if not state & CAME and seq < before:
            self.problem("out of order", f"{name} {seq} after {before}, life {life}")
        s.highest[life] = max(before, seq)
        if state & CAME:
            self._repeated(life, s, seq, name, state)
        s.state[seq] = (state | CAME | UNHEARD) if not heard else (state | CAME) & ~UNHEARD
        s.when[seq], s.life[seq] = now, life

    def _repeated(self, life, s, seq, name, state):
        self.count["lines repeated"] += 1
        if s.life[seq] == life:
            if not state & UNHEARD and not self.answer_lost(s.when[seq]):
                self.problem("repeated in one life of the agent", f"{name} {seq}, life {life}")
            return
        ended = self.ends.get(s.life[seq], time.monotonic())
        if state & UNHEARD or self.may_repeat(s.life[seq], s.when[seq]):
            return
        age = ended - s.when[seq]
        self.max_age = max(self.max_age, age)
        if age > 6:  # a piece waits 3 s for its end, positions 0.5 s; the rest is a slow machine
            self.problem("repeated though long acknowledged", f"{name} {seq}: {age:.1f} s before the end of life "
                f"{s.life[seq]}")

    def _not_come(self, may_be_lost):
        """(name, stream, number, file, last number of that file, whether it may be)."""
        for name, s in list(self.streams.items()):
            at = s.state.find(b"\0")
            while at != -1:
                i = bisect.bisect_right(s.starts, at) - 1
                end = s.starts[i + 1] if i + 1 < len(s.starts) else len(s.state)
                # The end of a record that a rotation cut is in the next file.
                cut = at == end - 1 and i + 1 < len(s.files) and may_be_lost(s.files[i + 1])
                yield name, s, at, i, end, cut or may_be_lost(s.files[i])
                at = s.state.find(b"\0", at + 1)

    def must_come(self, may_be_lost):
        """How many lines are still to come."""
        with self.lock:
            return sum(not x[-1] for x in self._not_come(may_be_lost))

    def lost(self, may_be_lost):
        """Judges each line that did not come; how many may be lost: their bytes went where nobody
        could read them."""
        allowed = 0
        for line in self.came_alone:
            if not may_be_lost(self.fragments[line]):
                self.problem("half of a record", f"{line!r}: the other half in {self.fragments[line].path}")
        for name, s, at, i, end, may_be in self._not_come(may_be_lost):
            c, file = self.labels[name[0]], s.files[i]
            where = (f"{name} {at} of {s.starts[i]} to {end - 1} in {c.pod.namespace}/{c.pod.name}/{c.name}/{c.n}: "
                f"{file.path.name}, {self.since(file.born)} to {self.since(file.removed)}")
            if not may_be:
                self.problem("lost", where)
            elif any(s.state[j] & CAME for j in range(at + 1, end)):
                self.problem("lost in the middle of a file", where)
            else:
                allowed += 1
        return allowed
