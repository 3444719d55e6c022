"""Tags of the EC2 resources that the twin keeps beside moto's; they stand in moto's tag store with the others."""

from collections.abc import Callable
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX, get_prefix

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.principals import ACCOUNT

OWN_PREFIXES = {"placement-group": "pg", "capacity-reservation": "cr"}
"""Resource type → prefix of its ids; CreateTags refuses ids whose prefix moto's table lacks."""
EC2_RESOURCE_TO_PREFIX.update(OWN_PREFIXES)
EC2_PREFIX_TO_RESOURCE.update({prefix: resource for resource, prefix in OWN_PREFIXES.items()})
_FINDERS: dict[str, Callable[[str], Any]] = {}


def register(resource: str, find: Callable[[str], Any]) -> None:
    """Let CreateTags ask `find`, which refuses an unknown id, before it tags a resource of a type."""
    _FINDERS[OWN_PREFIXES[resource]] = find


def tags_of(region: str, identifier: str) -> list[dict[str, str]]:
    """Return the tags of a resource as EC2 answers them."""
    tags = ec2_backends[ACCOUNT][region].tags.get(identifier, {})
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def asked_tags(call: Call, *resources: str) -> dict[str, dict[str, str]]:
    """Return the tags that a call asks for by resource type; refuse types that it does not create."""
    found: dict[str, dict[str, str]] = {resource: {} for resource in resources}
    for item in call.get("TagSpecifications", []):
        kind = item.get("ResourceType")
        if kind not in found:
            message = f"'{kind}' is not a valid taggable resource type for {call.action}; one of {', '.join(resources)}"
            raise AwsError("InvalidParameterValue", message)
        found[kind] |= {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags") or ()}
    return found


def put_tags(region: str, identifier: str, tags: dict[str, str]) -> None:
    """Tag a resource."""
    ec2_backends[ACCOUNT][region].create_tags([identifier], tags)


def check_create_tags(call: Call) -> None:
    """Refuse ids that do not exist of the types that moto does not know."""
    for identifier in call.get("Resources", []):
        find = _FINDERS.get(get_prefix(identifier))
        if find:
            find(identifier)


CHECKS = {"CreateTags": check_create_tags}
