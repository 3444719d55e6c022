"""The vocabulary of `tables/`: which AWS operations create, read, change and delete a resource type.

A `Call` is an operation and a template of its parameters. In a template the text `$name` is the property `name`, `$id`
the resource's id; anything else is sent as it stands, and what has no value is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .schema import resource_types
from .scope import Scope
from .shapes import to_aws


@dataclass(frozen=True)
class Call:
    """One AWS operation."""

    operation: str
    """As boto3 spells it."""
    same: tuple[str, ...] = ()
    """Properties sent under AWS's names of them; the call of a table's `create` sends the tags, too."""
    params: Mapping[str, Any] = field(default_factory=dict)
    absent: Mapping[str, Any] = field(default_factory=dict)
    """Parameters sent where the property that would fill them is unset, so that its removal reaches AWS."""

    @property
    def properties(self) -> frozenset[str]:
        """The properties it sends."""
        return frozenset(self.same) | frozenset(_references(self.params))

    def run(self, scope: Scope) -> dict[str, Any]:
        """AWS's answer."""
        return getattr(scope.client(), self.operation)(**self.parameters(scope))

    def sent(self, scope: Scope, given: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters that carry the properties `given`."""
        client = scope.client()
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[self.operation])
        return to_aws(given, model.input_shape, scope.facts.properties)

    def parameters(self, scope: Scope) -> dict[str, Any]:
        """The template filled with the scope's values."""
        filled = {name: _filled(template, scope) for name, template in self.params.items()}
        return {
            **self.absent,
            **self.sent(scope, {name: scope.values[name] for name in self.same if scope.values.get(name) is not None}),
            **{name: value for name, value in filled.items() if value is not None},
            **(scope.tagging if self is scope.kind.create else {}),
        }


def call(
    operation: str, same: str = "", absent: Mapping[str, Any] = MappingProxyType({}), **params: Any
) -> Call:  # the tables' short form
    """A `Call` with the names of `same` separated by spaces."""
    return Call(operation, tuple(same.split()), params, absent)


@dataclass(frozen=True)
class Custom:
    """A step that takes more than one call; `properties` are the ones it sends."""

    function: Callable[[Scope], Any]
    same: str = ""

    @property
    def properties(self) -> frozenset[str]:
        """The properties it sends."""
        return frozenset(self.same.split())

    def run(self, scope: Scope) -> Any:
        """What the function answers."""
        return self.function(scope)


@dataclass(frozen=True)
class Either:
    """One of two calls, by whether the property `name` says more than nothing."""

    name: str
    there: Call
    gone: Call

    @property
    def properties(self) -> frozenset[str]:
        """The properties it sends."""
        return self.there.properties | {self.name}

    def run(self, scope: Scope) -> Any:
        """AWS's answer."""
        return (self.there if scope.values.get(self.name) else self.gone).run(scope)


Step = Call | Custom | Either


def _references(template: Any) -> list[str]:
    if isinstance(template, Mapping):
        return [name for item in template.values() for name in _references(item)]
    if isinstance(template, list):
        return [name for item in template for name in _references(item)]
    own = isinstance(template, str) and template.startswith("$") and template != "$id"
    return [template[1:]] if own else []


def _filled(template: Any, scope: Scope) -> Any:
    if isinstance(template, Mapping):
        entries = {key: _filled(item, scope) for key, item in template.items()}
        entries = {key: item for key, item in entries.items() if item is not None}
        return entries if entries or not template else None
    if isinstance(template, list):
        items = [item for item in (_filled(entry, scope) for entry in template) if item is not None]
        return items or None
    if not isinstance(template, str) or not template.startswith("$"):
        return template
    return scope.id if template == "$id" else scope.values.get(template[1:])


@dataclass(frozen=True)
class Tags:
    """How a service takes, changes and reports tags."""

    tag: Call
    """Sends `tags`."""
    untag: Call
    """Sends `tagKeys`, a list of texts, or `tags`, a list of objects with a key."""
    create: str = "Tags"
    """Where the create call takes them; "" where it takes none, so that they follow it."""
    read: Step | None = None
    """The call that lists them, where the object read does not hold them."""
    resource_type: str = ""
    """EC2's name of the type, under which its create calls take tags."""

    def on_create(self, scope: Scope, tags: Mapping[str, str]) -> dict[str, Any]:
        """`tags` as a parameter of the create call; empty where it takes none."""
        if not self.create or not tags:
            return {}
        [form] = self.tag.sent(scope, {"tags": tags}).values()
        return {self.create: [{"ResourceType": self.resource_type, "Tags": form}] if self.resource_type else form}


@dataclass(frozen=True)
class Read:
    """How the resource is looked up."""

    step: Step
    at: str = ""
    """Path of the object in the answer; an empty or missing object means that it is gone."""
    more: Callable[[Scope, Mapping[str, Any]], dict[str, Any]] | None = None
    """Further properties, or other values of them, from other calls; None takes one away."""
    gone: Callable[[Mapping[str, Any]], bool] | None = None
    """Whether an object that AWS still reports counts as deleted."""


@dataclass(frozen=True)
class Ready:
    """When a created, changed or deleted object has settled."""

    status: str
    """Path of the status inside the object read."""
    good: Sequence[str]
    bad: Sequence[str] = ()
    reason: Callable[[Mapping[str, Any]], str] = lambda _: ""
    """AWS's explanation of a bad status."""
    seconds: float = 1200
    """How long to wait where the program gives no customTimeouts."""


@dataclass(frozen=True)
class Kind:
    """How one resource type is made."""

    type: str
    """Pulumi's token."""
    noun: str
    """As pulumi-aws's errors name it: "EC2 VPC"."""
    service: str
    """boto3's name of the service."""
    create: Step
    id: str | Callable[[Mapping[str, Any]], str]
    """Path of the id in the answer of create; or, with braces, its form made of properties; or what makes it so."""
    read: Read
    delete: Step
    changes: tuple[Step, ...] = ()
    """Steps that change properties in place, in order. Create runs those, too, whose properties it does not send."""
    tags: Tags | None = None
    ready: Ready | None = None
    gone_after_delete: bool = False
    """Whether delete waits until read finds nothing."""
    replaces: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict)
    """Conditional replacement: property path → whether this change of it replaces."""
    volatile: frozenset[str] = frozenset()
    """Outputs that any update may change."""
    import_id: str = ""
    """Form of the id that `pulumi import` takes, where it is not `id`."""
    identify: Callable[[Scope, Mapping[str, Any]], str] | None = None
    """Scope and state → id, where an import names the resource otherwise."""
    label: str = "name"
    """The property that error messages show."""
    naming: Callable[[str, Mapping[str, Any]], str] = lambda name, _: name
    arn: str = ""
    """Resource part of the ARN, with `{id}`, where AWS reports none."""
    conflicts: tuple[frozenset[str], ...] = ()
    """Groups of inputs of which at most one may be set."""
    one_of: tuple[frozenset[str], ...] = ()
    """Groups of inputs of which exactly one must be set."""
    allowed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Input → the values that it may have, where types.json knows no enumeration."""
    only_with: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    """Input → the input and the value of that without which it must not be set."""

    @property
    def modelled(self) -> frozenset[str]:
        """The inputs that reach AWS or steer the plugin; the others are refused by name."""
        sent = self.create.properties.union(*(change.properties for change in self.changes))
        local = {name for name, facts in resource_types()[self.type].inputs.items() if facts.local}
        return sent | local | {"region"} | ({"tags"} if self.tags else set())

    def id_of(self, properties: Mapping[str, Any]) -> str | None:
        """The id that `properties` make up; None where AWS gives it."""
        if not isinstance(self.id, str):
            return self.id(properties)
        return self.id.format(**properties) if "{" in self.id else None
