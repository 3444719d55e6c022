"""One AWS call as the twin sees it, and the errors it answers with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException


@dataclass(frozen=True)
class Principal:
    """Who signed a call."""

    arn: str
    """What `sts:GetCallerIdentity` answers: an IAM user, or an assumed-role session."""
    identity_arn: str
    """The IAM user or role behind it; access entries name this one."""


@dataclass(frozen=True)
class Call:
    """A parsed AWS call."""

    service: str
    """botocore's name of the service, such as `ec2` or `efs`."""
    action: str
    """Operation name as in IAM policies, such as `CreateFleet`."""
    parameters: Mapping[str, Any]
    """Input in the shape of botocore's model; text that carries a blob is already decoded by the model's rules."""
    region: str
    account: str
    principal: Principal

    def get(self, name: str, default: Any = None) -> Any:
        """Return the parameter `name`, or `default` when the caller left it out."""
        value = self.parameters.get(name)
        return default if value is None else value


class AwsError(ServiceException):
    """An error answer in the protocol of the called service; `code` is AWS's own code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.status = status

    @classmethod
    def of(cls, error: ServiceException | HTTPException) -> "AwsError":
        """Turn one of moto's errors into ours; moto has two families of them."""
        if isinstance(error, AwsError):
            return error
        if isinstance(error, HTTPException):
            return cls(getattr(error, "error_type", error.name), getattr(error, "message", ""), error.code or 400)
        return cls(error.code, error.message)


@dataclass(frozen=True)
class Response:
    """An HTTP answer; a handler returns one where moto's serializer would be too slow."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class MotoResult:
    """An answer made of moto's own objects, which moto's serializer knows how to read."""

    value: Any


Handler = Callable[[Call], Mapping[str, Any] | MotoResult | Response]
"""Answers one action instead of moto."""
Check = Callable[[Call], None]
"""Refuses one action, by raising, that moto would accept although AWS does not; then moto answers."""


def unmodelled(what: str, instead: str) -> AwsError:
    """Build the error for something AWS has and the twin does not: it names it and says what there is."""
    return AwsError("UnsupportedOperation", f"the twin does not model {what}; {instead}")


Modelled = Mapping[str, frozenset[str] | None]
"""Members that the twin models, each with its own members where it does not model all of these."""
OFF = ({"Enabled": False}, {"Configured": False})
"""How clients say that they do not want something."""


def refuse_members(data: Mapping[str, Any], modelled: Modelled, what: str) -> None:
    """Refuse members, one level deep, that the twin would have to ignore."""
    asked = {key: value for key, value in data.items() if value and value not in OFF}
    unknown = [*(asked.keys() - modelled.keys())]
    for key, members in modelled.items():
        inside = asked.get(key)
        if members is not None and isinstance(inside, Mapping):
            unknown += [f"{key}.{name}" for name in inside.keys() - members if inside[name] is not None]
    if unknown:
        raise unmodelled(f"{', '.join(sorted(unknown))} of {what}", "leave it out")


def refuse_others(call: Call, *modelled: str) -> None:
    """Refuse parameters that the twin would have to ignore."""
    refuse_members(call.parameters, dict.fromkeys(modelled), call.action)
