"""A double of containerd's log writer (containerd: internal/cri/io/logger.go) for one life of one
container: two streams that write to one file, long lines cut into pieces of 16 KiB wherever that is
(in the middle of a letter too), the pieces of both mixed, a last line without its end as `P` with
no `F` after it, and a late reopening of the file after a rotation.

Each line says itself which it is, so that the ledger can tell what became of it:

    <life of a container> <o|e> <number> <text> @@<crc32 of all before @@>
"""
import os
import time
import zlib

PIECE = 16384
WORDS = "order cart payment Größe naïve 价格 заказ ☕ queue index token leader follower 𝄞 x".split()
NAMES = {"o": b"stdout", "e": b"stderr"}


class File:
    """What is known of one log file, whatever its name is by now."""

    def __init__(self, path):
        self.path = path
        self.born = time.monotonic()
        self.removed = None  # when the last copy of its bytes went
        self.size = 0


class Container:
    """One life of one container: N.log and what is rotated out of it."""

    def __init__(self, number, folder, n, ledger, rng):
        self.number, self.folder, self.n = number, folder, n
        self.ledger, self.rng = ledger, rng
        self.path = folder / f"{n}.log"
        self.count = {"o": 0, "e": 0}
        self.out = bytearray()
        self.rotated = []  # File, oldest first
        self.reopen_at = None
        self.rotated_at = 0.0
        self.rotate_size = rng.choice((30_000, 60_000, 150_000))
        self.weight = rng.choice((1, 1, 1, 3, 10))
        self.running = True
        self.file = File(self.path)
        self.fd = self._open()
        ledger.add(self)

    def _open(self):
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def _record(self, stream, tag, content):
        ns = time.time_ns()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns % 10**9:09}".rstrip("0").rstrip(".")
        self.out += b"%sZ %s %s %s\n" % (stamp.encode(), NAMES[stream], tag, content)

    def _line(self, stream):
        """The next line's bytes, already in the ledger."""
        rng = self.rng
        words = rng.choices(WORDS, k=rng.choice((2, 5, 10, 30)))
        if rng.random() < 0.004:
            words *= rng.randrange(200, 1500)
        head = f"{self.number} {stream} {self.count[stream]} {' '.join(words)} ".encode()
        self.ledger.wrote(self, stream, self.file)
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

    def write(self, lines):
        for _ in range(lines):
            stream = "e" if self.rng.random() < 0.2 else "o"
            line = self._line(stream)
            while len(line) > PIECE:
                self._record(stream, b"P", line[:PIECE])
                line = line[PIECE:]
                if self.rng.random() < 0.5:
                    other = "o" if stream == "e" else "e"
                    short = self._line(other)
                    while len(short) > PIECE:
                        self._record(other, b"P", short[:PIECE])
                        short = short[PIECE:]
                    self._record(other, b"F", short)
            self._record(stream, b"F", line)
            if len(self.out) > 100_000:
                self._flush()
        if self.out:
            self._flush()

    def reopen(self):
        """ReopenContainerLog: the new file is there, while the streams may still write to the old
        one; at times a record has its P in the old and its F in the new."""
        old = self.fd
        new = File(self.path)
        self.fd = self._open()
        if self.rng.random() < 0.5:
            late, self.fd = self.fd, old
            self.write(self.rng.randrange(1, 4))
            self.fd = late
        cut = self.rng.random() < 0.5
        self.file = self.file if cut else new
        line = self._line("o")
        half = self.rng.randrange(1, min(len(line), PIECE)) if cut else 0
        if half:
            self.ledger.cut(line, half, self.file, new)
            self._record("o", b"P", line[:half])
            late, self.fd = self.fd, old
            self._flush()
            self.fd = late
        os.close(old)
        self.file = new
        rest = line[half:]
        while len(rest) > PIECE:
            self._record("o", b"P", rest[:PIECE])
            rest = rest[PIECE:]
        self._record("o", b"F", rest)
        self._flush()
        self.reopen_at = None

    def end(self):
        """The process has ended, at times in the middle of a line."""
        if self.reopen_at is not None:
            self.reopen()
        for stream in "oe":
            if self.rng.random() < 0.4:
                line = self._line(stream)
                while len(line) > PIECE:
                    self._record(stream, b"P", line[:PIECE])
                    line = line[PIECE:]
                self._record(stream, b"P", line)
        self._flush()
        os.close(self.fd)
        self.running = False
