"""A real aws process and a reconciler ticking in this thread: everything of the twin but its command line."""

import base64
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.signers import RequestSigner
from eks_twin.binaries import tool
from eks_twin.charts.location import locate
from eks_twin.cluster.reconciler import Reconciler, Settings
from eks_twin.kube import Kube, from_kubeconfig
from eks_twin.processes import Processes

REGION = "us-west-2"
ACCOUNT = "123456789012"
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")


def trust(service, *actions):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions) or "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class World:
    """AWS, and the reconciler that follows it."""

    url: str
    key: str
    secret: str
    directory: Any
    processes: Processes
    reconciler: Reconciler
    clients: dict[str, Any] = field(default_factory=dict)
    kubes: dict[str, Kube] = field(default_factory=dict)

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id=self.key,
                aws_secret_access_key=self.secret,
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[service]

    def until(self, what, condition, seconds=60):
        """Tick until `condition` gives something true, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            self.reconciler.tick()
            if value := condition():
                return value
            if time.monotonic() > deadline:
                trouble = [path.read_text()[-2000:] for path in self.directory.glob("clusters/*/trouble.log")]
                pytest.fail(f"{what}: not within {seconds} s; last {value!r}; {trouble}")
            time.sleep(0.1)

    def spend(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.reconciler.tick()
            time.sleep(0.1)

    def role(self, name, service, *actions, policies=()):
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(service, *actions))
        for policy in policies:
            arn = f"arn:aws:iam::aws:policy/{policy}"
            self.client("iam").attach_role_policy(RoleName=name, PolicyArn=arn)
        return role["Role"]["Arn"]

    def network(self):
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = []
        for number, zone in enumerate("ab"):
            made = ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.0.{number}.0/24",
                AvailabilityZone=f"{REGION}{zone}",
                TagSpecifications=[
                    {"ResourceType": "subnet", "Tags": [{"Key": "karpenter.sh/discovery", "Value": "demo"}]}
                ],
            )
            subnets.append(made["Subnet"]["SubnetId"])
        return subnets

    def create_cluster(self, name, subnets, **options):
        role = self.role(f"{name}-cluster", "eks.amazonaws.com", policies=["AmazonEKSClusterPolicy"])
        self.client("eks").create_cluster(
            name=name,
            roleArn=role,
            resourcesVpcConfig={"subnetIds": subnets},
            accessConfig={"authenticationMode": "API"},
            **{"version": "1.35", "bootstrapSelfManagedAddons": False, **options},
        )

    def cluster(self, name):
        return self.client("eks").describe_cluster(name=name)["cluster"]

    def addon(self, cluster, name, **options):
        self.client("eks").create_addon(clusterName=cluster, addonName=name, **options)

    def addon_status(self, cluster, name):
        return self.client("eks").describe_addon(clusterName=cluster, addonName=name)["addon"]["status"]

    def create_nodes(self, cluster, subnets, **options):
        role = self.role(f"{cluster}-node", "ec2.amazonaws.com", policies=NODE_POLICIES)
        self.client("eks").create_nodegroup(
            clusterName=cluster,
            nodegroupName="system",
            nodeRole=role,
            subnets=subnets,
            instanceTypes=["m5.large"],
            scalingConfig={"minSize": 2, "maxSize": 3, "desiredSize": 2},
            **options,
        )
        return role

    def nodegroup(self, cluster):
        return self.client("eks").describe_nodegroup(clusterName=cluster, nodegroupName="system")["nodegroup"]

    def helm(self, cluster, release, reference, version, **values):
        """Install or upgrade; `reference` is an OCI reference or `<repository URL>/<chart>`."""
        repository, _, name = reference.rpartition("/")
        where = (reference,) if reference.startswith("oci://") else (name, repository)
        given = self.directory / f"{release}.json"
        given.write_text(json.dumps(values))
        self._helm(cluster, "upgrade", "--install", release, locate(*where, version=version), "--values", given)

    def uninstall(self, cluster, release):
        self._helm(cluster, "uninstall", release)

    def _helm(self, cluster, *command):
        kubeconfig = self.directory / "clusters" / cluster / "kubeconfig"
        options = ["--kubeconfig", kubeconfig, "--namespace", "kube-system"]
        answer = subprocess.run([tool("helm"), *command, *options], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr

    def cluster_for_karpenter(self, name) -> Kube:
        """A cluster with two system nodes and everything that Karpenter needs, but no association for it yet."""
        subnets = self.network()
        self.create_cluster(name, subnets)
        self.until("the cluster is ACTIVE", lambda: self.cluster(name)["status"] == "ACTIVE")
        for addon in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent"):
            self.addon(name, addon)
        self.create_nodes(name, subnets)
        self.until("the node group is ACTIVE", lambda: self.nodegroup(name)["status"] == "ACTIVE")
        group = self.cluster(name)["resourcesVpcConfig"]["clusterSecurityGroupId"]
        tag = {"Key": "karpenter.sh/discovery", "Value": name}
        self.client("ec2").create_tags(Resources=[group], Tags=[tag])
        self.client("sqs").create_queue(QueueName=name)
        node = self.role("karpenter-node", "ec2.amazonaws.com", policies=["AmazonEKSWorkerNodePolicy"])
        self.client("eks").create_access_entry(clusterName=name, principalArn=node, type="EC2_LINUX")
        return self.kube(name)

    def associate_karpenter(self, name):
        """The controller's role, and the association that gives it to the controller's pods."""
        role = self.role("karpenter", "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")
        self.client("eks").create_pod_identity_association(
            clusterName=name, namespace="kube-system", serviceAccount="karpenter", roleArn=role
        )

    def trouble(self, cluster) -> str:
        """What went wrong with the cluster so far."""
        path = self.directory / "clusters" / cluster / "trouble.log"
        return path.read_text() if path.exists() else ""

    def kube(self, name) -> Kube:
        if name not in self.kubes:
            self.kubes[name] = from_kubeconfig((self.directory / "clusters" / name / "kubeconfig").read_text())
        return self.kubes[name]

    def token(self, cluster, key=None, secret=None):
        """A bearer token as `aws eks get-token` makes it."""
        session = boto3.Session(key or self.key, secret or self.secret, region_name=REGION)
        sts = session.client("sts", endpoint_url=self.url)
        signer = RequestSigner(
            sts.meta.service_model.service_id, REGION, "sts", "v4", session.get_credentials(), session.events
        )
        request = {
            "method": "GET",
            "url": f"{self.url}/?Action=GetCallerIdentity&Version=2011-06-15",
            "body": {},
            "headers": {"x-k8s-aws-id": cluster},
            "context": {},
        }
        url = signer.generate_presigned_url(request, region_name=REGION, expires_in=60, operation_name="")
        return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")

    def as_user(self, cluster, token):
        described = self.cluster(cluster)
        ca = self.directory / f"{cluster}-ca.pem"
        ca.write_bytes(base64.b64decode(described["certificateAuthority"]["data"]))
        return Kube(described["endpoint"], str(ca), lambda: token)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("world")
    command = [sys.executable, "-m", "eks_twin.aws.server", "--port", "0", "--region", REGION]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    aws = subprocess.Popen(
        [*command, "--state-dir", str(directory / "aws")], stdout=subprocess.PIPE, text=True, env=environment
    )
    ready = json.loads(aws.stdout.readline())
    processes = Processes(directory / "ledger.jsonl")
    settings = Settings(
        tools=tool,
        access_key_id=ready["accessKeyId"],
        secret_access_key=ready["secretAccessKey"],
        pod_ready_seconds=0.1,
        addon_degraded_seconds=3,
        drain_seconds=5,
    )
    reconciler = Reconciler(ready["url"], directory, processes, settings)
    try:
        yield World(ready["url"], ready["accessKeyId"], ready["secretAccessKey"], directory, processes, reconciler)
    finally:
        reconciler.close()
        left = processes.sweep()
        aws.terminate()
        aws.wait(10)
        assert left == []
