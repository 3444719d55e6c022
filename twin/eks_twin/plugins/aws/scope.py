"""One operation on one resource, as the functions of `tables/` see it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from eks_twin.plugins.base import Plugin, PluginError

from .schema import ResourceType
from .session import Session, error_code, explained, is_gone, listed

if TYPE_CHECKING:
    from .kinds import Kind, Step

SETTLE: Final = 20.0
"""Seconds during which a delete that fails for a dependant is tried again. AWS takes minutes to release what a node or
gateway held, so pulumi-aws waits up to 20 minutes; the twin's AWS releases at once."""
POLL: Final = 0.2
"""Seconds between the first two looks at something that is not ready yet; each pause is half as long again."""
SLOWEST_POLL: Final = 2.0
"""Seconds between two looks at something that takes long."""


@dataclass(frozen=True)
class Scope:
    """One operation on one resource: everything that a table's functions may look at."""

    session: Session
    kind: "Kind"
    facts: ResourceType
    region: str
    id: str
    values: Mapping[str, Any]
    """The new inputs, and under them what is known of the resource."""
    old: Mapping[str, Any] = field(default_factory=dict)
    """The state before an update."""
    deadline: float = 0
    """time.monotonic() after which waiting ends."""
    plugin: Plugin | None = None
    urn: str = ""

    @property
    def label(self) -> str:
        """What error messages call the resource: "EC2 VPC (vpc-1)"."""
        return f"{self.kind.noun} ({self.values.get(self.kind.label) or self.id or self.urn.rpartition('::')[2]})"

    @property
    def tagging(self) -> dict[str, Any]:
        """The tags as a parameter of the create call; empty where there are none or it takes none."""
        return self.kind.tags.on_create(self, self.values.get("tagsAll", {})) if self.kind.tags else {}

    def client(self, service: str = "") -> Any:
        """The boto3 client of the kind's own service or another."""
        return self.session.client(service or self.kind.service, self.region)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation of the kind's service; parameters without a value are left out."""
        return getattr(self.client(), operation)(**{k: v for k, v in parameters.items() if v is not None})

    def every(self, operation: str, **parameters: Any) -> list[Any]:
        """The items of every page of a listing."""
        return listed(self.client(), operation, **parameters)

    def arn(self, resource: str) -> str:
        """The ARN of a resource of the kind's service in this account and region."""
        return self.session.arn(self.kind.service, resource, self.region)

    def error(self, verb: str, error: Exception) -> PluginError:
        """A failed call as pulumi-aws words it."""
        service = self.client().meta.service_model.service_id
        return PluginError(f"{verb} {self.label}: {explained(error, service)}")

    def wait(self, probe: Callable[[], Any], goal: str) -> Any:
        """The first true answer of `probe`; raises PluginError when the time is over or the user interrupts."""
        pause = POLL
        while not (answer := probe()):
            if self.plugin is not None and self.plugin.cancelled.is_set():
                raise PluginError(f"waiting for {self.label} {goal}: interrupted")
            if time.monotonic() > self.deadline:
                raise PluginError(f"waiting for {self.label} {goal}: timeout")
            time.sleep(pause)
            pause = min(SLOWEST_POLL, pause * 1.5)
        return answer

    def progress(self, text: str) -> None:
        """Show a passing line beside the resource."""
        if self.plugin is not None:
            self.plugin.log(f"{self.label}: {text}", urn=self.urn, ephemeral=True)


def retried(scope: Scope, step: "Step", *codes: str) -> Any:
    """The answer of `step`, tried again while AWS answers `codes`: for `SETTLE` seconds or to an earlier deadline."""
    end = min(scope.deadline, time.monotonic() + SETTLE)
    while True:
        try:
            return step.run(scope)
        except ClientError as error:
            if error_code(error) not in codes or time.monotonic() > end:
                raise
        if scope.plugin is not None and scope.plugin.cancelled.wait(POLL):
            raise PluginError(f"deleting {scope.label}: interrupted")


def ignoring_gone(function: Callable[..., Any], **parameters: Any) -> Any:
    """The answer of a boto3 method, None where AWS says that its object does not exist."""
    try:
        return function(**parameters)
    except (ClientError, BotoCoreError) as error:
        if not is_gone(error):
            raise
        return None


def parted(old: list[Any], new: list[Any]) -> tuple[list[Any], list[Any]]:
    """What only `old` has, and what only `new` has."""
    return [item for item in old if item not in new], [item for item in new if item not in old]
