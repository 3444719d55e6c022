"""What a node has and offers is, to the byte, what the real controller reports of the machine that it launched."""

from typing import Any

import pytest
from eks_accelerators.model import catalogue
from eks_accelerators.model.pool_types import efa_layout

from tests.twin.cluster.conftest import REGION
from tests.twin.oracle.machines import (
    ACCELERATED,
    AL2023,
    RESERVED,
    TYPES,
    Case,
    accelerated,
    claim_name,
    computed,
    label_differences,
    launch,
    reported,
    reserve,
)

pytestmark = pytest.mark.twin
SAMPLE = ("g4dn.xlarge", "g5g.xlarge", "g6f.large", "g6e.48xlarge", "inf1.24xlarge", "inf2.xlarge", "trn1.32xlarge")

LAID_OUT = ("p6-b300.48xlarge",)
"""Its card 0 takes no adapter, and Karpenter's own layout puts one there: with adapters it needs networkInterfaces."""


def volume(device: str, size: str, **more: Any) -> dict[str, Any]:
    return {"deviceName": device, "ebs": {"volumeSize": size, "volumeType": "gp3"}, **more}


def interfaces(name: str) -> list[dict[str, Any]]:
    """The layout that uses every EFA of a type."""
    keys = ("networkCardIndex", "deviceIndex", "interfaceType")
    return [dict(zip(keys, each, strict=True)) for each in efa_layout(TYPES[name])]


def kubelet(**said: Any) -> dict[str, Any]:
    return {**AL2023, "kubelet": said}


TWO_VOLUMES = [volume("/dev/xvdb", "300Gi", rootVolume=True), volume("/dev/xvda", "21G")]
KEPT = {
    "kubeReserved": {"cpu": "250m", "memory": "1500Mi", "ephemeral-storage": "3Gi"},
    "systemReserved": {"cpu": "101m", "memory": "333Mi", "ephemeral-storage": "1G"},
    "evictionHard": {"memory.available": "7%", "nodefs.available": "13%"},
}
CASES = {
    "plain": Case(AL2023, tuple(name for name in accelerated(REGION, priced=True) if name not in LAID_OUT)),
    "unpriced": Case(RESERVED, accelerated(REGION, priced=False)),
    "volume": Case({**AL2023, "blockDeviceMappings": [volume("/dev/xvda", "500Gi")]}, SAMPLE),
    "marked-volume": Case({**AL2023, "blockDeviceMappings": TWO_VOLUMES}, SAMPLE[:2]),
    "raid0": Case({**AL2023, "instanceStorePolicy": "RAID0"}, (*SAMPLE, "p4d.24xlarge", "g6.48xlarge")),
    "max-pods": Case(kubelet(maxPods=58), SAMPLE),
    "pods-per-core": Case(kubelet(podsPerCore=3, maxPods=250), SAMPLE),
    "kept": Case(kubelet(**KEPT), SAMPLE),
    "eviction": Case(kubelet(evictionHard={"memory.available": "750Mi", "nodefs.available": "2Gi"}), SAMPLE),
    "bottlerocket": Case({"amiSelectorTerms": [{"alias": "bottlerocket@latest"}]}, SAMPLE),
    "windows": Case({"amiSelectorTerms": [{"alias": "windows2022@latest"}]}, ("g4dn.xlarge", "g5.48xlarge")),
    **{
        f"efa-{TYPES[name].family}": Case({**AL2023, "networkInterfaces": interfaces(name)}, (name,))
        for name in ("trn1.32xlarge", "p4d.24xlarge", "p5.48xlarge", "g6e.48xlarge", *LAID_OUT)
    },
}


@pytest.fixture(scope="module")
def launched(oracle):
    reserve(oracle, REGION, CASES["unpriced"].types)
    return launch(oracle, CASES)


@pytest.mark.parametrize("key", CASES)
def test_capacity_and_allocatable_are_those_that_the_controller_reports(launched, key):
    case = CASES[key]
    assert {name: computed(case, name) for name in case.types} == {
        name: reported(launched[claim_name(key, name)]) for name in case.types
    }


def test_labels_are_those_that_the_controller_puts_on_the_machine(launched):
    machines = [(key, name) for key in ("plain", "unpriced", "efa-p6-b300") for name in CASES[key].types]
    differences = {name: label_differences(name, launched[claim_name(key, name)]) for key, name in machines}
    assert {name: found for name, found in differences.items() if found} == {}


def test_every_accelerated_type_was_launched_here_or_is_offered_elsewhere_only():
    elsewhere = set(ACCELERATED) - {*CASES["plain"].types, *CASES["unpriced"].types, *LAID_OUT}
    assert elsewhere == {"trn2.3xlarge", "trn2.48xlarge"}
    assert not any(catalogue.zones(name, REGION) for name in elsewhere)
