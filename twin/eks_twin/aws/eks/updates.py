"""Updates: what was asked of a cluster or a part, and how far it is."""

from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks.store import Cluster, cluster_of, page, part


def describe_update(call: Call) -> dict[str, Any]:
    """Answer DescribeUpdate."""
    return {"update": part(cluster_of(call).updates, call.parameters["updateId"], "update")}


def list_updates(call: Call) -> dict[str, Any]:
    """Answer ListUpdates."""
    return page(call, "updateIds", list(cluster_of(call).updates))


def finish(cluster: Cluster, kind: str, status: str) -> None:
    """End the updates of a kind that are in progress."""
    for update in cluster.updates.values():
        if update["type"] == kind and update["status"] == "InProgress":
            update["status"] = status


HANDLERS = {"DescribeUpdate": describe_update, "ListUpdates": list_updates}
