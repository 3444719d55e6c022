"""User data says which cluster a machine joins, and as what."""

import pytest
from eks_twin.nodes.userdata import Bootstrap, UserDataError, parse

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
commands = [["apiclient", "ephemeral-storage", "init"]]
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
        ("cluster: demo", "neither NodeConfig, MIME nor TOML"),
        ("MIME-Version: 1.0\nContent-Type: text/html\n\nhello", "part text/html: not modelled"),
        ("Content-Type: application/node.eks.aws\n\napiVersion: v1\nkind: Pod\n", "apiVersion: must be node.eks.aws"),
    ],
)
def test_user_data_that_is_not_modelled_is_refused_by_name(text, message):
    with pytest.raises(UserDataError, match=message):
        parse(text)
