"""What a real API server says to manifests/ and each overlay, and the dry run as a person takes it."""
import json
from pathlib import Path

from node import NAME, wait

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ROOT / "kustomize/overlays"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "alloy-dry-run"}}


def accepted(c):
    """A server takes what the checks without a cluster let pass. A trial does not make the namespace that its
    other objects need, so it is made before. OpenShift's own kind is left out: Kubernetes 1.20 built by Go
    1.19 dies of an object of a CustomResourceDefinition (reflect2)."""
    c.node.kubectl("apply", "-f", "-", text=json.dumps(NAMESPACE))
    c.node.kubectl("apply", "--dry-run=server", "--validate=false", "-f", str(ROOT / "manifests"))
    names = sorted(p.name for p in OVERLAYS.iterdir() if p.is_dir())
    for name in names:
        objects = c.node.kubectl("kustomize", str(OVERLAYS / name)).split("\n---\n")
        known = [o for o in objects if "kind: SecurityContextConstraints\n" not in o]
        c.node.kubectl("apply", "--dry-run=server", "--validate=false", "-f", "-", text="\n---\n".join(known))
    return "manifests/ and " + ", ".join(names)


def dry_run(c):
    """Beside the agent that runs: prints what the counting pod writes, saves and sends nothing, and goes
    without a trace."""
    text = c.node.kubectl("kustomize", str(OVERLAYS / "dry-run"))
    if "REPLACE-ME" not in text:
        raise AssertionError("the overlay names no node to be chosen")
    text = text.replace("REPLACE-ME", NAME)
    c.node.kubectl("apply", "--validate=false", "-f", "-", text=text)
    def printed():
        pods = c.node.get("pods", "-n", "alloy-dry-run")["items"]
        if not pods or not any(s.get("ready") for s in pods[0]["status"].get("containerStatuses", [])):
            return []
        log = c.node.kubectl("logs", "-n", "alloy-dry-run", "--tail=2000", pods[0]["metadata"]["name"])
        return [line for line in log.splitlines() if 'pod="count"' in line and "of the pod that writes" in line]
    wait("lines of the counting pod in the dry run's log", printed, 90)
    seen = printed()[-1]
    c.node.kubectl("delete", "--wait=true", "-f", "-", text=text)
    return seen[:120]
