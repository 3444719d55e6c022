"""aws:ec2 Eip and NatGateway."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Kind, Read, Ready, call
from eks_twin.plugins.aws.scope import Scope


def _eip_more(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """The public name as EC2 forms it (AWS: "DNS attributes in your VPC"; us-east-1 has a zone of its own)."""
    zone = "compute-1" if scope.region == "us-east-1" else f"{scope.region}.compute"
    return {"publicDns": f"ec2-{found['PublicIp'].replace('.', '-')}.{zone}.amazonaws.com"}


EIP: Final = Kind(
    type="aws:ec2/eip:Eip",
    noun="EC2 EIP",
    service="ec2",
    create=call("allocate_address", "address domain publicIpv4Pool networkBorderGroup", TagSpecifications="$tags"),
    id="AllocationId",
    read=Read(
        call("describe_addresses", AllocationIds=["$id"]),
        "Addresses.0",
        {
            "networkInterface": "NetworkInterfaceId",
            "instance": "InstanceId",
            "privateIp": "PrivateIpAddress",
        },
        _eip_more,
    ),
    delete=call("release_address", AllocationId="$id"),
    tags=tags.ec2("elastic-ip"),
    arn="elastic-ip/{id}",
    local=frozenset({"address"}),
)

NAT_GATEWAY: Final = Kind(
    type="aws:ec2/natGateway:NatGateway",
    noun="EC2 NAT Gateway",
    service="ec2",
    create=call("create_nat_gateway", "allocationId subnetId connectivityType", TagSpecifications="$tags"),
    id="NatGateway.NatGatewayId",
    read=Read(
        call("describe_nat_gateways", NatGatewayIds=["$id"]),
        "NatGateways.0",
        {
            "allocationId": "NatGatewayAddresses.0.AllocationId",
            "associationId": "NatGatewayAddresses.0.AssociationId",
            "networkInterfaceId": "NatGatewayAddresses.0.NetworkInterfaceId",
            "privateIp": "NatGatewayAddresses.0.PrivateIp",
            "publicIp": "NatGatewayAddresses.0.PublicIp",
            "vpcId": None,  # an input of regional gateways only
        },
        gone=lambda found: found["State"] in ("deleting", "deleted"),
    ),
    ready=Ready("State", ("available",), ("failed",), lambda found: found.get("FailureMessage", ""), 600),
    delete=call("delete_nat_gateway", NatGatewayId="$id"),
    gone_after_delete=True,
    tags=tags.ec2("natgateway"),
)

KINDS: Final = (EIP, NAT_GATEWAY)
