"""A pod of which nothing is run still starts only where a kubelet could start it."""

from types import SimpleNamespace

import pytest
from eks_twin.nodes.pods import Host, StillPod

DRIVER = "nvcr.io/nvidia/driver:595.91.07"
UBUNTU = "ubuntu-eks/k8s_1.35/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101"


class Kube:
    def __init__(self):
        self.written = []

    def patch(self, _body, patch, **_):
        self.written.append(patch["status"])

    def find(self, *_):
        return None


def status(image, command, image_name):
    container = {"name": "main", "image": image, "command": [command]}
    pod = {
        "metadata": {"name": "p", "namespace": "ns", "uid": "u"},
        "spec": {"containers": [container], "serviceAccountName": "default"},
        "status": {},
    }
    kube = Kube()
    room = SimpleNamespace(kube=kube, settings=SimpleNamespace(pod_ready_seconds=0))
    host = Host("10.0.0.4", network=True, identity_agent="running", allocatable={}, image_name=image_name)
    StillPod(room, pod, "100.64.0.2").tick(pod, host)
    return kube.written[-1]


@pytest.mark.parametrize(
    "image_name",
    ["amazon-eks-node-al2023-x86_64-nvidia-1.35-v1", "bottlerocket-aws-k8s-1.35-nvidia-x86_64-v1.54.0-a"],
)
def test_nvidia_has_no_driver_container_for_amazons_images(image_name):
    found = status(DRIVER, "nvidia-driver", image_name)
    waiting = found["containerStatuses"][0]["state"]["waiting"]
    assert (found["phase"], waiting["reason"]) == ("Pending", "ErrImagePull")
    assert waiting["message"] == (
        f'failed to resolve image "{DRIVER}": NVIDIA publishes no driver container for {image_name}'
    )


@pytest.mark.parametrize(
    ("image", "command", "image_name"),
    [
        (DRIVER, "nvidia-driver", UBUNTU),
        (DRIVER, "nvidia-driver", "my-own-image"),
        (
            "nvcr.io/nvidia/k8s-device-plugin:v0.20.0",
            "nvidia-device-plugin",
            "amazon-eks-node-al2023-x86_64-nvidia-1.35-v1",
        ),
    ],
)
def test_elsewhere_and_for_other_images_the_pod_runs(image, command, image_name):
    assert status(image, command, image_name)["phase"] == "Running"
