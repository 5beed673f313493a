"""A Kubernetes of one node: its keys, its network, its programs. The node has 10.88.0.1, and so has
the bridge of its pods; the service `kubernetes` has 10.96.0.1 on the same bridge, so that nothing
waits for kube-proxy. No route leads out of the namespace."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

NODE, API = "10.88.0.1", "10.96.0.1"
NAME = "node1"
SUBJECTS = {"admin": "/O=system:masters/CN=admin", "node": f"/O=system:nodes/CN=system:node:{NAME}",
    "manager": "/O=system:masters/CN=system:kube-controller-manager", "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy"}
GATES = "--feature-gates=RootCAConfigMap=true,BoundServiceAccountTokenVolume=true"


def sh(*args, **more):
    return subprocess.run([str(a) for a in args], check=True, capture_output=True, text=True, **more).stdout


def wait(what, test, seconds=60):
    """The first true answer of test, which is asked until then."""
    end = time.monotonic() + seconds
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"not after {seconds} s: {what}")
        time.sleep(0.3)


class Node:
    def __init__(self, built, work):
        self.built, self.work = Path(built), Path(work)
        self.running = {}
        root = self.built / "root"
        self.env = dict(os.environ, PATH=f"{self.built}/bin:{root}/usr/bin:{root}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            KUBECONFIG=str(self.work / "admin.conf"), HOME=str(self.work))

    # Folders and network.

    def prepare(self):
        for d in ("var/log/pods", "var/log/containers", "static", "cni", "logs", "pki"):
            (self.work / d).mkdir(parents=True, exist_ok=True)
        sh("mount", "-t", "tmpfs", "run", "/run")
        sh("mount", "--bind", self.work / "var/log", "/var/log")
        for d in ("upper", "work"):
            (self.work / "var" / d).mkdir(exist_ok=True)
        # /var/lib/invar and /var/lib/cni are made here, not on the machine.
        sh("mount", "-t", "overlay", "-o", f"lowerdir=/var/lib,upperdir={self.work}/var/upper,workdir={self.work}/var/work",
            "overlay", "/var/lib")
        sh("hostname", NAME)
        sh("ip", "link", "set", "lo", "up")
        # With an address of its own: else it takes the lowest of its pods', and each time that changes
        # all connections stand still until their neighbour is looked for anew.
        sh("ip", "link", "add", "cni0", "address", "02:00:0a:58:00:01", "type", "bridge")
        sh("ip", "addr", "add", f"{NODE}/16", "dev", "cni0")
        sh("ip", "addr", "add", f"{API}/32", "dev", "cni0")
        sh("ip", "link", "set", "cni0", "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        network = {"cniVersion": "0.4.0", "name": "pods", "plugins": [
            {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True,
             "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16", "rangeStart": "10.88.1.1",
                "gateway": NODE}]], "routes": [{"dst": "0.0.0.0/0"}]}},
            {"type": "portmap", "capabilities": {"portMappings": True}}]}
        (self.work / "cni/10-pods.conflist").write_text(json.dumps(network))

    def keys(self):
        pki = self.work / "pki"

        def key(name):
            sh("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pki / f"{name}.key")

        def cert(name, subject, names=""):
            key(name)
            sh("openssl", "req", "-new", "-key", pki / f"{name}.key", "-subj", subject, "-out", pki / f"{name}.csr")
            (pki / "ext").write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
            sh("openssl", "x509", "-req", "-in", pki / f"{name}.csr", "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", pki / "ext", "-out", pki / f"{name}.crt")
        key("ca")
        sh("openssl", "req", "-x509", "-new", "-key", pki / "ca.key", "-subj", "/CN=ca", "-days", "2", "-out", pki / "ca.crt")
        names = f"IP:{NODE},IP:{API},IP:127.0.0.1,DNS:kubernetes.default.svc,DNS:{NAME}"
        cert("server", "/CN=server", names)
        for name, subject in SUBJECTS.items():
            cert(name, subject)
            self.kubeconfig(name)
        self.new_token_key()

    def new_token_key(self):
        sh("openssl", "genrsa", "-out", self.work / "pki/token.key", "2048")

    def kubeconfig(self, name):
        pki = self.work / "pki"
        text = {"apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"https://{NODE}:443", "certificate-authority": f"{pki}/ca.crt"}}],
            "users": [{"name": "u", "user": {"client-certificate": f"{pki}/{name}.crt", "client-key": f"{pki}/{name}.key"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}
        (self.work / f"{name}.conf").write_text(json.dumps(text))

    # Programs.

    def start(self, name):
        log = open(self.work / f"logs/{name}.log", "ab")
        self.running[name] = subprocess.Popen([str(a) for a in self.command(name)], stdout=log, stderr=log, env=self.env,
            start_new_session=True)

    def stop(self, name, sig=signal.SIGTERM):
        p = self.running.pop(name)
        p.send_signal(sig)
        try:
            p.wait(15)
        except subprocess.TimeoutExpired:  # an API server waits 60 s for open watches
            p.kill()
            p.wait()

    def command(self, name):
        w, pki, root = self.work, self.work / "pki", self.built / "root"
        if name == "etcd":
            return [root / "usr/bin/etcd", "--data-dir", w / "etcd", "--unsafe-no-fsync", "--log-level=error"]
        if name == "containerd":
            return [root / "usr/bin/containerd", "--config", w / "containerd.toml"]
        if name == "kube-apiserver":
            return ["kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", f"--advertise-address={NODE}", "--secure-port=443",
                "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=Node,RBAC", GATES, "--allow-privileged",
                f"--client-ca-file={pki}/ca.crt", f"--tls-cert-file={pki}/server.crt", f"--tls-private-key-file={pki}/server.key",
                f"--service-account-key-file={pki}/token.key", f"--service-account-signing-key-file={pki}/token.key",
                "--service-account-issuer=https://kubernetes.default.svc", "--kubelet-preferred-address-types=InternalIP",
                f"--kubelet-client-certificate={pki}/admin.crt", f"--kubelet-client-key={pki}/admin.key"]
        if name == "kube-controller-manager":
            return [name, f"--kubeconfig={w}/manager.conf", f"--root-ca-file={pki}/ca.crt", "--leader-elect=false", GATES,
                "--kube-api-qps=100", "--kube-api-burst=200"]
        if name == "kube-scheduler":
            return [name, f"--kubeconfig={w}/scheduler.conf", "--leader-elect=false", "--kube-api-qps=100", "--kube-api-burst=200"]
        if name == "kube-proxy":
            return [name, f"--config={w}/proxy.yaml"]
        return ["kubelet", f"--config={w}/kubelet.yaml", f"--kubeconfig={w}/node.conf", f"--root-dir={w}/kubelet",
            "--container-runtime=remote", "--container-runtime-endpoint=unix:///run/containerd/containerd.sock",
            f"--hostname-override={NAME}", f"--node-ip={NODE}", "--network-plugin=cni", f"--cert-dir={w}/pki"]

    def settings(self):
        w, pki = self.work, self.work / "pki"
        (w / "containerd.toml").write_text(f"""version = 2
root = "{w}/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/busybox:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{self.built}/root/usr/lib/cni"
    conf_dir = "{w}/cni"
""")
        kubelet = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "cgroupDriver": "cgroupfs",
            "enforceNodeAllocatable": [], "makeIPTablesUtilChains": False, "containerLogMaxSize": "64Ki",
            "containerLogMaxFiles": 12, "staticPodPath": f"{w}/static", "failSwapOn": False, "maxPods": 150,
            "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": f"{pki}/ca.crt"}},
            "tlsCertFile": f"{pki}/server.crt", "tlsPrivateKeyFile": f"{pki}/server.key", "registryPullQPS": 0,
            "evictionHard": {"memory.available": "10Mi"}, "imageGCHighThresholdPercent": 100, "kubeAPIQPS": 100,
            "kubeAPIBurst": 200, "eventRecordQPS": 0, "volumePluginDir": f"{w}/plugins", "serializeImagePulls": False}
        (w / "kubelet.yaml").write_text(json.dumps(kubelet))
        proxy = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
            "clusterCIDR": "10.88.0.0/16", "hostnameOverride": NAME, "clientConnection": {"kubeconfig": f"{w}/proxy.conf"},
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}}
        (w / "proxy.yaml").write_text(json.dumps(proxy))

    def kubectl(self, *args, text=None):
        p = subprocess.run(["kubectl", *args], env=self.env, capture_output=True, text=True, input=text)
        if p.returncode:
            raise AssertionError(f"kubectl {' '.join(args)}: {p.stderr.strip()[-500:]}")
        return p.stdout

    def get(self, *args):
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def is_up(self, *args):
        return subprocess.run(["kubectl", *args], env=self.env, capture_output=True).returncode == 0

    def wait_api(self):
        wait("the API server is ready", lambda: self.is_up("get", "--raw=/readyz"), 90)

    def ctr(self, *args):
        return sh(self.built / "root/usr/bin/ctr", "-n", "k8s.io", *args, env=self.env)

    def load(self, archive):
        self.ctr("images", "import", archive)

    def up(self, archives):
        self.prepare()
        self.keys()
        self.settings()
        self.start("etcd")
        self.start("containerd")
        self.start("kube-apiserver")
        wait("containerd is ready", lambda: Path("/run/containerd/containerd.sock").exists())
        for a in archives:
            self.load(a)
        self.wait_api()
        for name in ("kube-controller-manager", "kube-scheduler", "kubelet"):
            self.start(name)
        wait("the node is ready", self.node_ready, 120)
        self.start("kube-proxy")
        wait("the default account", lambda: self.is_up("get", "serviceaccount", "default"))

    def node_ready(self):
        return self.is_up("get", "node", NAME) and any(c["type"] == "Ready" and c["status"] == "True"
            for c in self.get("node", NAME)["status"].get("conditions", []))

    def down(self):
        for name in list(self.running)[::-1]:
            self.stop(name, signal.SIGKILL)
