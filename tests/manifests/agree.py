"""What no schema says: that the objects of one rendering fit each other and the configuration inside
them, and that the pod asks for no right that it does not need."""
import base64
import re

from schema import KINDS

# What a configuration may ask of the environment although no object sets it.
MAY_BE_UNSET = {"LOGS_NOT_OLDER_THAN"}
MAY_BE_WRITTEN = {"/var/lib/invar"}


class Rendering:
    """The objects of one overlay. outside: names of ConfigMaps that the user has already."""

    def __init__(self, objects, outside=()):
        self.objects, self.outside = objects, set(outside)

    def all(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def find(self, kind, name, namespace=None):
        for o in self.all(kind):
            if o["metadata"]["name"] == name and o["metadata"].get("namespace") == namespace:
                return o
        return None


def data(o):
    """The texts of a ConfigMap or a Secret."""
    if o["kind"] == "Secret":
        made = {k: base64.b64decode(v).decode() for k, v in o.get("data", {}).items()}
        return {**made, **o.get("stringData", {})}
    return o.get("data", {})


def pod(workload):
    return workload["spec"]["template"]["spec"]


def namespace(o):
    return o["metadata"].get("namespace")


def selects(selector, labels):
    return bool(selector) and all(labels.get(k) == v for k, v in selector.items())


def ports_of(container):
    return {p.get("name"): p for p in container.get("ports", [])}


def find_port(container, wanted):
    """A port by its name or its number."""
    for p in container.get("ports", []):
        if wanted in (p.get("name"), p["containerPort"]):
            return p
    return None


def flag(container, name):
    for a in container.get("args", []):
        if a.startswith(f"--{name}="):
            return a.split("=", 1)[1]
    return None


def mount_of(container, path):
    """The mount under which a path lies."""
    found = [m for m in container.get("volumeMounts", []) if (path + "/").startswith(m["mountPath"].rstrip("/") + "/")]
    return max(found, key=lambda m: len(m["mountPath"]), default=None)


def config_path(container):
    for a in container["args"][1:]:
        if not a.startswith("--"):
            return a
    return None


def namespaces(r):
    for o in r.objects:
        if KINDS[o["kind"]]["scope"] == "namespace" and not r.find("Namespace", namespace(o)):
            yield f"{o['kind']}/{o['metadata']['name']}: its namespace {namespace(o)} is not among the objects"
    seen = set()
    for o in r.objects:
        key = (o["kind"], namespace(o), o["metadata"]["name"])
        if key in seen:
            yield f"{o['kind']}/{o['metadata']['name']}: is there twice"
        seen.add(key)


def selectors(r):
    for d in r.all("DaemonSet"):
        labels = d["spec"]["template"]["metadata"]["labels"]
        if not selects(d["spec"]["selector"].get("matchLabels"), labels):
            yield f"DaemonSet/{d['metadata']['name']}: its selector does not select its own pods"


def services(r):
    for s in r.all("Service"):
        at = f"Service/{s['metadata']['name']}"
        found = [d for d in r.all("DaemonSet") if namespace(d) == namespace(s) and
            selects(s["spec"].get("selector"), d["spec"]["template"]["metadata"]["labels"])]
        if not found:
            yield f"{at}: selects no pods"
        if s["spec"].get("internalTrafficPolicy") != "Local":
            yield f"{at}: internalTrafficPolicy is not Local"
        for d in found:
            for p in s["spec"]["ports"]:
                target = find_port(pod(d)["containers"][0], p.get("targetPort", p["port"]))
                if not target:
                    yield f"{at}: no container has the port {p.get('targetPort')}"
                elif target.get("protocol", "TCP") != p.get("protocol", "TCP"):
                    yield f"{at}: the protocol of {p.get('name')} is not the container's"


def references(r, d):
    at = f"DaemonSet/{d['metadata']['name']}"
    spec, ns = pod(d), namespace(d)
    if not r.find("ServiceAccount", spec.get("serviceAccountName"), ns):
        yield f"{at}: there is no ServiceAccount {spec.get('serviceAccountName')}"
    name = spec.get("priorityClassName", "")
    if not name.startswith("system-") and not r.find("PriorityClass", name):
        yield f"{at}: there is no PriorityClass {name}"
    for kind, ref in config_sources(spec):
        known = r.find(kind, ref["name"], ns) or kind == "ConfigMap" and ref["name"] in r.outside
        if not known and not ref.get("optional"):
            yield f"{at}: there is no {kind} {ref['name']}"


def config_sources(spec):
    for v in spec.get("volumes", []):
        if "configMap" in v:
            yield "ConfigMap", v["configMap"]
        if "secret" in v:
            yield "Secret", {"name": v["secret"]["secretName"], "optional": v["secret"].get("optional")}
    for c in spec["containers"]:
        for e in c.get("envFrom", []):
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if key in e:
                    yield kind, e[key]


def unused(r):
    used = {(kind, ref["name"], namespace(d)) for d in r.all("DaemonSet") for kind, ref in config_sources(pod(d))}
    for kind in ("ConfigMap", "Secret"):
        for o in r.all(kind):
            if (kind, o["metadata"]["name"], namespace(o)) not in used:
                yield f"{kind}/{o['metadata']['name']}: no pod uses it"


def bindings(r):
    for b in r.all("ClusterRoleBinding"):
        at = f"ClusterRoleBinding/{b['metadata']['name']}"
        if not r.find(b["roleRef"]["kind"], b["roleRef"]["name"]):
            yield f"{at}: there is no {b['roleRef']['kind']} {b['roleRef']['name']}"
        for s in b.get("subjects", []):
            if not r.find(s["kind"], s["name"], s.get("namespace")):
                yield f"{at}: there is no {s['kind']} {s['name']} in {s.get('namespace')}"


def volumes(d):
    spec, c = pod(d), pod(d)["containers"][0]
    at = f"DaemonSet/{d['metadata']['name']}"
    names = {v["name"] for v in spec.get("volumes", [])}
    mounted = {m["name"] for m in c.get("volumeMounts", [])}
    for n in sorted(mounted - names):
        yield f"{at}: there is no volume {n}"
    for n in sorted(names - mounted):
        yield f"{at}: the volume {n} is not mounted"
    for m in c.get("volumeMounts", []):
        if not m.get("readOnly") and m["mountPath"] not in MAY_BE_WRITTEN:
            yield f"{at}: {m['mountPath']} is mounted for writing"
        if "subPath" in m or "subPathExpr" in m:
            yield f"{at}: {m['mountPath']} is mounted by subPath, so changes are never seen"


def ports(d):
    spec, c = pod(d), pod(d)["containers"][0]
    at = f"DaemonSet/{d['metadata']['name']}"
    for p in c.get("ports", []):
        if spec.get("hostNetwork") and p.get("hostPort", p["containerPort"]) != p["containerPort"]:
            yield f"{at}: with hostNetwork the hostPort of {p.get('name')} must be its containerPort"
    if spec.get("hostNetwork") and spec.get("dnsPolicy") != "ClusterFirstWithHostNet":
        yield f"{at}: hostNetwork without dnsPolicy ClusterFirstWithHostNet finds no Service"
    host, port = flag(c, "server.http.listen-addr").rsplit(":", 1)
    own = find_port(c, int(port))
    if not own:
        yield f"{at}: the listen address has port {port}, which no containerPort is"
    for name in ("readinessProbe", "livenessProbe"):
        get = c.get(name, {}).get("httpGet")
        if not get:
            yield f"{at}: no {name} by HTTP"
        elif find_port(c, get["port"]) is not own:
            yield f"{at}: {name} asks port {get['port']}, the agent listens on {port}"
        elif host.startswith("127.") and not (spec.get("hostNetwork") and get.get("host") == host):
            yield f"{at}: {name} cannot reach {host}"


def rights(r, d):
    spec, c = pod(d), pod(d)["containers"][0]
    own = {**spec.get("securityContext", {}), **c.get("securityContext", {})}
    wanted = {"runAsUser": 0, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "privileged": False,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
    at = f"DaemonSet/{d['metadata']['name']}"
    for k, v in wanted.items():
        if own.get(k) != v:
            yield f"{at}: securityContext.{k} is {own.get(k)}, not {v}"
    if spec.get("enableServiceLinks") is not False:
        yield f"{at}: enableServiceLinks is not false"
    for k in ("hostPID", "hostIPC"):
        if spec.get(k):
            yield f"{at}: {k}"
    for side in ("requests", "limits"):
        if "memory" not in c.get("resources", {}).get(side, {}):
            yield f"{at}: no memory in resources.{side}"
    for role in r.all("ClusterRole"):
        for rule in role["rules"]:
            words = [w for k in ("apiGroups", "resources", "verbs") for w in rule.get(k, [])]
            if "*" in words or "secrets" in words:
                yield f"ClusterRole/{role['metadata']['name']}: a rule with a wildcard or secrets"


def command_line(r, d):
    c = pod(d)["containers"][0]
    at = f"DaemonSet/{d['metadata']['name']}"
    storage, path = flag(c, "storage.path"), config_path(c)
    if storage:
        m = mount_of(c, storage)
        if not m or m.get("readOnly"):
            yield f"{at}: --storage.path={storage} is not on a volume that can be written"
    elif "--dry-run" not in c["args"]:
        yield f"{at}: no --storage.path, so positions are lost with the pod"
    if not mount_of(c, path):
        yield f"{at}: the configuration {path} is on no volume"
    nodes = {e["name"] for e in c.get("env", [])
        if e.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") == "spec.nodeName"}
    if not {"HOSTNAME", "K8S_NODE_NAME"} <= nodes:
        yield f"{at}: HOSTNAME and K8S_NODE_NAME are not the node's name"


def environment(r, d):
    """The environment of the agent's container."""
    c, env = pod(d)["containers"][0], {}
    for e in c.get("envFrom", []):
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            o = key in e and r.find(kind, e[key]["name"], namespace(d))
            env.update(data(o) if o else {})
    env.update({e["name"]: e.get("value", "node-1") for e in c.get("env", [])})
    return env


def configuration(r, d):
    """The files of the configuration, or None if the user has it."""
    c = pod(d)["containers"][0]
    m = mount_of(c, config_path(c))
    for v in pod(d)["volumes"]:
        if m and v["name"] == m["name"] and "configMap" in v:
            o = r.find("ConfigMap", v["configMap"]["name"], namespace(d))
            return data(o) if o else None
    return None


def configuration_fits(r, d):
    files = configuration(r, d)
    if files is None:
        return
    c, env = pod(d)["containers"][0], environment(r, d)
    at = f"DaemonSet/{d['metadata']['name']}"
    text = re.sub(r"^\s*//.*$", "", "\n".join(files.values()), flags=re.M)
    for name in sorted(set(re.findall(r'sys\.env\("(\w+)"\)', text)) - set(env) - MAY_BE_UNSET):
        yield f"{at}: the configuration asks for {name}, which nothing sets"
    listens = {int(p) for p in re.findall(r'endpoint\s*=\s*"0\.0\.0\.0:(\d+)"', text)}
    otlp = {p["containerPort"] for n, p in ports_of(c).items() if (n or "").startswith("otlp-")}
    if listens != otlp:
        yield f"{at}: the receivers listen on {sorted(listens)}, the ports are {sorted(otlp)}"


def check(r):
    """Yields what does not fit."""
    for rule in (namespaces, selectors, services, bindings, unused):
        yield from rule(r)
    for d in r.all("DaemonSet"):
        for rule in (references, rights, command_line, configuration_fits):
            yield from rule(r, d)
        for rule in (volumes, ports):
            yield from rule(d)
