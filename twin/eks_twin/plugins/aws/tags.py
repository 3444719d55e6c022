"""The tag dialects of the services."""

from typing import Any

from .kinds import Step, Tags, call


def ec2(resource_type: str, resource: str = "$id") -> Tags:
    """Tags of an EC2 resource, created with it through TagSpecifications; `resource` fills in EC2's id of it."""
    return Tags(
        tag=call("create_tags", "tags", Resources=[resource]),
        untag=call("delete_tags", "tags", Resources=[resource]),
        create="TagSpecifications",
        resource_type=resource_type,
    )


def of(noun: str, create: str = "Tags", read: Step | None = None, **resource: Any) -> Tags:
    """Tags changed by tag_`noun` and untag_`noun`; `resource` is the parameter that names the resource."""
    return Tags(call(f"tag_{noun}", "tags", **resource), call(f"untag_{noun}", "tagKeys", **resource), create, read)
