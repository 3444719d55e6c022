"""EC2 calls that moto lets through although AWS refuses them, or that leave things behind, and two it lacks."""

from typing import Any

from moto.ec2.models import ec2_backends

from eks_twin.aws.calls import AwsError, Call, unmodelled
from eks_twin.aws.ec2.catalogue import refuse_dry_run
from eks_twin.aws.principals import ACCOUNT

GATEWAY_SERVICES = ("s3", "dynamodb")
INTERFACE_SERVICES = frozenset(
    {
        "autoscaling", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem",
        "elasticloadbalancing", "events", "fsx", "kms", "logs", "monitoring", "s3", "sqs", "ssm", "ssmmessages", "sts",
    }
)  # fmt: skip
"""Services that a VPC endpoint can lead to, as `com.amazonaws.<region>.<service>`."""


def _in_use(kind: str, identifier: str) -> AwsError:
    return AwsError("DependencyViolation", f"The {kind} '{identifier}' has dependencies and cannot be deleted.")


def check_delete_subnet(call: Call) -> None:
    """Refuse while an interface (instance, NAT gateway, endpoint, control plane) lies in the subnet."""
    subnet_id, backend = call.parameters["SubnetId"], ec2_backends[ACCOUNT][call.region]
    if any(eni.subnet.id == subnet_id for eni in backend.enis.values()):
        raise _in_use("subnet", subnet_id)


def check_delete_security_group(call: Call) -> None:
    """Refuse while an interface carries the group or another group's rule names it, and for default groups."""
    backend = ec2_backends[ACCOUNT][call.region]
    group_id = call.get("GroupId")
    group = backend.get_security_group_from_id(group_id) if group_id else None
    if group is None:
        return
    if group.is_default:
        raise AwsError("CannotDelete", f'the specified group: "{group_id}" name: "default" cannot be deleted by a user')
    users = [eni for eni in backend.enis.values() if group_id in {member.id for member in eni.group_set}]
    users += [item for item in backend.vpc_end_points.values() if group_id in item.security_group_ids]
    if users or any(group_id in _referenced(other) for other in _groups(backend) if other.id != group_id):
        message = f"resource {group_id} has a dependent object"
        raise AwsError("DependencyViolation", message)


def _groups(backend: Any) -> list[Any]:
    return [group for groups in backend.groups.values() for group in groups.values()]


def _referenced(group: Any) -> set[str]:
    rules = [*group.ingress_rules, *group.egress_rules]
    return {rule.source_group.get("GroupId", "") for rule in rules}


def delete_vpc(call: Call) -> dict[str, Any]:
    """Delete a VPC with its own network ACL, which moto forgets; refuse while the user's things are left in it."""
    vpc_id, backend = call.parameters["VpcId"], ec2_backends[ACCOUNT][call.region]
    groups = [group for group in _groups(backend) if group.vpc_id == vpc_id and not group.is_default]
    gateways = [igw for igw in backend.internet_gateways.values() if igw.vpc and igw.vpc.id == vpc_id]
    endpoints = [endpoint for endpoint in backend.vpc_end_points.values() if endpoint.vpc_id == vpc_id]
    if groups or gateways or endpoints:
        raise _in_use("vpc", vpc_id)
    refuse_dry_run(call)
    backend.delete_vpc(vpc_id)
    for acl in [acl for acl in backend.network_acls.values() if acl.vpc_id == vpc_id]:
        del backend.network_acls[acl.id]
    return {}


def check_detach_internet_gateway(call: Call) -> None:
    """Refuse while something in the VPC has a public address."""
    vpc_id, backend = call.parameters["VpcId"], ec2_backends[ACCOUNT][call.region]
    mapped = any(eni.vpc_id == vpc_id and eni.public_ip for eni in backend.enis.values())
    if mapped:
        message = (
            f"Network {vpc_id} has some mapped public address(es). Please unmap those before detaching the gateway."
        )
        raise AwsError("DependencyViolation", message)


def check_release_address(call: Call) -> None:
    """Refuse to release an address in use; moto takes it away from its NAT gateway."""
    backend = ec2_backends[ACCOUNT][call.region]
    for address in backend.addresses:
        if address.allocation_id == call.get("AllocationId") and address.association_id:
            raise AwsError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


def check_associate_route_table(call: Call) -> None:
    """Refuse a second table for a subnet; moto answers with the old association."""
    subnet_id, backend = call.get("SubnetId"), ec2_backends[ACCOUNT][call.region]
    for table in backend.route_tables.values():
        for association in table.associations:
            if subnet_id and association.get("SubnetId") == subnet_id:
                message = f"the specified association for route table {table.id} conflicts with an existing association"
                raise AwsError("Resource.AlreadyAssociated", message)


def check_create_vpc_endpoint(call: Call) -> None:
    """Refuse a service that has no endpoint in the region."""
    prefix, name = f"com.amazonaws.{call.region}.", call.parameters["ServiceName"]
    services = GATEWAY_SERVICES if call.get("VpcEndpointType", "Gateway") == "Gateway" else INTERFACE_SERVICES
    if not name.startswith(prefix) or name.removeprefix(prefix) not in services:
        message = (
            f"The Vpc Endpoint Service '{name}' does not exist; the twin knows {prefix}{{{','.join(sorted(services))}}}"
        )
        raise AwsError("InvalidServiceName", message)


def delete_vpc_endpoints(call: Call) -> dict[str, Any]:
    """Delete endpoints; moto keeps showing them."""
    backend, failed = ec2_backends[ACCOUNT][call.region], []
    for identifier in call.parameters["VpcEndpointIds"]:
        if identifier in backend.vpc_end_points:
            backend.delete_vpc_endpoints([identifier])
            del backend.vpc_end_points[identifier]
        else:
            message = f"The Vpc Endpoint Id '{identifier}' does not exist"
            failed.append(
                {"ResourceId": identifier, "Error": {"Code": "InvalidVpcEndpoint.NotFound", "Message": message}}
            )
    return {"Unsuccessful": failed}


MODIFIED = {
    "PolicyDocument": "policy_doc",
    "AddSubnetIds": "add_subnets",
    "RemoveSubnetIds": "remove_subnets",
    "AddRouteTableIds": "add_route_tables",
    "RemoveRouteTableIds": "remove_route_tables",
    "AddSecurityGroupIds": "add_security_groups",
    "RemoveSecurityGroupIds": "remove_security_groups",
}
"""Parameters of ModifyVpcEndpoint that the twin models, and moto's names for them."""


def modify_vpc_endpoint(call: Call) -> dict[str, Any]:
    """Change an endpoint, with the routes of a gateway endpoint's tables; moto changes its list of tables only."""
    backend, identifier = ec2_backends[ACCOUNT][call.region], call.parameters["VpcEndpointId"]
    endpoint = backend.vpc_end_points.get(identifier)
    if endpoint is None:
        raise AwsError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{identifier}' does not exist")
    for name in call.parameters.keys() - MODIFIED.keys() - {"VpcEndpointId", "DryRun"}:
        raise unmodelled(f"ModifyVpcEndpoint {name}", f"it models {', '.join(MODIFIED)}")
    had, prefix_list = set(endpoint.route_table_ids), endpoint.destination_prefix_list_id
    backend.modify_vpc_endpoint(identifier, **{theirs: call.get(ours) for ours, theirs in MODIFIED.items()})
    if prefix_list is not None:
        for table in set(endpoint.route_table_ids) - had:
            backend.create_route(table, None, gateway_id=identifier, destination_prefix_list_id=prefix_list)
        for table in had - set(endpoint.route_table_ids):
            backend.delete_route(table, prefix_list)
    return {"Return": True}


def delete_nat_gateway(call: Call) -> dict[str, Any]:
    """Delete a NAT gateway with its interface, and free its address; moto leaves both behind."""
    backend, identifier = ec2_backends[ACCOUNT][call.region], call.parameters["NatGatewayId"]
    gateway = backend.nat_gateways.get(identifier)
    if gateway is None or gateway.state == "deleted":
        raise AwsError("NatGatewayNotFound", f"NatGateway {identifier} was not found")
    gateway.state = "deleted"
    for address in backend.addresses:
        if address.eni is gateway._eni:  # noqa: SLF001  moto keeps the gateway's interface there only
            backend.disassociate_address(address=address.public_ip)
    backend.enis.pop(gateway._eni.id, None)  # noqa: SLF001  as above
    return {"NatGatewayId": identifier}


HANDLERS = {
    "DeleteVpc": delete_vpc,
    "DeleteVpcEndpoints": delete_vpc_endpoints,
    "ModifyVpcEndpoint": modify_vpc_endpoint,
    "DeleteNatGateway": delete_nat_gateway,
}
CHECKS = {
    "DeleteSubnet": check_delete_subnet,
    "DeleteSecurityGroup": check_delete_security_group,
    "DetachInternetGateway": check_detach_internet_gateway,
    "ReleaseAddress": check_release_address,
    "AssociateRouteTable": check_associate_route_table,
    "CreateVpcEndpoint": check_create_vpc_endpoint,
}
