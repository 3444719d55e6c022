"""What a launch asks for: a launch template under a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.types import Base64EncodedString
from moto.ec2.models import ec2_backends
from moto.ec2.utils import parse_user_data

from eks_twin.aws.principals import ACCOUNT

SPOT, ON_DEMAND, CAPACITY_BLOCK = "spot", "on-demand", "capacity-block"
"""Markets, by EC2's names of market types and usage classes."""
TEMPLATE_MAPPED_MERGES = ("MetadataOptions", "Placement", "Monitoring", "CpuOptions")
"""Structures that a request overlays member by member; everything else but interfaces it replaces."""


@dataclass(frozen=True)
class Specification:
    """One launch, complete."""

    region: str
    data: Mapping[str, Any]
    """RunInstances parameters and launch template data in one; they share their member names."""
    market: str
    """`spot`, `on-demand` or `capacity-block`."""
    template: tuple[str, str] | None
    """(id, version) of the launch template, for the instance's own tags."""

    @property
    def interfaces(self) -> list[Mapping[str, Any]]:
        """Network interfaces, the primary one first; one is implied by an instance-level subnet."""
        return sorted(self.data.get("NetworkInterfaces") or (), key=place_of) or [{}]

    @property
    def placement(self) -> Mapping[str, Any]:
        """Placement that is asked for; empty when none is."""
        return self.data.get("Placement") or {}

    @property
    def subnet(self) -> Any:
        """Subnet of the primary interface, as moto's object."""
        subnet_id = self.data.get("SubnetId") or self.interfaces[0].get("SubnetId")
        backend = ec2_backends[ACCOUNT][self.region]
        if subnet_id is None:
            defaults = backend.get_default_subnets()
            zone = self.placement.get("AvailabilityZone") or min(defaults)
            return defaults[zone]
        return backend.get_subnet(subnet_id)

    @property
    def group_ids(self) -> list[str]:
        """Security groups of the primary interface; the VPC's default group when none is named."""
        named = self.interfaces[0].get("Groups") or self.data.get("SecurityGroupIds")
        if named:
            return list(named)
        default = ec2_backends[ACCOUNT][self.region].get_default_security_group(self.subnet.vpc_id)
        return [default.id] if default else []

    @property
    def instance_type(self) -> str:
        """Instance type; EC2's own default is m1.small."""
        return self.data.get("InstanceType") or "m1.small"

    @property
    def user_data(self) -> Base64EncodedString | None:
        """User data, still encoded."""
        value = self.data.get("UserData")
        return value if isinstance(value, Base64EncodedString) else parse_user_data(value)

    def tags(self, resource: str) -> dict[str, str]:
        """Tags that the launch puts on a kind of resource, such as `instance` or `volume`."""
        return {
            tag["Key"]: tag.get("Value", "")
            for item in self.data.get("TagSpecifications") or ()
            if item.get("ResourceType") == resource
            for tag in item.get("Tags") or ()
        }


def place_of(interface: Mapping[str, Any]) -> tuple[int, int]:
    """Return (network card, device index) of an interface: what tells two interfaces of an instance apart."""
    return interface.get("NetworkCardIndex") or 0, interface.get("DeviceIndex") or 0


def template_of(region: str, reference: Mapping[str, Any]) -> Any:
    """Return the launch template version that a request names, as moto's object."""
    backend = ec2_backends[ACCOUNT][region]
    if reference.get("LaunchTemplateId"):
        template = backend.get_launch_template(reference["LaunchTemplateId"])
    else:
        template = backend.get_launch_template_by_name(reference["LaunchTemplateName"])
    return template.get_version(reference.get("Version") or "$Default")


def merge(
    region: str, reference: Mapping[str, Any] | None, request: Mapping[str, Any], market: str | None = None
) -> Specification:
    """Lay a request over the launch template that it names; the market is the data's own unless the caller knows it."""
    version = template_of(region, reference) if reference else None
    data = dict(version.data) if version else {}
    for key, value in request.items():
        if key == "TagSpecifications":
            data[key] = [*(data.get(key) or ()), *value]
        elif key == "NetworkInterfaces":
            data[key] = _overlay(data.get(key) or (), value)
        elif key in TEMPLATE_MAPPED_MERGES and isinstance(data.get(key), Mapping):
            data[key] = {**data[key], **value}
        elif value is not None:
            data[key] = value
    template = (version.template.id, str(version.number)) if version else None
    asked = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    return Specification(region, data, market or asked or ON_DEMAND, template)


def _overlay(below: Any, above: Any) -> list[Mapping[str, Any]]:
    """Lay interfaces over others place by place."""
    under = {place_of(interface): interface for interface in below}
    laid = [{**under.pop(place_of(interface), {}), **interface} for interface in above]
    return [*laid, *under.values()]
