"""Trouble on request: no capacity for some instances, or an error for some API calls."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from eks_twin.aws.calls import AwsError, Call

FIELDS = frozenset({"instanceType", "zone", "capacityType", "service", "action", "code", "status", "times"})


@dataclass(frozen=True)
class Fault:
    """One rule; a field left out matches everything."""

    id: int
    code: str
    """AWS error code to answer, such as InsufficientInstanceCapacity or ThrottlingException."""
    instanceType: str | None = None  # noqa: N815  the JSON of the private API
    zone: str | None = None
    capacityType: str | None = None  # noqa: N815  as instanceType
    """`spot` or `on-demand`."""
    service: str | None = None
    action: str | None = None
    """Set: the fault hits this API action. Not set: it hits launches of instances."""
    status: int = 400
    times: int | None = None
    """How often it still strikes; None until it is removed."""


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last = 0

    def add(self, raw: Mapping[str, Any]) -> Fault:
        """Put a rule in force; refuse unknown fields and a rule without a code."""
        unknown = sorted(set(raw) - FIELDS)
        if unknown or not raw.get("code"):
            message = f"a fault needs a code and knows {', '.join(sorted(FIELDS))}; got {dict(raw)}"
            raise AwsError("ValidationException", message)
        self._last += 1
        fault = Fault(id=self._last, **raw)
        self._faults[fault.id] = fault
        return fault

    def list(self) -> list[dict[str, Any]]:
        """Return the rules in force."""
        return [asdict(fault) for fault in self._faults.values()]

    def clear(self) -> None:
        """Lift every rule."""
        self._faults.clear()

    def capacity(self, instance_type: str, zone: str, capacity_type: str) -> Fault | None:
        """Return the rule that keeps this launch from succeeding, if any."""
        offer = (instance_type, zone, capacity_type)
        for fault in list(self._faults.values()):
            wanted = (fault.instanceType, fault.zone, fault.capacityType)
            if fault.action is None and all(w in {None, o} for w, o in zip(wanted, offer, strict=True)):
                return self._strike(fault)
        return None

    def refuse_api(self, call: Call) -> None:
        """Raise the error of the first rule that names this action."""
        for fault in list(self._faults.values()):
            if fault.action == call.action and fault.service in {None, call.service}:
                self._strike(fault)
                message = f"{fault.code}: injected into {call.service}:{call.action} by the twin's fault {fault.id}"
                raise AwsError(fault.code, message, HTTPStatus(fault.status))

    def _strike(self, fault: Fault) -> Fault:
        if fault.times is not None:
            left = Fault(**{**asdict(fault), "times": fault.times - 1})
            if left.times:
                self._faults[fault.id] = left
            else:
                del self._faults[fault.id]
        return fault


FAULTS = Faults()
"""The rules of this process."""
