"""Tags of EKS resources, by ARN."""

from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks.kinds import KINDS
from eks_twin.aws.eks.store import STORE, Record, not_found


def _owner(call: Call) -> Record:
    wanted = call.parameters["resourceArn"]
    for cluster in STORE.clusters.values():
        if cluster.record["arn"] == wanted:
            return cluster.record
        for kind in KINDS:
            for record in kind.of(cluster).values():
                if record[f"{kind.answer}Arn"] == wanted:
                    return record
    raise not_found(f"No resource found for ARN: {wanted}")


def tag_resource(call: Call) -> dict[str, Any]:
    """Add or replace tags."""
    _owner(call)["tags"].update(call.parameters["tags"])
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    """Remove tags by key."""
    tags = _owner(call)["tags"]
    for key in call.parameters["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    """Answer ListTagsForResource."""
    return {"tags": _owner(call)["tags"]}


HANDLERS = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
