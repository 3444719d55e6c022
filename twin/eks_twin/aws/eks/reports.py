"""Reports of the cluster room: what became of control planes, node groups and add-ons."""

from collections.abc import Mapping
from typing import Any

from eks_twin.aws.eks import nodegroup_scaling, vpc
from eks_twin.aws.eks.kinds import NODEGROUP, REPORTED, Kind
from eks_twin.aws.eks.store import STORE, Cluster, Record, invalid_request, part
from eks_twin.aws.eks.updates import finish

CLUSTER_STATUSES = frozenset({"CREATING", "ACTIVE", "UPDATING", "FAILED", "DELETING"})
PART_STATUSES = frozenset(
    {
        "CREATING", "ACTIVE", "UPDATING", "DEGRADED", "DELETING", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED",
    }
)  # fmt: skip
UPDATE_RESULT = {"ACTIVE": "Successful", "DEGRADED": "Failed", "UPDATE_FAILED": "Failed", "FAILED": "Failed"}
"""Status that ends an update → the update's own status."""


def _apply(record: Record, body: Mapping[str, Any], statuses: frozenset[str]) -> None:
    status = body.get("status", record["status"])
    if status not in statuses:
        raise invalid_request(f"status {status} is not one of {', '.join(sorted(statuses))}")
    if record["status"] == "DELETING" and status not in {"DELETING", "DELETE_FAILED"}:
        return  # a report that crossed the delete on its way
    record["status"] = status
    if "health" in body:
        record["health"] = body["health"]


def cluster(name: str, body: Mapping[str, Any]) -> None:
    """Take a report on a control plane: status, endpoint, CA, and the key of its service account tokens."""
    found = STORE.get(name)
    _refuse_unknown(body, {"status", "endpoint", "certificateAuthority", "serviceAccountPublicKey", "health"})
    _apply(found.record, body, CLUSTER_STATUSES)
    if "endpoint" in body:
        found.record["endpoint"] = body["endpoint"]
    if "certificateAuthority" in body:
        found.record["certificateAuthority"] = {"data": body["certificateAuthority"]}
    if "serviceAccountPublicKey" in body:
        found.service_account_public_key = body["serviceAccountPublicKey"]
    _end_updates(found, "VersionUpdate", found.record["status"])


def drop_cluster(name: str, region: str) -> None:
    """Forget a cluster whose control plane stopped, and remove what EKS made in the VPC."""
    found = STORE.get(name)
    if found.record["status"] != "DELETING":
        raise invalid_request(f"cluster {name} is {found.record['status']}, not DELETING")
    vpc.clear(found, region)
    del STORE.clusters[name]


def _part(path: Mapping[str, str]) -> tuple[Cluster, Kind, Record]:
    """Return what the path `clusters/<cluster>/<parts>/<part>` names, or refuse."""
    found, kind = STORE.get(path["cluster"]), REPORTED[path["parts"]]
    return found, kind, part(kind.of(found), path["part"], kind.what)


def report_part(path: Mapping[str, str], body: Mapping[str, Any]) -> None:
    """Take a report on a node group's nodes or an add-on's objects."""
    _refuse_unknown(body, {"status", "health"})
    found, kind, record = _part(path)
    _apply(record, body, PART_STATUSES)
    _end_updates(found, kind.update, record["status"])


def drop_part(path: Mapping[str, str], region: str) -> None:
    """Forget a part whose objects are gone; end the instances of a drained node group."""
    found, kind, record = _part(path)
    if record["status"] != "DELETING":
        raise invalid_request(f"{kind.what} {path['part']} is {record['status']}, not DELETING")
    if kind is NODEGROUP:
        nodegroup_scaling.dissolve(record, region)
    del kind.of(found)[path["part"]]


def _end_updates(found: Cluster, kind: str, status: str) -> None:
    if status in UPDATE_RESULT:
        finish(found, kind, UPDATE_RESULT[status])


def _refuse_unknown(body: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(body) - known)
    if unknown:
        raise invalid_request(f"unknown {', '.join(unknown)}; a report knows {', '.join(sorted(known))}")
