import pytest
from eks_twin.nodes.bootstrap import Bootstrap
from eks_twin.nodes.capacity import Hardware
from eks_twin.nodes.devices import NodeDevices
from eks_twin.nodes.machine import Instance
from eks_twin.nodes.node import Member
from eks_twin.nodes.sharing import PluginConfig
from moto.ec2.models.instance_types import INSTANCE_TYPES

NOT_SHARED = PluginConfig()

RECORD = {
    "instanceId": "i-1",
    "instanceType": "inf2.xlarge",
    "state": "running",
    "lifecycle": "on-demand",
    "privateDnsName": "ip-10-0-0-4.us-west-2.compute.internal",
    "privateIpAddress": "10.0.0.4",
    "vpcId": "vpc-1",
    "region": "us-west-2",
    "zone": "us-west-2a",
    "zoneId": "usw2-az1",
    "architecture": "x86_64",
    "imageId": "ami-1",
    "imageName": "amazon-eks-node-al2023-x86_64-neuron-1.35-v20261101",
    "roleArn": "arn:aws:iam::123456789012:role/node",
    "userData": "",
    "blockDeviceMappings": [{"DeviceName": "/dev/xvda", "VolumeSize": 100}],
    "networkInterfaces": [{"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface", "ipv4Prefixes": 0}],
}


@pytest.fixture
def instance():
    def make(**changes):
        return Instance.of(RECORD | changes)

    return make


@pytest.fixture
def devices(instance):
    def make(type_name, image, nvidia=NOT_SHARED, efa=0):
        interfaces = [{"interfaceType": "efa-only"}] * efa
        machine = instance(instanceType=type_name, imageName=image, networkInterfaces=interfaces)
        member = Member(machine, Bootstrap(nvidia=nvidia), Hardware.of(INSTANCE_TYPES[type_name]))
        return NodeDevices(member)

    return make
