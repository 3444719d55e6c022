"""Look-ups of VPCs, subnets and security groups."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from eks_twin.plugins.aws import schema
from eks_twin.plugins.aws.kinds import Kind
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.aws.session import Session
from eks_twin.plugins.aws.tables.security_groups import SECURITY_GROUP
from eks_twin.plugins.aws.tables.vpc import SUBNET, VPC

from .answers import ask_all, filters, only, outputs

SUBNETS: Final = "aws:ec2/getSubnets:getSubnets"


def _search(name: str, listing: str, kind: Kind, arguments: Mapping[str, str]) -> Callable[..., dict[str, Any]]:
    """The function that finds the one object of `kind`; `arguments` is EC2's filter → the function's argument."""
    token = f"aws:ec2/{name}:{name}"

    def run(session: Session, args: dict[str, Any]) -> dict[str, Any]:
        wanted = filters(args, {filter_: args.get(argument) for filter_, argument in arguments.items()})
        found = only(ask_all(session, args, "ec2", listing, Filters=wanted), kind.noun)
        result = outputs(token, session, args, found)
        scope = Scope(session, kind, schema.resource_types()[kind.type], result["region"], result["id"], {})
        more = kind.read.more(scope, found) if kind.read.more else {}
        known = schema.functions()[token].outputs
        return {
            "tags": {},
            "arn": scope.arn(kind.arn.format(id=scope.id)),
            **result,
            **{output: value for output, value in more.items() if output in known and value is not None},
        }

    return run


def _subnets(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask_all(session, args, "ec2", "describe_subnets", Filters=filters(args))
    ids = [subnet["SubnetId"] for subnet in found]
    region = args.get("region") or session.region
    return outputs(SUBNETS, session, args, {}, ids=ids, id=region, tags=args.get("tags", {}))


FUNCTIONS: Final = {
    ("ec2", "getVpc"): _search(
        "getVpc",
        "describe_vpcs",
        VPC,
        {
            "vpc-id": "id",
            "cidr": "cidrBlock",
            "is-default": "default",
            "dhcp-options-id": "dhcpOptionsId",
            "state": "state",
        },
    ),
    ("ec2", "getSubnet"): _search(
        "getSubnet",
        "describe_subnets",
        SUBNET,
        {
            "subnet-id": "id",
            "vpc-id": "vpcId",
            "cidr-block": "cidrBlock",
            "ipv6-cidr-block-association.ipv6-cidr-block": "ipv6CidrBlock",
            "availability-zone": "availabilityZone",
            "availability-zone-id": "availabilityZoneId",
            "default-for-az": "defaultForAz",
            "state": "state",
        },
    ),
    ("ec2", "getSubnets"): _subnets,
    ("ec2", "getSecurityGroup"): _search(
        "getSecurityGroup",
        "describe_security_groups",
        SECURITY_GROUP,
        {"group-id": "id", "group-name": "name", "vpc-id": "vpcId"},
    ),
}
