"""Finds one chart: on disk, in its registry, or among those served here."""

import functools
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from eks_twin.binaries import tool
from eks_twin.home import cache_dir

from . import served
from .errors import ChartError

REACH_SECONDS: Final = 3
"""How long a registry may take to answer at all before the machine counts as offline for it."""


@functools.cache
def locate(chart: str, repo: str = "", version: str = "", variables: tuple[tuple[str, str], ...] = ()) -> Path:
    """Directory or archive of `chart`: an OCI reference, a path, or a name in the repository at the URL `repo`.

    `version` is exact or a range, empty for the newest; `variables` are for Helm, such as HELM_REGISTRY_CONFIG.
    One answer per process. Raises ChartError naming what was tried.
    """
    if not repo and not chart.startswith("oci://"):
        return _on_disk(chart)
    if repo and "://" not in repo:
        raise ChartError(f"repository {repo!r} is a configured name; the twin takes URLs and oci:// references only")
    reference = chart if chart.startswith("oci://") else f"{repo.rstrip('/')}/{chart}"
    host = urlsplit(reference).netloc
    if _reachable(host):
        return _pulled(reference, repo, version, variables)
    try:
        return served.make(reference, version)
    except ChartError as error:
        raise ChartError(f"{host} does not answer, and {error}") from error


def _on_disk(chart: str) -> Path:
    path = Path(chart)
    if path.is_file() or (path / "Chart.yaml").is_file():
        return path
    raise ChartError(
        f'path "{chart}" not found: it is neither a chart archive nor a directory with Chart.yaml; '
        f"for a chart in a registry name it as oci://… or give the repository's URL"
    )


@functools.cache
def _reachable(host: str) -> bool:
    """Whether anything answers for `host`; proxies of the environment are used."""
    try:
        requests.head(f"https://{host}/v2/", timeout=REACH_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return False
    return True


def _pulled(reference: str, repo: str, version: str, variables: tuple[tuple[str, str], ...]) -> Path:
    """What the registry serves, kept apart per reference because archives carry the chart's bare name."""
    directory = cache_dir() / "charts" / f"pulled-{hashlib.sha256(reference.encode()).hexdigest()[:12]}"
    directory.mkdir(parents=True, exist_ok=True)
    oci = reference.startswith("oci://")
    where = [reference] if oci else [reference.rsplit("/", 1)[1], "--repo", repo]
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        command = [str(tool("helm")), "pull", *where, "--destination", scratch]
        command += ["--version", version] if version else []
        environment = os.environ | dict(variables)
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise ChartError(answer.stderr.strip().removeprefix("Error: "))
        (archive,) = Path(scratch).glob("*.tgz")
        return archive.replace(directory / archive.name)
