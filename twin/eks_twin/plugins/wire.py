"""Property values between the engine's protobuf structs and plain Python.

The engine marks special values with signature keys inside ordinary structs
(pulumi/sdk: go/common/resource/properties.go). Stand-ins see plain values, `UNKNOWN` and nothing else;
what they cannot carry (assets, archives) is refused by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a published marker, not a secret
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a value that is not known before `up`; one literal for every type (plugin/rpc.go)."""


class _Unknown:
    """The one value that stands for "known after up"."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> "_Unknown":
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> "_Unknown":
        return self


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine must encrypt in state and hide in output."""

    value: Any


class UnsupportedValueError(ValueError):
    """A property value that no stand-in models, such as an asset."""


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Plain values of `struct`: secrets unwrapped, unknowns as `UNKNOWN`, resource references as their ids."""
    return {key: _decoded(value, key) for key, value in MessageToDict(struct).items()}


def _decoded(value: Any, path: str) -> Any:
    if isinstance(value, Mapping):
        return _decoded_object(value, path)
    if isinstance(value, list):
        return [_decoded(item, f"{path}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return UNKNOWN if value == UNKNOWN_STRING else value


def _decoded_object(entries: Mapping[str, Any], path: str) -> Any:
    signature = entries.get(SIGNATURE)
    if signature is None:
        return {key: _decoded(item, f"{path}.{key}") for key, item in entries.items()}
    if signature in (SECRET, OUTPUT):
        return _decoded(entries.get("value", UNKNOWN_STRING), path)
    if signature == RESOURCE:
        return _decoded(entries.get("id", entries.get("urn")), path)
    raise UnsupportedValueError(f"{path}: assets and archives are not modelled by the twin's plugins")


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The protobuf form of `values`; `UNKNOWN` and `Secret` become the engine's markers, None values are dropped."""
    struct = struct_pb2.Struct()
    struct.update({key: _encoded(value) for key, value in values.items() if value is not None})
    return struct


def _encoded(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if value is UNKNOWN:
        return UNKNOWN_STRING
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": _encoded(value.value)}
    if isinstance(value, Mapping):
        return {str(key): _encoded(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_encoded(item) for item in value]
    raise UnsupportedValueError(f"{value!r} of type {type(value).__name__} has no form on the wire")


def has_unknown(value: Any) -> bool:
    """Whether `UNKNOWN` stands anywhere inside `value`."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN
