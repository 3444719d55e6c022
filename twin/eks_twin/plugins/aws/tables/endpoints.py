"""aws:ec2 VpcEndpoint."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, Ready, call
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.base import PluginError


def _members(property_: str, added: str, removed: str) -> Custom:
    """A step that adds and removes ids of one list."""

    def run(scope: Scope) -> None:
        old, new = scope.old.get(property_) or [], scope.values.get(property_) or []
        changes = {added: [i for i in new if i not in old], removed: [i for i in old if i not in new]}
        scope.call("modify_vpc_endpoint", VpcEndpointId=scope.id, **{key: ids for key, ids in changes.items() if ids})

    return Custom(run, property_)


def _set_policy(scope: Scope) -> None:
    policy = scope.values.get("policy")
    change = {"PolicyDocument": policy} if policy else {"ResetPolicy": True}
    scope.call("modify_vpc_endpoint", VpcEndpointId=scope.id, **change)


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


VPC_ENDPOINT: Final = Kind(
    type="aws:ec2/vpcEndpoint:VpcEndpoint",
    noun="EC2 VPC Endpoint",
    service="ec2",
    create=call(
        "create_vpc_endpoint",
        "vpcId serviceName vpcEndpointType routeTableIds subnetIds securityGroupIds privateDnsEnabled",
        PolicyDocument="$policy",
        TagSpecifications="$tags",
    ),
    id="VpcEndpoint.VpcEndpointId",
    read=Read(
        call("describe_vpc_endpoints", VpcEndpointIds=["$id"]),
        "VpcEndpoints.0",
        {"policy": "PolicyDocument"},
        _more,
        lambda found: found.get("State", "").lower() in ("deleting", "deleted"),
    ),
    ready=Ready("State", ("available", "Available"), ("failed", "rejected"), seconds=600),
    changes=(
        _members("routeTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
        _members("subnetIds", "AddSubnetIds", "RemoveSubnetIds"),
        _members("securityGroupIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds"),
        Custom(_set_policy, "policy"),
        call("modify_vpc_endpoint", "privateDnsEnabled", VpcEndpointId="$id"),
    ),
    delete=Custom(_delete),
    gone_after_delete=True,
    tags=tags.ec2("vpc-endpoint"),
    arn="vpc-endpoint/{id}",
    documents=frozenset({"policy"}),
    replaces={},
    label="serviceName",
)

KINDS: Final = (VPC_ENDPOINT,)
