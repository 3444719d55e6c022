"""Pods drawn from a seed: what people ask for, amounts that fit to the byte, and what nobody has.

Nothing is drawn that explain says it does not judge: spread and affinity between pods, host ports, volumes, zone ids.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final

from eks_accelerators.model.feasibility import Place, PoolView
from eks_accelerators.model.feasibility.pool import Pool, prepared
from eks_accelerators.model.feasibility.quantities import text
from eks_accelerators.model.labels import NODE_POOL

from tests.twin.oracle.pools import LICENCE, POD

Requests = dict[str, str]
Expression = tuple[str, str, Sequence[str]]
"""Key, operator and values of a node affinity."""
_AWS: Final = "karpenter.k8s.aws/instance-"
_ZONE: Final = "topology.kubernetes.io/zone"
_KIND: Final = "karpenter.sh/capacity-type"
_GPU, _NEURON, _CORE = "nvidia.com/gpu", "aws.amazon.com/neuron", "aws.amazon.com/neuroncore"
_EFA: Final = "vpc.amazonaws.com/efa"

_PLAIN: Final[Mapping[str, Sequence[str]]] = {
    "cpu": ("100m", "1", "3500m", "15", "63", "191", "400"),
    "memory": ("256Mi", "7Gi", "60Gi", "700Gi", "1900G", "5Ti"),
    "ephemeral-storage": ("1Gi", "60Gi", "170Gi", "400Gi", "1500Gi"),
}
_DEVICES: Final[Sequence[Requests]] = (
    *({_GPU: count} for count in ("1", "2", "4", "8", "9", "16")),
    *({_NEURON: count} for count in ("1", "2", "4", "6", "12", "16", "17")),
    *({_CORE: count} for count in ("1", "2", "24", "32")),
    *({_EFA: count} for count in ("1", "2", "8")),
    {_GPU: "8", _EFA: "32"},
    {_GPU: "8", _EFA: "4"},
    {_NEURON: "16", _EFA: "8"},
    {_GPU: "1", _NEURON: "1"},
    *({LICENCE: count} for count in ("1", "2", "3")),
    {"nvidia.com/gpu.shared": "1"},
    {"amd.com/gpu": "1"},
)
_LABELS: Final[Sequence[tuple[str, str]]] = (
    ("kubernetes.io/arch", "arm64"),
    ("kubernetes.io/arch", "amd64"),
    ("kubernetes.io/os", "windows"),
    ("beta.kubernetes.io/arch", "arm64"),
    ("intent", "gpu"),
    ("intent", "cpu"),
    ("oracle.example/tier", "diverse"),
    ("nobody.example/has", "this"),
    (_ZONE, "us-west-2a"),
    (_ZONE, "us-west-2b"),
    (_ZONE, "us-west-2d"),
    (_ZONE, "us-east-1a"),
    ("topology.kubernetes.io/region", "us-west-2"),
    (_KIND, "spot"),
    (_KIND, "on-demand"),
    (_KIND, "reserved"),
    *((NODE_POOL, name) for name in ("cpu", "soft", "l40s", "shared", "fraction", "static", "inf2")),
    (f"{_AWS}family", "g4dn"),
    (f"{_AWS}family", "r7i"),
    (f"{_AWS}size", "xlarge"),
    (f"{_AWS}size", "metal"),
    (f"{_AWS}gpu-name", "t4"),
    (f"{_AWS}gpu-name", "l40s"),
    (f"{_AWS}gpu-manufacturer", "nvidia"),
    (f"{_AWS}accelerator-name", "inferentia2"),
    (f"{_AWS}category", "inf"),
    ("node.kubernetes.io/instance-type", "inf2.8xlarge"),
    ("node.kubernetes.io/instance-type", "c5.metal"),
)
_EXPRESSIONS: Final[Sequence[Expression]] = (
    (_ZONE, "NotIn", ("us-west-2a", "us-west-2b")),
    (_ZONE, "In", ("us-west-2c", "us-west-2d")),
    (_KIND, "NotIn", ("spot",)),
    (_KIND, "Exists", ()),
    (_KIND, "In", ("Spot",)),
    ("kubernetes.io/hostname", "Exists", ()),
    ("intent", "Exists", ()),
    ("intent", "DoesNotExist", ()),
    ("nobody.example/has", "NotIn", ("this",)),
    ("nobody.example/has", "Exists", ()),
    (NODE_POOL, "NotIn", ("cpu", "graviton", "soft")),
    (f"{_AWS}family", "NotIn", ("g6e", "g4dn", "c7i")),
    (f"{_AWS}generation", "Gt", ("6",)),
    (f"{_AWS}generation", "Lt", ("5",)),
    (f"{_AWS}cpu", "Gt", ("31",)),
    (f"{_AWS}cpu", "Lt", ("9",)),
    (f"{_AWS}memory", "Gt", ("250000",)),
    (f"{_AWS}gpu-count", "Gt", ("0",)),
    (f"{_AWS}gpu-count", "Gt", ("3",)),
    (f"{_AWS}gpu-count", "Exists", ()),
    (f"{_AWS}gpu-count", "DoesNotExist", ()),
    (f"{_AWS}gpu-memory", "Gt", ("20000",)),
    (f"{_AWS}local-nvme", "Exists", ()),
    (f"{_AWS}local-nvme", "Gt", ("900",)),
    (f"{_AWS}network-bandwidth", "Gt", ("99999",)),
    (f"{_AWS}accelerator-count", "Exists", ()),
    (f"{_AWS}hypervisor", "In", ("", "nitro")),
    (f"{_AWS}size", "NotIn", ("metal", "metal-24xl", "metal-48xl")),
)
_TOLERATIONS: Final[Sequence[Mapping[str, str]]] = (
    {"operator": "Exists", "effect": "NoSchedule"},
    {"key": _GPU, "operator": "Exists"},
    {"key": _GPU, "value": "true", "effect": "NoSchedule"},
    {"key": _GPU, "value": "false"},
    {"key": _NEURON, "operator": "Exists", "effect": "NoSchedule"},
    {"key": _NEURON, "operator": "Exists", "effect": "NoExecute"},
    {"key": "diverse", "value": "yes"},
    {"key": "diverse", "value": "no"},
    {"key": "soft", "operator": "Exists"},
    {"key": "burst", "operator": "Exists"},
)


def draw(seed: int, count: int, views: Sequence[PoolView], place: Place) -> Iterator[dict[str, Any]]:
    """`count` pods, the same for the same seed; most are made for one of the pools, and some miss it."""
    random, pools = Random(seed), [prepared(view, place) for view in views]
    for number in range(count):
        pool = random.choice(pools) if random.random() < 0.7 else None
        requests = _usual(random) if pool is None else _made_for(random, pool)
        name, selector = f"pod-{number}", _selector(random, pool)
        # a pod that excludes the pool it selects is none of Karpenter's, which does not even say so
        known = [each for each in _EXPRESSIONS if NODE_POOL not in selector or each[0] != NODE_POOL]
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "nodeSelector": {POD: name, **selector},
                "affinity": {"nodeAffinity": _affinity(random, known)},
                "tolerations": _tolerations(random, pool),
                "containers": [_container(requests)],
            },
        }


def _container(requests: Requests) -> dict[str, Any]:
    """A container; extended resources are limits as well, as Kubernetes demands."""
    limits = {name: amount for name, amount in requests.items() if "/" in name}
    return {"name": "main", "image": "example.com/main:1", "resources": {"requests": requests, "limits": limits}}


def _usual(random: Random) -> Requests:
    found = {name: random.choice(amounts) for name, amounts in _PLAIN.items() if random.random() < 0.4}
    return {**found, **(random.choice(_DEVICES) if random.random() < 0.6 else {})}


def _made_for(random: Random, pool: Pool) -> Requests:
    """Some devices of one of the pool's types, and of one resource all that is left for pods or a little more."""
    position = random.choice(list(pool.index.listed(pool.admitted)))
    offered = pool.shelf.allocatable(position)
    devices = {name: int(count) for name, count in offered.items() if name in (_GPU, _NEURON, LICENCE, _EFA)}
    found = {name: str(random.choice((1, count))) for name, count in devices.items() if random.random() < 0.8}
    resource = random.choice(("cpu", "memory", "ephemeral-storage"))
    left, over = offered[resource] - pool.daemon(resource), random.choice((0, 0, 1))
    if left > 0 and random.random() < 0.7:
        found[resource] = f"{int(left * 1000) + over}m" if resource == "cpu" else text(resource, int(left) + over)
    return found


def _tolerations(random: Random, pool: Pool | None) -> list[Mapping[str, str]]:
    drawn = random.sample(_TOLERATIONS, random.choice((0, 0, 0, 1, 1, 2)))
    if pool is None or random.random() < 0.2:
        return drawn
    return [*drawn, *({"key": taint["key"], "operator": "Exists"} for taint in pool.taints)]


def _selector(random: Random, pool: Pool | None) -> dict[str, str]:
    drawn = dict(random.sample(_LABELS, random.choice((0, 0, 0, 0, 1, 2))))
    return drawn if pool is None or random.random() < 0.5 else {**drawn, NODE_POOL: pool.view.name}


def _affinity(random: Random, known: Sequence[Expression]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if random.random() < 0.3:
        terms = [_term(random, known) for _ in range(random.choice((1, 1, 2, 3)))]
        found["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
    if random.random() < 0.2:
        weights = random.sample(range(1, 100), random.choice((1, 2)))
        preferred = [{"weight": weight, "preference": _term(random, known)} for weight in weights]
        found["preferredDuringSchedulingIgnoredDuringExecution"] = preferred
    return found


def _term(random: Random, known: Sequence[Expression]) -> dict[str, Any]:
    keys = ("key", "operator", "values")
    drawn = random.sample(known, random.choice((1, 1, 2)))
    return {"matchExpressions": [dict(zip(keys, (k, o, list(v)), strict=True)) for k, o, v in drawn]}
