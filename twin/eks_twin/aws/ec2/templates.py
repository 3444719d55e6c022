"""Launch templates: user data above EC2's limit is refused, and their own tags are not part of the data
that launches read.

moto appends the TagSpecifications of the CreateLaunchTemplate request to those inside LaunchTemplateData. On AWS they
are "the tags to apply to the launch template on creation" (EC2 API reference). The only patch of moto's templates.
"""

from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.utils import parse_user_data

from eks_twin.aws.calls import Call
from eks_twin.aws.ec2.rules import check_user_data

_moto_create_version = LaunchTemplate.create_version


def _create_version(template: LaunchTemplate, data: dict[str, Any], description: str) -> LaunchTemplateVersion:
    specifications = data.pop("TagSpecifications", [])
    kept = [item for item in specifications if item.get("ResourceType") != "launch-template"]
    if kept:
        data["TagSpecifications"] = kept
    return _moto_create_version(template, data, description)


def keep_own_tags_apart() -> None:
    """Make moto store a template's data as the caller gave it."""
    setattr(LaunchTemplate, "create_version", _create_version)  # noqa: B010 - pyright refuses a patch


def check_create(call: Call) -> None:
    """Refuse user data that no launch could take."""
    check_user_data(parse_user_data(call.get("LaunchTemplateData", {}).get("UserData")))


CHECKS = {"CreateLaunchTemplate": check_create, "CreateLaunchTemplateVersion": check_create}
