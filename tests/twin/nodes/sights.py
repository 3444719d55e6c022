"""Pods of plugins and discovery, and what a node looks like with them."""

from eks_twin.nodes.devices import Sight
from eks_twin.nodes.plugins import cluster_wide

NEURON_AMI = "amazon-eks-node-al2023-x86_64-neuron-1.35-v1"
NVIDIA_AMI = "amazon-eks-node-al2023-x86_64-nvidia-1.35-v1"
STANDARD_AMI = "amazon-eks-node-al2023-x86_64-standard-1.35-v1"
BOTTLEROCKET = "bottlerocket-aws-k8s-1.35-x86_64-v1.54.0-a"
BOTTLEROCKET_NVIDIA = "bottlerocket-aws-k8s-1.35-nvidia-x86_64-v1.54.0-a"
UBUNTU = "ubuntu-eks/k8s_1.35/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101"
GPU, SHARED, EFA = "nvidia.com/gpu", "nvidia.com/gpu.shared", "vpc.amazonaws.com/efa"


def pod(name, image, *command, env=(), volumes=(), start="2026-11-25T10:00:00Z", phase="Running"):
    container = {"name": "main", "image": image, "env": [{"name": key, "value": value} for key, value in env]}
    if command:
        container["command"] = list(command)
    return {
        "metadata": {"namespace": "ns", "name": name},
        "spec": {"containers": [container], "volumes": list(volumes)},
        "status": {"phase": phase, "startTime": start},
    }


CONFIGS = {"name": "available-configs", "configMap": {"name": "configs"}}
NVIDIA_IMAGE = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"
NEURON = pod("neuron", "public.ecr.aws/neuron/neuron-device-plugin:2.32.0.0")
NVIDIA = pod("nvidia", NVIDIA_IMAGE, "nvidia-device-plugin")
STATIC = pod("static", NVIDIA_IMAGE)
EFA_PLUGIN = pod("efa", "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin:v0.5.20")
EFA_ELSEWHERE = pod("efa", "918309763551.dkr.ecr.cn-north-1.amazonaws.com.cn/eks/aws-efa-k8s-device-plugin:v0.5.20")
MPS = pod("mps", NVIDIA_IMAGE, "mps-control-daemon")
GFD = pod("gfd", NVIDIA_IMAGE, "gpu-feature-discovery")
NFD = pod("nfd", "registry.k8s.io/nfd/node-feature-discovery:v0.19.0", "nfd-worker")
NFD_MASTER = pod("nfd", "registry.k8s.io/nfd/node-feature-discovery:v0.19.0", "nfd-master")
DRIVER = pod("driver", "nvcr.io/nvidia/driver:595.91.07", "nvidia-driver")
MIG_MANAGER = pod("mig", "nvcr.io/nvidia/cloud-native/k8s-mig-manager:v26.7.0", "nvidia-mig-manager")


def strategy(name):
    return pod("nvidia", NVIDIA_IMAGE, "nvidia-device-plugin", env=[("MIG_STRATEGY", name)])


def configured(*command, **env):
    return pod("nvidia", NVIDIA_IMAGE, *(command or ("nvidia-device-plugin",)), env=env.items(), volumes=[CONFIGS])


TIME_SLICED = "version: v1\nsharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}"
RENAMED = TIME_SLICED.replace("timeSlicing: {", "timeSlicing: {renameByDefault: true, ")
BY_MPS = TIME_SLICED.replace("timeSlicing", "mps")
LABEL = "nvidia.com/device-plugin.config"
FALLBACK = {"FALLBACK_STRATEGIES": "named,single"}


def sight(*pods, labels=None, operator=None, configs=None, master=True):
    entries = {("ns", "configs"): configs}
    elsewhere = [*([NFD_MASTER] if master else []), *([operator] if operator else [])]
    return Sight(pods, labels or {}, cluster_wide(elsewhere), lambda *key: entries.get(key))
