"""What a command needs to see the twin instead of AWS: variables, and programs under their usual names."""

import contextlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from eks_twin.binaries import tool
from eks_twin.home import Home
from eks_twin.processes import Record

PLUGINS: Final = ("aws", "eks", "kubernetes")
"""Pulumi packages that have a stand-in; each takes the version of the installed SDK, which is the one asked for."""
PROGRAMS: Final = ("pulumi", "helm", "kubectl")
FOREIGN: Final = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
"""Variables that would lead a command to another account, or break TLS to it; removed."""


@dataclass(frozen=True)
class Status:
    """Where a running twin is; the supervisor writes it once AWS answers."""

    supervisor: Record
    """Its process."""
    region: str
    aws_url: str
    access_key_id: str
    secret_access_key: str
    started: float
    """Unix time."""

    @classmethod
    def read(cls, home: Home) -> "Status | None":
        """The status of the twin in `home`, or None where none is up, whatever a killed one left behind."""
        if not home.status.exists():
            return None
        written = json.loads(home.status.read_text())
        status = cls(**written | {"supervisor": Record(**written["supervisor"])})
        return status if status.supervisor.process() else None

    def write(self, home: Home) -> None:
        """Publish this status at once and whole, readable by this user only because it holds a key."""
        partial = home.status.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(home.status)


def install_shims(home: Home) -> None:
    """Programs, language host and plugins where the engine and people look for them; official ones are preferred."""
    home.shims.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        _place(home.shims / program, tool(program))
    _script(home.shims / "aws", "awscli")
    if not (tool("pulumi").resolve().parent / "pulumi-language-python").exists():
        _script(home.shims / "pulumi-language-python", "eks_twin.plugins.language_host")
    for package in PLUGINS:
        official, ours = _plugin(Path.home() / ".pulumi", package), _plugin(home.pulumi_home, package)
        if official.exists():
            _link(ours, official)
        elif not ours.is_symlink():
            ours.mkdir(parents=True, exist_ok=True)
            _script(ours / f"pulumi-resource-{package}", f"eks_twin.plugins.{package}")


def stand_ins(home: Home) -> tuple[str, ...]:
    """The packages that a stand-in serves here, because the official plugin is not on this machine."""
    return tuple(package for package in PLUGINS if not _plugin(home.pulumi_home, package).is_symlink())


def _plugin(pulumi_home: Path, package: str) -> Path:
    return pulumi_home / "plugins" / f"resource-{package}-v{version(f'pulumi-{package}')}"


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A name to make something under that then takes the place of `path` at once: two starts may do so together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    yield partial
    partial.replace(path)


def _link(link: Path, target: Path) -> None:
    with _replacing(link) as partial:
        partial.symlink_to(target)


def _place(path: Path, program: Path) -> None:
    """Put the file itself there, not a link: the engine looks for language hosts beside its own real path."""
    with _replacing(path) as partial:
        try:
            partial.hardlink_to(program.resolve())
        except OSError:  # another file system
            shutil.copy2(program, partial)


def _script(path: Path, module: str) -> None:
    with _replacing(path) as partial:
        partial.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        partial.chmod(0o755)


def variables(home: Home, status: Status) -> dict[str, str]:
    """The environment of a command that sees the twin as AWS."""
    inherited = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    return inherited | {
        "PATH": os.pathsep.join([str(home.shims), os.environ.get("PATH", "")]),
        "AWS_ENDPOINT_URL": status.aws_url,
        "AWS_REGION": status.region,
        "AWS_DEFAULT_REGION": status.region,
        "AWS_ACCESS_KEY_ID": status.access_key_id,
        "AWS_SECRET_ACCESS_KEY": status.secret_access_key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "KUBECONFIG": str(kubeconfig(home) or os.devnull),
        "HELM_CACHE_HOME": str(home.path / "helm" / "cache"),
        "HELM_CONFIG_HOME": str(home.path / "helm" / "config"),
        "HELM_DATA_HOME": str(home.path / "helm" / "data"),
        "PULUMI_HOME": str(home.pulumi_home),
        "PULUMI_BACKEND_URL": home.pulumi_state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "twin",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def kubeconfig(home: Home, cluster: str | None = None) -> Path | None:
    """Administrator's kubeconfig of `cluster`, or of the only one; None when there is none.

    Raises ValueError when several clusters run and none is named, or the named one does not run.
    """
    found = {path.parent.name: path for path in sorted(home.run.glob("clusters/*/kubeconfig"))}
    if cluster is not None and cluster not in found:
        raise ValueError(f"no cluster {cluster!r} runs; running: {', '.join(found) or 'none'}")
    if cluster is None and len(found) > 1:
        return None
    return found[cluster] if cluster else next(iter(found.values()), None)
