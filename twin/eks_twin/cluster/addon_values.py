"""`configurationValues` of an add-on, laid over its manifests."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from eks_twin.cluster.addon_table import Addon, Key

Manifest = dict[str, Any]


class ValuesError(ValueError):
    """A configuration that EKS would refuse for this add-on, or that the twin does not model."""


def _in_pod(name: str) -> Callable[[Manifest, Any], None]:
    def put(workload: Manifest, value: Any) -> None:
        workload["spec"]["template"]["spec"][name] = value

    return put


def _in_pod_metadata(name: str) -> Callable[[Manifest, Any], None]:
    def put(workload: Manifest, value: Any) -> None:
        metadata = workload["spec"]["template"]["metadata"]
        metadata[name] = {**metadata.get(name, {}), **value}

    return put


def _replicas(workload: Manifest, value: Any) -> None:
    workload["spec"]["replicas"] = value


def _resources(workload: Manifest, value: Any) -> None:
    workload["spec"]["template"]["spec"]["containers"][0]["resources"] = value


def _env(workload: Manifest, value: Any) -> None:
    wrong = sorted(name for name, text in value.items() if not isinstance(text, str))
    if wrong:
        raise ValuesError(f"env.{wrong[0]}: must be a string, not {value[wrong[0]]!r}")
    listed = [{"name": name, "value": text} for name, text in sorted(value.items())]
    workload["spec"]["template"]["spec"]["containers"][0]["env"] = listed


def _compute_type(workload: Manifest, value: Any) -> None:
    if value.lower() != "ec2":
        raise ValuesError(f"computeType: {value!r} is not modelled by the twin, which has no Fargate; use 'ec2'")
    annotations = workload["spec"]["template"]["metadata"].setdefault("annotations", {})
    annotations["eks.amazonaws.com/compute-type"] = "ec2"


TARGETS: Final[Mapping[str, tuple[type, Callable[[Manifest, Any], None]]]] = {
    "tolerations": (list, _in_pod("tolerations")),
    "nodeSelector": (dict, _in_pod("nodeSelector")),
    "affinity": (dict, _in_pod("affinity")),
    "topologySpreadConstraints": (list, _in_pod("topologySpreadConstraints")),
    "podLabels": (dict, _in_pod_metadata("labels")),
    "podAnnotations": (dict, _in_pod_metadata("annotations")),
    "resources": (dict, _resources),
    "replicas": (int, _replicas),
    "env": (dict, _env),
    "computeType": (str, _compute_type),
}
"""Target of a key → the type of its value and how it is set on a workload."""


def apply_values(addon: Addon, name: str, manifests: list[Manifest], text: str | None) -> None:
    """Set the values of `text` (JSON) on `manifests`; ValuesError names the first key that cannot be honoured."""
    workloads = {m["metadata"]["name"]: m for m in manifests if m["kind"] in {"DaemonSet", "Deployment"}}
    for path, key, value in _leaves(addon, name, json.loads(text or "{}"), ""):
        kind, put = TARGETS[key.target]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValuesError(f"{path}: must be of type {kind.__name__}, not {value!r}")
        put(workloads[key.workload], value)


def _leaves(addon: Addon, name: str, values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Key, Any]]:
    for field, value in values.items():
        path = f"{prefix}{field}"
        inner = any(key.startswith(f"{path}.") for key in addon.keys)
        if path in addon.keys:
            yield path, addon.keys[path], value
        elif inner and isinstance(value, dict):
            yield from _leaves(addon, name, value, f"{path}.")
        else:
            known = ", ".join(sorted(addon.keys))
            raise ValuesError(f"{path}: not a configuration key of {name} that the twin honours; it honours {known}")
