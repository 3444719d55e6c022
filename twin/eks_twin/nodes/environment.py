"""A container's environment: literal values, references to fields, resources, ConfigMaps and Secrets, and $(VAR)."""

import base64
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eks_twin.nodes.quantity import amount

Thing = Mapping[str, Any]


class ConfigError(Exception):
    """A container cannot be created as configured; kubelets report CreateContainerConfigError with this message."""


@dataclass(frozen=True)
class Source:
    """Where references of one pod's containers lead."""

    pod: Thing
    host_ip: str
    pod_ip: str
    allocatable: Mapping[str, str]
    """Of the node; stands for limits that the container does not set."""
    find: Callable[[str, str], Thing | None]
    """(kind, name) → ConfigMap or Secret in the pod's namespace, or None."""


def environment(container: Thing, source: Source) -> dict[str, str]:
    """The variables of `container`; ConfigError names what is missing or not modelled."""
    resolved: dict[str, str] = {}
    for entry in container.get("envFrom") or ():
        resolved.update(_all_of(entry, source))
    for entry in container.get("env") or ():
        value = _value(entry, container, source, resolved)
        if value is not None:
            resolved[entry["name"]] = value
    return resolved


def _value(entry: Thing, container: Thing, source: Source, resolved: Mapping[str, str]) -> str | None:
    origin = entry.get("valueFrom")
    if origin is None:
        return expand(entry.get("value", ""), resolved)
    if "fieldRef" in origin:
        return _field(origin["fieldRef"]["fieldPath"], source)
    if "resourceFieldRef" in origin:
        return str(_resource(origin["resourceFieldRef"], container, source))
    for kind, reference in _REFERENCES.items():
        if reference in origin:
            return _key(kind, origin[reference], source)
    raise ConfigError(f"env {entry['name']}: valueFrom {', '.join(origin)} is not modelled by the twin")


_REFERENCES: Final = {"ConfigMap": "configMapKeyRef", "Secret": "secretKeyRef"}
_WHOLE: Final = {"ConfigMap": "configMapRef", "Secret": "secretRef"}
_VARIABLE: Final = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.\-]*)\)")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`text` with $(NAME) replaced where NAME is known; `$$` is a dollar sign."""
    return _VARIABLE.sub(
        lambda match: "$" if match[0] == "$$" else variables.get(match[1], match[0]),
        text,
    )


def _all_of(entry: Thing, source: Source) -> Iterator[tuple[str, str]]:
    for kind, reference in _WHOLE.items():
        if reference in entry:
            found = source.find(kind, entry[reference]["name"])
            if found is None and not entry[reference].get("optional"):
                raise ConfigError(f'{kind.lower()} "{entry[reference]["name"]}" not found')
            for key, value in _data(kind, found or {}).items():
                yield entry.get("prefix", "") + key, value


def _key(kind: str, reference: Thing, source: Source) -> str | None:
    found = source.find(kind, reference["name"])
    if found is None:
        if reference.get("optional"):
            return None
        raise ConfigError(f'{kind.lower()} "{reference["name"]}" not found')
    data = _data(kind, found)
    if reference["key"] not in data:
        if reference.get("optional"):
            return None
        where = f"{source.pod['metadata']['namespace']}/{reference['name']}"
        raise ConfigError(f"couldn't find key {reference['key']} in {kind} {where}")
    return data[reference["key"]]


def _data(kind: str, thing: Thing) -> dict[str, str]:
    data = thing.get("data") or {}
    if kind == "Secret":
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    return dict(data)


_SUBSCRIPT: Final = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]$")


def _field(path: str, source: Source) -> str:
    pod, meta = source.pod, source.pod["metadata"]
    if match := _SUBSCRIPT.match(path):
        return meta.get(match[1], {}).get(match[2], "")
    fields = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta["namespace"],
        "metadata.uid": meta["uid"],
        "spec.nodeName": pod["spec"]["nodeName"],
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", "default"),
        "status.hostIP": source.host_ip,
        "status.hostIPs": source.host_ip,
        "status.podIP": source.pod_ip,
        "status.podIPs": source.pod_ip,
    }
    if path not in fields:
        raise ConfigError(f"unsupported fieldPath: {path}")
    return fields[path]


def _resource(reference: Thing, container: Thing, source: Source) -> int:
    name = reference.get("containerName")
    if name not in (None, container["name"]):
        container = next((c for c in source.pod["spec"]["containers"] if c["name"] == name), container)
    which, _, resource = reference["resource"].partition(".")
    declared = container.get("resources", {})
    value = declared.get(which, {}).get(resource)
    if value is None:
        value = source.allocatable.get(resource, "0") if which == "limits" else "0"
    divisor = amount(reference.get("divisor") or 1) or amount(1)
    return math.ceil(amount(value) / divisor)
