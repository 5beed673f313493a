"""The image of the test's pods, without a registry: busybox, as `docker save` would write it."""
import hashlib
import io
import json
import tarfile

COMMANDS = "sh sleep echo cat date seq wget true printf usleep"


def add(tar, name, data=b"", mode=0o755, link=None, folder=False):
    i = tarfile.TarInfo(name)
    i.size, i.mode = len(data), mode
    if link:
        i.type, i.linkname = tarfile.SYMTYPE, link
    if folder:
        i.type = tarfile.DIRTYPE
    tar.addfile(i, io.BytesIO(data))


def write(path, busybox, name="localhost/busybox:1"):
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as t:
        for d in ("bin", "tmp", "etc"):
            add(t, d, folder=True)
        add(t, "bin/busybox", busybox.read_bytes())
        for c in COMMANDS.split():
            add(t, f"bin/{c}", link="busybox")
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sleep", "2000000000"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()]}}
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as t:
        add(t, "config.json", json.dumps(config).encode(), 0o644)
        add(t, "layer.tar", layer.getvalue(), 0o644)
        add(t, "manifest.json", json.dumps(manifest).encode(), 0o644)
