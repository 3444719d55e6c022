"""What a node class becomes for the pools that use it: volumes, local disks, interfaces, reservations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from .ami_families import AMI_FAMILIES
from .crds.devices import BlockDevice, Ebs, NetworkInterface
from .crds.selectors import CapacityReservationTerm
from .node_classes import NodeClass, Volume
from .pool_plan import PoolPlan
from .pool_types import efa_layout, efa_types
from .quantities import amount

if TYPE_CHECKING:
    from .pools import Pool

_CPU_VOLUME: Final = "100Gi"
"""Room for a few multi-gigabyte images beside the logs; the image's own 20Gi fills with the first of them."""


@dataclass(frozen=True, kw_only=True)
class ClassPlan:
    """A node class without open ends."""

    name: str
    """Of the EC2NodeClass."""
    node_class: NodeClass
    """What was said."""
    instance_store_policy: Literal["RAID0"] | None
    """What becomes of local NVMe."""
    devices: tuple[BlockDevice, ...]
    """Volumes; none: the image's own."""
    interfaces: tuple[NetworkInterface, ...]
    """Network interfaces; none: one, or what pods ask for."""
    reservations: tuple[CapacityReservationTerm, ...]
    """Reserved capacity that its nodes may take."""
    placement: str | None
    """Strategy of a placement group to be created for its nodes."""
    tags: Mapping[str, str]
    """Of instances, volumes and network interfaces."""


def plan_class(
    name: str, node_class: NodeClass, users: Sequence[tuple["Pool", PoolPlan]], tags: Mapping[str, str]
) -> ClassPlan:
    """The class `name` for the pools that use it, with `tags` of the platform below its own."""
    plans = [plan for _, plan in users]
    return ClassPlan(
        name=name,
        node_class=node_class,
        instance_store_policy=_instance_store(node_class, plans),
        devices=_devices(node_class, plans),
        interfaces=_interfaces(node_class, users),
        reservations=_reservations(node_class, users),
        placement=next((pool.placement for pool, _ in users if pool.placement is not None), None),
        tags={**tags, **node_class.tags},
    )


def _instance_store(node_class: NodeClass, plans: Sequence[PoolPlan]) -> Literal["RAID0"] | None:
    if node_class.instance_store is not None:
        return "RAID0" if node_class.instance_store == "raid0" else None
    comes_with = any(plan.accelerator is not None and any(i.nvme_gb for i in plan.types) for plan in plans)
    return "RAID0" if comes_with and AMI_FAMILIES[node_class.family].local_disks else None


def _devices(node_class: NodeClass, plans: Sequence[PoolPlan]) -> tuple[BlockDevice, ...]:
    if node_class.volumes is not None:
        return node_class.volumes
    family = AMI_FAMILIES[node_class.family]
    if family.data_device is None:
        return ()
    system = (BlockDevice(device_name=name, ebs=Ebs(volume_size=size)) for name, size in family.system_devices)
    return (*system, BlockDevice(device_name=family.data_device, ebs=_ebs(node_class.volume, plans)))


def _ebs(volume: Volume, plans: Sequence[PoolPlan]) -> Ebs:
    presets = [_CPU_VOLUME, *(plan.accelerator.volume_size for plan in plans if plan.accelerator is not None)]
    preset = max(presets, key=amount) if volume.snapshot_id is None else None
    return Ebs(
        volume_size=preset if volume.size is None else volume.size,
        volume_type=volume.type,
        iops=volume.iops,
        throughput=volume.throughput,
        encrypted=volume.encrypted,
        kms_key_id=volume.kms_key_id,
        snapshot_id=volume.snapshot_id,
        volume_initialization_rate=volume.volume_initialization_rate,
    )


def _interfaces(node_class: NodeClass, users: Sequence[tuple["Pool", PoolPlan]]) -> tuple[NetworkInterface, ...]:
    if node_class.network_interfaces is not None:
        return node_class.network_interfaces
    machines = [instance for pool, plan in users if pool.efa for instance in efa_types(plan.types)]
    if not machines:
        return ()
    return tuple(
        NetworkInterface.model_validate({"network_card_index": card, "device_index": device, "interface_type": kind})
        for card, device, kind in efa_layout(machines[0])
    )


def _reservations(
    node_class: NodeClass, users: Sequence[tuple["Pool", PoolPlan]]
) -> tuple[CapacityReservationTerm, ...]:
    own = (CapacityReservationTerm(id=pool.reservation.id) for pool, _ in users if pool.reservation is not None)
    return (*(node_class.capacity_reservations or ()), *own)
