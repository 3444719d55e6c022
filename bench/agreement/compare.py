"""Both sides of the comparison: Karpenter's own code, built from main.go against the pinned module, and explain."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from eks_accelerators.model import catalogue
from eks_accelerators.model.catalogue import records
from eks_accelerators.model.feasibility import Controller, Place, PoolView, explain_pod
from eks_accelerators.model.feasibility.pod import requests, tolerations
from eks_accelerators.model.feasibility.view import settings
from eks_twin.binaries import PROGRAMS
from eks_twin.binaries.store import module_files
from moto.ec2.models.instance_types import INSTANCE_TYPES

from .cases import CLASSES, ZONES, Dice

REGION = "us-west-2"
ELSEWHERE = {"topology.kubernetes.io/zone", "topology.kubernetes.io/region", "topology.k8s.aws/zone-id",
             "karpenter.sh/capacity-type", "kubernetes.io/os", "node.kubernetes.io/windows-build"}  # fmt: skip
"""Labels that do not follow from the type alone."""


def karpenter(question: dict[str, Any]) -> dict[str, Any]:
    """What Karpenter's code answers."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in module_files(PROGRAMS["karpenter"]).items():
            Path(scratch, name).write_bytes(content)
        Path(scratch, "main.go").write_text(Path(__file__).with_name("main.go").read_text())
        # mod: the pinned list calls "indirect" what is imported here; versions and sums stay. trimpath: as the twin
        # builds, so that packages it has compiled are not compiled again
        command = ["go", "build", "-mod=mod", "-trimpath", "-buildvcs=false", "-o", "agreement", "."]
        subprocess.run(command, cwd=scratch, check=True)
        answer = subprocess.run(
            [f"{scratch}/agreement"], input=json.dumps(question), capture_output=True, text=True, check=True
        )
    return json.loads(answer.stdout)


def question(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that is asked, in the words of main.go."""
    known = catalogue.instance_types()
    prices = {name: catalogue.price(name, REGION) for name in known}
    return {
        "Region": REGION,
        "Overhead": Controller().vm_overhead,
        "Zones": ZONES,
        "Types": {name: record for name, record in INSTANCE_TYPES.items() if records.usable(record)},
        "Offered": {name: sorted(catalogue.zones(name, REGION)) for name in known},
        "Prices": {name: float(price) for name, price in prices.items() if price is not None},
        "Classes": CLASSES,
        "Cases": cases,
    }


def random_cases(count: int, seed: int) -> list[dict[str, Any]]:
    """Pools and pods, with the tolerations that EKS's admission adds before Karpenter sees a pod."""
    dice = Dice(seed)
    cases = [dice.case() for _ in range(count)]
    for case in cases:
        spec = case["Pod"]["spec"]
        spec["tolerations"] = list(tolerations(spec, requests(spec)))
    return cases


def compared_types(answer: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Every label set and quantity of every type under every class, and whether both sides say the same."""
    for position, (spec, types) in enumerate(zip(CLASSES, answer, strict=True)):
        said = settings(PoolView("pool", {}, spec), Controller())
        for name, theirs in types.items():
            instance = catalogue.instance_types()[name]
            labels = {key: value for key, value in theirs["Labels"].items() if key not in ELSEWHERE}
            yield f"class {position}, {name}: labels", labels == catalogue.labels(instance)
            ours = {
                "Capacity": catalogue.capacity(instance, said),
                "Allocatable": catalogue.allocatable(instance, said),
            }
            for kind, amounts in ours.items():
                for resource, text in theirs[kind].items():
                    same = Fraction(text) == amounts.get(resource, 0)
                    yield f"class {position}, {name}: {kind} of {resource}", same


def compared_pods(cases: list[dict[str, Any]], answer: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Every pod, and whether both sides launch it from the same pool with the same instance types to choose from."""
    place = Place(REGION, ZONES)
    for case, theirs in zip(cases, answer, strict=True):
        views = [PoolView(pool["Name"], pool["Spec"], CLASSES[pool["Class"]]) for pool in case["Pools"]]
        report = explain_pod(case["Pod"], views, place)
        types = next((sorted(each.types) for each in report.verdicts if each.pool == report.chosen), [])
        same = (report.chosen or "", types) == (theirs["Pool"], theirs["Types"] or [])
        said = f"Karpenter: {theirs['Pool'] or 'pending'}, explain: {report.chosen or 'pending'}"
        yield f"{json.dumps(case)} {said}", same
