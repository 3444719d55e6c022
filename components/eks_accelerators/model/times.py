"""Points in time, as people and Kubernetes write them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError


def _as_time(value: str) -> str:
    try:
        zoned = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned or "T" not in value:
        context = {"rule": "not a time with its zone (RFC 3339)", "fix": "e.g. 2026-12-24T11:30:00Z"}
        raise PydanticCustomError("problem", "{rule}", context)
    return value


def _as_text(value: object) -> object:
    """What YAML takes for a time without being asked, as its text."""
    return value.isoformat() if isinstance(value, datetime) else value


Time = Annotated[str, BeforeValidator(_as_text), AfterValidator(_as_time)]
"""Such as `2026-12-24T11:30:00Z` (RFC 3339)."""
