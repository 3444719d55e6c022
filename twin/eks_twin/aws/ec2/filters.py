"""EC2 filters over plain records: wildcards, and an error for a name that the action does not have."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from botocore import xform_name

from eks_twin.aws.calls import AwsError, Call

Reader = Callable[[Any], Sequence[Any]]
"""Reads the values of one filter from a record."""
TAG = "tag:"
"""Prefix of the filters that name a tag's key. A table with this entry, which reads a record's tags, has them all."""


def keep(call: Call, records: Sequence[Any], readers: Mapping[str, Reader]) -> list[Any]:
    """Return the records that pass every filter of the call."""
    kept = list(records)
    for wanted in call.get("Filters", []):
        name, patterns = wanted.get("Name", ""), wanted.get("Values") or []
        reader = _tag(name.removeprefix(TAG), readers) if name.startswith(TAG) else readers.get(name)
        if reader is None:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid for {call.action} in the twin")
        kept = [record for record in kept if _any(reader(record), patterns)]
    return kept


def _tag(key: str, readers: Mapping[str, Reader]) -> Reader | None:
    tags = readers.get(TAG)
    return tags and (lambda record: [tag["Value"] for tag in tags(record) if tag["Key"] == key])


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


def members(*names: str) -> dict[str, Reader]:
    """Build the readers of filters that are called after a record's members, such as `owner-id` after OwnerId."""
    return {xform_name(name, "-"): path(name) for name in names}


TAGS: Mapping[str, Reader] = {TAG: path("Tags"), "tag-key": path("Tags", "Key")}
"""Filters of every resource that has tags."""


def listed(
    call: Call, key: str, records: Sequence[Any], readers: Mapping[str, Reader], default: int | None = None
) -> dict[str, Any]:
    """Answer a Describe action: the records that pass its filters, one page of them; all when nothing limits it."""
    kept = keep(call, records, readers)
    start, length = int(call.get("NextToken") or 0), call.get("MaxResults") or default or len(kept)
    end = start + int(length)
    return {key: kept[start:end], "NextToken": str(end) if end < len(kept) else None}
