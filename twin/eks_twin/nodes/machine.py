"""An EC2 instance as the aws process describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Instance:
    """One EC2 instance."""

    id: str
    type: str
    state: str
    """EC2's state name, such as running or terminated."""
    spot: bool
    dns_name: str
    """Private DNS name; the name of the Node (EKS takes it from the private IP)."""
    ip: str
    vpc_id: str
    region: str
    zone: str
    zone_id: str
    architecture: str
    """EC2's word: x86_64 or arm64."""
    image_id: str
    image_name: str
    """Empty where the image is not known."""
    role_arn: str | None
    """Role of the instance profile; None where there is no profile."""
    user_data: str
    """Decoded text; empty where there is none."""
    disks: Mapping[str, int]
    """Device name → GiB of the EBS volumes."""
    efa_interfaces: int
    """Interfaces of type efa or efa-only that it was launched with."""

    @property
    def provider_id(self) -> str:
        """What links a Node to this instance (the AWS cloud provider's form)."""
        return f"aws:///{self.zone}/{self.id}"

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Instance":
        """The instance that one entry of `instances` in the aws process's state describes."""
        return cls(
            id=record["instanceId"],
            type=record["instanceType"],
            state=record["state"],
            spot=record["lifecycle"] == "spot",
            dns_name=record["privateDnsName"],
            ip=record["privateIpAddress"],
            vpc_id=record["vpcId"],
            region=record["region"],
            zone=record["zone"],
            zone_id=record["zoneId"],
            architecture=record["architecture"],
            image_id=record["imageId"],
            image_name=record["imageName"] or "",
            role_arn=record["roleArn"],
            user_data=record["userData"] or "",
            disks={disk["DeviceName"]: int(disk["VolumeSize"]) for disk in record["blockDeviceMappings"]},
            efa_interfaces=sum(i["interfaceType"].startswith("efa") for i in record["networkInterfaces"]),
        )
