"""aws:ec2 Vpc, Subnet, InternetGateway and Tag."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws.kinds import Custom, Either, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope, retried
from eks_twin.plugins.aws.shapes import dig

from .conventions import ec2

ATTRIBUTES: Final = ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
"""Properties that DescribeVpcs leaves out: each is an attribute of the same name."""
OWN: Final = (
    # output → the listing and the filter that find the object which comes with a VPC, and the place of its id
    ("mainRouteTableId", "describe_route_tables", ("association.main", "true"), "RouteTables.0.RouteTableId"),
    ("defaultRouteTableId", "describe_route_tables", ("association.main", "true"), "RouteTables.0.RouteTableId"),
    ("defaultNetworkAclId", "describe_network_acls", ("default", "true"), "NetworkAcls.0.NetworkAclId"),
    ("defaultSecurityGroupId", "describe_security_groups", ("group-name", "default"), "SecurityGroups.0.GroupId"),
)


def _vpc_more(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that DescribeVpcs leaves out, and the objects that come with a VPC."""
    result: dict[str, Any] = {}
    for name in ATTRIBUTES:
        member = name[0].upper() + name[1:]
        result[name] = scope.call("describe_vpc_attribute", VpcId=scope.id, Attribute=name)[member]["Value"]
    for output, operation, (name, value), path in OWN:
        filters = [{"Name": "vpc-id", "Values": [scope.id]}, {"Name": name, "Values": [value]}]
        result[output] = dig(scope.call(operation, Filters=filters), path)
    blocks = found.get("Ipv6CidrBlockAssociationSet", ())
    ipv6 = next((block for block in blocks if block["Ipv6CidrBlockState"]["State"] == "associated"), {})
    return {
        **result,
        "ipv6AssociationId": ipv6.get("AssociationId"),
        "ipv6CidrBlock": ipv6.get("Ipv6CidrBlock"),
        "assignGeneratedIpv6CidrBlock": bool(ipv6),
    }


VPC: Final = ec2(
    "Vpc",
    "VPC",
    create=call("create_vpc", "cidrBlock instanceTenancy", AmazonProvidedIpv6CidrBlock="$assignGeneratedIpv6CidrBlock"),
    read=Read(call("describe_vpcs", VpcIds=["$id"]), "Vpcs.0", _vpc_more),
    changes=(
        call("modify_vpc_attribute", "enableDnsSupport", {"EnableDnsSupport": {"Value": False}}, VpcId="$id"),
        call("modify_vpc_attribute", "enableDnsHostnames", VpcId="$id"),
        call("modify_vpc_attribute", "enableNetworkAddressUsageMetrics", VpcId="$id"),
        call("modify_vpc_tenancy", "instanceTenancy", VpcId="$id"),
        Either(
            "assignGeneratedIpv6CidrBlock",
            call("associate_vpc_cidr_block", VpcId="$id", AmazonProvidedIpv6CidrBlock=True),
            call("disassociate_vpc_cidr_block", AssociationId="$ipv6AssociationId"),
        ),
    ),
    replaces={"instanceTenancy": lambda old, new: (old, new) != ("dedicated", "default")},
)


def _subnet_attribute(name: str) -> Any:
    member = name[0].upper() + name[1:]
    return call("modify_subnet_attribute", name, {member: {"Value": False}}, SubnetId="$id")


SUBNET: Final = ec2(
    "Subnet",
    "Subnet",
    "vpcId cidrBlock availabilityZone availabilityZoneId",
    changes=(
        _subnet_attribute("mapPublicIpOnLaunch"),
        _subnet_attribute("enableResourceNameDnsARecordOnLaunch"),
    ),
    conflicts=(frozenset({"availabilityZone", "availabilityZoneId"}),),
)


def _detach(vpc: str) -> Custom:
    return Custom(lambda scope: scope.call("detach_internet_gateway", InternetGatewayId=scope.id, VpcId=vpc))


def _move_gateway(scope: Scope) -> None:
    """Attach the gateway to the VPC that the program names, away from the one it was in."""
    before, after = scope.old.get("vpcId"), scope.values.get("vpcId")
    if before and before != after:
        retried(scope, _detach(before), "DependencyViolation")
    if after:
        scope.call("attach_internet_gateway", InternetGatewayId=scope.id, VpcId=after)


def _delete_gateway(scope: Scope) -> None:
    if vpc := scope.old.get("vpcId"):
        retried(scope, _detach(vpc), "DependencyViolation")
    scope.call("delete_internet_gateway", InternetGatewayId=scope.id)


INTERNET_GATEWAY: Final = ec2(
    "InternetGateway",
    "Internet Gateway",
    changes=(Custom(_move_gateway, "vpcId"),),
    delete=Custom(_delete_gateway),
)

_TAG: Final = call("create_tags", Resources=["$resourceId"], Tags=[{"Key": "$key", "Value": "$value"}])

TAG: Final = Kind(
    type="aws:ec2/tag:Tag",
    noun="EC2 Tag",
    service="ec2",
    create=_TAG,
    id="{resourceId},{key}",
    read=Read(
        call(
            "describe_tags",
            Filters=[
                {"Name": "resource-id", "Values": ["$resourceId"]},
                {"Name": "key", "Values": ["$key"]},
            ],
        ),
        "Tags.0",
    ),
    changes=(_TAG,),
    delete=call("delete_tags", Resources=["$resourceId"], Tags=[{"Key": "$key"}]),
    label="key",
)

KINDS: Final = (VPC, SUBNET, INTERNET_GATEWAY, TAG)
