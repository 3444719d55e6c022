"""The aws process, a settler that plays the cluster room, and what resources under test need around them."""

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from eks_twin.plugins.aws.plugin import AwsPlugin

from tests.twin.plugins.aws.life import REGION, Life

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Principal": {"Service": ["eks.amazonaws.com", "ec2.amazonaws.com", "pods.eks.amazonaws.com"]},
            }
        ],
    }
)


class Settler(threading.Thread):
    """Reports clusters, node groups and add-ons as ready, and as gone; `unhealthy` names those that fail."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.stopped = url, threading.Event()
        self.unhealthy: dict[str, dict[str, Any]] = {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_twin/{path}", data, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:  # a part vanished between look and report
            return {"status": error.code}

    def run(self) -> None:
        while not self.stopped.wait(0.05):
            for cluster in self.call("GET", "state")["clusters"]:
                path = f"clusters/{cluster['name']}"
                self.settle(path, cluster, {"endpoint": "http://127.0.0.1:9", "certificateAuthority": "eA=="})
                for kind in ("nodegroups", "addons"):
                    for part in cluster[kind]:
                        self.settle(f"{path}/{kind}/{part['name']}", part, {})

    def settle(self, path: str, thing: dict[str, Any], facts: dict[str, Any]) -> None:
        if thing["name"] in self.unhealthy:
            self.call("PATCH", path, self.unhealthy[thing["name"]])
        elif thing["status"] in ("CREATING", "UPDATING"):
            self.call("PATCH", path, {"status": "ACTIVE", **facts})
        elif thing["status"] == "DELETING":
            self.call("DELETE", path)


@pytest.fixture(scope="session")
def settler(tmp_path_factory):
    """The aws process with its settler; the environment of this process leads there."""
    command = [sys.executable, "-m", "eks_twin.aws.server", "--state-dir", str(tmp_path_factory.mktemp("aws"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    ready = json.loads(process.stdout.readline())
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (
            ("AWS_ENDPOINT_URL", ready["url"]),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ready["accessKeyId"]),
            ("AWS_SECRET_ACCESS_KEY", ready["secretAccessKey"]),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ):
            environment.setenv(name, value)
        environment.delenv("AWS_PROFILE", raising=False)
        environment.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials of whoever used it before
        thread = Settler(ready["url"])
        thread.start()
        yield thread
        thread.stopped.set()
        thread.join()
    process.terminate()
    process.wait()


@pytest.fixture(scope="session")
def plugin(settler):
    plugin = AwsPlugin()
    plugin.configure({"region": REGION})
    return plugin


@pytest.fixture
def life(plugin, request):
    """A maker of resources, deleted after the test in reverse order."""
    made = []

    def make(type_, name="thing", /, **inputs):
        made.append(Life(plugin, f"aws:{type_}", f"{name}-{abs(hash(request.node.nodeid)) % 10**6}"))
        return made[-1].create(**inputs) if inputs else made[-1]

    yield make
    for resource in reversed(made):
        if resource.id:
            resource.delete()


@dataclass(frozen=True)
class World:
    """What the resources under test need, made once."""

    vpc: str
    subnets: list[str]
    group: str
    gateway: str
    role: str
    role_arn: str
    person_arn: str
    """A role without an access entry of its own making: EKS gives node roles one."""
    key_arn: str
    cluster: str
    queue_url: str
    queue_arn: str
    table: str
    address: str
    policy_arn: str = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"


@pytest.fixture(scope="session")
def world(plugin):
    ec2, iam, sqs = (boto3.client(name, region_name=REGION) for name in ("ec2", "iam", "sqs"))
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    role = iam.create_role(RoleName="world", AssumeRolePolicyDocument=TRUST)["Role"]
    for policy in ("AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"):
        iam.attach_role_policy(RoleName="world", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    queue = sqs.create_queue(QueueName="world")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cluster = Life(plugin, "aws:eks/cluster:Cluster", "world").create(
        roleArn=role["Arn"],
        vpcConfig={"subnetIds": subnets},
        accessConfig={"authenticationMode": "API"},
        version="1.34",
        enabledClusterLogTypes=["api"],
    )
    return World(
        vpc=vpc,
        subnets=subnets,
        group=ec2.create_security_group(GroupName="world", Description="w", VpcId=vpc)["GroupId"],
        gateway=gateway,
        role="world",
        role_arn=role["Arn"],
        person_arn=iam.create_role(RoleName="person", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"],
        key_arn=boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["Arn"],
        cluster=cluster.id,
        queue_url=queue,
        queue_arn=queue_arn,
        table=ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"],
        address=ec2.allocate_address(Domain="vpc")["AllocationId"],
    )
