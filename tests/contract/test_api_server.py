"""The API server has the last word: it takes whatever we accept, and refuses what our table says it refuses."""

import os

import pytest
from eks_accelerators.model.accelerators import ACCELERATORS
from eks_accelerators.model.crds.node_class import NodeClassSpec
from eks_accelerators.model.crds.node_overlay import NodeOverlaySpec
from eks_accelerators.model.crds.node_pool import NodePoolSpec
from eks_accelerators.model.crds.selectors import AmiTerm
from eks_accelerators.model.layers import merged
from eks_accelerators.model.manifests import node_class, node_pool
from eks_accelerators.model.parse import parse
from eks_accelerators.model.pool_set import PoolSet
from eks_accelerators.model.pools import Pool
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.test_completeness import RULES, violation
from tests.contract.values import attempt, valid
from tests.contract.violations import VIOLATIONS

pytestmark = pytest.mark.twin
EXAMPLES = int(os.environ.get("SOUNDNESS_EXAMPLES", "50"))
"""Configurations of each kind; `SOUNDNESS_EXAMPLES=10000` for the long run."""
THOROUGH = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@given(accelerator=st.sampled_from([None, *ACCELERATORS]), said=valid(Pool, name=st.just("p"), accelerator=st.none()))
@THOROUGH
def test_what_the_pool_language_accepts_the_api_server_accepts(verdict, accelerator, said):
    """Pools of any accelerator with any other field; what does not go together is refused by us and does not count."""
    raw = {**said.wire(), **({"accelerator": accelerator} if accelerator else {})}
    pools = attempt(PoolSet, {"pools": [raw]}) or attempt(PoolSet, {"pools": [{**raw, "limits": {"nodes": 3}}]})
    if pools is None:
        return
    plan = pools.plan
    assert verdict("NodePool", node_pool(plan.pools[0])) == ""
    assert verdict("EC2NodeClass", node_class(plan.classes[0])) == ""
    for overlay in plan.overlays.values():
        assert verdict("NodeOverlay", overlay.manifest()) == ""


IMAGES = valid(AmiTerm)
ANY = {
    "NodePool": valid(NodePoolSpec),
    "EC2NodeClass": st.one_of(
        valid(
            NodeClassSpec,
            role=st.just("r"),
            instance_profile=st.none(),
            ami_family=st.sampled_from(["AL2023", "Bottlerocket", "Custom"]),
            ami_selector_terms=st.lists(IMAGES.filter(lambda term: term.alias is None), min_size=1, max_size=3),
        ),
        valid(
            NodeClassSpec,
            role=st.none(),
            instance_profile=st.just("p"),
            ami_selector_terms=st.lists(IMAGES.filter(lambda term: term.alias is not None), min_size=1, max_size=1),
        ),
    ),
    "NodeOverlay": valid(NodeOverlaySpec),
}


@pytest.mark.parametrize("kind", ANY)
def test_whatever_passes_our_checks_the_api_server_accepts(verdict, kind):
    """Any object at all, raw fields included, that our values let through."""

    @given(ANY[kind])
    @THOROUGH
    def accepted(spec):
        assert verdict(kind, spec.manifest()) == ""

    accepted()


def valid_spec(kind):
    plan = parse(PoolSet, {"pools": [{"name": "p"}]}, at="args").plan
    if kind == "NodePool":
        return node_pool(plan.pools[0])
    return node_class(plan.classes[0]) if kind == "EC2NodeClass" else {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}.{'.'.join(rule.path)}: {rule.message[:50]}")
def test_the_api_server_refuses_what_breaks_one_of_its_rules(verdict, rule):
    patch, _ = violation(rule)
    said = verdict(rule.kind, merged(valid_spec(rule.kind), patch))
    assert rule.message in said, said


def test_the_plain_objects_are_accepted_so_that_a_refusal_is_the_patchs(verdict):
    assert {kind: verdict(kind, valid_spec(kind) or {"requirements": []}) for kind in VIOLATIONS} == dict.fromkeys(
        VIOLATIONS, ""
    )
