"""A configuration of NVIDIA's device plugin means what the plugin makes of it, or is refused by name."""

import pytest
from eks_twin.nodes.gpus import Gpu
from eks_twin.nodes.sharing import ConfigError, PluginConfig, parse
from moto.ec2.models.instance_types import INSTANCE_TYPES

GPU = "nvidia.com/gpu"


def shared(**fields):
    resources = fields.pop("resources", [{"name": GPU, "replicas": 2}])
    return f"version: v1\nsharing: {{timeSlicing: { ({'resources': resources, **fields})!r}}}".replace("True", "true")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", PluginConfig()),
        ("version: v1\nflags: {migStrategy: mixed, plugin: {passDeviceSpecs: true}}", PluginConfig("mixed")),
        (shared(), PluginConfig(None, "time-slicing", {GPU: 2})),
        (shared(renameByDefault=True), PluginConfig(None, "time-slicing", {GPU: 2}, rename=True)),
        (shared(resources=[{"name": GPU, "replicas": 3, "rename": "x", "devices": [0]}]),
         PluginConfig(None, "time-slicing", {GPU: 3})),
        (shared(resources=[{"name": "nvidia.com/mig-1g.5gb", "replicas": 2}]),
         PluginConfig(None, "time-slicing", {"nvidia.com/mig-1g.5gb": 2})),
    ],
)  # fmt: skip
def test_a_configuration_is_read_as_the_plugin_reads_it(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML"),
        ("[a]", "document: must be a mapping"),
        ("version: v2", "version: must be v1, not 'v2'"),
        ("flags: {migStrategy: double}", r"flags\.migStrategy: 'double' is none of none, single, mixed"),
        ("flags: {imex: {}}", r"flags\.imex: not modelled"),
        ("sharing: {timeslicing: {}}", r"sharing\.timeslicing: not modelled; known: mps, timeSlicing"),
        ("sharing: {timeSlicing: {resources: [a]}, mps: {resources: [a]}}", "timeSlicing and mps exclude each other"),
        (shared(resources=[]), r"sharing\.timeSlicing\.resources: name at least one"),
        (shared(resources=[{"name": GPU, "replicas": 1}]), r"resources\[0\]\.replicas: 1 is less than 2"),
        (shared(resources=["gpu"]), r"resources\[0\]: must be a mapping"),
        (shared(resources=[{"name": GPU}]), r"resources\[0\]\.replicas: None is less than 2"),
        (
            shared(resources=[{"name": "amd.com/gpu", "replicas": 2}]),
            r"resources\[0\]\.name: 'amd\.com/gpu' is neither",
        ),
    ],
)
def test_a_configuration_that_cannot_work_or_is_not_modelled_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        parse(text)


def test_every_nvidia_type_of_the_catalogue_has_a_model():
    gpus = {name: Gpu.of(record) for name, record in INSTANCE_TYPES.items()}
    products = {gpu.model.product for gpu in gpus.values() if gpu}
    assert len(products) == 14
    assert gpus["m5.large"] is None


@pytest.mark.parametrize(
    ("type_name", "capable"),
    [("p4d.24xlarge", True), ("p5.48xlarge", True), ("p5e.48xlarge", True), ("p6-b200.48xlarge", True),
     ("p6-b300.48xlarge", True), ("g7e.2xlarge", True), ("g4dn.xlarge", False), ("g5.xlarge", False),
     ("g6.xlarge", False), ("g6e.xlarge", False), ("p3dn.24xlarge", False)],
)  # fmt: skip
def test_only_some_gpus_can_be_partitioned(type_name, capable):
    assert bool(Gpu.of(INSTANCE_TYPES[type_name]).model.mig) is capable
