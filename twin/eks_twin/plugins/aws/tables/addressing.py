"""aws:ec2 Eip and NatGateway."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Kind, Read, Ready, call
from eks_twin.plugins.aws.scope import Scope

from .conventions import ec2


def _eip_more(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """The public name as EC2 forms it (AWS: "DNS attributes in your VPC"; us-east-1 has a zone of its own)."""
    zone = "compute-1" if scope.region == "us-east-1" else f"{scope.region}.compute"
    return {"publicDns": f"ec2-{found['PublicIp'].replace('.', '-')}.{zone}.amazonaws.com"}


EIP: Final = Kind(
    type="aws:ec2/eip:Eip",
    noun="EC2 EIP",
    service="ec2",
    create=call("allocate_address", "address domain publicIpv4Pool networkBorderGroup"),
    id="AllocationId",
    read=Read(call("describe_addresses", AllocationIds=["$id"]), "Addresses.0", _eip_more),
    delete=call("release_address", AllocationId="$id"),
    tags=tags.ec2("elastic-ip"),
    arn="elastic-ip/{id}",
)

NAT_GATEWAY: Final = ec2(
    "NatGateway",
    "NAT Gateway",
    "allocationId subnetId connectivityType",
    read=Read(
        call("describe_nat_gateways", NatGatewayIds=["$id"]),
        "NatGateways.0",
        gone=lambda found: found["State"] in ("deleting", "deleted"),
    ),
    ready=Ready("State", ("available",), ("failed",), lambda found: found.get("FailureMessage", ""), 600),
    gone_after_delete=True,
    tags=tags.ec2("natgateway"),
    arn="",
)

KINDS: Final = (EIP, NAT_GATEWAY)
