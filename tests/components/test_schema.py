"""Component arguments and the values they become say the same, and say it in words."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, is_typeddict

import pytest
from eks_accelerators import (
    args,
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
from pulumi.provider.experimental.analyzer import Analyzer

TOOL = Path(__file__).parents[2] / "tools" / "args.py"
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


def test_the_arguments_are_made_from_the_values_as_they_are_now():
    """`make args` writes them; what both say is then the same by construction."""
    written = (Path(args.__file__)).read_text()
    made = subprocess.run([sys.executable, TOOL, "--print"], capture_output=True, text=True, check=True).stdout
    assert written == made


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
