"""EC2NodeClass karpenter.k8s.aws/v1, field by field. https://karpenter.sh/docs/concepts/nodeclasses/"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from .. import labels
from ..values import Problem
from .base import Wire
from .devices import (
    BlockDevice,
    ConnectionTracking,
    CpuOptions,
    MetadataOptions,
    NetworkInterface,
    layout_problems,
)
from .kubelet import Kubelet
from .selectors import AmiTerm, CapacityReservationTerm, PlacementGroupSelector, SecurityGroupTerm, SubnetTerm

AmiFamily = Literal["AL2", "AL2023", "Bottlerocket", "Custom", "Windows2019", "Windows2022", "Windows2025"]
FAMILY_OF_ALIAS: Final = {
    "al2": "AL2",
    "al2023": "AL2023",
    "bottlerocket": "Bottlerocket",
    "windows2019": "Windows2019",
    "windows2022": "Windows2022",
    "windows2025": "Windows2025",
}
"""The family whose user data and devices go with images of an alias."""
_TERMS: Final = 30


class NodeClassSpec(Wire):
    """The spec of an EC2NodeClass."""

    ami_family: AmiFamily | None = None
    """How nodes are told to join; absent: the alias's."""
    ami_selector_terms: Annotated[tuple[AmiTerm, ...], Field(min_length=1, max_length=_TERMS)]
    """Images."""
    role: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Name, not ARN, of the IAM role: with an ARN Karpenter makes a new instance profile every quarter of an hour."""
    instance_profile: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Name of an instance profile that exists, in place of a role."""
    subnet_selector_terms: Annotated[tuple[SubnetTerm, ...], Field(min_length=1, max_length=_TERMS)]
    """Where nodes are launched."""
    security_group_selector_terms: Annotated[tuple[SecurityGroupTerm, ...], Field(min_length=1, max_length=_TERMS)]
    """Their firewalls."""
    capacity_reservation_selector_terms: (
        Annotated[tuple[CapacityReservationTerm, ...], Field(min_length=1, max_length=_TERMS)] | None
    ) = None
    """Reserved capacity they may take."""
    placement_group_selector: PlacementGroupSelector | None = None
    """Where they stand to one another."""
    user_data: str | None = None
    """What nodes do at their first start, beside joining."""
    instance_store_policy: Literal["RAID0"] | None = None
    """`RAID0`: local NVMe as one disk for pods, images and logs."""
    block_device_mappings: Annotated[tuple[BlockDevice, ...], Field(max_length=50)] | None = None
    """Volumes."""
    network_interfaces: Annotated[tuple[NetworkInterface, ...], Field(max_length=150)] | None = None
    """Interfaces; absent: one, and EFA on every card when a pod asks for it."""
    associate_public_ip_address: bool | None = None
    """Whether nodes get a public address; absent: the subnet decides."""
    ip_prefix_count: Annotated[int, Field(ge=0)] | None = None
    """Prefixes assigned to the primary interface at launch."""
    connection_tracking: ConnectionTracking | None = None
    """Time-outs of the security groups' connection table."""
    cpu_options: CpuOptions | None = None
    """Processor features."""
    metadata_options: MetadataOptions = MetadataOptions()
    """Access to the instance metadata service."""
    kubelet: Kubelet | None = None
    """The kubelet's settings."""
    detailed_monitoring: bool | None = None
    """Whether CloudWatch gets metrics every minute."""
    context: str | None = None
    """Reserved field of EC2's CreateFleet."""
    tags: dict[Annotated[str, StringConstraints(min_length=1)], str] | None = None
    """Tags of instances, volumes, interfaces, launch templates and the instance profile."""

    def problems(self) -> Iterator[Problem]:
        """What spans more than one field."""
        if (self.role is None) == (self.instance_profile is None):
            rule = "exactly one of role and instance_profile"
            yield Problem(at=("role",), value=self.role, rule=rule, fix="give one of them")
        yield from self._image_problems()
        for problem in layout_problems(self.network_interfaces or ()):
            yield problem.below("network_interfaces")
        roots = [i for i, device in enumerate(self.block_device_mappings or ()) if device.root_volume]
        for i in roots[1:]:
            at = ("block_device_mappings", i, "root_volume")
            yield Problem(at=at, value=True, rule="one volume can be the root", fix="leave it out here")
        for key, value in (self.tags or {}).items():
            if labels.is_restricted_tag(key):
                rule = "Karpenter or EC2 sets this tag itself and refuses it in an EC2NodeClass"
                yield Problem(at=("tags", key), value=value, rule=rule, fix="leave it out")

    def _image_problems(self) -> Iterator[Problem]:
        aliases = [(i, term.alias) for i, term in enumerate(self.ami_selector_terms) if term.alias is not None]
        for i, alias in aliases:
            if len(self.ami_selector_terms) > 1:
                rule = "an alias stands alone among the terms"
                at = ("ami_selector_terms", i, "alias")
                yield Problem(at=at, value=alias, rule=rule, fix="the alias, or the other terms")
            family = FAMILY_OF_ALIAS[alias.partition("@")[0]]
            if self.ami_family not in (None, "Custom", family):
                rule = f"images of {alias} join as {family}"
                yield Problem(at=("ami_family",), value=self.ami_family, rule=rule, fix=f"{family}, or leave it out")
        if not aliases and self.ami_family is None:
            rule = "without an alias nothing says how nodes join"
            yield Problem(at=("ami_family",), value=None, rule=rule, fix="name the family, e.g. AL2023")
