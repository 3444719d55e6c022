"""The part of the pool language that says what nodes are made from: image, volumes, network, kubelet.

A pool has one of its own, or shares one by name. Everything an EC2NodeClass can say can be said here; what is absent is
derived from the pools that use it.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from . import forms, versions
from .ami_families import AMI_FAMILIES, family_of
from .crds.devices import (
    BlockDevice,
    ConnectionTracking,
    CpuOptions,
    MetadataOptions,
    NetworkInterface,
    VolumeType,
    layout_problems,
    performance_problems,
)
from .crds.kubelet import Kubelet
from .crds.node_class import AmiFamily
from .crds.selectors import AmiTerm, CapacityReservationTerm, PlacementGroupSelector, SecurityGroupTerm, SubnetTerm
from .labels import is_restricted_tag
from .values import Problem, Value


class Volume(Value):
    """The volume of every node that holds images, logs and what pods write."""

    size: Annotated[str, StringConstraints(pattern=forms.VOLUME_SIZE)] | None = None
    """Such as `200Gi`; absent: 100Gi, with accelerators what fits their images, 200Gi or 500Gi."""
    type: VolumeType = "gp3"
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
    """Snapshot that it begins with, such as one with images already pulled; absent: the image's."""
    volume_initialization_rate: Annotated[int, Field(ge=100, le=300)] | None = None
    """MiB per second at which the snapshot is fetched ahead of its first reading; absent: as blocks are read."""

    def problems(self) -> Iterator[Problem]:
        """What EC2 would refuse at the first launch."""
        yield from performance_problems(self.type, self.iops, self.throughput)


class NodeClass(Value):
    """What nodes are made from: an EC2NodeClass."""

    ami: Annotated[str, StringConstraints(pattern=forms.AMI_ALIAS, max_length=30)] | None = None
    """Image alias, such as `al2023@v20260724` or `bottlerocket@1.50.0`; absent: one pinned release of Amazon Linux
    2023. `al2023@latest` replaces every node on the day of each release."""
    ami_terms: Annotated[tuple[AmiTerm, ...], Field(min_length=1, max_length=30)] | None = None
    """Images of your own by id, name, tags or SSM parameter, in place of `ami`; needs `ami_family`."""
    ami_family: AmiFamily | None = None
    """How images of your own join; absent: the alias's."""
    volume: Volume = Volume()
    """Volume for images, logs and what pods write."""
    volumes: Annotated[tuple[BlockDevice, ...], Field(min_length=1, max_length=50)] | None = None
    """Every volume, device by device, in place of `volume`."""
    instance_store: Literal["raid0", "none"] | None = None
    """What becomes of local NVMe: one disk for images, logs and pods (`raid0`), or left alone; absent: `raid0` where
    accelerators come with it."""
    network_interfaces: Annotated[tuple[NetworkInterface, ...], Field(max_length=150)] | None = None
    """Interfaces of every node, one by one; absent: computed where a pool says `efa`, otherwise one."""
    subnets: Annotated[tuple[SubnetTerm, ...], Field(min_length=1, max_length=30)] | None = None
    """Subnets by id or tags; absent: the platform's private ones."""
    security_groups: Annotated[tuple[SecurityGroupTerm, ...], Field(min_length=1, max_length=30)] | None = None
    """Security groups by id, name or tags; absent: the cluster's."""
    role: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Name, not ARN, of the nodes' IAM role; absent: Karpenter's node role. Another needs its own access entry."""
    instance_profile: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Instance profile that exists already, in place of a role: for clusters without a way to IAM's endpoint."""
    capacity_reservations: Annotated[tuple[CapacityReservationTerm, ...], Field(min_length=1, max_length=30)] | None = (
        None
    )
    """Reserved capacity that nodes may take; absent: that of the pools' own `reservation`, otherwise none."""
    placement_group: PlacementGroupSelector | None = None
    """Placement group that exists already; absent: the pools' own, otherwise none."""
    user_data: str | None = None
    """What nodes do at their first start: NodeConfig, MIME parts or shell (AL2023), TOML (Bottlerocket), PowerShell
    (Windows). Karpenter merges it with its own; for Custom it is all there is."""
    kubelet: Kubelet | None = None
    """The kubelet's settings; absent: as the image and Karpenter choose them."""
    metadata_options: MetadataOptions = MetadataOptions()
    """Access to the instance metadata service: IMDSv2 only, and one hop."""
    associate_public_ip_address: bool | None = None
    """Whether nodes get a public address; absent: the subnet decides."""
    ip_prefix_count: Annotated[int, Field(ge=0)] | None = None
    """Address prefixes assigned at launch; absent: as pods come."""
    connection_tracking: ConnectionTracking | None = None
    """Time-outs of the security groups' connection table; absent: EC2's."""
    cpu_options: CpuOptions | None = None
    """Processor features; absent: the type's."""
    detailed_monitoring: bool = False
    """Whether CloudWatch gets metrics every minute, at a price for each instance."""
    context: str | None = None
    """Reserved field of EC2's CreateFleet; absent: none."""
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    """Tags of instances, volumes and network interfaces; added to the platform's."""
    raw: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """Fields of the EC2NodeClass in the API's own words, laid over all the above as a JSON merge patch; they pass the
    same checks. For a field that a newer Karpenter has and this library lacks there is no way but a newer library."""

    @property
    def family(self) -> str:
        """Karpenter's name of the image family."""
        return family_of(self.alias, self.ami_family)

    @property
    def alias(self) -> str | None:
        """The image alias, or None when images are found otherwise."""
        return versions.DEFAULT_AMI if self.ami is None and self.ami_terms is None else self.ami

    def problems(self) -> Iterator[Problem]:
        """What contradicts itself."""
        if self.ami is not None and self.ami_terms is not None:
            rule = "an alias leaves nothing for ami_terms to find"
            yield Problem(at=("ami_terms",), value=self.ami_terms, rule=rule, fix="give one of the two")
        if self.role is not None and self.instance_profile is not None:
            rule = "an instance profile brings its own role"
            yield Problem(at=("role",), value=self.role, rule=rule, fix="give one of the two")
        if self.volumes is not None and self.volume != Volume():
            rule = "volumes says everything about devices, and volume would be ignored"
            yield Problem(at=("volume",), value=self.volume, rule=rule, fix="give one of the two")
        if self.volume != Volume() and self.volumes is None and AMI_FAMILIES[self.family].data_device is None:
            rule = "only the maker of a Custom image knows its devices"
            yield Problem(at=("volume",), value=self.volume, rule=rule, fix="volumes: [{device_name: …, ebs: {…}}]")
        for problem in layout_problems(self.network_interfaces or ()):
            yield problem.below("network_interfaces")
        for key, value in self.tags.items():
            if is_restricted_tag(key) or not key:
                rule = "Karpenter or EC2 sets this tag itself and refuses it in an EC2NodeClass"
                yield Problem(at=("tags", key), value=value, rule=rule, fix="leave it out")
