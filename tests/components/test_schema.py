"""Component arguments and the values they become say the same, and say it in words."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any, get_args, is_typeddict

import pytest
from eks_accelerators import (
    cluster,
    device_plugins,
    interruption_queue,
    karpenter,
    network,
    node_pools,
    platform,
    storage,
    workload_role,
)
from eks_accelerators.model.cluster import Access, Addon, ClusterSettings, SystemNodes
from eks_accelerators.model.karpenter import KarpenterSettings
from eks_accelerators.model.network import NetworkSettings
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.pools import Budget, Disruption, Limits, Pool, Taint, Volume
from pulumi.provider.experimental.analyzer import Analyzer

COMPONENTS = [
    network.Network,
    cluster.Cluster,
    workload_role.WorkloadRole,
    interruption_queue.InterruptionQueue,
    karpenter.Karpenter,
    node_pools.NodePools,
    device_plugins.DevicePlugins,
    storage.Storage,
    platform.Platform,
]
PAIRS = [
    (network.NetworkSettingsArgs, NetworkSettings),
    (cluster.AccessArgs, Access),
    (cluster.AddonArgs, Addon),
    (cluster.SystemNodesArgs, SystemNodes),
    (cluster.ClusterSettingsArgs, ClusterSettings),
    (karpenter.KarpenterSettingsArgs, KarpenterSettings),
    (node_pools.TaintArgs, Taint),
    (node_pools.VolumeArgs, Volume),
    (node_pools.LimitsArgs, Limits),
    (node_pools.BudgetArgs, Budget),
    (node_pools.DisruptionArgs, Disruption),
    (node_pools.PoolArgs, Pool),
    (platform.PlatformArgs, PlatformConfig),
]


def docs(kind: type) -> dict[str, str]:
    """The docstring under each annotated field of `kind`."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[field.target.id] = inspect.cleandoc(text.value.value)
    return found


@pytest.mark.parametrize(("wire", "value"), PAIRS, ids=lambda kind: kind.__name__)
def test_arguments_and_value_have_the_same_fields_in_the_same_words(wire, value):
    assert list(wire.__annotations__) == list(value.model_fields)
    assert wire.__required_keys__ == {name for name, field in value.model_fields.items() if field.is_required()}
    assert docs(wire) == docs(value)
    assert set(docs(wire)) == set(wire.__annotations__)
    assert inspect.getdoc(wire) == inspect.getdoc(value)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda kind: kind.__name__)
def test_pulumis_component_host_reads_every_component_with_all_its_descriptions(component):
    found = Analyzer("accel").analyze([component])
    definition = found["component_definitions"][component.__name__]
    assert definition.description
    described = {**definition.inputs, **definition.outputs}
    for type_definition in found["type_definitions"].values():
        described.update({f"{type_definition.name}.{k}": v for k, v in type_definition.properties.items()})
    assert described
    assert [name for name, prop in described.items() if not prop.description] == []


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda kind: kind.__name__)
def test_nested_arguments_are_plain_so_that_the_host_cannot_lose_them(component):
    args = component.__init__.__annotations__["args"]
    for nested in typed_dicts(args):
        assert nested is args or "Output" not in str(nested.__annotations__), nested.__name__


def typed_dicts(kind: Any) -> Iterator[type]:
    """`kind`, if it is one, and every one below it."""
    if is_typeddict(kind):
        yield kind
    for below in kind.__annotations__.values() if is_typeddict(kind) else get_args(kind):
        yield from typed_dicts(below)
