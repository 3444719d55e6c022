"""aws:ec2 VpcEndpoint."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws.kinds import Custom, Either, Read, Ready, call
from eks_twin.plugins.aws.scope import Scope, parted
from eks_twin.plugins.base import PluginError

from .conventions import ec2


def _members(property_: str, added: str, removed: str) -> Custom:
    """A step that adds and removes ids of one list."""

    def run(scope: Scope) -> None:
        gone, come = parted(scope.old.get(property_) or [], scope.values.get(property_) or [])
        changes = {name: ids for name, ids in ((removed, gone), (added, come)) if ids}
        scope.call("modify_vpc_endpoint", VpcEndpointId=scope.id, **changes)

    return Custom(run, property_)


def _more(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """The addresses behind a gateway endpoint come from the service's prefix list."""
    result: dict[str, Any] = {"securityGroupIds": [group["GroupId"] for group in found.get("Groups", ())]}
    if found["VpcEndpointType"] == "Gateway":
        filters = [{"Name": "prefix-list-name", "Values": [found["ServiceName"]]}]
        for item in scope.call("describe_prefix_lists", Filters=filters)["PrefixLists"]:
            result["prefixListId"] = item["PrefixListId"]
            result["cidrBlocks"] = item.get("Cidrs") or []
    return result


def _delete(scope: Scope) -> None:
    answer = scope.call("delete_vpc_endpoints", VpcEndpointIds=[scope.id])
    for item in answer.get("Unsuccessful", ()):
        if not item["Error"]["Code"].endswith("NotFound"):
            raise PluginError(f"deleting {scope.label}: {item['Error']['Code']}: {item['Error']['Message']}")


VPC_ENDPOINT: Final = ec2(
    "VpcEndpoint",
    "VPC Endpoint",
    "vpcId serviceName vpcEndpointType routeTableIds subnetIds securityGroupIds privateDnsEnabled policy",
    read=Read(
        call("describe_vpc_endpoints", VpcEndpointIds=["$id"]),
        "VpcEndpoints.0",
        _more,
        lambda found: found.get("State", "").lower() in ("deleting", "deleted"),
    ),
    ready=Ready("State", ("available", "Available"), ("failed", "rejected"), seconds=600),
    changes=(
        _members("routeTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
        _members("subnetIds", "AddSubnetIds", "RemoveSubnetIds"),
        _members("securityGroupIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds"),
        Either(
            "policy",
            call("modify_vpc_endpoint", "policy", VpcEndpointId="$id"),
            call("modify_vpc_endpoint", VpcEndpointId="$id", ResetPolicy=True),
        ),
        call("modify_vpc_endpoint", "privateDnsEnabled", VpcEndpointId="$id"),
    ),
    delete=Custom(_delete),
    gone_after_delete=True,
    label="serviceName",
)

KINDS: Final = (VPC_ENDPOINT,)
