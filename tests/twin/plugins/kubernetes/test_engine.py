"""The whole road: program, real engine, plugin, real API server, real Helm."""

import pytest

pytestmark = pytest.mark.twin

PROGRAM = """
import os
import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.helm.v3 import Release

provider = k8s.Provider("cluster", kubeconfig=pulumi.Output.secret(open(os.environ["TEST_KUBECONFIG"]).read()))
opts = pulumi.ResourceOptions(provider=provider)
namespace = k8s.core.v1.Namespace("team", opts=opts)
inside = {"namespace": namespace.metadata.name}
config = k8s.core.v1.ConfigMap("settings", metadata=inside, data={"level": LEVEL}, opts=opts)
secret = k8s.core.v1.Secret("token", metadata=inside, string_data={"key": "hunter2-in-an-object"}, opts=opts)
limits = {"cpu": "1000m", "memory": "1024Mi"}
web = k8s.apps.v1.Deployment("web", metadata=inside, spec={
    "replicas": 0,
    "selector": {"match_labels": {"app": "web"}},
    "template": {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": IMAGE, "resources": {"limits": limits}}]},
    },
}, opts=opts)
crds = Release("karpenter-crd", chart="oci://public.ecr.aws/karpenter/karpenter-crd", version="1.14.1",
    namespace="kube-system", opts=opts)
node_class = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
pool = CustomResource("pool", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": "general"}, spec={
    "template": {"spec": {
        "nodeClassRef": node_class,
        "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}],
    }},
    "limits": {"cpu": 100},
}, opts=pulumi.ResourceOptions(provider=provider, depends_on=[crds]))
password = {"name": "PASSWORD", "value": pulumi.Output.secret("hunter2-in-values")}
neuron = Release("neuron", name="neuron", chart="oci://public.ecr.aws/neuron/neuron-helm-chart",
    namespace="kube-system", values={"npd": {"enabled": NPD}, "devicePlugin": {"env": [password]}}, opts=opts)
pulumi.export("names", neuron.resource_names)
pulumi.export("status", neuron.status.status)
pulumi.export("pool", pool.id)
"""


def program(level: str = "info", image: str = "web:1", *, npd: bool = False) -> str:
    return PROGRAM.replace("LEVEL", repr(level)).replace("IMAGE", repr(image)).replace("NPD", repr(npd))


def test_a_stack_comes_up_stays_the_same_changes_and_goes(stack, kube):
    stack.program(program())
    assert set(stack.steps().values()) == {"create"}
    output = stack.up()
    assert 'pool  : "general"' in output
    assert "DaemonSet.apps/apps/v1" in output
    assert stack.steps() == {}
    refreshed = stack.run("refresh", "--yes", "--expect-no-changes", "--stack", "dev")
    assert "unchanged" in refreshed
    assert "hunter2" not in stack.export()
    assert "client-key" not in stack.export()

    stack.program(program(level="debug", image="web:2"))
    planned = stack.steps()
    assert (planned["settings"], planned["web"]) == ("replace", "update")
    assert not planned.keys() & {"team", "pool", "neuron", "karpenter-crd"}
    stack.up()
    assert stack.steps() == {}

    stack.program(program(level="debug", image="web:2", npd=True))
    assert "neuron-healthcheck-system" in stack.up(fails=True)
    stack.program(program(level="debug", image="web:2"))
    stack.up()

    stack.run("destroy", "--yes", "--stack", "dev")
    assert kube.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", "nodepools.karpenter.sh") is None
    assert not [item for item in kube.list("v1", "Namespace") if item["metadata"]["name"].startswith("team-")]


REFUSED = """
import os
import pulumi
import pulumi_kubernetes as k8s

provider = k8s.Provider("cluster", kubeconfig=open(os.environ["TEST_KUBECONFIG"]).read(), **SETTINGS)
if CHART:
    k8s.helm.v4.Chart("chart", chart="x", opts=pulumi.ResourceOptions(provider=provider))
"""


@pytest.mark.parametrize(
    ("settings", "chart", "message"),
    [
        (
            {"render_yaml_to_directory": "x"},
            False,
            "renderYamlToDirectory: the twin's kubernetes plugin does not",
        ),
        ({}, True, "kubernetes:helm.sh/v4:Chart resource 'chart' has a problem"),
    ],
)
def test_what_is_not_modelled_fails_the_preview_by_name(stack, settings, chart, message):
    stack.program(REFUSED.replace("SETTINGS", repr(settings)).replace("CHART", repr(chart)))
    assert message in stack.run("preview", "--stack", "dev", fails=True)
