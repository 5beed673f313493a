"""The texts of a scenario: txtar sections, escapes, ranges, and the lists of what is wanted."""
import re


def sections(text):
    """(the sentence, {name: text}): the form is `-- name --` on a line of its own."""
    parts = re.split(r"^-- (.+?) --\n", text, flags=re.M)
    named = {}
    for name, body in zip(parts[1::2], parts[2::2]):
        if name in named:
            raise ValueError(f"section {name} is there twice")
        named[name] = body
    return parts[0].strip(), named


ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|\((.+?)\*(\d+)\)|(.))", re.S)


def decode(text):
    r"""\n \t \r \\ \0 \xff, and \(ab*3) for ababab; the result is bytes."""
    out, at = b"", 0
    for m in ESCAPE.finditer(text):
        out += text[at:m.start()].encode()
        at = m.end()
        if m.group(1):
            out += bytes([int(m.group(1), 16)])
        elif m.group(2):
            out += decode(m.group(2)) * int(m.group(3))
        else:
            plain = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "0": "\0"}
            if m.group(4) not in plain:
                raise ValueError(f"what is \\{m.group(4)}?")
            out += plain[m.group(4)].encode()
    return out + text[at:].encode()


def expand(text):
    """`[1..3] line %d` is three texts."""
    m = re.match(r"\[(\d+)\.\.(\d+)\] (.*)", text, re.S)
    if not m:
        return [decode(text)]
    first, last = int(m.group(1)), int(m.group(2))
    return [decode(m.group(3).replace("%d", str(i))) for i in range(first, last + 1)]


def numbered(text):
    """(line number, line) of what is neither empty nor a comment."""
    for at, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield at, line


class Wanted:
    """One thing that is to arrive: `{labels} line`, and below it, after a tab, what else it has."""

    def __init__(self, labels, line):
        self.labels = labels
        self.line = line
        self.extra = []

    def __repr__(self):
        extra = "".join(f"\n\t{k} {v}" for k, v in self.extra)
        return f"{self.labels} {show(self.line)}{extra}"


LABELS = re.compile(r'\{(?:[^"{}]|"(?:[^"\\]|\\.)*"|\{\}|\[[^\]]*\])*\}')


def wanted(text):
    """(options: lines that are not entries, [Wanted])."""
    options, got, last = [], [], []
    for at, line in numbered(text):
        if line.startswith("\t"):
            if not last:
                raise ValueError(f"line {at}: belongs to no entry")
            kind, _, rest = line.strip().partition(" ")
            for w in last:
                w.extra.append((kind, rest))
            continue
        m = LABELS.match(line)
        if m:
            last = [Wanted(m.group(0), x) for x in expand(line[m.end() + 1:])]
            got += last
        else:
            options.append(line.strip())
    return options, got


def show(line):
    """Bytes for a person, on one line, long ones cut."""
    text = line.decode("utf-8", "backslashreplace").replace("\\", "\\\\") if isinstance(line, bytes) else line
    text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r").replace("\0", "\\0")
    return text if len(text) < 300 else f"{text[:140]} … {text[-140:]} ({len(line)} bytes)"


SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples(text):
    """Prometheus' text format: [(name, {labels}, value)]."""
    got = []
    for line in text.splitlines():
        m = SAMPLE.match(line) if not line.startswith("#") else None
        if m:
            got.append((m.group(1), dict(LABEL.findall(m.group(2) or "")), float(m.group(3))))
    return got


METRIC = re.compile(r"([a-zA-Z_:][\w:]*)(\{.*\})? (?:(==|>=|<=|>|<|!=) )?(\S+)$")


class Metric:
    """`name{label="x"} >= 3`: the sum of the series that have at least these labels."""

    def __init__(self, line):
        m = METRIC.match(line.strip())
        if not m:
            raise ValueError(f"not a metric: {line}")
        self.text = line.strip()
        self.name = m.group(1)
        self.labels = dict(LABEL.findall(m.group(2) or ""))
        self.op = m.group(3) or "=="
        self.want = None if m.group(4) == "absent" else float(m.group(4))

    def value(self, all_samples):
        got = [v for n, labels, v in all_samples if n == self.name and self.labels.items() <= labels.items()]
        return sum(got) if got else None

    def holds(self, all_samples):
        v = self.value(all_samples)
        if v is None or self.want is None:
            return v is self.want
        w = self.want
        return {"==": v == w, "!=": v != w, ">=": v >= w, "<=": v <= w, ">": v > w, "<": v < w}[self.op]
