"""What most EC2 types have in common: operations, parameters and answers named after the type."""

import re
from typing import Any

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Call, Kind, Read, call


def ec2(name: str, noun: str, sent: str = "", **more: Any) -> Kind:
    """The entry of aws:ec2 `name`, whose create call sends the properties `sent`; `more` are fields of Kind."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    dashed = snake.replace("_", "-")
    usual: dict[str, Any] = {
        "type": f"aws:ec2/{name[0].lower()}{name[1:]}:{name}",
        "noun": f"EC2 {noun}",
        "service": "ec2",
        "create": call(f"create_{snake}", sent),
        "id": f"{name}.{name}Id",
        "read": Read(Call(f"describe_{snake}s", params={f"{name}Ids": ["$id"]}), f"{name}s.0"),
        "delete": Call(f"delete_{snake}", params={f"{name}Id": "$id"}),
        "tags": tags.ec2(dashed),
        "arn": f"{dashed}/{{id}}",
    }
    return Kind(**{**usual, **more})
