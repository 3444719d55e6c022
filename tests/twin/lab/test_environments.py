"""The two environments that share a platform, as the real engine plans them."""

import json

import pytest

pytestmark = pytest.mark.twin


@pytest.fixture(scope="module", params=["dev", "prod"])
def planned(request, make_lab):
    """Each environment's name, and the inputs of what its preview creates."""
    preview = json.loads(make_lab(request.param).pulumi("preview", "--json").stdout)
    return request.param, [step["newState"] for step in preview["steps"] if step["op"] == "create"]


def of(resources, kind):
    return [each["inputs"] for each in resources if each["type"].endswith(kind)]


def test_the_environments_differ_in_what_they_say(planned):
    name, resources = planned
    expected = {"dev": (1, ["32", "2", "2"], False), "prod": (3, ["512", "32", "16"], True)}[name]
    pools = [pool["spec"]["limits"] for pool in of(resources, ":NodePool")]
    limits = sorted((next(iter(limit.values())) for limit in pools), key=int, reverse=True)
    (cluster,) = of(resources, "aws:eks/cluster:Cluster")
    assert (len(of(resources, ":NatGateway")), limits, cluster.get("deletionProtection", False)) == expected


def test_and_in_nothing_else_that_both_share(planned):
    _, resources = planned
    charts = sorted(release["chart"].rpartition("/")[2] for release in of(resources, ":Release"))
    plugins = ["dcgm-exporter", "neuron-helm-chart", "nvidia-device-plugin"]
    assert charts == sorted([*plugins, "karpenter", "karpenter-crd"])
    assert len(of(resources, ":NodePool")) == 3
