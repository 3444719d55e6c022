"""Explain answers as the real controller acts: the type it launches is one that explain names, or both find none.

ORACLE_PODS sets how many pods are asked about, ORACLE_SEED which; --log-level=info shows what came of it.
"""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eks_accelerators.model.feasibility import PodReport, explain_pod
from eks_twin.kube import Object

from tests.twin.cluster.conftest import REGION
from tests.twin.oracle.conftest import Oracle
from tests.twin.oracle.pods import draw
from tests.twin.oracle.pools import LIMITED, POD, put_up

pytestmark = pytest.mark.twin
PODS = int(os.environ.get("ORACLE_PODS", "60"))
SEED = int(os.environ.get("ORACLE_SEED", "2026"))
BATCH = 30


@dataclass
class Question:
    """A pod, and what explain says of it."""

    pod: dict[str, Any]
    report: PodReport

    @property
    def name(self) -> str:
        return self.pod["metadata"]["name"]

    @property
    def limited(self) -> set[str]:
        """Pools that can take it once and perhaps not twice."""
        return {verdict.pool for verdict in self.report.verdicts if verdict.fits} & set(LIMITED)


def batches(questions: Iterable[Question]) -> Iterator[list[Question]]:
    """Groups in which no limited pool can take more than one pod."""
    waiting = list(questions)
    while waiting:
        batch: list[Question] = []
        used: set[str] = set()
        for question in waiting:
            if len(batch) < BATCH and not used & question.limited:
                batch.append(question)
                used |= question.limited
        yield batch
        waiting = [question for question in waiting if question not in batch]


def answers(oracle: Oracle, batch: list[Question]) -> dict[str, Object | str]:
    """The controller's answers: the machine that it launched for a pod, or why it launched none."""
    for question in batch:
        oracle.kube.create(question.pod)
    found: dict[str, Object | str] = {}

    def unanswered() -> list[str]:
        events = oracle.kube.list("v1", "Event", "default", fieldSelector="reason=FailedScheduling")
        refused = [each for each in events if each["source"].get("component") == "karpenter"]
        found.update({each["involvedObject"]["name"]: each["message"] for each in refused})
        launched = [each for each in oracle.claims() if each.get("status", {}).get("capacity")]
        found.update({each["metadata"]["labels"][POD]: each for each in launched})
        return [question.name for question in batch if question.name not in found]

    oracle.until_none("every pod has an answer", unanswered)
    oracle.clear()
    return found


def contradiction(report: PodReport, answer: Object | str) -> str | None:
    """How the two differ; None if they agree."""
    if isinstance(answer, str):
        return f"explain launches from {report.chosen}; Karpenter: {answer}" if report.fits else None
    labels = answer["metadata"]["labels"]
    pool, name = labels["karpenter.sh/nodepool"], labels["node.kubernetes.io/instance-type"]
    zone = labels["topology.kubernetes.io/zone"]
    if report.chosen != pool:
        why = {each.pool: each.obstacle for each in report.verdicts}[pool]
        return f"Karpenter launched {name} from {pool}; explain chose {report.chosen}, and of {pool} it says {why}"
    [verdict] = [each for each in report.verdicts if each.pool == pool]
    if name not in verdict.types or zone not in verdict.zones:
        return f"Karpenter launched {name} in {zone} from {pool}; explain has {verdict.types} in {verdict.zones}"
    return None


def test_explain_names_the_pool_and_the_type_that_karpenter_launches_or_both_find_none(oracle):
    views, place = put_up(oracle, REGION)
    questions = [Question(pod, explain_pod(pod, views, place)) for pod in draw(SEED, PODS, views, place)]
    found: dict[str, Object | str] = {}
    for batch in batches(questions):
        found |= answers(oracle, batch)
    differences = [f"{q.pod['spec']}\n{why}" for q in questions if (why := contradiction(q.report, found[q.name]))]
    kinds = Counter(q.report.chosen or "none" for q in questions)
    logging.getLogger(__name__).info("%d pods, %d differences; chosen: %s", PODS, len(differences), dict(kinds))
    assert not differences, "\n\n".join(differences)
    assert kinds["none"] < len(questions) * 0.7  # pods that nothing takes prove little
