"""Doubles of what writes logs, each for one life of one container.

Container: containerd (internal/cri/io/logger.go): two streams that write to one file, long lines cut
into pieces of 16 KiB wherever that is (in the middle of a letter too), the pieces of both mixed, a
last line without its end as `P` with no `F` after it, a late reopening of the file after a rotation,
and the lines that containerd 2.2 itself breaks: a head in the middle of another line, and the rest of a
line without its head.

Docker: dockerd's json-file driver: N.log is a symbolic link to <id>-json.log in another folder, which
dockerd itself rotates to .1, .2, at a write.

Plain: a program that writes its own log, which somebody else cuts by copytruncate.

Each line says itself which it is, so that the ledger can tell what became of it:

    <life of a container> <o|e> <number> <text> @@<crc32 of all before @@>
"""
import json
import os
import shutil
import time
import zlib

KEEP = os.environ.get("KEEP")  # a folder for copies of what is removed: to look for a cause
PIECE = 16384
WORDS = "order cart payment Größe naïve 价格 заказ ☕ queue index token leader follower 𝄞 x".split()
NAMES = {"o": b"stdout", "e": b"stderr"}
DROP = "noise-to-be-dropped"  # node.alloy drops such lines of pods that are found by their files
ZONES = ((0, "Z"), (19800, "+05:30"), (-10800, "-03:00"))


class File:
    """What is known of one log file, whatever its name is by now."""

    def __init__(self, path, slow=0.7, in_place=False):
        self.path = path
        self.born = self.written = time.monotonic()
        self.removed = None  # when the last copy of its bytes went
        self.size = 0
        self.slow = slow  # seconds after which an agent that looks has it open
        self.in_place = in_place  # its bytes went by a truncation
        self.after_cut = False  # the inode had other bytes before


class Container:
    """One life of one container: N.log and what is rotated out of it."""

    def __init__(self, number, folder, n, ledger, rng, pod):
        self.number, self.folder, self.n = number, folder, n
        self.ledger, self.rng, self.pod = ledger, rng, pod
        self.path = folder / f"{n}.log"
        self.count = {"o": 0, "e": 0}
        self.out = bytearray()
        self.rotated = []  # File, oldest first
        self.away = None  # when all its logs went
        self.reopen_at = None
        self.rotate_size = rng.choice((30_000, 60_000, 150_000))
        self.weight = rng.choice((1, 1, 1, 3, 10))
        self.zone = rng.choice(ZONES)
        self.running = True
        self.ended = None
        self.under_way = {}  # stream: number of the line that is being written
        self.more = {"o": 0, "e": 0}  # lines of the last block that are still to be written
        self.begin()
        ledger.add(self)

    def begin(self):
        self.file = self.new_file()
        self.fd = self._open()

    def new_file(self):
        return File(self.path, 0.7 if self.pod.in_api else 2.5)

    def _open(self):
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def stamp(self, ns):
        shift, name = self.zone
        s = ns // 10**9 + shift
        return (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(s)) + f".{ns % 10**9:09}".rstrip("0").rstrip(".") + name).encode()

    def stamped(self, stream, ns):
        """A record's time is that of its first piece; stage.cri takes the last one's, as Alloy's does."""
        self.ledger.stamped(self, stream, self.under_way[stream], ns, not self.pod.in_api)

    def _record(self, stream, tag, content):
        ns = time.time_ns()
        self.stamped(stream, ns)
        record = b"%s %s %s %s\n" % (self.stamp(ns), NAMES[stream], tag, content)
        self.ledger.took(self, stream, self.under_way[stream], len(record))
        self.out += record

    def _line(self, stream, short=False, goes_on=False):
        """The next line's bytes, already in the ledger. goes_on: it is a part of the block that began before."""
        rng = self.rng
        words = rng.choices(WORDS, k=rng.choice((2, 5, 10, 30)))
        if rng.random() < 0.004 and not short:
            words *= rng.randrange(200, 1500)
        drop = not self.pod.in_api and rng.random() < 0.01 and not goes_on
        if drop:
            words[0] = DROP
        head = f"{self.number} {stream} {self.count[stream]} {' '.join(words)} ".encode()
        if goes_on:
            head = b"\t" + head
        self.ledger.wrote(self, stream, self.file, drop, goes_on)
        self.under_way[stream] = self.count[stream]
        self.count[stream] += 1
        return head + b"@@%08x" % zlib.crc32(head)

    def _flush(self):
        """Sometimes cut anywhere: a reader may come between the two."""
        data = bytes(self.out)
        self.out.clear()
        cut = self.rng.randrange(len(data)) if data and self.rng.random() < 0.2 else 0
        if cut:
            os.write(self.fd, data[:cut])
        os.write(self.fd, data[cut:])
        self.file.size += len(data)
        self.file.written = time.monotonic()

    def pieces(self, stream, line, last=b"F"):
        """A whole line, with lines of the other stream between its pieces, unless that has ended."""
        while len(line) > PIECE:
            self._record(stream, b"P", line[:PIECE])
            line = line[PIECE:]
            if self.rng.random() < 0.5 and last == b"F":
                other = "o" if stream == "e" else "e"
                self.block_end(other)
                self._record(other, b"F", self._line(other, short=True))
        self._record(stream, last, line)

    def malformed(self):
        """What containerd itself gets wrong (VictoriaLogs #1217, #1076): passed on as it is."""
        head = b"%s stdout F " % self.stamp(time.time_ns())
        text = f"{self.number} odd {self.count['o']} {self.rng.random()} ".encode()
        if self.rng.random() < 0.5 and not self.pod.kubelet.blocks:
            text += head + b"glued on"
            self.out += head + text + b"\n"
        else:
            self.out += text + b"\n"
        self.ledger.odd_line(text, self.file)

    def write(self, lines):
        for _ in range(lines):
            stream = "e" if self.rng.random() < 0.2 else "o"
            self.block_end(stream)
            self.pieces(stream, self._line(stream))
            self.block_begin(stream)
            if self.rng.random() < 0.001:
                self.malformed()
            if len(self.out) > 100_000:
                self._flush()
        if self.out:
            self._flush()

    def block_begin(self, stream):
        """Where stages join lines: the rest of a block, at times a moment later, or in the next file."""
        if not self.pod.kubelet.blocks or self.pod.in_api or type(self) is not Container or self.rng.random() < 0.7:
            return
        self.more[stream] = self.rng.randrange(1, 5)
        if self.rng.random() < 0.8:
            self.block_end(stream)

    def block_end(self, stream):
        n, self.more[stream] = self.more[stream], 0
        for _ in range(n):
            self.pieces(stream, self._line(stream, short=True, goes_on=True))

    def reopen(self):
        """ReopenContainerLog: the new file is there, while the streams may still write to the old
        one; at times a record has its P in the old and its F in the new."""
        old = self.fd
        new = self.new_file()
        self.fd = self._open()
        if self.rng.random() < 0.5:
            late, self.fd = self.fd, old
            self.write(self.rng.randrange(1, 4))
            self.fd = late
        cut = self.rng.random() < 0.5
        self.file = self.file if cut else new
        late, self.fd = self.fd, old if cut else self.fd
        self.block_end("o")
        self._flush()
        self.fd = late
        line = self._line("o")
        half = self.rng.randrange(1, min(len(line), PIECE)) if cut else 0
        if half:
            self.ledger.cut(self, "o", self.under_way["o"], line, half, self.file, new)
            self._record("o", b"P", line[:half])
            late, self.fd = self.fd, old
            self._flush()
            self.fd = late
        os.close(old)
        self.file = new
        self.pieces("o", line[half:])
        self._flush()
        self.reopen_at = None
        self.ledger.note("reopened", self, "in the middle of a line" if half else "")

    def end(self, for_ever=False):
        """The process has ended, at times in the middle of a line. for_ever: nothing happens to its log."""
        if self.reopen_at is not None:
            self.reopen()
        for stream in "oe":
            self.block_end(stream)
            if self.rng.random() < 0.4:
                self.pieces(stream, self._line(stream), b"P")
        self._flush()
        os.close(self.fd)
        self.running = False
        self.ended = time.monotonic()

    def there_until(self):
        """When the last of its files went, or will."""
        return self.away if self.away is not None else float("inf")

    def files(self):
        return self.rotated + ([self.file] if self.file.removed is None else [])

    def remove(self, gone):
        """Its logs go. gone(file): says so."""
        for f in self.files():
            if KEEP:
                shutil.copy(f.path, f"{KEEP}/{self.number}-{f.path.name}")
            f.path.unlink()
            gone(f)
        self.rotated, self.away = [], time.monotonic()


class Docker(Container):
    MAX_FILES = 3

    def begin(self):
        self.home = self.pod.kubelet.docker / f"{self.number:012x}"
        self.home.mkdir(parents=True)
        self.link = self.path
        self.path = self.home / f"{self.home.name}-json.log"
        self.zone = ZONES[0]
        super().begin()
        self.link.symlink_to(self.path)

    def _record(self, stream, tag, content):
        ns = time.time_ns()
        self.stamped(stream, ns)
        # Docker's own JSON cannot hold half a letter, and cuts between letters.
        text = content.decode() + ("\n" if tag == b"F" else "")
        record = json.dumps({"log": text, "stream": NAMES[stream].decode(), "time": self.stamp(ns).decode()},
            ensure_ascii=self.rng.random() < 0.5, separators=(",", ":")).encode() + b"\n"
        self.ledger.took(self, stream, self.under_way[stream], len(record))
        self.out += record

    def pieces(self, stream, line, last=b"F"):
        text = line.decode()
        while len(text) > PIECE // 4:
            self._record(stream, b"P", text[:PIECE // 4].encode())
            text = text[PIECE // 4:]
        self._record(stream, last, text.encode())

    def malformed(self):
        pass

    def _flush(self):
        super()._flush()
        # The birth of a file has a resolution of 4 ms: docker does not fill one in so short a time.
        if self.file.size > self.rotate_size and time.monotonic() > self.file.born + 0.02:
            self._rotate()

    def _rotate(self):
        os.close(self.fd)
        for f in list(self.rotated):  # .1 becomes .2, the last one goes
            n = int(f.path.suffix[1:]) + 1
            if n >= self.MAX_FILES:
                f.path.unlink()
                self.ledger.gone(f)
                self.rotated.remove(f)
            else:
                os.rename(f.path, f.path.with_suffix(f".{n}"))
                f.path = f.path.with_suffix(f".{n}")
        to = self.path.with_name(self.path.name + ".1")
        os.rename(self.path, to)
        self.file.path = to
        self.rotated.append(self.file)
        self.file = self.new_file()
        self.fd = self._open()
        self.ledger.count["rotations by docker"] += 1
        self.ledger.note("rotated", self)

    def remove(self, gone):
        self.link.unlink()
        super().remove(gone)
        self.home.rmdir()


class Plain(Container):
    def begin(self):
        super().begin()
        self.next_cut = time.monotonic() + self.rng.uniform(3, 8)
        self.quiet = None  # until then nothing is written: then the file is cut

    def new_file(self):
        return File(self.path, 2.5, in_place=True)

    def _record(self, stream, tag, content):
        self.out += content + b"\n"

    def pieces(self, stream, line, last=b"F"):
        self._record("o", last, line)

    def malformed(self):
        pass

    def write(self, lines):
        now = time.monotonic()
        if self.quiet is None and now < self.next_cut:
            return super().write(lines)
        if self.quiet is None:
            # What is written just before the cut may be lost; after a while it may not.
            self.quiet = now + self.rng.choice((0, 1.6, 5))
        if now >= self.quiet:
            self._cut()

    def _cut(self):
        """logrotate's copytruncate: N.log.1 becomes .2, and the copy .1."""
        copy = self.path.with_name(self.path.name + ".1")
        if copy.exists():
            copy.rename(copy.with_suffix(".2"))
        shutil.copyfile(self.path, copy)
        os.ftruncate(self.fd, 0)
        self.ledger.gone(self.file)
        self.file = self.new_file()
        self.file.after_cut = True
        self.next_cut, self.quiet = time.monotonic() + self.rng.uniform(3, 8), None
        self.ledger.count["copytruncates"] += 1
        self.ledger.note("copytruncate", self)

    def end(self, for_ever=False):
        """At times without the last line's end: it comes when the file goes."""
        line = self._line("o")
        self._record("o", b"F", line)
        if self.rng.random() < 0.5 and not for_ever:
            del self.out[-1:]
        self._flush()
        os.close(self.fd)
        self.running, self.ended = False, time.monotonic()

    def remove(self, gone):
        self.file.in_place = False  # an open descriptor has them still
        super().remove(gone)
