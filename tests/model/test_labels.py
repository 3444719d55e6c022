import pytest
from eks_accelerators.model import labels, names


@pytest.mark.parametrize(
    ("key", "restricted"),
    [
        ("team", False),
        ("instanceType", False),
        ("example.com/team", False),
        ("neuron.amazonaws.com/neuron-device", False),
        ("karpenter.sh/capacity-type", False),
        ("karpenter.k8s.aws/instance-family", False),
        ("topology.kubernetes.io/zone", False),
        ("karpenter.sh/nodepool", True),
        ("karpenter.sh/anything", True),
        ("sub.karpenter.sh/anything", True),
        ("karpenter.k8s.aws/instance-type", True),
        ("kubernetes.io/hostname", True),
    ],
)
def test_labels_are_restricted_as_in_karpenters_crd(key, restricted):
    assert labels.is_restricted_label(key) == restricted


@pytest.mark.parametrize(
    ("key", "restricted"),
    [
        ("Name", False),
        ("karpenter.sh/discovery", False),
        ("app.kubernetes.io/created-by", False),
        ("karpenter.sh/nodepool", True),
        ("karpenter.sh/nodeclaim", True),
        ("karpenter.k8s.aws/ec2nodeclass", True),
        ("eks:eks-cluster-name", True),
        ("kubernetes.io/cluster/x", True),
        ("aws:cloudformation:stack-name", True),
    ],
)
def test_tags_are_restricted_as_in_karpenters_crd(key, restricted):
    assert labels.is_restricted_tag(key) == restricted


def test_the_longest_cluster_name_makes_a_role_name_of_64_characters():
    assert len(names.node_role("x" * names.CLUSTER_NAME_MAX)) == 64
