import pytest
from eks_accelerators.model import catalogue
from eks_accelerators.model.accelerators import ACCELERATORS, REFUSED, accelerator_of_family, devices_of

ALL = [(a, instance) for a in ACCELERATORS.values() for instance in a.instances]
CARRIERS = {i.family for i in catalogue.instance_types().values() if i.gpus or i.neuron or i.accelerators}


def test_every_family_that_carries_accelerators_is_served_or_refused_with_a_reason():
    served = {family for accelerator in ACCELERATORS.values() for family in accelerator.families}
    refused = {family for _, _, families in REFUSED.values() for family in families}
    assert not served & refused
    assert served | refused >= CARRIERS


def test_every_family_is_in_the_catalogue_and_of_its_accelerators_architecture():
    for accelerator in ACCELERATORS.values():
        assert {i.family for i in accelerator.instances} == set(accelerator.families)
        assert {i.architecture for i in accelerator.instances} == {accelerator.architecture}


def test_types_are_unique_and_stand_smallest_first():
    assert len({instance.name for _, instance in ALL}) == len(ALL)
    for accelerator in ACCELERATORS.values():
        sizes = [instance.vcpus for instance in accelerator.instances]
        assert sizes == sorted(sizes)


@pytest.mark.parametrize(("accelerator", "instance"), ALL, ids=lambda part: part.name)
def test_the_label_is_the_one_karpenter_computes_and_the_devices_are_there(accelerator, instance):
    labels = catalogue.labels(instance)
    key = "gpu" if accelerator.vendor == "nvidia" else "accelerator"
    assert labels[f"karpenter.k8s.aws/instance-{key}-name"] == accelerator.label
    assert devices_of(instance, accelerator) >= 1
    if not accelerator.fractional:
        assert catalogue.capacity(instance)[accelerator.resource] == devices_of(instance, accelerator)


@pytest.mark.parametrize(
    ("family", "name"),
    [("inf1", "inferentia"), ("trn1n", "trainium"), ("gr6", "l4"), ("g5g", "t4g"), ("p5en", "h200"), ("m5", None)],
)
def test_a_family_leads_to_its_accelerator(family, name):
    found = accelerator_of_family(family)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("name", "resources"),
    [
        ("inf2.48xlarge", {"aws.amazon.com/neuron": 12, "aws.amazon.com/neuroncore": 24}),
        ("trn2.48xlarge", {"aws.amazon.com/neuron": 16, "aws.amazon.com/neuroncore": 128}),
        ("p5.48xlarge", {"nvidia.com/gpu": 8}),
        ("g6f.large", {"nvidia.com/gpu": 1}),
    ],
)
def test_a_node_offers_its_devices(name, resources):
    instance = catalogue.instance_types()[name]
    assert accelerator_of_family(instance.family).resources_of(instance) == resources


def test_mig_profiles_are_parts_of_the_gpus_memory():
    for accelerator in ACCELERATORS.values():
        for profile, count in accelerator.mig.items():
            gib = int(profile.partition(".")[2].removesuffix("gb"))
            assert gib * count <= accelerator.instances[0].gpus[0].memory_mib * 1.1 / 1024
