"""A pod as the scheduler sees it: what it requests, which labels it demands, which taints it tolerates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from .quantities import quantity
from .requirement import Requirement, merged, of_labels, of_terms
from .wire import Manifest, ManifestError, child, items

TEMPLATES: Final = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Kind → where its pod stands."""
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_POD_LEVEL: Final = ("cpu", "memory")
"""Resources that spec.resources sets for the pod as a whole, huge pages aside."""


def pod_of(manifest: Manifest) -> tuple[str, Manifest]:
    """Name and spec of the pod in a Pod or a workload's manifest."""
    kind = manifest.get("kind")
    if kind not in TEMPLATES:
        raise ManifestError(f"kind {kind!r} holds no pod; give one of {', '.join(TEMPLATES)}")
    spec = child(manifest, *TEMPLATES[kind], "spec")
    name = child(manifest, "metadata").get("name") or "(unnamed)"
    if not items(spec, "containers"):
        path = ".".join((*TEMPLATES[kind], "spec", "containers"))
        raise ManifestError(f"{kind} {name}: {path} is empty; a pod has at least one")
    return name, spec


def requests(spec: Manifest) -> dict[str, Fraction]:
    """What the pod needs of a node, as Kubernetes adds it up (component-helpers, resource.PodRequests).

    Containers together with sidecars, or the neediest moment while init containers run, whichever is more; then what
    is said for the pod as a whole, and the overhead of its runtime class. A limit without a request is a request.
    """
    running = _sum(_requested(container) for container in items(spec, "containers"))
    sidecars: dict[str, Fraction] = {}
    starting: dict[str, Fraction] = {}
    for container in items(spec, "initContainers"):
        needed = _sum([_requested(container), sidecars])
        if container.get("restartPolicy") == "Always":
            sidecars = needed
        starting = _most(starting, needed)
    total = _most(_sum([running, sidecars]), starting)
    whole = _requested(spec)
    total |= {name: need for name, need in whole.items() if name in _POD_LEVEL or name.startswith("hugepages-")}
    return _sum([total, _amounts(child(spec, "overhead")), {"pods": Fraction(1)}])


def _requested(container: Manifest) -> dict[str, Fraction]:
    return _amounts({**child(container, "resources", "limits"), **child(container, "resources", "requests")})


def _amounts(quantities: Manifest) -> dict[str, Fraction]:
    return {name: quantity(name, value) for name, value in quantities.items()}


def _sum(groups: Iterator[Mapping[str, Fraction]] | Sequence[Mapping[str, Fraction]]) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for group in groups:
        for name, need in group.items():
            total[name] = total.get(name, Fraction(0)) + need
    return total


def _most(a: Mapping[str, Fraction], b: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {name: max(a.get(name, Fraction(0)), b.get(name, Fraction(0))) for name in (*a, *b)}


def tolerations(spec: Manifest, needs: Mapping[str, Fraction]) -> tuple[Manifest, ...]:
    """The pod's tolerations, with those that EKS adds for every extended resource it requests.

    The admission plugin ExtendedResourceToleration is on in EKS: key of the resource, any value, NoSchedule.
    """
    extended = [name for name in needs if "/" in name and not name.partition("/")[0].endswith("kubernetes.io")]
    added = ({"key": name, "operator": "Exists", "effect": "NoSchedule"} for name in extended)
    return (*items(spec, "tolerations"), *added)


def tolerates(toleration: Manifest, taint: Manifest) -> bool:
    """Whether a toleration covers a taint (k8s.io/api/core/v1, Toleration.ToleratesTaint)."""
    key, effect = toleration.get("key") or taint["key"], toleration.get("effect") or taint["effect"]
    if (key, effect) != (taint["key"], taint["effect"]):
        return False
    given, needed = str(toleration.get("value", "")), str(taint.get("value", ""))
    operator = toleration.get("operator") or "Equal"
    if operator in ("Lt", "Gt"):
        numbers = [int(text) for text in (needed, given) if text.removeprefix("-").isdecimal()]
        return len(numbers) == 2 and (numbers[0] < numbers[1] if operator == "Lt" else numbers[0] > numbers[1])
    return operator == "Exists" or (operator == "Equal" and given == needed)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a pod demands at one stage of Karpenter's relaxing."""

    demands: Mapping[str, Requirement]
    """On labels of the node."""
    given_up: tuple[str, ...]
    """Alternatives and preferences that no longer count."""
    tolerates_preferred: bool = False
    """Whether taints of effect PreferNoSchedule are disregarded."""


def attempts(spec: Manifest, *, respects_preferences: bool) -> list[Attempt]:
    """The pod's demands, least relaxed first, in Karpenter's order.

    Of required terms, which are alternatives, one counts at a time; the heaviest preference counts like a demand. First
    the alternatives are tried one by one, then preferences are given up from the heaviest to the lightest, and last
    come taints that are only preferred (pkg/controllers/provisioning/scheduling/preferences.go).
    """
    affinity = child(spec, "affinity", "nodeAffinity")
    required = items(child(affinity, REQUIRED), "nodeSelectorTerms") or [{}]
    preferred = items(affinity, "preferredDuringSchedulingIgnoredDuringExecution") if respects_preferences else ()
    preferred = sorted(preferred, key=lambda each: -each["weight"])
    last = len(required) - 1
    found: list[Attempt] = []
    for term, given_up in [(i, 0) for i in range(last + 1)] + [(last, i + 1) for i in range(len(preferred))]:
        expressions = [required[term], *(each["preference"] for each in preferred[given_up : given_up + 1])]
        demands = merged(
            of_labels(child(spec, "nodeSelector")).values(),
            *(of_terms(items(each, "matchExpressions")).values() for each in expressions),
        )
        alternatives = [f"alternative {i + 1} of {last + 1} of its required node affinity" for i in range(term)]
        weights = [f"its preferred node affinity of weight {each['weight']}" for each in preferred[:given_up]]
        found.append(Attempt(demands, (*alternatives, *weights)))
    given_up = (*found[-1].given_up, "keeping off taints of effect PreferNoSchedule")
    return [*found, Attempt(found[-1].demands, given_up, tolerates_preferred=True)]


def spread_keys(spec: Manifest) -> Iterator[tuple[str, str]]:
    """The labels that a node must have for the pod's hard topology rules: (field, key)."""
    for constraint in items(spec, "topologySpreadConstraints"):
        if constraint.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule":
            yield "topologySpreadConstraints", constraint["topologyKey"]
    for term in items(child(spec, "affinity", "podAffinity"), REQUIRED):
        yield "podAffinity", term["topologyKey"]


def unjudged(spec: Manifest) -> Iterator[str]:
    """What may keep the pod pending beyond what explain looks at."""
    said = {
        "topology spread: only that nodes have the label; skew depends on the pods that run": items(
            spec, "topologySpreadConstraints"
        ),
        "pod affinity: only that nodes have the label; it needs a pod that matches": items(
            child(spec, "affinity", "podAffinity"), REQUIRED
        ),
        "pod anti-affinity: depends on the pods that run": items(child(spec, "affinity", "podAntiAffinity"), REQUIRED),
        "host ports: depend on the DaemonSets that run": _host_ports(spec),
        "nodeName: the scheduler does not place this pod, so Karpenter adds no node for it": spec.get("nodeName"),
        "scheduling gates: nothing happens before they are removed": spec.get("schedulingGates"),
    }
    yield from (note for note, cause in said.items() if cause)


def _host_ports(spec: Manifest) -> bool:
    return any(port.get("hostPort") for container in items(spec, "containers") for port in items(container, "ports"))
