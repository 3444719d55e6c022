"""The charts this machine can make without a registry: one closed table."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eks_twin.binaries import karpenter_source
from eks_twin.binaries.recipes import KARPENTER
from eks_twin.home import cache_dir

from .errors import ChartError


@dataclass(frozen=True)
class Served:
    """One chart in the one version that can be made here."""

    version: str
    make: Callable[[Path], object]
    """Writes the chart's files into an empty directory."""
    source: Callable[[], Path]
    """Directory whose content decides whether a cached copy is still good."""


def _stamped(chart: str, into: Path) -> None:
    """The module's `chart` with the release's version on it, as upstream's release tooling publishes it.

    At tag v1.14.1 the files still say 1.13.0 and carry that image's digest, which would win over the tag.
    """
    shutil.copytree(karpenter_source() / "charts" / chart, into, dirs_exist_ok=True)
    _rewrite(into / "Chart.yaml", {r"^(version|appVersion): .*$": rf"\1: {KARPENTER}"})
    _rewrite(into / "values.yaml", {r"^(    tag): .*$": rf"\1: {KARPENTER}", r"^(    digest): .*$": r'\1: ""'})


def _karpenter(into: Path) -> None:
    _stamped("karpenter", into)
    # charts/karpenter/crds is a symbolic link in git, and Go module archives leave links out.
    shutil.copytree(karpenter_source() / "pkg" / "apis" / "crds", into / "crds", dirs_exist_ok=True)


def _rewrite(file: Path, replacements: dict[str, str]) -> None:
    text = file.read_text()
    for pattern, replacement in replacements.items():
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    file.write_text(text)


def _ours(name: str) -> Served:
    directory = Path(__file__).parent / name
    version = re.search(r"^version: (\S+)$", (directory / "Chart.yaml").read_text(), re.MULTILINE)
    if version is None:
        raise ChartError(f"{directory}/Chart.yaml names no version")
    return Served(version[1], lambda into: shutil.copytree(directory, into, dirs_exist_ok=True), lambda: directory)


CHARTS: Final = {
    "oci://public.ecr.aws/karpenter/karpenter": Served(KARPENTER, _karpenter, karpenter_source),
    "oci://public.ecr.aws/karpenter/karpenter-crd": Served(
        KARPENTER, lambda into: _stamped("karpenter-crd", into), karpenter_source
    ),
    "oci://public.ecr.aws/neuron/neuron-helm-chart": _ours("neuron-helm-chart"),
}
"""OCI reference, or `<repository URL>/<name>` for classic repositories → the chart made here."""


def make(reference: str, version: str) -> Path:
    """Directory of the served chart `reference`; ChartError when it is not served, or not in `version`.

    An empty `version` asks for the newest, as it does of a registry.
    """
    chart = CHARTS.get(reference)
    if chart is None:
        raise ChartError(f"no chart {reference} is served here; served: {', '.join(CHARTS)}")
    if version.removeprefix("v") not in ("", chart.version):
        raise ChartError(f"{reference} {version} is not served here; available: {chart.version}")
    return _kept(reference.rsplit("/", 1)[1], chart)


def _kept(name: str, chart: Served) -> Path:
    """The chart in the cache, made once per content; concurrent makers end with the same directory."""
    root = cache_dir() / "charts" / f"{name}-{chart.version}-{_digest(chart.source())}"
    if not root.is_dir():
        root.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=root.parent))
        try:
            chart.make(staging / name)
            staging.rename(root)
        except OSError:
            if not root.is_dir():  # not merely a faster sibling
                raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return root / name


def _digest(source: Path) -> str:
    """Twelve hex digits over this recipe and the files it copies."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(source)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
