"""What EKS remembers: clusters and everything that belongs to one, as the API answers it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.iam import trusts
from eks_twin.aws.principals import ACCOUNT, PARTITION

Record = dict[str, Any]
"""A thing in the wire shape of the EKS API; keys that the API's model does not have stay inside."""


@dataclass
class Cluster:
    """A cluster and its parts, each by the name that the API uses for it."""

    record: Record
    creator_arn: str
    """Identity that created the cluster; it is an administrator while the authentication mode is CONFIG_MAP."""
    service_account_public_key: str = ""
    """PEM of the key that signs the cluster's service account tokens; empty until the control plane runs."""
    eni_ids: list[str] = field(default_factory=list)
    """Control plane's network interfaces in the cluster's subnets."""
    addons: dict[str, Record] = field(default_factory=dict)
    access_entries: dict[str, Record] = field(default_factory=dict)
    policies: dict[str, dict[str, Record]] = field(default_factory=dict)
    """Principal ARN → policy ARN → association."""
    associations: dict[str, Record] = field(default_factory=dict)
    nodegroups: dict[str, Record] = field(default_factory=dict)
    fargate_profiles: dict[str, Record] = field(default_factory=dict)
    updates: dict[str, Record] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name, unique in account and region."""
        return self.record["name"]


class Store:
    """All clusters of the region."""

    def __init__(self) -> None:
        self.clusters: dict[str, Cluster] = {}

    def get(self, name: str) -> Cluster:
        """Return a cluster or refuse."""
        if name not in self.clusters:
            raise not_found(f"No cluster found for name: {name}.")
        return self.clusters[name]


STORE = Store()
"""The clusters of this process."""


def cluster_of(call: Call) -> Cluster:
    """Return the cluster that a call names, as `clusterName` or, for the cluster's own actions, `name`."""
    return STORE.get(call.get("clusterName") or call.parameters["name"])


def active_cluster_of(call: Call) -> Cluster:
    """Return the cluster that a call names; refuse while it is not ACTIVE, as EKS does for changes."""
    cluster = cluster_of(call)
    if cluster.record["status"] != "ACTIVE":
        raise in_use(f"Cluster '{cluster.name}' is not in ACTIVE status, it is {cluster.record['status']}")
    return cluster


def part(parts: Mapping[str, Any], name: str, what: str) -> Any:
    """Return one part of a cluster by name, or refuse."""
    if name not in parts:
        raise not_found(f"No {what} found for: {name}.")
    return parts[name]


def arn(call: Call, kind: str, *path: str) -> str:
    """Return the ARN of an EKS resource."""
    return f"arn:{PARTITION}:eks:{call.region}:{ACCOUNT}:{kind}/{'/'.join(path)}"


def new_id() -> str:
    """Return a random UUID, as EKS puts into ARNs and update ids."""
    return str(uuid.uuid4())


def now() -> datetime:
    """Return the time for createdAt and modifiedAt."""
    return datetime.now(UTC)


def start_update(cluster: Cluster, kind: str, params: Mapping[str, Any], status: str = "Successful") -> Record:
    """Record an update; `params` keeps what was asked, as text."""
    asked = [{"type": key, "value": str(value)} for key, value in params.items()]
    update = {"id": new_id(), "status": status, "type": kind, "params": asked, "createdAt": now(), "errors": []}
    cluster.updates[update["id"]] = update
    return update


def page(call: Call, key: str, items: list[Any]) -> dict[str, Any]:
    """Answer one page of a list; the token is the position of the next item."""
    start = int(call.get("nextToken") or 0)
    end = start + int(call.get("maxResults") or 100)
    following = str(end) if end < len(items) else None
    return {key: items[start:end], "nextToken": following}


def refuse_others(call: Call, modelled: frozenset[str]) -> None:
    """Refuse parameters that the twin would have to ignore. `clientRequestToken` only makes retries safe."""
    others = sorted(
        k for k, v in call.parameters.items() if v is not None and k not in modelled | {"clientRequestToken"}
    )
    if others:
        raise invalid_parameter(f"the twin does not model {', '.join(others)} of {call.action}; leave it out")


def check_trust(parameter: str, role_arn: str, service: str, actions: Sequence[str] = ("sts:AssumeRole",)) -> None:
    """Refuse a role that does not exist or whose trust policy does not let a service do the actions."""
    missing = [action for action in actions if not trusts(role_arn, service, action)]
    if missing:
        lacks = f"its trust policy does not allow {service} {' and '.join(missing)}"
        raise invalid_parameter(f"{parameter}: role {role_arn} does not exist, or {lacks}")


def not_found(message: str) -> AwsError:
    """Build the error for a missing thing."""
    return AwsError("ResourceNotFoundException", message, 404)


def in_use(message: str) -> AwsError:
    """Build the error for a conflict with something that exists."""
    return AwsError("ResourceInUseException", message, 409)


def invalid_parameter(message: str) -> AwsError:
    """Build the error for a wrong value."""
    return AwsError("InvalidParameterException", message)


def invalid_request(message: str) -> AwsError:
    """Build the error for a request that does not fit the state."""
    return AwsError("InvalidRequestException", message)
