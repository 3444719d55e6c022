"""Where a pod's volumes let it run, from the claims, volumes and storage classes that stand beside it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from .requirement import Requirement, merged, of_terms
from .wire import Manifest, child, items

Demands = Mapping[str, Requirement]


def alternatives(spec: Manifest, beside: Iterable[Manifest]) -> tuple[list[Demands], list[str]]:
    """The label demands of the pod's volumes, any of which will do, and notes on claims that nothing is known of.

    A bound claim demands what its PersistentVolume's node affinity says, another what the StorageClass's
    allowedTopologies say (pkg/controllers/provisioning/scheduling/volumetopology.go of Karpenter 1.14.1).
    """
    objects = {(str(each.get("kind")), str(child(each, "metadata").get("name"))): each for each in beside}
    found: list[Sequence[Demands]] = []
    notes: list[str] = []
    for claim in _claims(spec):
        terms = _terms(claim, objects)
        if terms is None:
            notes.append(f"volume claim {claim}: not judged; give claim, volume and storage class beside the pod")
        elif terms:
            found.append(terms)
    return [merged(*(each.values() for each in chosen)) for chosen in product(*found)], notes


def _claims(spec: Manifest) -> Iterator[str]:
    for volume in items(spec, "volumes"):
        if claim := child(volume, "persistentVolumeClaim"):
            yield claim["claimName"]


def _terms(claim: str, objects: Mapping[tuple[str, str], Manifest]) -> list[Demands] | None:
    """What the claim's volume demands, as alternatives; None if the objects do not tell."""
    spec = child(objects.get(("PersistentVolumeClaim", claim), {}), "spec")
    if not spec:
        return None
    if volume := spec.get("volumeName"):
        bound = objects.get(("PersistentVolume", volume))
        if bound is None:
            return None
        terms = items(child(bound, "spec", "nodeAffinity", "required"), "nodeSelectorTerms")
        return [of_terms(items(term, "matchExpressions")) for term in terms]
    storage = objects.get(("StorageClass", str(spec.get("storageClassName"))))
    return None if storage is None else list(_topologies(storage))


def _topologies(storage: Manifest) -> Iterator[Demands]:
    for topology in items(storage, "allowedTopologies"):
        expressions = items(topology, "matchLabelExpressions")
        yield of_terms({"key": each["key"], "operator": "In", "values": each["values"]} for each in expressions)
