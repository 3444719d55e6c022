"""Each add-on is a table entry, and each configuration key changes one place of it or is refused."""

import json

import pytest
from eks_twin.cluster.addon_table import ADDONS, SELF_MANAGED
from eks_twin.cluster.addon_values import TARGETS, ValuesError
from eks_twin.cluster.addons import objects

CLUSTER = {"region": "us-west-2", "serviceIpv4Cidr": "10.100.0.0/16"}
SAMPLES = {
    "tolerations": [{"key": "x", "operator": "Exists"}],
    "nodeSelector": {"team": "platform"},
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 2}],
    "podLabels": {"a": "b"},
    "podAnnotations": {"a": "b"},
    "resources": {"requests": {"cpu": "1"}},
    "replicas": 7,
    "env": {"ENABLE_PREFIX_DELEGATION": "true"},
    "computeType": "ec2",
}


def made(name, values=None, **addon):
    configured = None if values is None else json.dumps(values)
    return objects(CLUSTER, {"name": name, "version": "v1", "configurationValues": configured, **addon})


def find(manifests, kind, name):
    return next(m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name))


def nested(path, value):
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, addon in ADDONS.items() for key in sorted(addon.keys)])
def test_every_key_changes_its_own_workload_and_nothing_else(name, key):
    place = ADDONS[name].keys[key]
    before, after = made(name), made(name, nested(key, SAMPLES[place.target]))
    changed = [new["metadata"]["name"] for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [place.workload]


def test_every_target_has_a_sample_here():
    assert SAMPLES.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", ADDONS)
def test_selectors_select_the_pods(name):
    for manifest in made(name):
        if manifest["kind"] in {"DaemonSet", "Deployment"}:
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            assert manifest["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("coredns", {"replicas": 3}, "replicas: not a configuration key of coredns .* honours .*replicaCount"),
        ("coredns", {"replicaCount": "3"}, "replicaCount: must be of type int, not '3'"),
        ("coredns", {"computeType": "Fargate"}, "computeType: 'Fargate' is not modelled by the twin"),
        ("vpc-cni", {"env": {"WARM_IP_TARGET": 2}}, r"env\.WARM_IP_TARGET: must be a string, not 2"),
        ("aws-ebs-csi-driver", {"controller": {"replicas": 1}}, r"controller\.replicas: not a configuration key"),
        ("aws-ebs-csi-driver", {"controller": 1}, "controller: not a configuration key"),
    ],
)
def test_a_value_that_cannot_be_honoured_is_refused_by_path(name, values, message):
    with pytest.raises(ValuesError, match=message):
        made(name, values)


def test_an_add_on_without_objects_is_refused():
    with pytest.raises(ValuesError, match="knows no objects of add-on snapshot-controller; it knows aws-ebs-csi"):
        made("snapshot-controller")


def test_environment_goes_to_the_first_container_only():
    pod = find(made("vpc-cni", {"env": {"A": "1"}}), "DaemonSet", "aws-node")["spec"]["template"]["spec"]
    assert pod["containers"][0]["env"] == [{"name": "A", "value": "1"}]
    assert "env" not in pod["containers"][1]


def test_a_role_is_annotated_on_the_service_accounts():
    account = find(made("vpc-cni", serviceAccountRoleArn="arn:role"), "ServiceAccount", "aws-node")
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn:role"}


def test_dns_has_the_tenth_address_of_the_service_range():
    assert find(made("coredns"), "Service", "kube-dns")["spec"]["clusterIP"] == "10.100.0.10"


def test_what_a_cluster_bootstraps_is_in_the_table():
    assert set(SELF_MANAGED) <= set(ADDONS)
