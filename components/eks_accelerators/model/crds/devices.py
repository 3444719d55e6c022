"""Volumes and network interfaces of launched nodes."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from .. import forms
from ..quantities import amount
from ..values import Problem
from .base import Wire

VolumeType = Literal["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"]
_IOPS_TYPES: Final = ("gp3", "io1", "io2")
_GIB: Final = 1024**3
_GIB_MAX: Final = {"gp3": 65536, "io2": 65536}
"""Largest volume by type. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"""
_GIB_MAX_OTHERS: Final = 16384


class Ebs(Wire):
    """An EBS volume."""

    volume_size: Annotated[str, StringConstraints(pattern=forms.VOLUME_SIZE)] | None = None
    """Such as `200Gi`; absent: the snapshot's."""
    volume_type: VolumeType = "gp3"
    """EBS volume type."""
    iops: Annotated[int, Field(ge=100)] | None = None
    """Provisioned operations per second; absent: the type's baseline (gp3: 3,000)."""
    throughput: Annotated[int, Field(ge=125, le=2000)] | None = None
    """MiB per second, gp3 only; absent: 125."""
    encrypted: bool = True
    """Whether EBS encrypts it."""
    kms_key_id: str | None = None
    """Key for that: id, alias or ARN; absent: the account's default key. Its own policy must allow Karpenter's role."""
    snapshot_id: Annotated[str, StringConstraints(pattern=forms.SNAPSHOT_ID)] | None = None
    """Snapshot that it begins with, such as one with images already pulled; absent: the image's, or none."""
    volume_initialization_rate: Annotated[int, Field(ge=100, le=300)] | None = None
    """MiB per second at which the snapshot is fetched ahead of its first reading; absent: as blocks are read."""
    delete_on_termination: bool = True
    """Whether it goes with its instance."""

    def problems(self) -> Iterator[Problem]:
        """What EC2 would refuse at the first launch."""
        if self.volume_size is None and self.snapshot_id is None:
            yield Problem(at=(), value=self, rule="snapshot_id or volume_size must be given", fix="give volume_size")
        if self.volume_initialization_rate is not None and self.snapshot_id is None:
            at, value = ("volume_initialization_rate",), self.volume_initialization_rate
            yield Problem(at=at, value=value, rule="only a snapshot can be fetched", fix="give snapshot_id")
        if self.kms_key_id is not None and not self.encrypted:
            at, value = ("kms_key_id",), self.kms_key_id
            yield Problem(at=at, value=value, rule="a key for a volume that is not encrypted", fix="encrypted: true")
        yield from performance_problems(self.volume_type, self.iops, self.throughput)
        most = _GIB_MAX.get(self.volume_type, _GIB_MAX_OTHERS)
        if self.volume_size is not None and amount(self.volume_size) > most * _GIB:
            rule = f"{self.volume_type} volumes end at {most // 1024}Ti"
            yield Problem(at=("volume_size",), value=self.volume_size, rule=rule, fix="less, or gp3")


def performance_problems(kind: str, iops: int | None, throughput: int | None) -> Iterator[Problem]:
    """What EC2 would refuse of provisioned performance for volumes of type `kind`."""
    if iops is not None and kind not in _IOPS_TYPES:
        rule = f"{kind} has no provisioned iops"
        yield Problem(at=("iops",), value=iops, rule=rule, fix=f"type: {' or '.join(_IOPS_TYPES)}")
    if iops is None and kind in ("io1", "io2"):
        yield Problem(at=("iops",), value=None, rule=f"{kind} needs iops", fix="give iops, or type: gp3")
    if throughput is not None and kind != "gp3":
        rule = "only gp3 has a provisioned throughput"
        yield Problem(at=("throughput",), value=throughput, rule=rule, fix="type: gp3, or leave it out")


class BlockDevice(Wire):
    """A volume and where it appears."""

    device_name: str
    """Such as `/dev/xvda`."""
    ebs: Ebs
    """What it is."""
    root_volume: bool | None = None
    """Whether its size is the node's ephemeral storage; absent: if it is the image's root or data device."""


class NetworkInterface(Wire):
    """One network interface that every node is launched with. https://karpenter.sh/docs/concepts/nodeclasses/"""

    network_card_index: Annotated[int, Field(ge=0)]
    """Which card of the instance type it sits on."""
    device_index: Annotated[int, Field(ge=0)]
    """Its place on that card."""
    interface_type: Literal["interface", "efa-only"]
    """`interface` has addresses, `efa-only` carries EFA traffic and nothing else."""


class ConnectionTracking(Wire):
    """How long the security groups' connection table remembers idle connections; from Karpenter 1.13."""

    tcp_established_timeout: Annotated[int, Field(ge=60, le=432000)] | None = None
    """Seconds for established TCP connections; absent: EC2's default."""
    udp_stream_timeout: Annotated[int, Field(ge=60, le=180)] | None = None
    """Seconds for UDP flows with more than one exchange."""
    udp_timeout: Annotated[int, Field(ge=30, le=60)] | None = None
    """Seconds for UDP flows with one."""

    def problems(self) -> Iterator[Problem]:
        """It says something."""
        if self.tcp_established_timeout is None and self.udp_stream_timeout is None and self.udp_timeout is None:
            rule = "at least one of tcp_established_timeout, udp_stream_timeout and udp_timeout must be set"
            yield Problem(at=(), value=self, rule=rule, fix="set one, or leave connection_tracking out")


class CpuOptions(Wire):
    """Processor features; from Karpenter 1.13."""

    nested_virtualization: Literal["enabled", "disabled"] | None = None
    """Whether pods may run virtual machines; absent: the type's default."""


class MetadataOptions(Wire):
    """Access to the instance metadata service."""

    http_endpoint: Literal["enabled", "disabled"] = "enabled"
    """Whether it answers; nodes need it to join."""
    http_protocol_ipv6: Literal["enabled", "disabled"] = "disabled"
    """Whether it answers on IPv6 too."""
    http_put_response_hop_limit: Annotated[int, Field(ge=1, le=64)] = 1
    """How far its answers travel: 1 reaches the node and not its pods, which get credentials from Pod Identity."""
    http_tokens: Literal["required", "optional"] = "required"
    """Whether a session token (IMDSv2) is needed."""


def layout_problems(interfaces: tuple[NetworkInterface, ...]) -> Iterator[Problem]:
    """What Karpenter's CRD refuses of a layout of `interfaces`."""
    if interfaces and not any(_is_primary(interface) for interface in interfaces):
        rule = "the primary interface (card 0, device 0) must be there and be an `interface`"
        yield Problem(at=(), value=interfaces, rule=rule, fix="add {network_card_index: 0, device_index: 0, …}")
    places = [(interface.network_card_index, interface.device_index) for interface in interfaces]
    fabric = [interface.network_card_index for interface in interfaces if interface.interface_type == "efa-only"]
    for i, interface in enumerate(interfaces):
        place = (interface.network_card_index, interface.device_index)
        if places.index(place) < i:
            rule = f"card {place[0]} has a device {place[1]} already"
            yield Problem(at=(i, "device_index"), value=place[1], rule=rule, fix="the next free device or card")
        elif interface.interface_type == "efa-only" and fabric.count(place[0]) > 1:
            rule = f"card {place[0]} can have one efa-only interface"
            yield Problem(at=(i, "network_card_index"), value=place[0], rule=rule, fix="another card")


def _is_primary(interface: NetworkInterface) -> bool:
    return (interface.network_card_index, interface.device_index, interface.interface_type) == (0, 0, "interface")
