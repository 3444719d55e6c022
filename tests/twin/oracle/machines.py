"""One machine for each node class and instance type, and what the controller reports of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eks_accelerators.model import catalogue
from eks_accelerators.model.accelerators import ACCELERATORS
from eks_accelerators.model.catalogue.capacity import EFA
from eks_accelerators.model.feasibility import Controller, PoolView
from eks_accelerators.model.feasibility.index import TYPE_LABELS
from eks_accelerators.model.feasibility.view import settings
from eks_accelerators.model.quantities import amount
from eks_twin.kube import Object

from tests.twin.oracle.conftest import NODE_CLAIM, Oracle, conditions

TYPES = catalogue.instance_types()
ACCELERATED = tuple(dict.fromkeys(each.name for model in ACCELERATORS.values() for each in model.instances))
AL2023 = {"amiSelectorTerms": [{"alias": "al2023@latest"}]}
RESERVED = {**AL2023, "capacityReservationSelectorTerms": [{"tags": {"oracle": "yes"}}]}
"""For types without a price in the controller's list, of which it launches only what is paid for already."""


@dataclass(frozen=True)
class Case:
    """A node class, and the types of which a machine each is launched from it."""

    spec: dict[str, Any]
    types: tuple[str, ...]


def accelerated(region: str, *, priced: bool) -> tuple[str, ...]:
    """Accelerated types that `region` has, with or without a price."""
    here = (name for name in ACCELERATED if catalogue.zones(name, region))
    return tuple(name for name in here if (catalogue.price(name, region) is not None) is priced)


def reserve(oracle: Oracle, region: str, types: Iterable[str]) -> None:
    """A capacity reservation for one machine of each type."""
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "oracle", "Value": "yes"}]}]
    for name in types:
        oracle.world.client("ec2").create_capacity_reservation(
            InstanceType=name,
            InstancePlatform="Linux/UNIX",
            AvailabilityZone=min(catalogue.zones(name, region)),
            InstanceCount=1,
            TagSpecifications=tags,
        )


def claim_name(case: str, name: str) -> str:
    return f"{case}-{name.replace('.', '-')}"


def launch(oracle: Oracle, cases: Mapping[str, Case]) -> dict[str, Object]:
    """Every machine's NodeClaim by name, once all were launched."""
    oracle.classes({key: case.spec for key, case in cases.items()})
    wanted = [(claim_name(key, name), _claim(key, case, name)) for key, case in cases.items() for name in case.types]
    for name, spec in wanted:
        oracle.create(NODE_CLAIM, name, spec)

    def pending() -> dict[str, object]:
        claims = {each["metadata"]["name"]: each for each in oracle.claims()}
        return {name: conditions(claims.get(name, {})) for name, _ in wanted if not _launched(claims.get(name, {}))}

    oracle.until_none("every machine is launched", pending, seconds=90)
    return {each["metadata"]["name"]: each for each in oracle.claims()}


def _claim(key: str, case: Case, name: str) -> dict[str, Any]:
    kind = "reserved" if "capacityReservationSelectorTerms" in case.spec else "on-demand"
    demands = {"node.kubernetes.io/instance-type": name, "karpenter.sh/capacity-type": kind}
    spec: dict[str, Any] = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": key},
        "requirements": [{"key": label, "operator": "In", "values": [value]} for label, value in demands.items()],
    }
    if TYPES[name].efa_interfaces:
        spec["resources"] = {"requests": {EFA: "1"}}  # a claim shows its adapters only if it asked for one
    return spec


def _launched(claim: Object) -> bool:
    return bool(claim.get("status", {}).get("capacity"))


Amounts = Mapping[str, Fraction | int]


def computed(case: Case, name: str) -> tuple[Amounts, Amounts]:
    """Capacity and allocatable as the catalogue has them."""
    given = settings(PoolView(name, {}, case.spec), Controller())
    return catalogue.capacity(TYPES[name], given), catalogue.allocatable(TYPES[name], given)


def reported(claim: Object) -> tuple[Amounts, Amounts]:
    """Capacity and allocatable as the controller has them."""
    status = claim["status"]
    capacity, allocatable = (
        {resource: amount(quantity) for resource, quantity in status[key].items()}
        for key in ("capacity", "allocatable")
    )
    return capacity, allocatable


def label_differences(name: str, claim: Object) -> dict[str, tuple[str | None, str | None]]:
    """Labels that follow from the type and differ: (as the catalogue has it, as the controller has it) by key."""
    ours, theirs = catalogue.labels(TYPES[name]), claim["metadata"]["labels"]
    about_types = {key for key in theirs if key in TYPE_LABELS}
    return {
        key: (ours.get(key), theirs.get(key)) for key in ours.keys() | about_types if ours.get(key) != theirs.get(key)
    }
