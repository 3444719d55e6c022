import base64
import itertools
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

REGION = "us-west-2"
NAMES = itertools.count()


@dataclass(frozen=True)
class Aws:
    """A running aws process."""

    url: str
    key: str
    secret: str

    def client(self, service: str, key: tuple[str, str, str | None] | None = None) -> Any:
        key_id, secret, token = key or (self.key, self.secret, None)
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def private(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Call the private API; an error answer is returned as its JSON with `httpStatus`."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_twin/{path}", data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return {**json.load(error), "httpStatus": error.code}


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory):
    state = tmp_path_factory.mktemp("aws")
    command = [
        sys.executable,
        "-m",
        "eks_twin.aws.server",
        "--port",
        "0",
        "--region",
        REGION,
        "--state-dir",
        str(state),
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        ready = json.loads(process.stdout.readline())
        yield Aws(ready["url"], ready["accessKeyId"], ready["secretAccessKey"])
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"t-{uuid.uuid4().hex[:8]}"


def trust(*services: str, actions: tuple[str, ...] = ("sts:AssumeRole",)) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": list(actions)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Network:
    vpc_id: str
    subnet_ids: list[str]
    group_id: str


@pytest.fixture(scope="session")
def network(aws: Aws) -> Network:
    """A VPC with a subnet in each of three zones and a security group."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    return Network(vpc, subnets, group)


@pytest.fixture(scope="session")
def roles(aws: Aws) -> dict[str, str]:
    """ARNs of roles by purpose; `profile` is an instance profile with the node role."""
    iam = aws.client("iam")
    wanted = {
        "cluster": trust("eks.amazonaws.com"),
        "node": trust("ec2.amazonaws.com"),
        "pod": trust("pods.eks.amazonaws.com", actions=("sts:AssumeRole", "sts:TagSession")),
        "fargate": trust("eks-fargate-pods.amazonaws.com"),
    }
    arns = {
        key: iam.create_role(RoleName=f"test-{key}", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        for key, document in wanted.items()
    }
    arns["profile"] = iam.create_instance_profile(InstanceProfileName="test-node")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="test-node", RoleName="test-node")
    iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")
    return arns


@pytest.fixture(scope="session")
def image(aws: Aws) -> str:
    """Id of the newest AL2023 x86_64 image for Kubernetes 1.35."""
    path = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id"
    return aws.client("ssm").get_parameter(Name=path)["Parameter"]["Value"]


@pytest.fixture(scope="session")
def make_cluster(aws: Aws, network: Network, roles: dict[str, str]):
    """Creates a cluster and reports its control plane running; returns CreateCluster's answer."""

    def make(name: str, **more: Any) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "name": name,
            "roleArn": roles["cluster"],
            "resourcesVpcConfig": {"subnetIds": network.subnet_ids},
            "accessConfig": {"authenticationMode": "API"},
            **more,
        }
        created = aws.client("eks").create_cluster(**arguments)["cluster"]
        report = {"status": "ACTIVE", "endpoint": "https://127.0.0.1:6443", "certificateAuthority": "Q0E="}
        assert aws.private("PATCH", f"clusters/{name}", report) == {}
        return created

    return make


@pytest.fixture
def cluster(make_cluster, name: str) -> str:
    """Name of an ACTIVE cluster with authentication mode API."""
    make_cluster(name)
    return name


@pytest.fixture(scope="session")
def state(aws: Aws):
    """Reads the cluster of that name, or an instance by id, from the state document."""

    def read(key: str) -> dict[str, Any] | None:
        document = aws.private("GET", "state")
        found = [c for c in document["clusters"] if c["name"] == key]
        return next(iter(found + [i for i in document["instances"] if i["instanceId"] == key]), None)

    return read


@pytest.fixture(scope="session")
def trust_of():
    """Builds a trust policy for AWS services."""
    return trust


@pytest.fixture
def template(aws, network, roles, image):
    """Creates a launch template as Karpenter writes it and returns its name."""

    def create(**more):
        data = {
            "ImageId": image,
            "IamInstanceProfile": {"Name": "test-node"},
            "UserData": base64.b64encode(b"#!node").decode(),
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {"VolumeSize": 100, "VolumeType": "gp3", "Throughput": 300, "Encrypted": True},
                }
            ],
            "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [network.group_id]}],
            "TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Key": "owner", "Value": "test"}]}],
            **more,
        }
        name = f"karpenter.k8s.aws/{next(NAMES)}"
        aws.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return name

    return create


@pytest.fixture
def fleet(aws, network):
    """Asks for an instant fleet; overrides are every type in every subnet."""

    def create(name, kinds, market="on-demand", count=1, subnets=None, **more):
        strategy = {"AllocationStrategy": "price-capacity-optimized" if market == "spot" else "lowest-price"}
        overrides = [{"InstanceType": k, "SubnetId": s} for k in kinds for s in subnets or network.subnet_ids]
        specification = {"LaunchTemplateName": name, "Version": "$Latest"}
        return aws.client("ec2").create_fleet(
            Type="instant",
            LaunchTemplateConfigs=[{"LaunchTemplateSpecification": specification, "Overrides": overrides}],
            TargetCapacitySpecification={"TotalTargetCapacity": count, "DefaultTargetCapacityType": market},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "karpenter.sh/nodepool", "Value": "p"}]}],
            **{"SpotOptions" if market == "spot" else "OnDemandOptions": strategy},
            **more,
        )

    return create


@pytest.fixture
def run(aws, network, image):
    """Runs one instance of a type in the first zone unless told otherwise; returns it as DescribeInstances shows it.

    Ends them all, so that no later test's reservation takes them in.
    """
    ids = []

    def start(kind="m5.large", **more):
        place = {} if "NetworkInterfaces" in more else {"SubnetId": network.subnet_ids[0]}
        arguments = {"ImageId": image, "InstanceType": kind, "MinCount": 1, "MaxCount": 1, **place, **more}
        started = aws.client("ec2").run_instances(**arguments)["Instances"]
        ids.append(started[0]["InstanceId"])
        return described_by(aws, ids[-1])

    yield start
    if ids:
        aws.client("ec2").terminate_instances(InstanceIds=ids)


def described_by(aws, instance_id):
    return aws.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


@pytest.fixture(scope="session")
def described(aws):
    """Reads an instance as DescribeInstances shows it."""
    return lambda instance_id: described_by(aws, instance_id)
