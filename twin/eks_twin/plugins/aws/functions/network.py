"""Look-ups of VPCs, subnets and security groups."""

from typing import Any, Final

from eks_twin.plugins.aws.session import Session

from .answers import ask, ask_all, filters, only, outputs, tag_map


def _vpc(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    wanted = filters(
        args,
        {
            "vpc-id": args.get("id"),
            "cidr": args.get("cidrBlock"),
            "is-default": args.get("default"),
            "dhcp-options-id": args.get("dhcpOptionsId"),
            "state": args.get("state"),
        },
    )
    found = only(ask_all(session, args, "ec2", "describe_vpcs", Filters=wanted), "EC2 VPC")
    id_ = found["VpcId"]
    attributes = {}
    for name in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"):
        answer = ask(session, args, "ec2", "describe_vpc_attribute", VpcId=id_, Attribute=name)
        attributes[name] = answer[name[0].upper() + name[1:]]["Value"]
    own = [{"Name": "vpc-id", "Values": [id_]}, {"Name": "association.main", "Values": ["true"]}]
    tables = ask(session, args, "ec2", "describe_route_tables", Filters=own)["RouteTables"]
    return outputs(
        "aws:ec2/getVpc:getVpc",
        session,
        args,
        found,
        id=id_,
        default=found["IsDefault"],
        arn=session.arn("ec2", f"vpc/{id_}", args.get("region")),
        mainRouteTableId=tables[0]["RouteTableId"] if tables else None,
        tags=tag_map(found.get("Tags")),
        cidrBlockAssociations=[
            {
                "associationId": item["AssociationId"],
                "cidrBlock": item["CidrBlock"],
                "state": item["CidrBlockState"]["State"],
            }
            for item in found.get("CidrBlockAssociationSet", ())
        ],
        **attributes,
    )


def _subnet(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    wanted = filters(
        args,
        {
            "subnet-id": args.get("id"),
            "vpc-id": args.get("vpcId"),
            "cidr-block": args.get("cidrBlock"),
            "availability-zone": args.get("availabilityZone"),
            "availability-zone-id": args.get("availabilityZoneId"),
            "default-for-az": args.get("defaultForAz"),
            "state": args.get("state"),
        },
    )
    found = only(ask_all(session, args, "ec2", "describe_subnets", Filters=wanted), "EC2 Subnet")
    options = found.get("PrivateDnsNameOptionsOnLaunch", {})
    return outputs(
        "aws:ec2/getSubnet:getSubnet",
        session,
        args,
        found,
        id=found["SubnetId"],
        arn=found["SubnetArn"],
        availableIpAddressCount=found["AvailableIpAddressCount"],
        privateDnsHostnameTypeOnLaunch=options.get("HostnameType"),
        enableResourceNameDnsARecordOnLaunch=options.get("EnableResourceNameDnsARecord"),
        tags=tag_map(found.get("Tags")),
    )


def _subnets(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask_all(session, args, "ec2", "describe_subnets", Filters=filters(args))
    region = args.get("region") or session.region
    ids = [subnet["SubnetId"] for subnet in found]
    return outputs("aws:ec2/getSubnets:getSubnets", session, args, {}, ids=ids, id=region, tags=args.get("tags", {}))


def _security_group(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    wanted = filters(args, {"group-id": args.get("id"), "group-name": args.get("name"), "vpc-id": args.get("vpcId")})
    found = only(ask_all(session, args, "ec2", "describe_security_groups", Filters=wanted), "EC2 Security Group")
    id_ = found["GroupId"]
    return outputs(
        "aws:ec2/getSecurityGroup:getSecurityGroup",
        session,
        args,
        found,
        id=id_,
        name=found["GroupName"],
        arn=session.arn("ec2", f"security-group/{id_}", args.get("region")),
        tags=tag_map(found.get("Tags")),
    )


FUNCTIONS: Final = {
    ("ec2", "getVpc"): _vpc,
    ("ec2", "getSubnet"): _subnet,
    ("ec2", "getSubnets"): _subnets,
    ("ec2", "getSecurityGroup"): _security_group,
}
