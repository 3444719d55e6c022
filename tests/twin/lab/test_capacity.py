"""Capacity that was reserved, and nodes that are there without any pod, on the real controller."""

import json

import pytest

pytestmark = pytest.mark.twin

CONFIG = """
config:
  aws:region: us-west-2
  eks-accelerators:platform:
    network: {{zones: [us-west-2a, us-west-2b]}}
    cluster: {{name: capacity, public_access_cidrs: [0.0.0.0/0]}}
    pools:
      - name: reserved
        accelerator: h100
        use: training
        reservation: {{id: {id}, instance_type: p5.4xlarge, zone: us-west-2a, count: 1}}
      - name: static
        instance_families: [m5]
        replicas: 1
"""


def pod(name):
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                "nodeSelector": {"karpenter.sh/nodepool": "reserved"},
                "containers": [
                    {
                        "name": "main",
                        "image": "public.ecr.aws/amazonlinux/amazonlinux:2023-minimal",
                        "resources": {"limits": {"nvidia.com/gpu": "1"}},
                    }
                ],
            },
        }
    )


@pytest.fixture(scope="module")
def reservation(twin):
    arguments = ["--instance-type", "p5.4xlarge", "--instance-count", "1", "--availability-zone", "us-west-2a"]
    made = twin.aws("ec2", "create-capacity-reservation", *arguments, "--instance-platform", "Linux/UNIX",
                    "--instance-match-criteria", "targeted")  # fmt: skip
    return made["CapacityReservation"]["CapacityReservationId"]


@pytest.fixture(scope="module")
def lab(make_lab, reservation):
    lab = make_lab("capacity", CONFIG.format(id=reservation))
    lab.pulumi("up", "--yes", "--skip-preview")
    return lab


def nodes(lab, pool):
    return lab.twin.kubectl("get", "nodes", "-l", f"karpenter.sh/nodepool={pool}")["items"]


def test_a_static_pool_has_its_nodes_before_any_pod(lab):
    def families():
        return [n["metadata"]["labels"].get("karpenter.k8s.aws/instance-family") for n in nodes(lab, "static")]

    lab.twin.wait("the static node joins and is labelled", lambda: families() == ["m5"])


def test_a_pool_with_a_reservation_launches_into_it_and_no_further(lab, reservation, tmp_path):
    for name in ("first", "second"):
        manifest = tmp_path / f"{name}.json"
        manifest.write_text(pod(name))
        lab.twin.run("kubectl", "apply", "-f", str(manifest))

    def running():
        pods = lab.twin.kubectl("get", "pods", "-n", "default")["items"]
        return [p["metadata"]["name"] for p in pods if p["status"]["phase"] == "Running"]

    assert len(lab.twin.wait("one of the pods runs", running)) == 1
    (node,) = nodes(lab, "reserved")
    labels = node["metadata"]["labels"]
    assert labels["karpenter.sh/capacity-type"] == "reserved"
    assert labels["karpenter.k8s.aws/capacity-reservation-id"] == reservation
    assert labels["topology.kubernetes.io/zone"] == "us-west-2a"
    left = lab.twin.aws("ec2", "describe-capacity-reservations", "--capacity-reservation-ids", reservation)
    assert left["CapacityReservations"][0]["AvailableInstanceCount"] == 0
    claims = lab.twin.kubectl("get", "nodeclaims", "-l", "karpenter.sh/nodepool=reserved")["items"]
    assert len(claims) == 1


def test_a_second_up_changes_nothing(lab):
    lab.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_destroy_leaves_the_reservation_and_nothing_else(lab, reservation):
    lab.pulumi("destroy", "--yes", "--skip-preview")
    lab.twin.run("aws", "ec2", "cancel-capacity-reservation", "--capacity-reservation-id", reservation)
    answer = lab.twin.run("audit", check=False)
    assert (answer.returncode, answer.stdout.strip()) == (0, "the account is empty")
