#!/usr/bin/python3
"""A Kubernetes API server as far as pods go: list and watch, with the manners of the real one
(measured on 1.36, and on 1.20 where it says so).

 - a watch is one JSON object a line, chunked; a list's items have no kind and no apiVersion;
 - sendInitialEvents streams what exists and then a bookmark that says so; a server without it
   (initial_events = False, as 1.20) answers 422;
 - bookmarks come each minute, and shortly before timeoutSeconds ends the stream cleanly;
 - a watch from a forgotten version answers 200 and one ERROR line of code 410, a list 410;
   one from a version of the future is silent, a list answers 504;
 - who says to be curl gets indented JSON, and it is noted as a problem;
 - selectors are understood or refused with 400, never ignored.

Over HTTP: POST /_control/<verb> with a JSON object. Verbs beside those of common.py:
 pod {...}            adds or changes a pod: a whole object, or the arguments of make_pod()
 delete {namespace, name}
 event {...}          an event: the arguments of make_event()
 node, namespace, service, podlogs {name, namespace, labels, annotations, ...}  one of these; ... is its spec, its status
 remove {plural, name, namespace}  deletes one of these
 lease {namespace, name, ...}  the spec of a Lease, set from outside; without one: it is deleted
 object {kind, namespace, name, ...}  a Secret or a ConfigMap, to be read by its name
 token {token}        only this bearer token is accepted from now on (null: any, or none)
 forbid {on, resource}  403, as without the RBAC right; resource: of its paths only
 compact {}           forgets the history: every older version is 410 from now on
 set {...}            initial_events, gone_over_http, bookmark_seconds, gzip
 bookmark {}          sends one to every watch now
 close {cut}          ends every watch, cleanly or not
 state {}             requests, watches, lists, pods, version, problems"""
import copy
import gzip
import hashlib
import json
import re
import select
import socket
import sys
import time
import urllib.parse
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common

OBJECT = re.compile(r"^/api/v1/namespaces/([a-z0-9.-]+)/(secrets|configmaps)/([a-z0-9.-]+)$")
PLURALS = {"Secret": "secrets", "ConfigMap": "configmaps"}
PATH = re.compile(r"^(?:/api/v1|/apis/monitoring.grafana.com/v1alpha2|/apis/discovery.k8s.io/v1)/(?:namespaces/([a-z0-9-]+)/)?"
    r"(pods|events|nodes|namespaces|services|podlogs|endpointslices)$")
LEASES = re.compile(r"^/apis/coordination.k8s.io/v1/namespaces/([a-z0-9-]+)/leases(?:/([a-z0-9.-]+))?$")
KINDS = {"pods": "Pod", "events": "Event", "nodes": "Node", "namespaces": "Namespace", "services": "Service",
    "podlogs": "PodLogs", "endpointslices": "EndpointSlice"}
CLUSTERED = ("nodes", "namespaces")  # these are in no namespace
TRUE = ("1", "true")


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def make_pod(name, namespace="default", node="node-1", uid=None, ip="10.88.0.10", containers=("app",),
        init=(), labels=None, annotations=None, phase="Running", ready=True, owner=None,
        host_network=False, started=None, hash=None, more=None):
    """A pod as a kubelet and the API server make it, managedFields and all (about 6 kB).
    containers: names, or {name, image, ports: [{name, containerPort, protocol}], id}.
    owner: [kind, name]. hash: the config hash of a static pod."""
    uid = uid or str(uuid.UUID(hashlib.md5(f"{namespace}/{name}".encode()).hexdigest()))
    annotations = dict(annotations or {})
    if hash:
        annotations |= {"kubernetes.io/config.hash": hash, "kubernetes.io/config.mirror": hash,
            "kubernetes.io/config.source": "file"}
    specs, statuses = {}, {}
    for kind, list_ in (("containers", containers), ("initContainers", init)):
        for c in list_:
            c = {"name": c} if isinstance(c, str) else dict(c)
            id_ = c.pop("id", "containerd://" + hashlib.sha256(f"{uid}/{c['name']}".encode()).hexdigest())
            c = {"image": "registry.example/app:1.2.3", "resources": {}, "env": [{"name": "A", "value": "b"}],
                "terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "IfNotPresent"} | c
            specs.setdefault(kind, []).append(c)
            waiting = phase == "Pending" or not id_
            s = {"name": c["name"], "ready": ready, "restartCount": 0, "image": c["image"], "imageID": "",
                "state": {"waiting": {"reason": "ContainerCreating"}} if waiting else
                    {"running": {"startedAt": now()}}}
            if not waiting:
                s["containerID"] = id_
            statuses.setdefault("containerStatuses" if kind == "containers" else "initContainerStatuses",
                []).append(s)
    managed = {f"f:field{i}": {f"k:{{\"name\":\"x{i}\"}}": {".": {}, "f:value": {}}} for i in range(30)}
    meta = {"name": name, "namespace": namespace, "uid": uid, "creationTimestamp": started or now(),
        "labels": labels or {}, "annotations": annotations,
        "managedFields": [{"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": now(),
            "fieldsType": "FieldsV1", "fieldsV1": managed, "subresource": "status"}]}
    if owner:
        meta["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": owner[0], "name": owner[1],
            "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, owner[1])), "controller": True,
            "blockOwnerDeletion": True}]
    spec = specs | {"nodeName": node, "restartPolicy": "Always", "serviceAccountName": "default",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}]}
    if host_network:
        spec["hostNetwork"] = True
    status = statuses | {"phase": phase, "hostIP": "10.88.0.1", "qosClass": "BestEffort",
        "conditions": [{"type": "Ready", "status": "True" if ready else "False", "lastProbeTime": None}]}
    if phase != "Pending" and ip:
        status |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    if phase != "Pending":
        status["startTime"] = started or now()
    pod = {"metadata": meta, "spec": spec, "status": status}
    for k, v in (more or {}).items():
        pod[k] = pod.get(k, {}) | v
    return pod


def make_event(name, namespace="default", object="web-0", kind="Pod", reason="Started", message="Started container",
        type="Normal", count=1, last=None, more=None):
    return {"metadata": {"name": name, "namespace": namespace, "creationTimestamp": now()},
        "involvedObject": {"kind": kind, "namespace": namespace, "name": object, "apiVersion": "v1",
            "resourceVersion": "77"},
        "reason": reason, "message": message, "source": {"component": "kubelet", "host": "node-1"},
        "firstTimestamp": last or now(), "lastTimestamp": last or now(), "count": count, "type": type,
        "eventTime": None, "reportingComponent": "kubelet", "reportingInstance": "node-1"} | (more or {})


class Refused(Exception):
    """An answer that is a Status."""

    def __init__(self, code, reason, message):
        self.code, self.body = code, {"kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": message, "reason": reason, "code": code}


FIELDS = {
    "metadata.name": lambda p: p["metadata"]["name"],
    "metadata.namespace": lambda p: p["metadata"]["namespace"],
    "spec.nodeName": lambda p: p["spec"].get("nodeName", ""),
    "spec.restartPolicy": lambda p: p["spec"].get("restartPolicy", ""),
    "status.phase": lambda p: p["status"].get("phase", ""),
    "status.podIP": lambda p: p["status"].get("podIP", ""),
}
NAME = r"[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?"


def field_selector(text):
    tests = []
    for part in text.split(",") if text else []:
        m = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if not m:
            raise Refused(400, "BadRequest", f"unable to parse field selector: {text}")
        if m[1] not in FIELDS:
            raise Refused(400, "BadRequest", f"field label not supported: {m[1]}")
        tests.append((FIELDS[m[1]], m[2] != "!=", m[3]))
    return lambda p: all((get(p) == want) == same for get, same, want in tests)


def label_selector(text):
    tests = []
    for part in re.findall(r"(?:[^,(]|\([^)]*\))+", text or ""):
        part = part.strip()
        if m := re.fullmatch(rf"({NAME})\s+(in|notin)\s+\(([^()]*)\)", part):
            values = [v.strip() for v in m[4].split(",")]
            test = (lambda l, k=m[1], v=values, i=m[3] == "in": (l.get(k) in v) if i else l.get(k) not in v)
        elif m := re.fullmatch(rf"({NAME})\s*(==|=|!=)\s*((?:{NAME})?)", part):
            test = (lambda l, k=m[1], v=m[4], i=m[3] != "!=": (l.get(k) == v) == i)
        elif m := re.fullmatch(rf"(!?)\s*({NAME})", part):
            test = (lambda l, k=m[2], i=not m[1]: (k in l) == i)
        else:
            raise Refused(400, "BadRequest", f"unable to parse requirement: {part}")
        tests.append(test)
    return lambda p: all(t(p["metadata"].get("labels") or {}) for t in tests)


class Api(common.Fake):
    def __init__(self, port=0):
        self.pods = {}  # (namespace, name): object
        self.stores = {k: {} for k in KINDS} | {"pods": self.pods}
        self.leases = {}  # (namespace, name): object
        self.objects = {}  # (plural, namespace, name): object
        self.version = 100
        self.oldest = 0  # a watch from an older version is refused
        self.history = []  # (version, type, object, object before, plural)
        self.token = None
        self.forbidden = False
        self.forbidden_resource = None  # None: all
        self.leases_forbidden = False
        self.initial_events = True
        self.gone_over_http = False
        self.bookmark_seconds = 60
        self.gzip = True
        self.delay = 0  # seconds before each event of a watch
        self.calls = []  # {verb, path, query, agent, token, status}
        self.watches = 0
        self.ending = 0  # raised to end every watch
        self.cut = False
        self.marks = 0  # raised to send a bookmark
        super().__init__(port)

    # What happens in the cluster.

    def set_pod(self, pod):
        pod = make_pod(**pod) if "metadata" not in pod else copy.deepcopy(pod)
        key = pod["metadata"]["namespace"], pod["metadata"]["name"]
        with self.lock:
            before = self.pods.get(key)
            if before and before["metadata"]["uid"] != pod["metadata"]["uid"]:
                self.delete_pod(*key)
                before = None
            self.version += 1
            pod["metadata"]["resourceVersion"] = str(self.version)
            self.pods[key] = pod
            self.history.append((self.version, "MODIFIED" if before else "ADDED", pod, before, "pods"))
            self.lock.notify_all()

    def set_event(self, **args):
        event = make_event(**args)
        key = event["metadata"]["namespace"], event["metadata"]["name"]
        with self.lock:
            before = self.stores["events"].get(key)
            self.version += 1
            event["metadata"]["resourceVersion"] = str(self.version)
            self.stores["events"][key] = event
            self.history.append((self.version, "MODIFIED" if before else "ADDED", event, before, "events"))
            self.lock.notify_all()

    def set_thing(self, plural, name, namespace="default", labels=None, annotations=None, **more):
        """A node, namespace, service or PodLogs: more is its spec and status."""
        key = ("", name) if plural in CLUSTERED else (namespace, name)
        meta = {"name": name, "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{plural}/{name}")), "labels": labels or {},
            "annotations": annotations or {}} | ({"namespace": namespace} if key[0] else {})
        with self.lock:
            before = self.stores[plural].get(key)
            self.version += 1
            meta["resourceVersion"] = str(self.version)
            thing = {"metadata": meta} | more
            self.stores[plural][key] = thing
            self.history.append((self.version, "MODIFIED" if before else "ADDED", thing, before, plural))
            self.lock.notify_all()

    def delete_thing(self, plural, name, namespace="default"):
        with self.lock:
            before = self.stores[plural].pop(("", name) if plural in CLUSTERED else (namespace, name))
            self.version += 1
            thing = copy.deepcopy(before)
            thing["metadata"]["resourceVersion"] = str(self.version)
            self.history.append((self.version, "DELETED", thing, before, plural))
            self.lock.notify_all()

    def set_lease(self, name, namespace="default", note=None, **spec):
        with self.lock:
            self.version += 1
            self.leases.pop((namespace, name), None)
            if spec:
                meta = {"name": name, "namespace": namespace, "resourceVersion": str(self.version)}
                if note is not None:
                    meta["annotations"] = {"invar.dev/progress": note}
                self.leases[namespace, name] = {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
                    "metadata": meta, "spec": spec}

    def delete_pod(self, namespace, name):
        with self.lock:
            before = self.pods.pop((namespace, name))
            self.version += 1
            pod = copy.deepcopy(before)
            pod["metadata"]["resourceVersion"] = str(self.version)
            pod["metadata"].setdefault("deletionTimestamp", now())
            self.history.append((self.version, "DELETED", pod, before, "pods"))
            self.lock.notify_all()

    def set_object(self, kind, name, namespace="default", **more):
        with self.lock:
            self.version += 1
            self.objects[PLURALS[kind], namespace, name] = {"kind": kind, "apiVersion": "v1", "metadata": {
                "name": name, "namespace": namespace, "resourceVersion": str(self.version)}} | more

    def compact(self):
        with self.lock:
            self.version += 1
            self.oldest = self.version
            self.history.clear()

    def close_watches(self, cut=False):
        with self.lock:
            self.ending += 1
            self.cut = cut
            self.lock.notify_all()

    def control(self, path, body):
        args = json.loads(body or b"{}")
        with self.lock:
            if path == "pod":
                self.set_pod(args)
            elif path == "delete":
                self.delete_pod(args.get("namespace", "default"), args["name"])
            elif path + "s" in self.stores and path != "event" or path == "podlogs":
                self.set_thing(path if path == "podlogs" else path + "s", **args)
            elif path == "remove":
                self.delete_thing(**args)
            elif path == "event":
                self.set_event(**args)
            elif path == "lease":
                self.set_lease(**args)
            elif path == "object":
                self.set_object(**args)
            elif path == "token":
                self.token = args["token"]
            elif path == "forbid":
                self.forbidden = args.get("on", True)
                self.forbidden_resource = args.get("resource")
            elif path == "compact":
                self.compact()
            elif path == "set":
                for k, v in args.items():
                    if k not in ("initial_events", "gone_over_http", "bookmark_seconds", "gzip", "leases_forbidden"):
                        raise ValueError(k)
                    setattr(self, k, v)
            elif path == "bookmark":
                self.marks += 1
                self.lock.notify_all()
            elif path == "close":
                self.close_watches(args.get("cut", False))
            else:
                return super().control(path, body)
        return {}

    def state(self):
        with self.lock:
            return {"requests": self.requests, "calls": self.calls, "watches": self.watches,
                "lists": sum(c["verb"] == "list" for c in self.calls), "pods": len(self.pods),
                "version": self.version, "problems": self.problems,
                "leases": {f"{k[0]}/{k[1]}": v for k, v in self.leases.items()}}

    # What a client sees.

    def handle(self, request, body):
        parts = urllib.parse.urlsplit(request.path)
        query = {k: v[-1] for k, v in urllib.parse.parse_qs(parts.query, keep_blank_values=True).items()}
        agent = request.headers.get("User-Agent", "")
        call = {"verb": "watch" if query.get("watch") in TRUE else "list", "path": parts.path,
            "query": query, "agent": agent, "token": request.headers.get("Authorization", "").removeprefix("Bearer "),
            "status": 200}
        with self.lock:
            self.calls.append(call)
            if agent.startswith("curl") or not agent:
                self.problems.append(f"User-Agent {agent!r}: the answer is indented for it")
        try:
            self.authorize(request)
            if m := OBJECT.match(parts.path):
                call["verb"] = "get"
                return self.get(request, *m.groups())
            if m := LEASES.match(parts.path):
                call["verb"] = {"GET": "get", "POST": "create", "PUT": "update"}.get(request.command, "")
                return self.lease(request, call["verb"], m[1], m[2], body)
            m = PATH.match(parts.path)
            if not m or request.command != "GET":
                raise Refused(404, "NotFound", "the server could not find the requested resource")
            wanted = self.selector(query, m[1])
            if call["verb"] == "watch":
                return self.watch(request, query, wanted, m[2])
            return self.list(request, query, wanted, m[2])
        except Refused as e:
            call["status"] = e.code
            headers = [("Content-Type", "application/json")]
            if e.code in (429, 504):
                headers.append(("Retry-After", "1"))
            return e.code, self.dump(request, e.body), headers

    def authorize(self, request):
        given = request.headers.get("Authorization", "")
        if self.token is not None and given and given != f"Bearer {self.token}":
            raise Refused(401, "Unauthorized", "Unauthorized")
        who = "system:serviceaccount:alloy:alloy" if given else "system:anonymous"
        what = self.forbidden_resource
        is_meant = what is None or request.path.split("?")[0].endswith("/" + what)
        if (self.forbidden and is_meant) or (self.token is not None and not given):
            raise Refused(403, "Forbidden", f'{what or "pods"} is forbidden: User "{who}" cannot list resource "{what or "pods"}" '
                'in API group "" at the cluster scope')

    def selector(self, query, namespace):
        known = {"watch", "resourceVersion", "resourceVersionMatch", "allowWatchBookmarks", "timeoutSeconds",
            "sendInitialEvents", "fieldSelector", "labelSelector", "limit", "pretty"}
        for k in query.keys() - known:
            self.problems.append(f"parameter {k} is not known here")
        fields = field_selector(query.get("fieldSelector", ""))
        labels = label_selector(query.get("labelSelector", ""))
        return lambda p: (not namespace or p["metadata"].get("namespace") == namespace) and fields(p) and labels(p)

    def dump(self, request, value):
        if request.headers.get("User-Agent", "").startswith("curl"):
            return json.dumps(value, indent=2).encode()
        return json.dumps(value, separators=(",", ":")).encode()

    def get(self, request, namespace, plural, name):
        with self.lock:
            value = self.objects.get((plural, namespace, name))
        if request.command != "GET" or value is None:
            raise Refused(404, "NotFound", f'{plural} "{name}" not found')
        return 200, self.dump(request, value), [("Content-Type", "application/json")]

    def lease(self, request, verb, namespace, name, body):
        """Create and update with the optimistic lock of the real one."""
        headers = [("Content-Type", "application/json")]
        with self.lock:
            if self.leases_forbidden:
                raise Refused(403, "Forbidden", 'leases.coordination.k8s.io is forbidden: User "system:serviceaccount:'
                    f'alloy:alloy" cannot {verb} resource "leases" in API group "coordination.k8s.io"')
            if verb == "get":
                if (namespace, name) not in self.leases:
                    raise Refused(404, "NotFound", f'leases.coordination.k8s.io "{name}" not found')
                return 200, self.dump(request, self.leases[namespace, name]), headers
            given = json.loads(body)
            if given.get("kind") != "Lease" or given.get("apiVersion") != "coordination.k8s.io/v1":
                raise Refused(400, "BadRequest", "the object provided is unrecognized")
            if request.headers.get("Content-Type") != "application/json":
                raise Refused(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
            spec = given["spec"]
            for k in ("acquireTime", "renewTime"):
                if k in spec and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", spec[k]):
                    raise Refused(400, "BadRequest", f'Lease in version "v1" cannot be handled as a Lease: {k}: {spec[k]}')
            if not isinstance(spec.get("leaseDurationSeconds"), int) or spec["leaseDurationSeconds"] <= 0:
                raise Refused(422, "Invalid", "spec.leaseDurationSeconds: must be greater than 0")
            key = namespace, given["metadata"]["name"]
            old = self.leases.get(key)
            if verb == "create" and old:
                raise Refused(409, "AlreadyExists", f'leases.coordination.k8s.io "{key[1]}" already exists')
            if verb == "update" and not old:
                raise Refused(404, "NotFound", f'leases.coordination.k8s.io "{name}" not found')
            if verb == "update" and given["metadata"].get("resourceVersion") != old["metadata"]["resourceVersion"]:
                raise Refused(409, "Conflict", f'Operation cannot be fulfilled on leases.coordination.k8s.io "{name}": '
                    "the object has been modified; please apply your changes to the latest version and try again")
            self.version += 1
            given["metadata"]["resourceVersion"] = str(self.version)
            self.leases[key] = given
            return 201 if verb == "create" else 200, self.dump(request, given), headers

    def list(self, request, query, wanted, plural):
        with self.lock:
            match = query.get("resourceVersionMatch")
            wish = self.number(query.get("resourceVersion"), 400)
            if match and match not in ("Exact", "NotOlderThan"):
                raise Refused(422, "Invalid", f"resourceVersionMatch: Unsupported value: {match}")
            if "sendInitialEvents" in query:
                raise Refused(422, "Invalid", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list")
            if wish > self.version:
                raise Refused(504, "Timeout", f"Too large resource version: {wish}, current: {self.version}")
            if match == "Exact" and wish < self.oldest:
                raise Refused(410, "Expired", f"The resourceVersion for the provided list is too old.")
            items = [p for _, p in sorted(self.stores[plural].items()) if wanted(p)]
            body = self.dump(request, {"kind": KINDS[plural] + "List", "apiVersion": "v1",
                "metadata": {"resourceVersion": str(self.version)}, "items": items})
        headers = [("Content-Type", "application/json")]
        if self.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            headers.append(("Content-Encoding", "gzip"))
        self.start_answer(request, headers)
        for i in range(0, len(body), 4096):
            self.chunk(request, body[i:i + 4096])
        request.wfile.write(b"0\r\n\r\n")

    def number(self, text, code):
        if not text:
            return 0
        if not text.isdigit():
            raise Refused(code, "InternalError", f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')
        return int(text)

    def start_answer(self, request, headers):
        request.send_response_only(200)
        for k, v in headers + [("Transfer-Encoding", "chunked"), ("Audit-Id", str(uuid.uuid4()))]:
            request.send_header(k, v)
        request.end_headers()

    def chunk(self, request, data):
        request.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        request.wfile.flush()

    def begin(self, query):
        """Which version a watch goes on from, and whether what exists comes first."""
        match = query.get("resourceVersionMatch")
        from_ = self.number(query.get("resourceVersion"), 500)
        if "sendInitialEvents" not in query:
            if match:
                raise Refused(422, "Invalid", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch")
            return from_, from_ == 0, False
        if not self.initial_events:
            raise Refused(422, "Invalid", "ListOptions.meta.k8s.io is invalid: sendInitialEvents: Forbidden: "
                "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
        if match != "NotOlderThan":
            raise Refused(422, "Invalid", "resourceVersionMatch: Forbidden: sendInitialEvents requires setting "
                "resourceVersionMatch to NotOlderThan")
        if query.get("allowWatchBookmarks") not in TRUE:
            raise Refused(422, "Invalid", "allowWatchBookmarks: sendInitialEvents requires it")
        if from_ > self.version:
            raise Refused(504, "Timeout", f"Too large resource version: {from_}, current: {self.version}")
        return from_, query["sendInitialEvents"] in TRUE, True

    def watch(self, request, query, wanted, plural):
        with self.lock:
            at, initial, marked = self.begin(query)
            bookmarks = query.get("allowWatchBookmarks") in TRUE
            too_old = not initial and at < self.oldest
            message = f"too old resource version: {at} ({self.oldest})"
            if too_old and self.gone_over_http:
                raise Refused(410, "Expired", message)
            exists = [p for _, p in sorted(self.stores[plural].items()) if wanted(p)] if initial else []
            at = self.version if initial else at
            ending, marks = self.ending, self.marks
            self.watches += 1
            self.lock.notify_all()
        try:
            self.start_answer(request, [("Content-Type", "application/json")])
            if too_old:
                self.event(request, "ERROR", Refused(410, "Expired", message).body)
                request.wfile.write(b"0\r\n\r\n")
                return
            for p in exists:
                self.event(request, "ADDED", self.typed(plural, p))
            if marked and bookmarks and initial:
                self.bookmark(request, plural, at, {"k8s.io/initial-events-end": "true"})
            self.follow(request, plural, at, wanted, bookmarks, int(query.get("timeoutSeconds", 1800)), ending, marks)
        except OSError:
            request.close_connection = True
        finally:
            with self.lock:
                self.watches -= 1
                self.lock.notify_all()

    def follow(self, request, plural, at, wanted, bookmarks, timeout, ending, marks):
        until = time.monotonic() + timeout
        mark = time.monotonic() + self.bookmark_seconds
        while True:
            with self.lock:
                events = [e for e in self.history if e[0] > at and e[4] == plural]
                if not events and self.ending == ending and self.marks == marks:
                    self.lock.wait(max(0, min(0.25, until - time.monotonic())))
                events = [e for e in self.history if e[0] > at and e[4] == plural]
                at = max([at] + [e[0] for e in events])
                current, end, cut, forced = self.version, self.ending != ending, self.cut, self.marks != marks
                marks = self.marks
            for _, kind, pod, before, _ in events:
                is_in, was_in = kind != "DELETED" and wanted(pod), before is not None and wanted(before)
                if is_in or was_in:
                    self.event(request, "MODIFIED" if is_in and was_in else "ADDED" if is_in else "DELETED",
                        self.typed(plural, pod))
            over = time.monotonic() >= until
            if bookmarks and at <= current and (forced or over or time.monotonic() >= mark):
                at = current
                self.bookmark(request, plural, at)
                mark = time.monotonic() + self.bookmark_seconds
            if end and cut:
                request.connection.shutdown(socket.SHUT_RDWR)
                request.close_connection = True
                return
            if end or over:
                request.wfile.write(b"0\r\n\r\n")
                return
            if select.select([request.connection], [], [], 0)[0] and not request.connection.recv(1, socket.MSG_PEEK):
                raise OSError("the client went away")

    def event(self, request, kind, value):
        time.sleep(self.delay)
        self.chunk(request, self.dump(request, {"type": kind, "object": value}) + b"\n")

    def typed(self, plural, value):
        version = "monitoring.grafana.com/v1alpha2" if plural == "podlogs" else "v1"
        return {"kind": KINDS[plural], "apiVersion": version} | value

    def bookmark(self, request, plural, version, annotations=None):
        meta = {"resourceVersion": str(version)} | ({"annotations": annotations} if annotations else {})
        value = {"spec": {"containers": None}, "status": {}} if plural == "pods" else {"involvedObject": {}}
        self.event(request, "BOOKMARK", self.typed(plural, {"metadata": meta} | value))


if __name__ == "__main__":
    common.main(Api, __doc__)
