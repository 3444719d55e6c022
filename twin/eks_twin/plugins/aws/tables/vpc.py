"""aws:ec2 Vpc, Subnet, InternetGateway and Tag."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope, retried


def vpc_filter(name: str, vpc_id: str, filter_: str) -> list[dict[str, Any]]:
    """EC2 filters for the VPC's own default object: `filter_` is true, or names it."""
    value = "default" if filter_ == "group-name" else "true"
    return [{"Name": name, "Values": [vpc_id]}, {"Name": filter_, "Values": [value]}]


def _vpc_more(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that DescribeVpcs leaves out, and the objects that come with a VPC."""
    result: dict[str, Any] = {}
    for name in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"):
        answer = scope.call("describe_vpc_attribute", VpcId=scope.id, Attribute=name)
        result[name] = answer[name[0].upper() + name[1:]]["Value"]
    for output, operation, filter_, at, key in (
        ("mainRouteTableId", "describe_route_tables", "association.main", "RouteTables", "RouteTableId"),
        ("defaultNetworkAclId", "describe_network_acls", "default", "NetworkAcls", "NetworkAclId"),
        ("defaultSecurityGroupId", "describe_security_groups", "group-name", "SecurityGroups", "GroupId"),
    ):
        items = scope.call(operation, Filters=vpc_filter("vpc-id", scope.id, filter_))[at]
        result[output] = items[0][key] if items else None
    result["defaultRouteTableId"] = result["mainRouteTableId"]
    blocks = found.get("Ipv6CidrBlockAssociationSet", ())
    ipv6 = next((block for block in blocks if block["Ipv6CidrBlockState"]["State"] == "associated"), None)
    if ipv6:
        result["ipv6AssociationId"] = ipv6["AssociationId"]
        result["ipv6CidrBlock"] = ipv6["Ipv6CidrBlock"]
    result["assignGeneratedIpv6CidrBlock"] = bool(ipv6)
    return result


def _set_ipv6(scope: Scope) -> None:
    """Add or remove the block that Amazon assigns."""
    if scope.values.get("assignGeneratedIpv6CidrBlock"):
        scope.call("associate_vpc_cidr_block", VpcId=scope.id, AmazonProvidedIpv6CidrBlock=True)
    else:
        scope.call("disassociate_vpc_cidr_block", AssociationId=scope.old["ipv6AssociationId"])


VPC: Final = Kind(
    type="aws:ec2/vpc:Vpc",
    noun="EC2 VPC",
    service="ec2",
    create=call(
        "create_vpc",
        "cidrBlock instanceTenancy",
        AmazonProvidedIpv6CidrBlock="$assignGeneratedIpv6CidrBlock",
        TagSpecifications="$tags",
    ),
    id="Vpc.VpcId",
    read=Read(call("describe_vpcs", VpcIds=["$id"]), "Vpcs.0", more=_vpc_more),
    changes=(
        call("modify_vpc_attribute", "enableDnsSupport", {"EnableDnsSupport": {"Value": False}}, VpcId="$id"),
        call("modify_vpc_attribute", "enableDnsHostnames", VpcId="$id"),
        call("modify_vpc_attribute", "enableNetworkAddressUsageMetrics", VpcId="$id"),
        call("modify_vpc_tenancy", "instanceTenancy", VpcId="$id"),
        Custom(_set_ipv6, "assignGeneratedIpv6CidrBlock"),
    ),
    delete=call("delete_vpc", VpcId="$id"),
    tags=tags.ec2("vpc"),
    arn="vpc/{id}",
    replaces={"instanceTenancy": lambda old, new: (old, new) != ("dedicated", "default")},
)


def _subnet_attribute(name: str) -> Any:
    member = name[0].upper() + name[1:]
    return call("modify_subnet_attribute", name, {member: {"Value": False}}, SubnetId="$id")


SUBNET: Final = Kind(
    type="aws:ec2/subnet:Subnet",
    noun="EC2 Subnet",
    service="ec2",
    create=call("create_subnet", "vpcId cidrBlock availabilityZone availabilityZoneId", TagSpecifications="$tags"),
    id="Subnet.SubnetId",
    read=Read(
        call("describe_subnets", SubnetIds=["$id"]),
        "Subnets.0",
        {
            "arn": "SubnetArn",
            "enableResourceNameDnsARecordOnLaunch": "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
            "privateDnsHostnameTypeOnLaunch": "PrivateDnsNameOptionsOnLaunch.HostnameType",
        },
    ),
    changes=(
        _subnet_attribute("mapPublicIpOnLaunch"),
        _subnet_attribute("enableResourceNameDnsARecordOnLaunch"),
    ),
    delete=call("delete_subnet", SubnetId="$id"),
    tags=tags.ec2("subnet"),
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


INTERNET_GATEWAY: Final = Kind(
    type="aws:ec2/internetGateway:InternetGateway",
    noun="EC2 Internet Gateway",
    service="ec2",
    create=call("create_internet_gateway", TagSpecifications="$tags"),
    id="InternetGateway.InternetGatewayId",
    read=Read(
        call("describe_internet_gateways", InternetGatewayIds=["$id"]),
        "InternetGateways.0",
        {"vpcId": "Attachments.0.VpcId"},
    ),
    changes=(Custom(_move_gateway, "vpcId"),),
    delete=Custom(_delete_gateway),
    tags=tags.ec2("internet-gateway"),
    arn="internet-gateway/{id}",
)

TAG: Final = Kind(
    type="aws:ec2/tag:Tag",
    noun="EC2 Tag",
    service="ec2",
    create=call("create_tags", Resources=["$resourceId"], Tags=[{"Key": "$key", "Value": "$value"}]),
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
    changes=(call("create_tags", Resources=["$resourceId"], Tags=[{"Key": "$key", "Value": "$value"}]),),
    delete=call("delete_tags", Resources=["$resourceId"], Tags=[{"Key": "$key"}]),
    label="key",
)

KINDS: Final = (VPC, SUBNET, INTERNET_GATEWAY, TAG)
