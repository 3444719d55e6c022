"""The tag dialects of the services."""

from collections.abc import Mapping
from typing import Any

from .kinds import Call, Step, Tags


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The list of Key and Value that most services take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def ec2(resource_type: str, resource: str = "$id") -> Tags:
    """Tags of an EC2 resource, created with it through TagSpecifications; `resource` fills in EC2's id of it."""
    return Tags(
        form=pairs,
        tag=Call("create_tags", params={"Resources": [resource]}),
        untag=Call("delete_tags", params={"Resources": [resource]}),
        create="TagSpecifications",
        keys_parameter="Tags",
        keys_form=lambda keys: [{"Key": key} for key in keys],
        on_create=lambda tags: [{"ResourceType": resource_type, "Tags": pairs(tags)}],
    )


def iam(noun: str, name: str, value: str) -> Tags:
    """Tags of an IAM object; `name` is the parameter that names it and `value` what fills it."""
    return Tags(
        form=pairs,
        tag=Call(f"tag_{noun}", params={name: value}),
        untag=Call(f"untag_{noun}", params={name: value}),
    )


def mapped(resource: Mapping[str, Any], *, read: Step | str = "tags", list_at: str = "tags") -> Tags:
    """Tags of EKS and CloudWatch Logs, which take a plain map."""
    return Tags(
        form=dict,
        tag=Call("tag_resource", params=resource),
        untag=Call("untag_resource", params=resource),
        create="tags",
        parameter="tags",
        keys_parameter="tagKeys",
        read=read,
        list_at=list_at,
    )
