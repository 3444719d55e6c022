"""EC2 filters over plain records: wildcards, and an error for a name that the action does not have."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from eks_twin.aws.calls import AwsError, Call

Reader = Callable[[Any], Sequence[Any]]
"""Reads the values of one filter from a record."""


def keep(call: Call, records: Sequence[Any], readers: Mapping[str, Reader]) -> list[Any]:
    """Return the records that pass every filter of the call."""
    kept = list(records)
    for wanted in call.get("Filters", []):
        name, patterns = wanted.get("Name", ""), wanted.get("Values") or []
        if name not in readers:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid for {call.action} in the twin")
        kept = [record for record in kept if _any(readers[name](record), patterns)]
    return kept


def _any(values: Sequence[Any], patterns: Sequence[str]) -> bool:
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return any(fnmatchcase(text, pattern) for text in texts for pattern in patterns)


def path(*keys: str) -> Reader:
    """Build a reader that walks nested records and lists."""

    def read(record: Any) -> list[Any]:
        found = [record]
        for key in keys:
            found = [item.get(key) for item in found if isinstance(item, Mapping)]
            found = [leaf for item in found for leaf in (item if isinstance(item, list) else [item])]
        return [value for value in found if value is not None]

    return read


def page(call: Call, items: Sequence[Any], default: int) -> tuple[Sequence[Any], str | None]:
    """Return one page and the token of the next; the token is the position of the next item."""
    start, length = int(call.get("NextToken") or 0), call.get("MaxResults") or default
    end = start + int(length)
    return items[start:end], str(end) if end < len(items) else None
