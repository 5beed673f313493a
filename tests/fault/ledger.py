"""What became of each line: one byte a line, per life of a container and stream. A repeat never
hides a loss, because only the line's own byte says that it came. Writes are told once, to Books; each
destination has a Ledger of its own of what came. An entry of several lines (stage.multiline) is taken
line by line, and looked at as a block besides."""
import bisect
import re
import threading
import time
import zlib
from array import array

from containerd import Docker, Plain

# UNHEARD: it came, but the answer was lost; DROP: it must not come; TORN: a part came, and may.
CAME, REFUSED, UNHEARD, DROP, TORN = 1, 2, 4, 8, 16
HEAD = re.compile(rb"\t?(\d+) ([oe]) (\d+) ")
SHOWN = 8


class Stream:
    """What was written."""

    def __init__(self):
        self.n = 0
        self.drop = set()
        self.goes_on = set()  # lines that belong to the block of the one before
        self.may = set()  # of those, the ones whose block is dropped: torn off, they come
        self.stamps = array("q")
        self.sizes = array("q")  # bytes in the log
        self.starts = []  # numbers at which another file begins
        self.files = []


class Books:
    def __init__(self, count, path):
        self.count = count
        self.diary = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()
        self.streams = {}
        self.containers = {}
        self.fragments = {}  # one side of a record that a rotation cut: the file of the other
        self.cuts = {}  # (key, number): (its first side, the file of the second)
        self.odd = {}  # a malformed line: its file
        self.begun = time.monotonic()
        self.problems = {}
        self.all_problems = path.with_name("problems.txt")

    def note(self, what, c=None, more=""):
        """What happened when, for whoever looks for the cause of a broken promise."""
        which = f" {c.number} {c.pod.namespace}/{c.pod.name}/{c.folder.name}/{c.n}" if c else ""
        self.diary.write(f"{time.monotonic() - self.begun:7.3f} {what}{which} {more}\n")
        self.diary.flush()

    def add(self, c):
        with self.lock:
            for s in "oe":
                self.streams[c.number, s] = Stream()
        self.containers[c.number] = c
        self.note("start", c, type(c).__name__)

    def wrote(self, c, stream, file, drop, goes_on=False):
        with self.lock:
            s = self.streams[c.number, stream]
            if not s.files or s.files[-1] is not file:
                s.starts.append(s.n)
                s.files.append(file)
            if drop:
                s.drop.add(s.n)
            if goes_on:
                s.goes_on.add(s.n)
                if s.n - 1 in s.drop or s.n - 1 in s.may:
                    s.may.add(s.n)
            s.n += 1
            s.stamps.append(0)
            s.sizes.append(0)
        self.count["lines"] += 1

    def stamped(self, c, stream, seq, ns, is_last):
        stamps = self.streams[c.number, stream].stamps
        if is_last or not stamps[seq]:
            stamps[seq] = ns

    def took(self, c, stream, seq, n):
        self.streams[c.number, stream].sizes[seq] += n

    def cut(self, c, stream, seq, line, at, old, new):
        """If the kubelet takes one file of the two away unread, the other side comes alone."""
        self.cuts[(c.number, stream), seq] = line[:at], new
        self.fragments[line[:at]] = new
        self.fragments[line[at:]] = old

    def odd_line(self, text, file):
        self.odd[text] = file
        self.count["malformed lines"] += 1

    def gone(self, file):
        file.removed = time.monotonic()
        self.note("gone", None, str(file.path)[-90:])

    def files(self):
        """(file, container), each once."""
        with self.lock:
            found = {id(f): (f, self.containers[key[0]]) for key, s in self.streams.items() for f in s.files}
        return list(found.values())

    def since(self, when):
        return f"{when - self.begun:.1f} s" if when else "now"

    def problem(self, kind, text):
        n, shown = self.problems.get(kind, (0, []))
        if len(shown) < SHOWN:
            shown.append(text)
        with open(self.all_problems, "a", encoding="utf-8") as f:
            f.write(f"{self.since(time.monotonic())} {kind}: {text}\n")
        self.problems[kind] = n + 1, shown


class Copy:
    """Of one stream, what came."""

    def __init__(self):
        self.state = bytearray()
        self.when = array("d")  # it came last
        self.life = array("H")  # of the agent, when it came last
        self.highest = {}  # by the agent's life

    def grow(self, stream):
        more = stream.n - len(self.state)
        if more > 0:
            begin = len(self.state)
            self.state.extend(bytes(more))
            self.when.extend([0.0] * more)
            self.life.extend([0] * more)
            for i in range(begin, stream.n):
                self.state[i] = DROP if i in stream.drop else TORN if i in stream.may else 0


class Ledger:
    def __init__(self, books, name, judge):
        self.books, self.name, self.judge = books, name, judge
        self.count = books.count
        self.copies = {}
        self.odd = set()
        self.came_alone = set()  # halves of records
        self.progress = time.monotonic()
        self.max_age = 0.0
        self.oldest = ""

    def problem(self, kind, text):
        self.books.problem(kind, f"{self.name}: {text}")

    def copy(self, key):
        c = self.copies.get(key)
        if c is None:
            c = self.copies[key] = Copy()
        c.grow(self.books.streams[key])
        return c

    def _broken(self, line, labels):
        if line in self.books.fragments:
            self.came_alone.add(line)
        elif line in self.books.odd:
            self.odd.add(line)
            self.progress = time.monotonic()
        elif self.judge.may_be_torn(labels):
            self._torn(line)
        else:
            self.problem("broken", f"after {self.books.since(time.monotonic())}: {labels} {line[:120]!r}...{line[-40:]!r} "
                f"({len(line)} bytes)")

    def _torn(self, line):
        m = HEAD.match(line)
        self.count["lines torn by copytruncate"] += 1
        if m and (int(m[1]), m[2].decode()) in self.books.streams:
            s = self.copy((int(m[1]), m[2].decode()))
            if int(m[3]) < len(s.state):
                s.state[int(m[3])] |= TORN

    def _find(self, line, labels, tenant):
        """(container, stream, number) of a whole line; None: it is broken."""
        m = HEAD.match(line)
        head, _, crc = line.rpartition(b"@@")
        if line in self.books.fragments or not m or crc != b"%08x" % zlib.crc32(head):
            return self._broken(line, labels)
        number, which, seq = int(m[1]), m[2].decode(), int(m[3])
        s = self.books.streams.get((number, which))
        if s is None or seq >= s.n:
            return self.problem("never written", f"{line[:80]!r}")
        c = self.books.containers[number]
        stream = "stdout" if which == "o" else "stderr"
        for want in (f'pod="{c.pod.name}"', f'namespace="{c.pod.namespace}"', f'container="{c.name}"',
                f'stream="{stream}"' if not c.pod.in_api and type(c) is not Plain else ""):
            if want not in labels:
                self.problem("wrong labels", f"{labels} lacks {want}")
        if tenant != self.judge.tenant(c):
            self.problem("wrong tenant", f"{tenant!r} for {labels}")
        return c, which, seq

    def take(self, life, labels, tenant, entries, heard, refuse):
        """(line, time) as they lie in a push. heard: the answer will arrive. refuse(i): this one is not taken."""
        now = time.monotonic()
        with self.books.lock:
            for i, (text, stamp) in enumerate(entries):
                lines = text.split(b"\n")
                found = [self._find(line, labels, tenant) for line in lines]
                refused = refuse(i)
                for at, one in enumerate(found):
                    if one:
                        self._mark(life, now, *one, None if at else stamp, heard, refused)
                self._look_at_block(life, [x for x in found if x], len(lines))

    def _look_at_block(self, life, found, n):
        """One after the other, from the first line of the block to its last one."""
        if not self.judge.blocks or not found or found[0][0].pod.in_api:
            return
        (c, which, first), last = found[0], found[-1][2]
        goes_on = self.books.streams[c.number, which].goes_on
        whole = first not in goes_on and last + 1 not in goes_on and n == len(found)
        one = [(x.number, w, seq) for x, w, seq in found] == [(c.number, which, i) for i in range(first, first + n)]
        one = one and all(i in goes_on for i in range(first + 1, first + n))
        self.count["blocks of several lines"] += n > 1
        if whole and one:
            return
        self.count["blocks cut"] += 1
        if not self.judge.may_cut_block(c, life):
            self.problem("a block is cut", f"({c.number}, {which!r}) {first} to {last}, {n} lines, life {life}, "
                f"after {self.books.since(time.monotonic())}")

    def _mark(self, life, now, c, which, seq, stamp, heard, refused):
        key = c.number, which
        s = self.copy(key)
        name = f"{key} {seq}"
        state = s.state[seq]
        written = self.books.streams[key].stamps[seq]
        if state & DROP:
            self.problem("a stage should have dropped it", name)
        if written and stamp is not None and stamp != written:
            self.problem("wrong time", f"{name}: {stamp} in place of {written}, {stamp - written} ns")
        if not state & (CAME | REFUSED):
            self.progress = now
            if written:
                self.judge.came_after(time.time() - written / 1e9)
        if refused:
            s.state[seq] |= REFUSED
            self.count["lines refused"] += 1
            return
        before = s.highest.get(life, -1)
        if not state & (CAME | REFUSED) and seq < before:
            self.problem("out of order", f"{name} after {before}, life {life}")
        s.highest[life] = max(before, seq)
        if state & CAME:
            self._repeated(life, s, seq, name, state, c, written)
        s.state[seq] = (state | CAME | UNHEARD) if not heard else (state | CAME) & ~UNHEARD
        s.when[seq], s.life[seq] = now, life

    def _repeated(self, life, s, seq, name, state, c, written):
        self.count["lines repeated"] += 1
        if s.life[seq] == life:
            told = state & UNHEARD or self.judge.answer_lost(s.when[seq]) or self.judge.is_read_again(c, life)
            if not told and not self.judge.was_on_disk(written, life):
                self.problem("repeated in one life of the agent", f"{name}, life {life}, "
                    f"{self.books.since(s.when[seq])} and {self.books.since(time.monotonic())}")
            return
        if state & UNHEARD or self.judge.may_repeat(s.life[seq], s.when[seq]):
            return
        age = self.judge.end_of(s.life[seq]) - s.when[seq]
        if self.judge.is_handed_over(c, s.life[seq]):
            self.problem("repeated though the agent before had drained", f"{name}: of life {s.life[seq]}, "
                f"{age:.1f} s before its end, again in life {life}")
        age -= self.judge.strain(s.life[seq], s.when[seq])
        if age > self.max_age:
            self.max_age, self.oldest = age, name
        if age > self.judge.oldest_repeat(c, s.life[seq], s.when[seq]):
            self.problem("repeated though long acknowledged", f"{name}: {age:.2f} s before the end of life {s.life[seq]}, "
                f"again in life {life} after {self.books.since(time.monotonic())}")

    def _not_come(self):
        """(key, copy, number, file, last number of that file, whether it may be)."""
        may_be = {}
        for key, stream in list(self.books.streams.items()):
            s = self.copy(key)
            at = s.state.find(b"\0")
            while at != -1:
                i = bisect.bisect_right(stream.starts, at) - 1
                file = stream.files[i]
                end = stream.starts[i + 1] if i + 1 < len(stream.starts) else stream.n
                if id(file) not in may_be:
                    may_be[id(file)] = self.judge.may_be_lost(file)
                yield (key, s, at, file, stream.starts[i], end,
                    may_be[id(file)] or self._came_by_half(key, at) or self._is_last_words(key, stream, at, file))
                at = s.state.find(b"\0", at + 1)

    def _is_last_words(self, key, stream, at, file):
        """The last line of a container that has ended, without its end. A program's own log may go on, so the
        end of its last line is waited for until the log goes, in vain if no agent runs then."""
        c = self.books.containers[key[0]]
        if at != stream.n - 1 or c.ended is None or file.removed is None:
            return False
        return not self.judge.sees_it_go(file) if type(c) is Plain else self.judge.may_be_lost(file, c.ended)

    def _came_by_half(self, key, at):
        """The end of a record that a rotation cut was in a file that was taken away."""
        half, file = self.books.cuts.get((key, at), (None, None))
        return half in self.came_alone and self.judge.may_be_lost(file)

    def _odd_missing(self):
        return [text for text, file in self.books.odd.items() if text not in self.odd and not self.judge.may_be_lost(file)]

    def must_come(self):
        """How many lines are still to come."""
        with self.books.lock:
            return sum(not x[-1] for x in self._not_come()) + len(self._odd_missing())

    def lost_files(self):
        """[file, container, bytes at least] of which lines did not come; not those cut in place."""
        files = {}
        for key, _, at, file, begin, end, _ in self._not_come():
            if file.in_place or file.after_cut:
                continue
            one = files.setdefault(id(file), [file, self.books.containers[key[0]], 0])
            if begin < at < end - 1:  # the first and the last may lie in two files
                one[2] += self.books.streams[key].sizes[at]
        return list(files.values())

    def lost(self):
        """Judges each line that did not come; how many may be lost: their bytes went where nobody
        could read them."""
        allowed = 0
        for line in self.came_alone:
            other = self.books.fragments[line]
            if not self.judge.may_be_lost(other):
                self.problem("half of a record", f"{line[:80]!r}: the other half in {other.path}")
        for text in self._odd_missing():
            self.problem("lost", f"malformed: {text!r}")
        for key, s, at, file, begin, end, may_be in self._not_come():
            c = self.books.containers[key[0]]
            where = (f"{key} {at} of {begin} to {end - 1} in {c.pod.namespace}/{c.pod.name}/{c.name}/{c.n} "
                f"({type(c).__name__}): {file.path.name}, {self.books.since(file.born)} to {self.books.since(file.removed)}")
            if not may_be:
                self.problem("lost", where)
            elif not file.in_place and not self.judge.is_unseen_cut(file) and any(s.state[j] & CAME for j in range(at + 1, end)):
                self.problem("lost in the middle of a file", where)
            else:
                allowed += 1
        return allowed
