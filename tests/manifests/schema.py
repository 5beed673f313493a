"""Kubernetes objects against the schemas of schema/, strictly: an unknown field is an error, and so
is a key that is written twice. schema/README.md says what the types mean."""
import base64
import re
from pathlib import Path

import yaml


class Loader(yaml.SafeLoader):
    """As kubectl reads: a date stays a text; and a key stands once."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {c: [r for r in rs if r[0] != "tag:yaml.org,2002:timestamp"]
    for c, rs in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def load_all(text):
    return [o for o in yaml.load_all(text, Loader) if o is not None]


def load_types():
    types = {}
    for f in sorted(Path(__file__).with_name("schema").glob("*.yaml")):
        if f.name != "kinds.yaml":
            types.update(yaml.safe_load(f.read_text()))
    return types


KINDS = yaml.safe_load(Path(__file__).with_name("schema").joinpath("kinds.yaml").read_text())
TYPES = load_types()


def is_base64(s):
    try:
        base64.b64decode(s.replace("\n", ""), validate=True)
        return True
    except ValueError:
        return False


def text(pattern, longest):
    r = re.compile(pattern)
    return lambda v: isinstance(v, str) and len(v) <= longest and r.fullmatch(v) is not None


PLAIN = {
    "any": lambda v: True,
    "null": lambda v: v is None,
    "bool": lambda v: isinstance(v, bool),
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "string": lambda v: isinstance(v, str),
    "base64": lambda v: isinstance(v, str) and is_base64(v),
    "port": lambda v: isinstance(v, int) and not isinstance(v, bool) and 0 < v < 65536,
    "name": text(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", 253),
    "portname": text(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*", 15),
    "label": text(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?", 63),
    "path": text(r"/[^:\0]*", 4096),
    "percent": text(r"\d+%", 8),
    "quantity": lambda v: PLAIN["int"](v) or isinstance(v, float) or
        isinstance(v, str) and re.fullmatch(r"\d+(\.\d+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?", v) is not None,
}


def check_list(value, item, key, at):
    seen = set()
    for i, v in enumerate(value):
        here = f"{at}[{i}]"
        yield from check(v, item, here)
        if key and isinstance(v, dict) and key in v:
            if v[key] in seen:
                yield f"{here}: {key} {v[key]} is there twice"
            seen.add(v[key])


def check_fields(value, fields, at):
    for name in value:
        if name not in fields:
            yield f"{at}.{name}: there is no such field"
    for name, kind in fields.items():
        if name in value:
            yield from check(value[name], kind.removesuffix("!"), f"{at}.{name}")
        elif kind.endswith("!"):
            yield f"{at}.{name}: is missing"


def alternatives(kind):
    """Splits at | outside brackets."""
    return [a.strip() for a in re.split(r"\|(?![^\[]*\])", kind)]


def check(value, kind, at):
    """Yields what is wrong, each with the place."""
    either = alternatives(kind)
    if len(either) > 1:
        found = [list(check(value, a, at)) for a in either]
        if all(found):
            yield f"{at}: {value!r} is none of {kind}"
    elif kind.startswith("="):
        if value != kind[1:]:
            yield f"{at}: {value!r} is not {kind[1:]}"
    elif m := re.fullmatch(r"\[(.*)\](?:@(\w+))?", kind):
        if isinstance(value, list):
            yield from check_list(value, m[1], m[2], at)
        else:
            yield f"{at}: is not a list"
    elif m := re.fullmatch(r"\{(.*)\}", kind):
        if isinstance(value, dict):
            for k, v in value.items():
                yield from check(k, "string", at)
                yield from check(v, m[1], f"{at}.{k}")
        else:
            yield f"{at}: is not a map"
    elif kind in PLAIN:
        if not PLAIN[kind](value):
            yield f"{at}: {value!r} is not a {kind}"
    elif not isinstance(value, dict):
        yield f"{at}: is not an object"
    else:
        yield from check_fields(value, TYPES[kind], at)


def check_object(o):
    kind = o.get("kind") if isinstance(o, dict) else None
    if kind not in KINDS:
        yield f"{kind}: no schema has this kind"
        return
    at = f"{kind}/{(o.get('metadata') or {}).get('name')}"
    if o.get("apiVersion") != KINDS[kind]["apiVersion"]:
        yield f"{at}: apiVersion is {o.get('apiVersion')}, not {KINDS[kind]['apiVersion']}"
    yield from check(o, kind, at)
    if ("namespace" in (o.get("metadata") or {})) != (KINDS[kind]["scope"] == "namespace"):
        yield f"{at}: metadata.namespace is {'missing' if KINDS[kind]['scope'] == 'namespace' else 'not for this kind'}"
