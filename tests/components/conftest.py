"""Pulumi's engine replaced by a recorder: components are tested by what they register."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest

GOLDEN = Path(__file__).parents[1] / "golden"

_ANSWERS: dict[str, dict[str, Any]] = {
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:index/getRegion:getRegion": {"region": "us-west-2"},
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
}
_COMPUTED: dict[str, dict[str, Any]] = {
    "eks:index:Cluster": {
        "core": {"endpoint": "https://api.example"},
        "kubeconfigJson": "{}",
        "clusterSecurityGroupId": "sg-cluster",
    },
    "aws:kms/key:Key": {"keyId": "key-id"},
    "aws:ec2/eip:Eip": {"allocationId": "eipalloc-1"},
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 1},
    "aws:sqs/queue:Queue": {"url": "https://sqs.example/queue"},
    "aws:eks/nodeGroup:NodeGroup": {"nodeGroupName": "system-1a2b3c4"},
}
"""What the cloud adds to a resource's inputs, where a component reads it."""


@dataclass(frozen=True)
class Registered:
    """One resource as the engine was told of it."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    dependencies: frozenset[str]

    @property
    def short(self) -> str:
        """Type without its module path, and name."""
        return f"{self.type.rpartition(':')[2]} {self.name}"


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """Answers every registration with its inputs, and keeps it."""

    inputs: dict[str, pulumi.runtime.MockResourceArgs] = field(default_factory=dict)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.inputs[f"{args.typ}::{args.name}"] = args
        arn = {"arn": f"arn:aws:mock:us-west-2:123456789012:{args.name}"}
        return f"{args.name}-id", {**arn, "name": args.name, **args.inputs, **_COMPUTED.get(args.typ, {})}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return _ANSWERS[args.token]


class Stack(list[Registered]):
    """All resources of one program, in order of registration."""

    def of(self, kind: str) -> list[Registered]:
        """Those whose type ends with `kind`."""
        return [r for r in self if r.type.rpartition(":")[2] == kind]

    def named(self, name: str, kind: str) -> Registered:
        """The one resource of `kind` named `name`."""
        return next(r for r in self.of(kind) if r.name == name)


def _names(urns: Any) -> frozenset[str]:
    return frozenset(f"{u.split('::')[2].rpartition('$')[2].rpartition(':')[2]} {u.split('::')[3]}" for u in urns)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], Stack]:
    """Run a program against the recorder; answers what it registered."""

    def run(program: Callable[[], object]) -> Stack:
        recorder = Recorder()
        asyncio.set_event_loop(asyncio.new_event_loop())  # a failed program leaves its loop unusable for the next
        pulumi.runtime.set_mocks(recorder, preview=False)
        requests: dict[str, Any] = {}
        monitor = pulumi.runtime.settings.get_monitor()
        register = monitor.RegisterResource

        def spy(request: Any) -> Any:
            requests[f"{request.type}::{request.name}"] = request
            return register(request)

        monkeypatch.setattr(monitor, "RegisterResource", spy)
        pulumi.runtime.test(program)()
        return Stack(
            Registered(
                type=request.type,
                name=request.name,
                parent=next(iter(_names([request.parent])), "") if request.parent else "",
                inputs=recorder.inputs[key].inputs if key in recorder.inputs else {},
                dependencies=_names(request.dependencies),
            )
            for key, request in requests.items()
        )

    return run


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a file that was reviewed; `UPDATE_GOLDEN=1` writes it anew."""

    def golden(name: str, actual: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(f"{actual}\n")
        assert path.read_text() == f"{actual}\n", f"tests/golden/{name} differs; review it, then UPDATE_GOLDEN=1"

    return golden


@pytest.fixture
def minimal() -> dict[str, Any]:
    """The least that makes a platform with an accelerator."""
    return {
        "network": {"zones": ["us-west-2a", "us-west-2b"]},
        "cluster": {"name": "eks-workshop", "public_access_cidrs": ["203.0.113.0/24"]},
        "pools": [{"name": "cpu"}, {"name": "inf2", "accelerator": "inferentia2"}],
    }
