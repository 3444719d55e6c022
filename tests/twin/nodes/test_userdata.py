"""User data says which cluster a machine joins, and as what."""

import pytest
from eks_twin.nodes.bootstrap import Bootstrap, UserDataError
from eks_twin.nodes.capacity import Kubelet
from eks_twin.nodes.sharing import PluginConfig
from eks_twin.nodes.userdata import parse

KARPENTER = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash
echo hello

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance: {localStorage: {strategy: RAID0}}
  kubelet:
    config: {maxPods: 20, clusterDNS: [10.0.0.10]}
    flags: [--node-labels=team=ml]

--//
Content-Type: application/node.eks.aws

# Karpenter Generated NodeConfig
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
metadata: {creationTimestamp: null}
spec:
  cluster: {apiServerEndpoint: "https://127.0.0.1:1", certificateAuthority: Y2E=, cidr: 10.100.0.0/16, name: demo}
  containerd: {}
  instance: {localStorage: {}}
  kubelet:
    config:
      maxPods: 58
      registerWithTaints:
      - {effect: NoExecute, key: karpenter.sh/unregistered}
      - {effect: NoSchedule, key: aws.amazon.com/neuron, value: "true"}
    flags:
    - --node-labels="karpenter.sh/nodepool=train,karpenter.sh/capacity-type=spot"

--//--
"""

BOTTLEROCKET = """
[settings.kubernetes]
cluster-name = "demo"
api-server = "https://127.0.0.1:1"
cluster-certificate = "Y2E="
max-pods = 58
[settings.kubernetes.node-labels]
"karpenter.sh/nodepool" = "train"
[settings.kubernetes.node-taints]
"nvidia.com/gpu" = ["true:NoSchedule", "true:NoExecute"]
[settings.bootstrap-commands.000-mount-instance-storage]
mode = "always"
essential = true
commands = [
    ["apiclient", "ephemeral-storage", "init"],
    ["apiclient", "ephemeral-storage", "bind", "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
]
"""


def test_karpenters_node_config_is_merged_over_the_users():
    said = parse(KARPENTER)
    assert (said.cluster, said.endpoint) == ("demo", "https://127.0.0.1:1")
    assert said.labels == {"team": "ml", "karpenter.sh/nodepool": "train", "karpenter.sh/capacity-type": "spot"}
    assert said.taints == [
        {"key": "karpenter.sh/unregistered", "value": "", "effect": "NoExecute"},
        {"key": "aws.amazon.com/neuron", "value": "true", "effect": "NoSchedule"},
    ]
    assert (said.kubelet.max_pods, said.kubelet.raid0) == (58, True)


def test_bottlerockets_settings_are_read():
    said = parse(BOTTLEROCKET)
    assert (said.cluster, said.labels) == ("demo", {"karpenter.sh/nodepool": "train"})
    assert said.taints == [
        {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"},
        {"key": "nvidia.com/gpu", "value": "true", "effect": "NoExecute"},
    ]
    assert (said.kubelet.max_pods, said.kubelet.raid0, said.kubelet.reserves_by_interfaces) == (58, True, False)


@pytest.mark.parametrize("text", ["", "  \n", "#!/bin/bash\necho hello\n"])
def test_user_data_that_names_no_cluster_joins_none(text):
    assert parse(text) == Bootstrap()


def node_config(spec):
    return f"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {spec}\n"


def test_taints_may_be_a_kubelet_flag():
    said = parse(node_config("{kubelet: {flags: ['--register-with-taints=a=b:NoSchedule,c:NoExecute']}}"))
    assert said.taints == [
        {"key": "a", "value": "b", "effect": "NoSchedule"},
        {"key": "c", "value": "", "effect": "NoExecute"},
    ]


@pytest.mark.parametrize(
    ("config", "field", "value"),
    [
        ("{maxPods: 20}", "max_pods", 20),
        ("{podsPerCore: 4}", "pods_per_core", 4),
        ("{kubeReserved: {cpu: 200m}}", "kube_reserved", {"cpu": "200m"}),
        ("{systemReserved: {memory: 1Gi}}", "system_reserved", {"memory": "1Gi"}),
        ("{evictionHard: {memory.available: 5%}}", "eviction_hard", {"memory.available": "5%"}),
    ],
)
def test_kubelet_settings_reach_the_node(config, field, value):
    assert getattr(parse(node_config(f"{{kubelet: {{config: {config}}}}}")).kubelet, field) == value


def test_a_soft_eviction_threshold_takes_nothing_from_what_the_node_offers():
    soft = "{evictionSoft: {memory.available: 10%}, evictionSoftGracePeriod: {memory.available: 2m}}"
    assert parse(node_config(f"{{kubelet: {{config: {soft}}}}}")).kubelet == Kubelet()


def nvidia(settings):
    return f"[settings.kubelet-device-plugins.nvidia]\n{settings}\n"


GPU = "nvidia.com/gpu"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("pass-device-specs = true", PluginConfig()),
        ('device-sharing-strategy = "none"\ntime-slicing = {replicas = 4}', PluginConfig()),
        ('device-sharing-strategy = "time-slicing"', PluginConfig(None, "time-slicing", {GPU: 2}, rename=True)),
        ('device-sharing-strategy = "time-slicing"\ntime-slicing = {replicas = 4, rename-by-default = false}',
         PluginConfig(None, "time-slicing", {GPU: 4})),
        ('device-sharing-strategy = "mps"\nmps = {replicas = 8}', PluginConfig(None, "mps", {GPU: 8}, rename=True)),
    ],
)  # fmt: skip
def test_bottlerockets_own_device_plugin_is_configured_by_its_settings(settings, expected):
    assert parse(nvidia(settings)).nvidia == expected


@pytest.mark.parametrize(
    ("dirs", "raid0"), [([], True), (["--dirs", "/var/lib/kubelet"], True), (["--dirs", "/var/lib/containerd"], False)]
)
def test_bottlerockets_instance_storage_holds_pods_where_it_is_bound_to_their_directory(dirs, raid0):
    command = ["apiclient", "ephemeral-storage", "bind", *dirs]
    assert parse(f"[settings.bootstrap-commands.a]\ncommands = [{command}]").kubelet.raid0 is raid0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            node_config("{kubelet: {config: {maxPod: 3}}}"),
            r"config\.maxPod: not modelled; known: .*maxPods",
        ),
        (node_config("{kubelet: {flags: ['--v=9']}}"), r"spec\.kubelet\.flags --v: not modelled"),
        (node_config("{cluster: {enableOutpost: true}}"), r"spec\.cluster\.enableOutpost: not modelled"),
        (
            "[settings.kubernetes]\nmax-pod = 3",
            r"kubernetes\.max-pod: not",
        ),
        (node_config("{instance: {localStorage: {strategy: Mount}}}"), r"localStorage\.strategy Mount: not modelled"),
        (node_config("{instance: {network: {}}}"), r"spec\.instance\.network: not modelled; known: localStorage"),
        (node_config("{containerd: {version: 2}}"), r"spec\.containerd\.version: not modelled"),
        (node_config("{featureGates: {InstanceIdNodeName: true}}"), r"featureGates\.InstanceIdNodeName: not modelled"),
        (
            node_config("{kubelet: {config: {evictionSoft: {memory.available: 10%}}}}"),
            "evictionSoft memory.available: grace period must be specified",
        ),
        (
            "[settings.kubernetes.eviction-soft]\n'memory.available' = '10%'",
            "evictionSoft memory.available: grace period must be specified",
        ),
        ("[settings.kernel]\nlockdown = 'none'", r"settings\.kernel: not modelled; known: .*kubernetes"),
        ("[settings.kubernetes.static-pods.a]\nenabled = true", r"kubernetes\.static-pods: not modelled"),
        ("[settings.bootstrap-commands.a]\ncommands = [['apiclient', 'set', 'x=1']]", "a apiclient set x=1: not mod"),
        (nvidia("mig = {}"), r"kubelet-device-plugins\.nvidia\.mig: not modelled"),
        (nvidia('device-partitioning-strategy = "mig"'), "device-partitioning-strategy mig: not modelled"),
        (nvidia('device-sharing-strategy = "fair"'), "must be one of none, time-slicing, mps"),
        (nvidia('device-sharing-strategy = "mps"\nmps = {replicas = 1}'), "replicas 1: must be at least 2"),
        ("<powershell>\nStart-EKSBootstrap.ps1\n</powershell>", "no Windows machines; use AL2023 or Bottlerocket"),
        ("#!/bin/bash\n/etc/eks/bootstrap.sh demo", "scripts are not run, and AL2 has no images"),
        (KARPENTER.replace("echo hello", "/etc/eks/bootstrap.sh demo"), "user data calls /etc/eks/bootstrap.sh"),
        ("cluster: demo", "neither NodeConfig, MIME nor TOML"),
        ("MIME-Version: 1.0\nContent-Type: text/html\n\nhello", "part text/html: not modelled"),
        ("Content-Type: application/node.eks.aws\n\napiVersion: v1\nkind: Pod\n", "apiVersion: must be node.eks.aws"),
    ],
)
def test_user_data_that_is_not_modelled_is_refused_by_name(text, message):
    with pytest.raises(UserDataError, match=message):
        parse(text)
