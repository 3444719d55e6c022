"""What an update would do: the program's inputs against the recorded state, as the bridge plans it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eks_twin.plugins.base import UNKNOWN, Difference, Request
from eks_twin.plugins.facts import Property, reference, values_of

from .defaults import given, plain
from .kinds import Kind
from .meaning import canonical, empty, same
from .schema import ResourceType
from .session import Session


@dataclass(frozen=True)
class Planner:
    """Differences of one resource type under one provider configuration."""

    session: Session
    kind: Kind
    facts: ResourceType

    def difference(self, request: Request) -> Difference:
        """The difference between what exists and `request.inputs`."""
        new, before = plain(request.inputs), plain(request.old_inputs)
        changes: dict[str, str] = {}
        replaces: list[str] = []
        for path, old, value in self._changed(request.state, new, before):
            if any(path == skipped or path.startswith(f"{skipped}.") for skipped in request.ignore_changes):
                continue
            replacing = self._replaces(path, old, value)
            verb = "add" if old is None else "delete" if value is None else "update"
            changes[path] = f"{verb}-replace" if replacing else verb
            if replacing:
                replaces.append(path.split(".")[0])
        if not any(path.split(".")[0] == "tags" for path in (*changes, *request.ignore_changes)):
            changes.update(self._default_tags(request.state, new))
        return Difference(changes, tuple(dict.fromkeys(replaces)), self._delete_first(request.inputs))

    def _delete_first(self, inputs: Mapping[str, Any]) -> bool:
        """A name that the program chose would collide with the resource that is being replaced."""
        rule = self.facts.auto_name
        return self.facts.delete_before_replace or (rule is not None and given(inputs, rule.property))

    def _changed(
        self, state: Mapping[str, Any], new: Mapping[str, Any], before: Mapping[str, Any]
    ) -> Iterator[tuple[str, Any, Any]]:
        for name, facts in self.facts.inputs.items():
            old, value = state.get(name), new.get(name)
            if name == "region":
                value = value or (self.session.region if old else None)
            if value is None:
                if not facts.computed and not empty(old) and old != facts.default:
                    yield name, old, None
            elif old is None and facts.local and value == facts.default:
                continue  # an import cannot know what AWS never reports
            elif not (empty(old) and empty(value)) and not self._same(facts, old, value, before.get(name)):
                yield from self._paths(name, facts, (old, value, before.get(name)))

    def _same(self, facts: Property, old: Any, new: Any, before: Any) -> bool:
        if reference(facts.type) and isinstance(old, Mapping) and isinstance(new, Mapping):
            old = _seen(old, new, before)
        return same(old, new, facts)

    def _paths(self, name: str, facts: Property, values: tuple[Any, Any, Any]) -> Iterator[tuple[str, Any, Any]]:
        """The leaves that differ; lists count as one leaf."""
        old, new, before = values
        nested = reference(facts.type) or values_of(facts.type)
        if not nested or not isinstance(old, Mapping) or not isinstance(new, Mapping):
            yield name, old, new
            return
        before = before if isinstance(before, Mapping) else {}
        if reference(facts.type):
            old = _seen(old, new, before)
        for key in sorted({**old, **new}):
            inner = (old.get(key), new.get(key), before.get(key))
            if inner[1] is UNKNOWN or canonical(inner[0]) != canonical(inner[1]):
                kind = Property("map<any>" if isinstance(inner[1], Mapping) else "any")
                yield from ((f"{name}.{path}", o, n) for path, o, n in self._paths(key, kind, inner))

    def _replaces(self, path: str, old: Any, new: Any) -> bool:
        name = path.split(".", maxsplit=1)[0]
        for rule in (path, name):
            if rule in self.kind.replaces:
                return new is UNKNOWN or self.kind.replaces[rule](old, new)
        if name == "region":
            return old is not None
        return True in (self.facts.at(name).replace, self.facts.at(path).replace)

    def _default_tags(self, state: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
        """Provider-wide tags that the resource does not have yet, or no longer."""
        if self.kind.tags is None or new.get("tags") is UNKNOWN:
            return {}
        wanted = {**self.session.default_tags, **(new.get("tags") or {})}
        return {"tagsAll": "update"} if canonical(wanted) != canonical(state.get("tagsAll") or {}) else {}


def _seen(old: Mapping[str, Any], new: Mapping[str, Any], before: Any) -> dict[str, Any]:
    """Of an object in state, the entries that the program sets or used to set; the rest is AWS's own."""
    earlier = before if isinstance(before, Mapping) else {}
    result = {key: value for key, value in old.items() if key in new or earlier.get(key) is not None}
    for key, value in result.items():
        if isinstance(value, Mapping) and isinstance(new.get(key), Mapping):
            result[key] = _seen(value, new[key], earlier.get(key))
    return result
