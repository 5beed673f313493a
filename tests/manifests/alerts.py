"""The rule files of manifests/alerts: their form, and that each metric in an expression is one that a
running agent has, with the labels by which it is summed. promtool reads the expressions if it is
there; else a reader of this file's own, which knows as much of PromQL as is needed to find a slip."""
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import yaml

TOKEN = re.compile(r"""\s+|(?P<text>"[^"]*"|'[^']*')|(?P<span>\d+(?:ms|[smhdwy]))|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"""
    r"""|(?P<name>[a-zA-Z_:][\w:]*)|(?P<sign>==|!=|=~|!~|>=|<=|[-+*/%^<>=(){}\[\],])""")
AGGREGATES = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile"}
FUNCTIONS = AGGREGATES | {"rate", "irate", "increase", "delta", "absent", "absent_over_time", "histogram_quantile", "time",
    "max_over_time", "min_over_time", "avg_over_time", "changes", "resets", "clamp_min", "clamp_max", "label_replace", "vector"}
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
OF_PROMETHEUS = {"instance", "job", "pod", "namespace", "node", "le"}  # added when it scrapes
SERIES_OF_PROMETHEUS = {"up"}
# Everything that counts: with it each component has its series.
CONFIG = """
discovery.kubernetes "pods" {
	role       = "pod"
	api_server = "http://127.0.0.1:1"
}
loki.source.kubernetes "pods" {
	targets    = discovery.kubernetes.pods.targets
	forward_to = [loki.process.all.receiver]
}
loki.source.file "logs" {
	targets    = [{"__path__" = "DIR/a.log"}]
	forward_to = [loki.process.all.receiver]
}
loki.process "all" {
	forward_to = [loki.write.out.receiver]
}
loki.write "out" {
	endpoint {
		url = "http://127.0.0.1:1/loki/api/v1/push"
	}
}
otelcol.receiver.otlp "in" {
	http {
		endpoint = "127.0.0.1:0"
	}
	output {
		traces = [otelcol.exporter.otlphttp.out.input]
	}
}
otelcol.exporter.otlphttp "out" {
	client {
		endpoint = "http://127.0.0.1:1"
	}
}
"""


def tokens(expr):
    """(kind, text) of each token; ValueError."""
    at = 0
    while at < len(expr):
        m = TOKEN.match(expr, at)
        if not m:
            raise ValueError(f"not understood: {expr[at:at + 20]!r}")
        at = m.end()
        if m.lastgroup:
            yield m.lastgroup, m[m.lastgroup]


def read(expr):
    """({metric: labels}, labels by which is grouped); ValueError."""
    v = list(tokens(expr)) + [("end", "")]
    closing, stack, metrics, groups = {")": "(", "}": "{", "]": "["}, [], {}, set()
    grouping = metric = None
    for i, (kind, text) in enumerate(v[:-1]):
        after = v[i + 1][1]
        if text in closing.values():
            stack.append((text, grouping if text == "(" else None))
            grouping = None
        elif text in closing:
            if not stack or stack.pop()[0] != closing[text]:
                raise ValueError(f"{text} closes nothing")
        elif kind == "span" and (not stack or stack[-1][0] != "[") and v[i - 1][1] != "offset":
            raise ValueError(f"{text} stands alone")
        elif kind == "name" and stack and stack[-1][0] == "{":
            if after not in ("=", "!=", "=~", "!~"):
                raise ValueError(f"{text} is compared with nothing")
            metrics[metric].add(text)
        elif kind == "name" and stack and stack[-1][1]:
            groups.add(text)
        elif text in WORDS:
            grouping = text in GROUPING and after == "("
        elif kind == "name" and (after == "(" or text in AGGREGATES):
            if text not in FUNCTIONS:
                raise ValueError(f"no function {text}")
        elif kind == "name":
            metric = text
            metrics.setdefault(text, set())
    if stack:
        raise ValueError(f"{stack[-1][0]} is not closed")
    if v[-2][0] == "sign" and v[-2][1] not in closing:
        raise ValueError(f"ends in {v[-2][1]}")
    return metrics, groups


def check_expression(expr, series):
    """series: {metric: names of its labels}."""
    try:
        metrics, groups = read(expr)
    except ValueError as e:
        return [f"{e}: {expr}"]
    if not metrics:
        return [f"no metric: {expr}"]
    bad = []
    for name, labels in metrics.items():
        base = re.sub("_(bucket|sum|count)$", "", name)
        known = series.get(name, series.get(base))
        if known is None and name not in SERIES_OF_PROMETHEUS:
            bad.append(f"the agent has no metric {name}")
        bad += [f"{name} has no label {x}" for x in labels | groups if known is not None and x not in known | OF_PROMETHEUS]
    return bad


def running(invar):
    """What a running agent has: {metric: names of its labels}."""
    with tempfile.TemporaryDirectory() as d, socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        s.close()
        Path(d, "a.log").write_text("one\n", encoding="utf-8")
        Path(d, "config.alloy").write_text(CONFIG.replace("DIR", d), encoding="utf-8")
        with open(Path(d, "log"), "wb") as log:
            agent = subprocess.Popen([invar, "run", f"--storage.path={d}/data", f"--server.http.listen-addr=127.0.0.1:{port}",
                f"--pod-logs.path={d}/pods", "--shutdown.deadline=1s", f"{d}/config.alloy"], stdout=log, stderr=log)
        try:
            for _ in range(600):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as a:
                        text = a.read().decode()
                    if "loki_write_batch_retries_total" in text:
                        break
                except OSError:
                    pass
                time.sleep(0.1)
            else:
                raise ValueError(f"the agent does not run: {Path(d, 'log').read_text(encoding='utf-8')[-2000:]}")
        finally:
            agent.kill()
            agent.wait()
    series = {m[1]: set() for m in re.finditer(r"^# TYPE (\w+) ", text, re.M)}
    for m in re.finditer(r"^(\w+)\{(.*)\} ", text, re.M):
        base = m[1] if m[1] in series else re.sub("_(bucket|sum|count)$", "", m[1])
        series.setdefault(base, set()).update(re.findall(r'(\w+)="', m[2]))
    return series


def promtool(path):
    if not shutil.which("promtool"):
        return []
    p = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    return [] if p.returncode == 0 else [p.stdout + p.stderr]


def check_file(path, series):
    bad = promtool(path)
    names = set()
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            name = rule.get("alert") or rule.get("record")
            bad += [f"{name}: no {x}" for x in ("expr", "labels", "annotations") if not rule.get(x)]
            bad += [f"{name}: no {x}" for x in ("summary", "description") if not rule.get("annotations", {}).get(x)]
            bad += [f"{name}: severity" for _ in [0] if rule.get("labels", {}).get("severity") not in ("critical", "warning", "info")]
            bad += [f"{name}: for {rule['for']}" for _ in [0] if not re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))]
            bad += [f"{name} is there twice" for _ in [0] if name in names]
            bad += [f"{name}: {x}" for x in check_expression(rule.get("expr", ""), series)]
            names.add(name)
    return bad if names else bad + ["no rules"]


# (expression, what must be said of it)
SLIPS = (
    ("sum(rate(invar_tail_lost_files_total[5m]) > 0", "( is not closed"),
    ("rate(invar_no_such_total[5m]) > 0", "no metric invar_no_such_total"),
    ("sum by (color) (invar_tail_held_bytes)", "has no label color"),
    ('invar_tail_lost_files_total{why="a"} > 0', "has no label why"),
    ("rates(invar_tail_held_bytes[5m]) > 0", "no function rates"),
    ("invar_tail_held_bytes > 5m", "stands alone"),
    ("invar_tail_held_bytes >", "ends in >"),
    ("1 > 0", "no metric"),
)


def slips(series):
    """The reader notices what it is there for."""
    return [f"{expr}: wanted {says}, got {got}" for expr, says in SLIPS for got in [check_expression(expr, series)]
        if not any(says in x for x in got)]
