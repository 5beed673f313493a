"""What is asked of the agent on a real node. A check returns what it saw, or raises."""
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import overlays
from node import NAME, NODE, wait

OVERLAY = Path(__file__).resolve().parent / "overlay"
TRACE = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"00000000000000aa","name":"%s"}]}]}]}'
# 50 lines, a pause of 0.1 s: about 400 lines a second, which at 64Ki is a rotation at each look.
COUNT = "i=0; while :; do i=$((i+1)); echo count $i of the pod that writes all the time; [ $((i%50)) = 0 ] && usleep 100000; done"


def pod(name, script, **more):
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": False,
        "containers": [{"name": "main", "image": "localhost/busybox:1", "imagePullPolicy": "Never",
            "command": ["/bin/sh", "-c", script]}], **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default",
        "labels": {"app.kubernetes.io/name": f"app-{name}"}}, "spec": spec}


class Cluster:
    def __init__(self, node, loki, otlp, pods):
        self.node, self.loki, self.otlp, self.pods = node, loki, otlp, pods
        self.seen_rotated = set()

    def apply(self, *objects):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.node.kubectl("apply", "-f", "-", text=text)

    def lines(self, name):
        """The lines that arrived of a pod, in order."""
        want = f'pod="{name}"'
        with self.loki.lock:
            return [e[3].decode("utf-8", "replace") for e in self.loki.entries if want in e[1]]

    def labels(self, name):
        want = f'pod="{name}"'
        with self.loki.lock:
            return {e[1] for e in self.loki.entries if want in e[1]}

    def phase(self, name):
        return self.node.get("pod", name)["status"].get("phase")

    def agent(self):
        """The agent's pod, without those that are on their way out."""
        pods = self.node.get("pods", "-n", "alloy", "-l", "app.kubernetes.io/name=invar")["items"]
        return next((p for p in pods if "deletionTimestamp" not in p["metadata"]), None)

    def agent_ready(self):
        p = self.agent()
        return p and any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", [])) and p

    def rotated(self):
        self.seen_rotated |= {f.name[:len("0.log.20260101-000000")] for f in Path("/var/log/pods").glob("default_count_*/main/0.log.2*")}
        return len(self.seen_rotated)

    def agent_log(self):
        return self.node.kubectl("logs", "-n", "alloy", self.agent()["metadata"]["name"])

    def keep_logs(self):
        """The logs of all agents so far, as they are on the node."""
        for f in Path("/var/log/pods").glob("alloy_*/*/*.log"):
            name = f"agent-{f.parts[4].split('_')[1]}-{f.name}"
            (self.node.work / "logs" / name).write_bytes(f.read_bytes())

    def keep_repeats(self, name):
        """Which lines came twice: when they were written, and their places among all that arrived."""
        places = {}
        with self.loki.lock:
            for at, e in enumerate(self.loki.entries):
                if f'pod="{name}"' in e[1]:
                    places.setdefault(e[3], []).append((at, e[1], e[2]))
        with open(self.node.work / "logs/repeats.log", "a") as f:
            for line, where in places.items():
                if len(where) > 1:
                    print(line.decode("utf-8", "replace"), *where, sep="\t", file=f)
        self.keep_logs()


def want(ok, why):
    if not ok:
        raise AssertionError(why)


def numbers(lines, prefix):
    return [int(m.group(1)) for line in lines if (m := re.match(rf"{prefix} (\d+)\b", line))]


def once(c, name, last, prefix="count", seconds=60):
    """Lines 1..last arrived, each once and in order."""
    wait(f"line {last} of {name} (last: {numbers(c.lines(name), prefix)[-1:]})",
        lambda: last in numbers(c.lines(name), prefix), seconds)
    def missing():
        return sorted(set(range(1, last + 1)) - set(numbers(c.lines(name), prefix)))
    try:
        wait(f"all {last} lines of {name}", lambda: not missing() or None, 30)
    except AssertionError as e:
        gone = missing()
        raise AssertionError(f"{e}: {len(gone)} are missing, from {gone[:1]} to {gone[-1:]}") from e
    got = numbers(c.lines(name), prefix)
    twice = [n for n, k in Counter(got).items() if k > 1]
    if twice:
        c.keep_repeats(name)
    want(not twice, f"{len(twice)} lines of {name} came twice, the first {sorted(twice)[:3]}")
    want(got == sorted(got), f"lines of {name} out of order")


def agent_ready(c):
    c.node.kubectl("apply", "-k", str(OVERLAY), "--validate=false")
    start = time.monotonic()
    p = wait("the agent's pod is ready", c.agent_ready, 90)
    c.apply(pod("count", COUNT))
    wait("lines of the counting pod", lambda: len(c.lines("count")) > 100)
    return f"ready {time.monotonic() - start:.0f} s after apply, {p['metadata']['name']}"


def labels(c):
    c.apply(pod("labels", "echo hello; echo bad >&2; printf 'no newline'"))
    wait("its 3 lines", lambda: len(c.lines("labels")) == 3)
    got = c.labels("labels")
    wanted = ['app="app-labels"', 'container="main"', 'job="default/main"', 'namespace="default"']
    want(all(w in text for text in got for w in wanted), f"labels are {got}")
    return ", ".join(sorted(c.lines("labels"))) + " " + sorted(got)[0]


def crash_loop(c):
    script = "id=$(cat /proc/sys/kernel/random/uuid); for i in 1 2 3; do echo $id line $i; done; printf \"$id last words\"; exit 1"
    c.apply(pod("crash", script, restartPolicy="Always"))

    def restarts():
        s = c.node.get("pod", "crash")["status"].get("containerStatuses")
        return s and s[0]["restartCount"] >= 3 and s[0]["restartCount"]
    n = wait("3 restarts", restarts, 150)
    wait(f"4 lines of {n + 1} lives", lambda: len(c.lines("crash")) >= 4 * (n + 1), 30)
    lives = Counter(line.split()[0] for line in c.lines("crash"))
    want(all(k == 4 for k in lives.values()), f"lines a life: {dict(lives)}")
    c.node.kubectl("delete", "pod", "crash", "--wait=false")
    return f"{len(lives)} lives of 4 lines, the last of each without newline"


def job_deleted(c):
    """Five times: a pod that writes 200 lines and ends, deleted as soon as it has ended."""
    for i in range(5):
        name = f"job{i}"
        c.apply(pod(name, "for i in $(seq 200); do echo job $i; done; printf 'job 201'"))
        wait(f"{name} has ended", lambda: c.phase(name) == "Succeeded", 90)
        c.node.kubectl("delete", "pod", name, "--grace-period=0", "--force", "--wait=false")
    for i in range(5):
        once(c, f"job{i}", 201, "job", 30)
    return "5 pods of 201 lines"


def static_pod(c):
    """Its folder carries a hash in place of the uid that the API shows."""
    p = pod("static", "echo static 1; sleep 2000")
    p["metadata"]["namespace"] = "kube-system"
    (c.node.work / "static/static.json").write_text(json.dumps(p))
    name = f"static-{NAME}"
    wait("its line", lambda: c.lines(name), 90)
    got = c.labels(name).pop()
    for w in ('app="app-static"', 'container="main"', 'namespace="kube-system"', 'job="kube-system/main"'):
        want(w in got, f"no {w} in {got}")
    (c.node.work / "static/static.json").unlink()
    return got


def send_span(c, name, url, number, may_be_masked=False):
    # An address is known to the API only some time after the first process of the pod runs.
    # Twice, as whose an unknown address is becomes known only after the first time.
    script = f"send() {{ wget -q -O- --header 'Content-Type: application/json' --post-data='{TRACE % (number, name)}' {url}/v1/traces && echo sent; }}"
    c.apply(pod(name, f"{script}; sleep 5; send; sleep 5; send; sleep 5"))

    def span():
        with c.otlp.lock:
            return next((i for i in c.otlp.items if i[2] == name), None)
    try:
        got = wait(f"the span of {name}", span, 60)
    except AssertionError as e:
        raise AssertionError(f"{e}; the pod says {c.node.kubectl('logs', name)!r}") from e
    if may_be_masked and "k8s.pod.name" not in got[1]:
        hint = wait("the agent's word about it", lambda: re.search(r"data came from.*hint=", c.agent_log()), 20)
        return f"arrived; portmap puts the bridge's address in place of the pod's, and the agent says so: {hint[0][:80]}"
    for w in (f'k8s.pod.name="{name}"', 'k8s.namespace.name="default"', "k8s.pod.uid="):
        want(w in got[1], f"no {w} in {got[1]}")
    return got[1]


def otlp_host_port(c):
    return send_span(c, "span-hostport", f"http://{NODE}:4318", 1, True)


def otlp_service(c):
    ip = c.node.get("service", "-n", "alloy", "invar")["spec"]["clusterIP"]
    return send_span(c, "span-service", f"http://{ip}:4318", 2)


def api_restart(c):
    for sig in (signal.SIGTERM, signal.SIGKILL):
        c.node.stop("kube-apiserver", sig)
        last = len(c.lines("count"))
        wait("lines while the API server is away", lambda: len(c.lines("count")) > last + 500)
        time.sleep(5)
        c.node.start("kube-apiserver")
        c.node.wait_api()
        name = f"after-{sig.name.lower()}"
        c.apply(pod(name, "echo after 1"))
        wait(f"the line of {name}", lambda: c.lines(name), 90)
    return "SIGTERM and SIGKILL; lines went on, new pods were seen after both"


def token_change(c):
    """A new signing key makes the old token void at once; the restarted kubelet asks for a new one."""
    before = c.agent()["status"]["containerStatuses"][0]["restartCount"]
    tokens = list((c.node.work / "kubelet/pods").glob(f"{c.agent()['metadata']['uid']}/volumes/kubernetes.io~projected/*/token"))
    want(tokens, "no projected token")
    old = tokens[0].read_text()
    c.node.new_token_key()
    for p in ("kubelet", "kube-apiserver"):
        c.node.stop(p)
    c.node.start("kube-apiserver")
    c.node.wait_api()
    c.node.start("kubelet")
    start = time.monotonic()
    wait("the kubelet writes a new token", lambda: tokens[0].read_text() != old, 240)
    written = time.monotonic()
    # Its first lines may go out with what the path tells: metadata never holds a line up for long.
    c.apply(pod("after-token", "i=0; while :; do i=$((i+1)); echo after $i; sleep 1; done"))
    wait("the label app of after-token", lambda: any('app="app-after-token"' in text for text in c.labels("after-token")), 120)
    known = time.monotonic()
    c.node.kubectl("delete", "pod", "after-token", "--wait=false")
    after = c.agent()["status"]["containerStatuses"][0]["restartCount"]
    want(after == before, f"the agent was restarted {after - before} times")
    return f"new token after {written - start:.0f} s, a new pod's labels {known - written:.0f} s after it; no restart"


def containerd_restart(c):
    c.node.stop("containerd")
    time.sleep(5)
    c.node.start("containerd")
    wait("containerd answers", lambda: subprocess.run([c.node.built / "root/usr/bin/ctr", "version"], capture_output=True).returncode == 0)
    c.apply(pod("after-containerd", "echo after 1"))
    wait("the line of after-containerd", lambda: c.lines("after-containerd"), 120)
    last = numbers(c.lines("count"), "count")[-1]
    once(c, "count", last + 1000)
    return f"the counting pod's first {last + 1000} lines came once"


def agent_replaced(c):
    old = c.agent()["metadata"]["name"]
    c.keep_logs()
    c.node.kubectl("delete", "pod", "-n", "alloy", old)
    p = wait("a new agent's pod is ready", c.agent_ready, 90)
    want(p["metadata"]["name"] != old, "the same pod")
    last = numbers(c.lines("count"), "count")[-1]
    once(c, "count", last + 1000)
    return f"{old} went, {p['metadata']['name']} went on where it had stopped"


def rolling_update(c):
    """A new image and so a new pod template: what the pods write before, meanwhile and after comes once."""
    old = c.agent()
    c.keep_logs()
    image = old["spec"]["containers"][0]["image"]
    c.node.ctr("images", "tag", image, f"{image}-next")
    c.node.kubectl("set", "image", "-n", "alloy", "daemonset/invar", f"invar={image}-next")

    def gone():
        s = c.node.get("pods", "-n", "alloy", "-l", "app.kubernetes.io/name=invar")["items"]
        return all("deletionTimestamp" in p["metadata"] for p in s if p["metadata"]["uid"] == old["metadata"]["uid"])
    wait("the old agent is told to go", gone)
    start = time.monotonic()
    c.apply(pod("meanwhile", "for i in $(seq 300); do echo meanwhile $i; done; printf 'meanwhile 301'"))
    c.node.kubectl("rollout", "status", "-n", "alloy", "daemonset/invar", "--timeout=120s")
    took = time.monotonic() - start
    new = c.agent()
    want(new["metadata"]["uid"] != old["metadata"]["uid"] and new["spec"]["containers"][0]["image"] == f"{image}-next", "the same pod")
    once(c, "meanwhile", 301, "meanwhile")
    last = numbers(c.lines("count"), "count")[-1]
    once(c, "count", last + 1000)
    return f"rolled out after {took:.0f} s; {last + 1000} lines, and 301 of a pod that came meanwhile, once"


def agent_killed(c):
    """kill -9: nothing is lost; what comes twice is what Loki can drop, and not more than a few seconds' worth."""
    c.apply(pod("spared", COUNT))
    wait("lines of it", lambda: len(c.lines("spared")) > 1000)
    p = c.agent()
    id_ = p["status"]["containerStatuses"][0]["containerID"].split("//")[1]
    procs = list(Path("/sys/fs/cgroup/memory/kubepods").glob(f"*/pod{p['metadata']['uid']}/{id_}/cgroup.procs"))
    want(procs, "no cgroup of the agent's container")
    for pid in procs[0].read_text().split():
        os.kill(int(pid), signal.SIGKILL)
    wait("the kubelet has started it again", lambda: c.agent_ready() and
        c.agent()["status"]["containerStatuses"][0]["restartCount"] > p["status"]["containerStatuses"][0]["restartCount"], 120)
    last = numbers(c.lines("spared"), "count")[-1] + 1000
    wait(f"line {last} of it", lambda: last in numbers(c.lines("spared"), "count"))
    c.node.kubectl("delete", "pod", "spared", "--grace-period=1")
    time.sleep(5)
    with c.loki.lock:
        got = [(e[1:4]) for e in c.loki.entries if 'pod="spared"' in e[1]]
    seen = set(numbers([e[2].decode() for e in got], "count"))
    missing = sorted(set(range(1, max(seen) + 1)) - seen)
    want(not missing, f"{len(missing)} lines are missing, from {missing[:1]} to {missing[-1:]}")
    twice = len(got) - len(seen)
    c.keep_repeats("spared")
    want(len(set(got)) == len(seen), "a repeated line has another time or other labels")
    # 400 lines a second: a second's worth in flight, one that was answered, one for a slow machine.
    want(twice <= 1200, f"{twice} of {len(seen)} lines came twice")
    return f"{len(seen)} lines, {twice} of them twice, with the same time and labels"


def config_edited(c):
    """An edit of the ConfigMap in the cluster reaches the running agent by the file alone."""
    before = c.agent()
    maps = c.node.get("configmaps", "-n", "alloy")["items"]
    text = next(m for m in maps if m["metadata"]["name"].startswith("invar-config-"))
    text["data"]["edited.alloy"] = 'loki.echo "edited" { }\n'
    want("immutable" not in text, "the ConfigMap cannot be edited")
    c.node.kubectl("replace", "-f", "-", text=json.dumps(text))
    start = time.monotonic()
    wait("the agent reads it again", lambda: "config reloaded" in c.agent_log(), 150)
    after = c.agent()
    want(after["metadata"]["uid"] == before["metadata"]["uid"] and c.agent_ready(), "the agent's pod was replaced")
    return f"read again {time.monotonic() - start:.0f} s after the edit, in the same pod"


def many_pods(c):
    start = time.monotonic()
    names = [f"many{i}" for i in range(c.pods)]
    c.apply(*[pod(n, "for i in $(seq 50); do echo many $i; done; sleep 2000") for n in names])
    try:
        for n in names:
            once(c, n, 50, "many", max(5, 600 - (time.monotonic() - start)))
    finally:
        took = time.monotonic() - start
        c.node.kubectl("delete", "pods", "--wait=false", *names)
    return f"{c.pods} pods, 50 lines each, all there after {took:.0f} s"


def rotations(c):
    wait("20 rotations", lambda: c.rotated() >= 20, 400)
    c.node.kubectl("delete", "pod", "count", "--grace-period=1")
    time.sleep(5)
    last = numbers(c.lines("count"), "count")[-1]
    once(c, "count", last)
    return f"{last} lines once and in order through {c.rotated()} rotations"


def memory(c):
    p = c.agent()
    folders = list(Path("/sys/fs/cgroup/memory/kubepods").glob(f"*/pod{p['metadata']['uid']}"))
    want(folders, "no cgroup of the agent's pod")
    id_ = p["status"]["containerStatuses"][0]["containerID"].split("//")[1]
    f = folders[0] / id_

    def mib(name):
        return int((f / name).read_text()) / (1 << 20)
    rss = int(re.search(r"^rss (\d+)", (f / "memory.stat").read_text(), re.M).group(1)) / (1 << 20)
    most, limit = mib("memory.max_usage_in_bytes"), mib("memory.limit_in_bytes")
    restarts = p["status"]["containerStatuses"][0]["restartCount"]
    want(restarts == 0, f"the agent was restarted {restarts} times")
    want(int((f / "memory.failcnt").read_text()) == 0, f"the limit of {limit:.0f} MiB was reached: {most:.0f} MiB")
    return f"at most {most:.1f} MiB with page cache, {rss:.1f} MiB rss now, limit {limit:.0f} MiB"


def no_problems(c):
    """What no client should ever send."""
    want(not c.loki.problems and not c.otlp.problems, f"{c.loki.problems[:3]} {c.otlp.problems[:3]}")
    log = c.agent_log()
    bad = [line for line in log.splitlines() if "level=error" in line]
    want(not bad, f"{len(bad)} errors in the agent's log, the first: {bad[0] if bad else ''}")
    return f"{c.loki.requests} pushes, {len(c.loki.entries)} lines"


ALL = [("agent-ready", agent_ready), ("overlays-accepted", overlays.accepted),
    ("dry-run", overlays.dry_run), ("labels", labels), ("crash-loop", crash_loop), ("job-deleted-at-once", job_deleted), ("static-pod", static_pod),
    ("otlp-hostport", otlp_host_port), ("otlp-service", otlp_service), ("api-restart", api_restart), ("token-change", token_change),
    ("containerd-restart", containerd_restart), ("agent-replaced", agent_replaced), ("rolling-update", rolling_update),
    ("config-edited", config_edited), ("many-pods", many_pods), ("twenty-rotations", rotations), ("memory", memory),
    ("agent-killed", agent_killed), ("no-problems", no_problems)]
