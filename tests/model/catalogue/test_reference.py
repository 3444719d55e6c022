"""Labels and capacity are those of Karpenter's published instance type reference.

reference.csv restates, for every accelerated type that EC2 still describes in moto's copy, what the reference page of
Karpenter 1.14 (generated from DescribeInstanceTypes, 2026-07-11) and its controller's price list (2026-07-06) say.
"""

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from eks_accelerators.model import catalogue
from eks_accelerators.model.quantities import amount

with (Path(__file__).parent / "reference.csv").open() as file:
    REFERENCE = {row["type"]: row for row in csv.DictReader(file)}
LABEL = "karpenter.k8s.aws/instance-"
USAGE = {"O": "on-demand", "S": "spot", "B": "capacity-block"}


@pytest.mark.parametrize("name", REFERENCE)
def test_labels_are_those_of_the_reference(name):
    row, labels = REFERENCE[name], catalogue.labels(catalogue.instance_types()[name])
    kind = "gpu" if f"{LABEL}gpu-name" in labels else "accelerator"
    assert (labels[f"{LABEL}{kind}-name"], labels[f"{LABEL}{kind}-count"]) == (row["label"], row["count"])
    assert labels["kubernetes.io/arch"] == row["arch"]
    assert labels[f"{LABEL}cpu"] == row["vcpus"]
    assert labels[f"{LABEL}memory"] == row["memory_mib"]
    assert labels.get(f"{LABEL}local-nvme", "") == row["nvme_gb"]


@pytest.mark.parametrize("name", REFERENCE)
def test_allocatable_is_that_of_the_reference(name):
    row, offered = REFERENCE[name], catalogue.allocatable(catalogue.instance_types()[name])
    assert offered["cpu"] == amount(row["cpu"])
    assert offered["memory"] == amount(row["memory"])
    assert offered["pods"] == int(row["pods"])
    devices = {key: int(count) for key, _, count in (each.partition("=") for each in row["devices"].split(";") if each)}
    extended = {key: count for key, count in offered.items() if "/" in key and not key.endswith("pod-eni")}
    assert extended == devices | ({"vpc.amazonaws.com/efa": int(row["efa"])} if row["efa"] else {})


@pytest.mark.parametrize("name", REFERENCE)
def test_usage_classes_and_price_are_those_of_the_reference(name):
    row = REFERENCE[name]
    assert catalogue.instance_types()[name].usage_classes == tuple(sorted(USAGE[letter] for letter in row["usage"]))
    price = catalogue.price(name, "us-east-1")
    assert (price is None) is (row["price"] == "")
    assert price is None or abs(price - Decimal(row["price"])) <= Decimal("0.0005")


def test_the_reference_has_every_accelerated_type():
    accelerated = {name for name, it in catalogue.instance_types().items() if it.gpus or it.neuron or it.accelerators}
    assert accelerated == REFERENCE.keys()  # not trn2u.48xlarge: EC2's record of it names no device


def test_storage_is_the_root_volume_less_kubelet_and_eviction():
    offered = catalogue.allocatable(catalogue.instance_types()["inf2.xlarge"])
    assert offered["ephemeral-storage"] == 17 * 1024**3  # 20Gi less 1Gi less 10 %


def test_cpus_are_exact_fractions():
    assert catalogue.allocatable(catalogue.instance_types()["inf2.xlarge"])["cpu"] == Fraction(3920, 1000)
