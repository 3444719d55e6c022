"""A Pulumi project with one stack, and the command run in it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from eks_accelerators.cli.app import app
from eks_accelerators.model import catalogue
from typer.testing import CliRunner, Result

PLATFORM: dict[str, Any] = {
    "network": {"zones": ["us-west-2a", "us-west-2b"]},
    "cluster": {"name": "lab", "public_access_cidrs": []},
    "pools": [{"name": "cpu", "instance_families": ["m5"]}, {"name": "inf2", "accelerator": "inferentia2"}],
}


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """A project whose stack `dev` has these configuration values; the platform with `changes`."""

    def project(values: dict[str, Any] | None = None, **changes: Any) -> Path:
        given = {"aws:region": "us-west-2", "lab:platform": {**PLATFORM, **changes}} if values is None else values
        (tmp_path / "stacks").mkdir(exist_ok=True)
        (tmp_path / "Pulumi.yaml").write_text("name: lab\nruntime: python\nstackConfigDir: stacks\n")
        (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": given}))
        return tmp_path

    return project


@pytest.fixture(autouse=True)
def _same_place_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command changes directory and environment for its process, which here is the tests'."""
    before = Path.cwd()
    monkeypatch.setenv(catalogue.VARIABLE, "")
    monkeypatch.setenv("COLUMNS", "100")
    yield
    os.chdir(before)


@pytest.fixture
def accel() -> Callable[..., Result]:
    """The command with arguments, and perhaps standard input."""
    return lambda *arguments, stdin=None: CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)
