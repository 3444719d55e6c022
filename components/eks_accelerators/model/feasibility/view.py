"""What explain reads: pools as Karpenter's own manifests say them, and the place they run in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .. import catalogue
from ..catalogue import CapacitySettings, Catalogue, ImageFamily, Interface
from ..labels import (
    ARCHITECTURE,
    AWS_WELL_KNOWN,
    CAPACITY_TYPE,
    HOSTNAME,
    INSTANCE_TYPE,
    KARPENTER_AWS_GROUP,
    NODE_POOL,
)
from .requirement import Requirement, merged, of_labels, of_terms, requirement
from .wire import child, items

ZONE: Final = "topology.kubernetes.io/zone"
ZONE_ID: Final = "topology.k8s.aws/zone-id"
REGION: Final = "topology.kubernetes.io/region"
OPERATING_SYSTEM: Final = "kubernetes.io/os"
WINDOWS_BUILD: Final = "node.kubernetes.io/windows-build"
TENANCY: Final = f"{KARPENTER_AWS_GROUP}/instance-tenancy"
NODE_CLASS: Final = f"{KARPENTER_AWS_GROUP}/ec2nodeclass"
WELL_KNOWN: Final = (AWS_WELL_KNOWN - {NODE_CLASS}) | {
    NODE_POOL, ZONE, ZONE_ID, REGION, CAPACITY_TYPE, OPERATING_SYSTEM, WINDOWS_BUILD,
    ARCHITECTURE, INSTANCE_TYPE,
}  # fmt: skip
"""Labels that a pool may leave open and a pod may still select on (WellKnownLabels of both Karpenter modules)."""
RESERVATION: Final = tuple(
    f"{KARPENTER_AWS_GROUP}/capacity-reservation-{name}" for name in ("id", "type", "interruptible")
)
PLACEMENT: Final = tuple(f"{KARPENTER_AWS_GROUP}/placement-group-{name}" for name in ("id", "partition"))
_WINDOWS_BUILDS: Final = {"Windows2019": "10.0.17763", "Windows2022": "10.0.20348", "Windows2025": "10.0.26100"}
"""Image family → Windows build (pkg/apis/v1/labels.go of Karpenter's AWS provider)."""
_ALIASES: Final[Mapping[str, ImageFamily]] = {
    "al2": "AL2",
    "al2023": "AL2023",
    "bottlerocket": "Bottlerocket",
    "windows2019": "Windows2019",
    "windows2022": "Windows2022",
    "windows2025": "Windows2025",
}
"""Family in an image alias → amiFamily."""
_NEW_NODE: Final = "(the new node's own)"
_ROOT_DEVICES: Final = {"Bottlerocket": "/dev/xvdb", **dict.fromkeys(_WINDOWS_BUILDS, "/dev/sda1")}
"""Image family → device that pods write to; `/dev/xvda` for the others (pkg/providers/amifamily)."""


@dataclass(frozen=True, eq=False)
class PoolView:
    """A NodePool, its EC2NodeClass and the overlays on it. Not to be changed once it was explained."""

    name: str
    """metadata.name of the NodePool."""
    node_pool: Mapping[str, Any]
    """spec of the karpenter.sh/v1 NodePool."""
    node_class: Mapping[str, Any]
    """spec of the karpenter.k8s.aws/v1 EC2NodeClass."""
    overlays: Sequence[Mapping[str, Any]] = ()
    """specs of the karpenter.sh/v1alpha1 NodeOverlays."""
    placement: str | None = None
    """Strategy of the placement group that the class selects; None: it selects none, or nobody here knows."""


@dataclass(frozen=True)
class Controller:
    """Settings of Karpenter that decide what fits, with its chart's defaults."""

    vm_overhead: float = 0.075
    """settings.vmMemoryOverheadPercent."""
    reserved_enis: int = 0
    """settings.reservedENIs."""
    isolated_vpc: bool = False
    """settings.isolatedVPC: prices are those of the built-in list, and a type without one is not launched."""
    respects_preferences: bool = True
    """settings.preferencePolicy is `Respect`: preferences count until they cannot be met; otherwise `Ignore`."""
    strict_min_values: bool = True
    """settings.minValuesPolicy is `Strict`; otherwise `BestEffort`."""
    node_overlay: bool = False
    """settings.featureGates.nodeOverlay; without it overlays have no effect."""
    reserved_capacity: bool = True
    """settings.featureGates.reservedCapacity."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where pools run. Not to be changed once something was explained there."""

    region: str
    """AWS region."""
    zones: tuple[str, ...]
    """Zones of the subnets that the node classes select."""
    controller: Controller = Controller()
    """Karpenter's settings."""
    daemons: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the DaemonSets of a node request together, by resource; their number is `pods`."""
    catalogue: Catalogue = field(default_factory=catalogue.current)
    """Instance types, offerings and prices."""


def requirements(view: PoolView, place: Place) -> dict[str, Requirement]:
    """What every node of the pool's labels are or may be, as Karpenter starts from (NewNodeClaimTemplate)."""
    spec, labels = child(view.node_pool, "template", "spec"), template_labels(view)
    fixed = {NODE_POOL: view.name, NODE_CLASS: spec["nodeClassRef"]["name"]}
    simulated = {"karpenter.sh/registered": "true", "karpenter.sh/initialized": "true", HOSTNAME: _NEW_NODE}
    return merged(
        of_terms(items(spec, "requirements")).values(),
        of_labels({**labels, **fixed, **simulated}).values(),
        (requirement(REGION, "In", [place.region]),),
    )


def template_labels(view: PoolView) -> Mapping[str, str]:
    """Labels that the pool puts on every node."""
    return child(view.node_pool, "template", "metadata", "labels")


def common(view: PoolView) -> dict[str, Requirement]:
    """Labels that all types of a class share: known before a type is chosen, and no part of the pool's own demands."""
    family = image_family(view.node_class)
    windows = _WINDOWS_BUILDS.get(family)
    known = (
        requirement(OPERATING_SYSTEM, "In", ["linux" if windows is None else "windows"]),
        requirement(WINDOWS_BUILD, "DoesNotExist") if windows is None else requirement(WINDOWS_BUILD, "In", [windows]),
        requirement(TENANCY, "In", ["default", "dedicated"]),
    )
    # with selectors, values are those of reservations and groups in the account, which nobody knows here
    reserved = "Exists" if view.node_class.get("capacityReservationSelectorTerms") else "DoesNotExist"
    placed = "Exists" if view.node_class.get("placementGroupSelector") else "DoesNotExist"
    open_ended = [requirement(key, reserved) for key in RESERVATION] + [requirement(key, placed) for key in PLACEMENT]
    return merged(known, open_ended)


def image_family(node_class: Mapping[str, Any]) -> ImageFamily:
    """The amiFamily of an EC2NodeClass, said or implied by its alias."""
    if family := node_class.get("amiFamily"):
        return family
    aliases = [term["alias"] for term in items(node_class, "amiSelectorTerms") if "alias" in term]
    return _ALIASES[aliases[0].partition("@")[0].lower()] if aliases else "Custom"


def settings(view: PoolView, controller: Controller) -> CapacitySettings:
    """What the EC2NodeClass and the controller say about capacity."""
    node_class, kubelet = view.node_class, child(view.node_class, "kubelet")
    laid_out = None if node_class.get("networkInterfaces") is None else items(node_class, "networkInterfaces")
    return CapacitySettings(
        family=image_family(node_class),
        vm_overhead=controller.vm_overhead,
        reserved_enis=controller.reserved_enis,
        max_pods=kubelet.get("maxPods"),
        pods_per_core=kubelet.get("podsPerCore"),
        kube_reserved=child(kubelet, "kubeReserved"),
        system_reserved=child(kubelet, "systemReserved"),
        eviction_hard=child(kubelet, "evictionHard"),
        volume_size=_volume_size(node_class),
        raid0=node_class.get("instanceStorePolicy") == "RAID0",
        interfaces=None if laid_out is None else tuple(_interface(each) for each in laid_out),
    )


def _interface(interface: Mapping[str, Any]) -> Interface:
    efa_only = interface["interfaceType"] == "efa-only"
    return Interface(interface["networkCardIndex"], interface["deviceIndex"], efa_only)


def _volume_size(node_class: Mapping[str, Any]) -> str | None:
    """Size of the volume that pods write to: the one marked as root, otherwise that of the family's device."""
    volumes = items(node_class, "blockDeviceMappings")
    marked = [volume for volume in volumes if volume.get("rootVolume")]
    family = image_family(node_class)
    if family == "Custom":
        candidates = [*marked, *volumes[-1:]]  # whatever the image mounts, the last is the best guess
    else:
        device = _ROOT_DEVICES.get(family, "/dev/xvda")
        candidates = [*marked, *(volume for volume in volumes if volume.get("deviceName") == device)]
    sizes = (child(volume, "ebs").get("volumeSize") for volume in candidates)
    return next((size for size in sizes if size is not None), None)


def capacity_types(view: PoolView, controller: Controller) -> tuple[str, ...]:
    """What nodes of this class can be bought as, in the order in which Karpenter tries them."""
    reserved = controller.reserved_capacity and bool(view.node_class.get("capacityReservationSelectorTerms"))
    return ("reserved", "spot", "on-demand") if reserved else ("spot", "on-demand")


OFFERED: Final = frozenset({ZONE, CAPACITY_TYPE, ZONE_ID})
"""Keys that an offering decides, not a type."""
