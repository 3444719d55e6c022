import pytest
from eks_twin.nodes.machine import Instance

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
