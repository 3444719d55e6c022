"""What the engine sends and reads back, as plain values."""

import pytest
from eks_twin.plugins.wire import (
    OUTPUT,
    RESOURCE,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    Secret,
    UnsupportedValueError,
    decode,
    encode,
    has_unknown,
)
from google.protobuf import json_format, struct_pb2


def struct(value):
    return json_format.ParseDict(value, struct_pb2.Struct())


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": 1, "b": 1.5, "c": "x", "d": True, "e": False, "f": ""},
        {"list": [1, "two", {"three": [3]}, []], "map": {"k": {}}},
        {"known": {"after": UNKNOWN}},
    ],
)
def test_plain_values_survive_the_round_trip(value):
    assert decode(encode(value)) == value


def test_whole_numbers_arrive_as_int_because_aws_refuses_3_0():
    assert type(decode(struct({"n": 3}))["n"]) is int


def test_none_at_the_top_is_an_absent_property():
    assert decode(encode({"a": None, "b": {"c": None}})) == {"b": {"c": None}}


def test_secrets_leave_marked_and_arrive_unwrapped():
    sent = encode({"password": Secret({"inner": "x"})})
    assert sent.fields["password"].struct_value.fields[SIGNATURE].string_value == SECRET
    assert decode(sent) == {"password": {"inner": "x"}}


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ({SIGNATURE: OUTPUT, "value": "x", "secret": True}, "x"),
        ({SIGNATURE: OUTPUT, "dependencies": ["urn"]}, UNKNOWN),
        ({SIGNATURE: RESOURCE, "urn": "urn:x", "id": "sg-1"}, "sg-1"),
        ({SIGNATURE: RESOURCE, "urn": "urn:x"}, "urn:x"),
    ],
)
def test_outputs_and_references_become_what_they_stand_for(marked, plain):
    assert decode(struct({"p": marked})) == {"p": plain}


def test_an_asset_is_refused_with_its_path():
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "hello"}
    with pytest.raises(UnsupportedValueError, match=r"files\[0\]: assets and archives are not modelled"):
        decode(struct({"files": [asset]}))


def test_a_value_without_a_form_on_the_wire_is_refused():
    with pytest.raises(UnsupportedValueError, match="type set has no form on the wire"):
        encode({"a": {1, 2}})


@pytest.mark.parametrize(("value", "expected"), [({"a": [{"b": UNKNOWN}]}, True), ({"a": [None, ""]}, False)])
def test_an_unknown_is_found_at_any_depth(value, expected):
    assert has_unknown(value) is expected
