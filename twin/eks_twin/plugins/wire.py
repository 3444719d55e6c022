"""Property values between the engine's protobuf structs and plain Python.

The engine marks special values with signature keys inside ordinary structs
(pulumi/sdk: go/common/resource/properties.go). Stand-ins see plain values, `UNKNOWN` and nothing else;
what they cannot carry (assets, archives) is refused by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

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
    return {key: _decode(value, key) for key, value in struct.fields.items()}


def _decode(value: struct_pb2.Value, path: str) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _decode_struct(value.struct_value, path)
    if kind == "list_value":
        return [_decode(item, f"{path}[{i}]") for i, item in enumerate(value.list_value.values)]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_STRING else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _decode_struct(struct: struct_pb2.Struct, path: str) -> Any:
    fields = struct.fields
    if SIGNATURE not in fields:
        return {key: _decode(item, f"{path}.{key}") for key, item in fields.items()}
    signature = fields[SIGNATURE].string_value
    if signature == SECRET:
        return _decode(fields["value"], path)
    if signature == OUTPUT:
        return _decode(fields["value"], path) if "value" in fields else UNKNOWN
    if signature == RESOURCE:
        return _decode(fields["id"], path) if "id" in fields else fields["urn"].string_value
    raise UnsupportedValueError(f"{path}: assets and archives are not modelled by the twin's plugins")


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The protobuf form of `values`; `UNKNOWN` and `Secret` become the engine's markers, None values are dropped."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        if value is not None:
            _encode(value, struct.fields[key])
    return struct


def _encode(value: Any, into: struct_pb2.Value) -> None:
    if value is None:
        into.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        into.string_value = UNKNOWN_STRING
    elif isinstance(value, Secret):
        into.struct_value.fields[SIGNATURE].string_value = SECRET
        _encode(value.value, into.struct_value.fields["value"])
    elif isinstance(value, bool | int | float | str):
        _encode_scalar(value, into)
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        for key, item in value.items():
            _encode(item, into.struct_value.fields[str(key)])
    elif isinstance(value, Sequence):
        into.list_value.SetInParent()
        for item in value:
            _encode(item, into.list_value.values.add())
    else:
        raise UnsupportedValueError(f"{value!r} of type {type(value).__name__} has no form on the wire")


def _encode_scalar(value: bool | float | str, into: struct_pb2.Value) -> None:  # noqa: FBT001 - any JSON scalar
    if isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, str):
        into.string_value = value
    else:
        into.number_value = value


def has_unknown(value: Any) -> bool:
    """Whether `UNKNOWN` stands anywhere inside `value`."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN
