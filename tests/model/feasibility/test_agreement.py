"""Explain says what Karpenter's own provider and scheduler say, compiled from the pinned module."""

import pytest

from bench.agreement.compare import compared_pods, compared_types, karpenter, question, random_cases

CASES, SEED = 150, 7

pytestmark = pytest.mark.twin  # needs Go and the module that the twin's Karpenter is built from


@pytest.fixture(scope="module")
def cases():
    """Random pools and pods, the same in every run."""
    return random_cases(CASES, SEED)


@pytest.fixture(scope="module")
def answer(cases):
    """What Karpenter's code makes of them."""
    return karpenter(question(cases))


def test_every_type_has_the_labels_capacity_and_allocatable_that_karpenter_computes(answer):
    compared = list(compared_types(answer["Types"]))
    assert len(compared) > 100_000
    assert [name for name, same in compared if not same] == []


def test_every_pod_gets_the_pool_and_the_instance_types_that_karpenter_gives_it(cases, answer):
    launched = sum(bool(pod["Pool"]) for pod in answer["Pods"])
    assert 0.2 * CASES < launched < 0.8 * CASES  # both answers occur
    assert [name for name, same in compared_pods(cases, answer["Pods"]) if not same] == []
