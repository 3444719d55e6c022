"""Every table entry against botocore's models and types.json: names that exist, nothing that can only be made."""

import re

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ListShape, StructureShape
from eks_twin.plugins.aws import schema
from eks_twin.plugins.aws.functions import FUNCTIONS
from eks_twin.plugins.aws.kinds import Call, Either
from eks_twin.plugins.aws.meaning import FORMS
from eks_twin.plugins.aws.shapes import member_name
from eks_twin.plugins.aws.tables import KINDS

BOTO = botocore.session.get_session()


def operation(kind, name):
    model = BOTO.get_service_model(kind.service)
    return model.operation_model(next(o for o in model.operation_names if xform_name(o) == name))


def calls(kind):
    steps = [kind.create, kind.read.step, kind.delete, *kind.changes]
    for step in [step for step in steps if isinstance(step, Either)]:
        steps += [step.there, step.gone]
    if kind.tags:
        steps += [kind.tags.tag, kind.tags.untag, kind.tags.read]
    return [step for step in steps if isinstance(step, Call)]


ALL_CALLS = [(kind, call) for kind in KINDS.values() for call in calls(kind)]
TAGGED = [kind for kind in KINDS.values() if kind.tags and kind.tags.create and isinstance(kind.create, Call)]
NAMES = [f"{kind.type}-{call.operation}" for kind, call in ALL_CALLS]


def sent(kind, call):
    """The parameters that carry the properties of `call.same`."""
    shape, facts = operation(kind, call.operation).input_shape, schema.resource_types()[kind.type]
    return {member_name(shape, name, facts.at(name)) for name in call.same}


def resolves(shape, path):
    """Whether a dotted path leads to something inside `shape`; a map takes any key."""
    for step in path.split(".") if path else ():
        if isinstance(shape, ListShape):
            shape = shape.member
        elif isinstance(shape, StructureShape):
            shape = shape.members.get(step)
        else:
            return shape is not None and shape.type_name == "map"
    return shape is not None


@pytest.mark.parametrize(("kind", "call"), ALL_CALLS, ids=NAMES)
def test_a_call_names_parameters_that_its_operation_has(kind, call):
    own = sent(kind, call) | set(call.params) | set(call.absent)
    assert own <= set(operation(kind, call.operation).input_shape.members)


@pytest.mark.parametrize(("kind", "call"), ALL_CALLS, ids=NAMES)
def test_a_call_gives_every_parameter_that_its_operation_requires(kind, call):
    given = sent(kind, call) | set(call.params)
    assert set(operation(kind, call.operation).input_shape.required_members) <= given


@pytest.mark.parametrize(("kind", "call"), ALL_CALLS, ids=NAMES)
def test_a_call_refers_to_properties_that_the_type_has(kind, call):
    assert call.properties - {"tagKeys"} <= set(schema.resource_types()[kind.type].properties)


@pytest.mark.parametrize("kind", TAGGED, ids=lambda kind: kind.type)
def test_tags_go_where_the_create_operation_takes_them(kind):
    assert kind.tags.create in operation(kind, kind.create.operation).input_shape.members


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_the_id_comes_from_the_answer_or_from_properties(kind):
    names = re.findall(r"\{(\w+)\}", str(kind.id))
    if names:
        assert set(names) <= set(schema.resource_types()[kind.type].properties)
    elif isinstance(kind.create, Call) and isinstance(kind.id, str):
        assert resolves(operation(kind, kind.create.operation).output_shape, kind.id)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_what_read_picks_exists_in_the_answer(kind):
    if isinstance(kind.read.step, Call):
        shape = operation(kind, kind.read.step.operation).output_shape
        assert resolves(shape, kind.read.at)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_what_a_property_comes_from_is_a_member_of_something_in_aws(kind):
    model = BOTO.get_service_model(kind.service)
    shapes = [model.shape_for(name) for name in model.shape_names]
    members = {name for shape in shapes if isinstance(shape, StructureShape) for name in shape.members}
    attributes = set(model.shape_for("QueueAttributeName").enum) if kind.service == "sqs" else set()
    steps = {s for p in schema.resource_types()[kind.type].properties.values() for s in p.source.split(".") if s}
    assert {step for step in steps if not step.isdigit()} <= members | attributes


def test_every_meaning_of_the_facts_is_known():
    assert {p.means for kind in schema.resource_types().values() for p in kind.properties.values()} == set(FORMS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_an_entry_speaks_of_properties_that_the_type_has(kind):
    facts = schema.resource_types()[kind.type]
    others = {other for other, _ in kind.only_with.values()}
    groups = [kind.volatile, kind.replaces, *kind.conflicts, *kind.one_of, kind.allowed, kind.only_with, others]
    named = set().union(*groups, kind.modelled)
    assert {name.split(".")[0] for name in named} <= {*facts.properties, "region"}
    assert kind.label in {*facts.properties, "name"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_whatever_create_sends_is_replaced_or_changed_in_place_later(kind):
    facts = schema.resource_types()[kind.type]
    in_place = frozenset().union(*(change.properties for change in kind.changes))
    nested = {path.split(".")[0] for path in kind.replaces}
    nested |= {n for n, p in facts.inputs.items() if any(inner.replace for inner in schema.members(p.type).values())}
    stuck = [
        name
        for name in kind.create.properties & set(facts.inputs)
        if facts.inputs[name].replace is not True and name not in in_place | nested and not facts.inputs[name].local
    ]
    assert stuck == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_a_property_that_can_be_taken_away_reaches_aws_when_it_is(kind):
    facts = schema.resource_types()[kind.type]
    one_of = set().union(*kind.one_of)
    for change in (step for step in kind.changes if isinstance(step, Call)):
        for name in change.properties & set(facts.inputs) - one_of:
            stays = facts.inputs[name].required or facts.inputs[name].computed or facts.inputs[name].local
            has_default = bool(facts.inputs[name].default)  # Check fills it in, so it is never absent
            assert stays or has_default or change.absent, f"{change.operation}: {name}"


def test_every_type_and_function_of_the_facts_is_served():
    assert set(KINDS) == set(schema.resource_types())
    assert set(FUNCTIONS) == set(schema.functions())


def test_the_paths_of_get_instance_type_exist_in_describe_instance_types():
    shape = BOTO.get_service_model("ec2").shape_for("InstanceTypeInfo")
    outputs = schema.functions()["aws:ec2/getInstanceType:getInstanceType"].outputs
    paths = [facts.source for facts in outputs.values()]
    paths += [f"{p.source}.0.{i.source}" for p in outputs.values() for i in schema.members(p.type).values() if i.source]
    assert [path for path in paths if not resolves(shape, path)] == []
