"""What EKS makes in the customer's VPC for a control plane, and what it checks there first."""

import ipaddress
import secrets
from collections.abc import Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from eks_twin.aws.eks.store import Cluster, invalid_parameter
from eks_twin.aws.principals import ACCOUNT

ENI_SUBNETS = 4
"""EKS places 2 to 4 network interfaces; the twin places one in each of the first four subnets."""
SERVICE_RANGES = ("172.20.0.0/16", "10.100.0.0/16")
"""EKS takes the first of them that does not overlap the VPC."""
SG_DESCRIPTION = (
    "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
    "as well as any managed workloads."
)


def subnets_of(region: str, subnet_ids: list[str]) -> list[Any]:
    """Return the subnets; refuse unless they exist, share a VPC and lie in two zones or more."""
    backend = ec2_backends[ACCOUNT][region]
    try:
        subnets = [backend.get_subnet(subnet_id) for subnet_id in subnet_ids]
    except EC2ClientError as error:
        raise invalid_parameter(error.message) from error
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise invalid_parameter("Subnets specified must be in the same VPC")
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise invalid_parameter("Subnets specified must be in at least two different AZs")
    return subnets


def private_subnets(region: str, subnet_ids: list[str]) -> list[str]:
    """Return the ids; refuse subnets with a route to an internet gateway, where Fargate does not run pods."""
    backend = ec2_backends[ACCOUNT][region]
    for table in backend.route_tables.values():
        public = any(route.gateway is not None and route.gateway.id.startswith("igw-") for route in table.routes)
        shared = {association.get("SubnetId") for association in table.associations} & set(subnet_ids)
        if public and shared:
            raise invalid_parameter(f"Subnet {next(iter(shared))} provided in Fargate Profile is not a private subnet")
    return list(subnet_ids)


def check_security_groups(region: str, vpc_id: str, group_ids: list[str]) -> None:
    """Refuse security groups that do not exist in the VPC."""
    backend = ec2_backends[ACCOUNT][region]
    for group_id in group_ids:
        group = backend.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != vpc_id:
            raise invalid_parameter(f"The security group '{group_id}' does not exist in VPC {vpc_id}")


def check_endpoint(config: Mapping[str, Any]) -> None:
    """Refuse a cluster that nobody could reach, and public ranges that are no IPv4 networks."""
    if not config["endpointPublicAccess"] and not config["endpointPrivateAccess"]:
        raise invalid_parameter("Private and public endpoint access cannot be false")
    for cidr in config["publicAccessCidrs"]:
        try:
            ipaddress.ip_network(cidr)
        except ValueError as error:
            raise invalid_parameter(f"The following CIDRs are invalid in publicAccessCidrs: [{cidr}]") from error


def check_service_range(region: str, vpc_id: str, cidr: str) -> None:
    """Refuse a service range that is not private, not /12 to /24, or overlaps the VPC."""
    try:
        services = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise invalid_parameter(f"serviceIpv4Cidr {cidr}: {error}") from error
    if not services.is_private or not 12 <= services.prefixlen <= 24:
        raise invalid_parameter(f"serviceIpv4Cidr {cidr} must be a private range between /24 and /12")
    vpc = ec2_backends[ACCOUNT][region].get_vpc(vpc_id)
    if services.overlaps(ipaddress.IPv4Network(vpc.cidr_block)):
        raise invalid_parameter(f"serviceIpv4Cidr {cidr} overlaps with the VPC's {vpc.cidr_block}")


def free_service_range(region: str, vpc_id: str) -> str:
    """Return the service range that EKS picks for a cluster which names none."""
    block = ipaddress.IPv4Network(ec2_backends[ACCOUNT][region].get_vpc(vpc_id).cidr_block)
    return next(cidr for cidr in SERVICE_RANGES if not block.overlaps(ipaddress.IPv4Network(cidr)))


def furnish(cluster: Cluster, region: str, subnets: list[Any]) -> None:
    """Create the cluster security group and the control plane's network interfaces."""
    backend, name = ec2_backends[ACCOUNT][region], cluster.name
    group_name = f"eks-cluster-sg-{name}-{secrets.randbelow(10**9)}"
    tags = {"Name": group_name, f"kubernetes.io/cluster/{name}": "owned", "aws:eks:cluster-name": name}
    group = backend.create_security_group(group_name, SG_DESCRIPTION, vpc_id=subnets[0].vpc_id, tags=tags)
    own = [{"GroupId": group.id, "UserId": ACCOUNT}]
    backend.authorize_security_group_ingress(group.id, "-1", "-1", "-1", [], source_groups=own, vpc_id=group.vpc_id)
    config = cluster.record["resourcesVpcConfig"]
    config["clusterSecurityGroupId"] = group.id
    groups = [group.id, *config["securityGroupIds"]]
    for subnet in subnets[:ENI_SUBNETS]:
        eni = backend.create_network_interface(
            subnet,
            subnet.get_available_subnet_ip(instance=cluster),
            group_ids=groups,
            description=f"Amazon EKS {name}",
        )
        eni.requester_managed, eni.status = True, "in-use"
        cluster.eni_ids.append(eni.id)


def clear(cluster: Cluster, region: str) -> None:
    """Remove what `furnish` created; it stays when something of the user's still uses the security group."""
    backend = ec2_backends[ACCOUNT][region]
    for eni_id in cluster.eni_ids:
        eni = backend.enis.get(eni_id)
        if eni:
            eni.delete()
    cluster.eni_ids.clear()
    group_id = cluster.record["resourcesVpcConfig"].get("clusterSecurityGroupId")
    users = [eni for eni in backend.enis.values() if group_id in {group.id for group in eni.group_set}]
    if group_id and not users and backend.get_security_group_from_id(group_id):
        backend.delete_security_group(group_id=group_id)
