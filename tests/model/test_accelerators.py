import pytest
from eks_accelerators.model import instance_families as catalogue
from eks_accelerators.model.accelerators import ACCELERATORS, accelerator_of_family

ALL = [instance for accelerator in ACCELERATORS.values() for instance in accelerator.instances]


def test_every_family_is_in_the_catalogue_as_accelerated_and_of_the_right_architecture():
    for accelerator in ACCELERATORS.values():
        assert set(accelerator.families) <= catalogue.ACCELERATED & catalogue.AMD64
        assert accelerator.architecture == "amd64"


def test_no_family_has_two_architectures_and_every_special_set_is_part_of_the_whole():
    assert not catalogue.AMD64 & catalogue.ARM64
    assert catalogue.ACCELERATED | catalogue.NOT_SPOT <= catalogue.FAMILIES


def test_types_are_unique_and_stand_smallest_first():
    assert len({instance.name for instance in ALL}) == len(ALL)
    for accelerator in ACCELERATORS.values():
        sizes = [(i.vcpus, i.memory_gib, i.devices) for i in accelerator.instances]
        assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    ("family", "name"),
    [("inf1", "inferentia"), ("inf2", "inferentia2"), ("trn1n", "trainium"), ("trn2", "trainium2"), ("m5", None)],
)
def test_a_family_leads_to_its_accelerator(family, name):
    found = accelerator_of_family(family)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("name", "resources", "capacity_mib"),
    [
        ("inf2.xlarge", {"aws.amazon.com/neuron": 1, "aws.amazon.com/neuroncore": 2}, 15155),
        ("inf2.48xlarge", {"aws.amazon.com/neuron": 12, "aws.amazon.com/neuroncore": 24}, 727449),
        ("inf1.24xlarge", {"aws.amazon.com/neuron": 16, "aws.amazon.com/neuroncore": 64}, 181862),
        ("trn2.48xlarge", {"aws.amazon.com/neuron": 16, "aws.amazon.com/neuroncore": 128}, 1939865),
    ],
)
def test_a_node_offers_what_karpenter_computes_for_it(name, resources, capacity_mib):
    instance = next(i for i in ALL if i.name == name)
    accelerator = accelerator_of_family(instance.family)
    assert accelerator.resources_of(instance) == resources
    assert instance.memory_capacity == capacity_mib * 1024**2
