"""Sets of types answer as Karpenter's scheduler does type by type (filterInstanceTypesByRequirements)."""

from functools import cache
from itertools import product
from typing import Any

from eks_accelerators.model import catalogue
from eks_accelerators.model.feasibility import explain_pod
from eks_accelerators.model.feasibility.requirement import Requirement, merged, of_labels, of_terms, requirement
from eks_accelerators.model.quantities import amount
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.feasibility.conftest import ZONES, make_place, make_pod, make_pool, need

PREFIX = "karpenter.k8s.aws/instance-"
ZONE, CAPACITY_TYPE = "topology.kubernetes.io/zone", "karpenter.sh/capacity-type"
LABELS = {name: catalogue.labels(instance) for name, instance in catalogue.instance_types().items()}
OWN = {name: of_labels(labels) for name, labels in LABELS.items()}
OFFERED = {name: catalogue.allocatable(instance) for name, instance in catalogue.instance_types().items()}
HAD = {name: catalogue.capacity(instance) for name, instance in catalogue.instance_types().items()}
OFFERINGS = {
    name: list(
        product(sorted(catalogue.zones(name, "us-west-2") & set(ZONES)), {"on-demand", "spot"} & {*it.usage_classes})
    )
    for name, it in catalogue.instance_types().items()
}
DEMANDS = st.lists(
    st.sampled_from(
        [
            need(f"{PREFIX}category", "In", "c", "m", "r", "g", "p", "inf", "trn"),
            need(f"{PREFIX}family", "NotIn", "g5g", "m5"),
            need(f"{PREFIX}generation", "Gt", "4"),
            need(f"{PREFIX}gpu-count", "Exists"),
            need(f"{PREFIX}gpu-count", "Gt", "0"),
            need(f"{PREFIX}gpu-memory", "Gte", "22888"),
            need(f"{PREFIX}gpu-name", "DoesNotExist"),
            need(f"{PREFIX}accelerator-name", "In", "inferentia2", "trainium"),
            need(f"{PREFIX}cpu", "Lt", "65"),
            need(f"{PREFIX}local-nvme", "Lte", "900"),
            need(f"{PREFIX}size", "NotIn", "metal"),
            need(f"{PREFIX}hypervisor", "In", "nitro", ""),
            need("kubernetes.io/arch", "In", "amd64"),
            need(ZONE, "In", "us-west-2a", "us-west-2d"),
            need(ZONE, "NotIn", "us-west-2b"),
            need(CAPACITY_TYPE, "In", "spot"),
            need(CAPACITY_TYPE, "In", "on-demand", "spot"),
        ]
    ),
    max_size=4,
)
NEEDS = st.fixed_dictionaries(
    {},
    optional={
        "cpu": st.sampled_from(["100m", "3920m", "3921m", "64", "191450m"]),
        "memory": st.sampled_from(["1Gi", "14162Mi", "14163Mi", "700G", "3877198Mi"]),
        "nvidia.com/gpu": st.sampled_from(["1", "4", "8"]),
        "aws.amazon.com/neuron": st.sampled_from(["1", "12", "16"]),
        "vpc.amazonaws.com/efa": st.sampled_from(["1", "32"]),
        "ephemeral-storage": st.sampled_from(["1Gi", "17Gi", "18Gi"]),
    },
)
LIMITS = st.fixed_dictionaries({}, optional={"cpu": st.sampled_from(["4", "96"]), "nvidia.com/gpu": st.just("4")})


@cache
def intersects(existing: Requirement, demand: Requirement) -> bool:
    """Whether two requirements have a value in common; few labels of types differ."""
    return existing.intersects(demand)


def launched_one_by_one(demands: list[Any], affinity: list[Any], needs: dict[str, str], limits: dict[str, str]):
    """What Karpenter's three tests leave: labels, resources, an offering; and its limits."""
    total = merged(of_terms(demands).values(), of_terms(affinity).values())
    wanted = {key: amount(need) for key, need in {**needs, "pods": "1"}.items()}
    allowed = {key: amount(limit) for key, limit in limits.items()}

    def launched(name: str) -> bool:
        own = OWN[name]
        labels = ((key, each) for key, each in total.items() if key not in (ZONE, CAPACITY_TYPE))
        return (
            all(need <= OFFERED[name].get(key, 0) for key, need in wanted.items())
            and all(each >= 0 for each in OFFERED[name].values())
            and all(HAD[name].get(key, 0) <= limit for key, limit in allowed.items())
            and all(intersects(own.get(key) or requirement(key, "DoesNotExist"), each) for key, each in labels)
            and any(
                all(
                    key not in total or total[key].admits(value) for key, value in ((ZONE, zone), (CAPACITY_TYPE, kind))
                )
                for zone, kind in OFFERINGS[name]
            )
            and not name.startswith("a1.")
        )

    return {name for name in OWN if launched(name)}


@settings(deadline=None, max_examples=60)
@given(DEMANDS, DEMANDS, NEEDS, LIMITS)
def test_a_pod_fits_the_same_types_one_by_one_and_as_sets(demands, affinity, needs, limits):
    term = {"nodeSelectorTerms": [{"matchExpressions": affinity}]}
    node_affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}}
    pod = make_pod(needs, affinity=node_affinity)
    verdict = explain_pod(pod, [make_pool("pool", *demands, limits=limits)], make_place()).verdicts[0]
    expected = launched_one_by_one(demands, affinity, needs, limits)
    if not _compatible(demands, affinity):
        expected = set()  # pool and pod contradict each other before a type is looked at
    assert set(verdict.types) == expected
    assert verdict.fits is bool(expected)


def _compatible(demands: list[Any], affinity: list[Any]) -> bool:
    existing = of_terms(demands)
    return all(existing[key].intersects(each) for key, each in of_terms(affinity).items() if key in existing)
