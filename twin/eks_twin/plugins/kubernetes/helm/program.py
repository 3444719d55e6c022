"""The helm program, run as this provider's user against this provider's cluster."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from eks_twin.binaries import tool
from eks_twin.plugins.kubernetes.session import Session

POLL_SECONDS: Final = 0.2
_PREFIX: Final = re.compile(
    r"^Error: (?:INSTALLATION FAILED: |UPGRADE FAILED: |uninstall: (?=uninstall))?", re.MULTILINE
)


class HelmError(Exception):
    """Helm failed; the message is its own, without the CLI's decoration."""


def run(session: Session, arguments: Sequence[str], values: Mapping[str, Any] | None = None) -> str:
    """Standard output of `helm <arguments>`; `values` are passed by file, since they may hold secrets.

    An interrupt of the engine is passed on, so that Helm can leave its release in a known state.
    """
    with tempfile.TemporaryDirectory(prefix="helm-") as scratch:
        command = [str(tool("helm")), *arguments]
        environment = os.environ | dict(session.settings.helm) | {"KUBECONFIG": os.devnull}
        if session.access is not None:
            environment["KUBECONFIG"] = str(_private(Path(scratch, "kubeconfig"), session.access.document))
        if values is not None:
            command += ["--values", str(_private(Path(scratch, "values.json"), json.dumps(values)))]
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return _finished(session, process)


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def _finished(session: Session, process: subprocess.Popen[str]) -> str:
    interrupted = False
    while True:
        try:
            out, err = process.communicate(timeout=POLL_SECONDS)
            break
        except subprocess.TimeoutExpired:
            if session.cancelled.is_set() and not interrupted:
                process.terminate()
                interrupted = True
    if process.returncode == 0:
        return out
    raise HelmError(message(err) or f"helm ended with code {process.returncode}")


def message(stderr: str) -> str:
    """The error in Helm's standard error, without warnings before it and the hint after it."""
    start = _PREFIX.search(stderr)
    text = stderr[start.end() :] if start else stderr
    return text.split("\n\nUse --debug flag")[0].strip()


def release(session: Session, name: str, namespace: str) -> dict[str, Any] | None:
    """The newest revision of a release as Helm stores it, or None when there is none."""
    try:
        found = json.loads(run(session, ["status", name, "--namespace", namespace, "--output", "json"]))
        metadata = json.loads(run(session, ["get", "metadata", name, "--namespace", namespace, "--output", "json"]))
    except HelmError as error:
        if "not found" in str(error):
            return None
        raise
    return {**found, "metadata": metadata}
