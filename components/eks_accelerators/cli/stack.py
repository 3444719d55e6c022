"""What a stack's configuration file says, read as Pulumi reads it but without its engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from ..model.layers import combined
from ..model.parse import parse
from ..model.platform import PlatformConfig

PROJECT_FILE: Final = "Pulumi.yaml"


class StackError(Exception):
    """A stack that cannot be read; the message says which file, what is wrong, and what to do."""


@dataclass(frozen=True)
class Stack:
    """One environment."""

    config: PlatformConfig
    """What it deploys."""
    region: str
    """Where."""


def load(environment: str, directory: Path) -> Stack:
    """The stack `environment` of the Pulumi project in `directory` or above it; StackError or ConfigError otherwise."""
    root = _project(directory)
    project = _mapping(root / PROJECT_FILE)
    folder = root / str(project.get("stackConfigDir", "."))
    path = folder / f"Pulumi.{environment}.yaml"
    if not path.exists():
        known = sorted(each.name.split(".")[1] for each in folder.glob("Pulumi.*.yaml"))
        raise StackError(f"{path}: no such stack; use one of: {', '.join(known) or 'none yet'}")
    values = cast("dict[str, Any]", _mapping(path).get("config") or {})
    key = f"{project.get('name')}:platform"
    for needed, example in ((key, "a mapping, see the other stacks"), ("aws:region", "us-west-2")):
        if needed not in values:
            raise StackError(f"{path}: config.{needed} is missing; add it ({example})")
    platform = combined(_shared(folder, values.get(f"{project.get('name')}:shared")), values[key])
    config, region = parse(PlatformConfig, platform, at="platform"), str(values["aws:region"])
    if elsewhere := [zone for zone in config.network.zones if zone[:-1] != region]:
        found = ", ".join(elsewhere)
        raise StackError(f"{path}: platform.network.zones has {found}, not in {region}; make it agree with aws:region")
    return Stack(config, region)


def _shared(folder: Path, name: str | None) -> dict[str, Any]:
    """What `shared: name` has in common with other environments; nothing where it is not said."""
    if name is None:
        return {}
    path = folder / "shared" / f"{name}.yaml"
    if not path.exists():
        known = sorted(each.stem for each in path.parent.glob("*.yaml"))
        raise StackError(f"{path}: no such file; use one of: {', '.join(known) or 'none yet'}")
    return _mapping(path)


def documents(text: str, origin: str) -> list[dict[str, Any]]:
    """The objects in a YAML text of one or more documents; lists of kind `List` are unfolded."""
    try:
        found = [each for each in yaml.safe_load_all(text) if each is not None]
    except yaml.YAMLError as error:
        raise StackError(f"{origin}: not YAML: {error}") from error
    unfolded: list[dict[str, Any]] = []
    for each in found:
        if not isinstance(each, dict):
            raise StackError(f"{origin}: {each!r} is not a Kubernetes object; write kind, metadata and spec")
        item = cast("dict[str, Any]", each)
        unfolded += item.get("items") or [] if item.get("kind") == "List" else [item]
    return unfolded


def _project(directory: Path) -> Path:
    resolved = directory.resolve()
    for folder in (resolved, *resolved.parents):
        if (folder / PROJECT_FILE).exists():
            return folder
    raise StackError(f"{resolved}: no {PROJECT_FILE} here or above; go to the project or name it with -C")


def _mapping(path: Path) -> dict[str, Any]:
    found = documents(path.read_text(encoding="utf-8"), str(path))
    if len(found) != 1:
        raise StackError(f"{path}: holds {len(found)} documents; one is expected")
    return found[0]
