"""Every AWS call that reached the twin, in order: the evidence for least privilege and for post-mortems."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One finished call."""

    n: int
    """Position in the journal, from 1."""
    time: str
    """When it was answered, ISO 8601 in UTC."""
    principal: str
    """ARN of the caller; empty when the call carried no known access key."""
    service: str
    action: str
    parameters: Mapping[str, Any]
    tags: Mapping[str, str]
    """Tags that the request sets, whatever the service calls them: what `aws:RequestTag` conditions see."""
    status: int
    error: str
    """AWS error code; empty when the call succeeded."""


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    status: int
    error: str


class Journal:
    """An append-only list, kept in memory for questions and in a file for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: list[Entry] = []
        self._lock = Lock()

    def add(self, principal: str, operation: tuple[str, str], parameters: Mapping[str, Any], outcome: Outcome) -> None:
        """Append one finished call."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        plain = json.loads(json.dumps(parameters, default=str))
        with self._lock:
            number = len(self._entries) + 1
            tags = request_tags(plain)
            entry = Entry(number, now, principal, *operation, plain, tags, outcome.status, outcome.error)
            self._entries.append(entry)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return the entries after position `number`."""
        with self._lock:
            return [asdict(entry) for entry in self._entries[max(number, 0) :]]


def request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Collect the tags that a request sets: EC2's TagSpecifications, lists of Key/Value, and plain maps."""
    found: dict[str, str] = {}
    for specification in parameters.get("TagSpecifications") or ():
        found |= _pairs(specification.get("Tags"))
    for name in ("Tags", "tags"):
        found |= _pairs(parameters.get(name))
    return found


def _pairs(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return dict(tags)
    return {str(tag.get("Key", tag.get("TagKey"))): tag.get("Value", tag.get("TagValue", "")) for tag in tags or ()}
