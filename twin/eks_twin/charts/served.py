"""The charts this machine can make without a registry: one closed table."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
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
    sources: Callable[[], list[Path]]
    """Directories whose content decides whether a cached copy is still good."""


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


def _ours(name: str, *subcharts: str) -> Served:
    """The chart that lies beside this file, with those it depends on."""
    root = Path(__file__).parent
    version = re.search(r"^version: (\S+)$", (root / name / "Chart.yaml").read_text(), re.MULTILINE)
    if version is None:
        raise ChartError(f"{root / name}/Chart.yaml names no version")

    def write(into: Path) -> None:
        shutil.copytree(root / name, into, dirs_exist_ok=True)
        for subchart in subcharts:
            shutil.copytree(root / subchart, into / "charts" / subchart)

    return Served(version[1], write, lambda: [root / part for part in (name, *subcharts)])


NFD: Final = "node-feature-discovery"
CHARTS: Final = {
    "oci://public.ecr.aws/karpenter/karpenter": Served(KARPENTER, _karpenter, lambda: [karpenter_source()]),
    "oci://public.ecr.aws/karpenter/karpenter-crd": Served(
        KARPENTER, lambda into: _stamped("karpenter-crd", into), lambda: [karpenter_source()]
    ),
    "oci://public.ecr.aws/neuron/neuron-helm-chart": _ours("neuron-helm-chart"),
    "https://nvidia.github.io/k8s-device-plugin/nvidia-device-plugin": _ours("nvidia-device-plugin", NFD),
    "https://helm.ngc.nvidia.com/nvidia/gpu-operator": _ours("gpu-operator", NFD),
    "https://nvidia.github.io/dcgm-exporter/helm-charts/dcgm-exporter": _ours("dcgm-exporter"),
    "https://aws.github.io/eks-charts/aws-efa-k8s-device-plugin": _ours("aws-efa-k8s-device-plugin"),
}
"""OCI reference, or `<repository URL>/<name>` for classic repositories → the chart made here."""


def make(reference: str, version: str) -> Path:
    """Directory of the served chart `reference`; ChartError when it is not served, or not in `version`.

    An empty `version` asks for the newest, as it does of a registry.
    """
    chart = CHARTS.get(reference)
    if chart is None:
        raise ChartError(f"no chart {reference} is served here; served: {', '.join(CHARTS)}")
    if version.removeprefix("v") not in ("", chart.version.removeprefix("v")):
        raise ChartError(f"{reference} {version} is not served here; available: {chart.version}")
    return _kept(reference.rsplit("/", 1)[1], chart)


def _kept(name: str, chart: Served) -> Path:
    """The chart in the cache, made once per content; concurrent makers end with the same directory."""
    root = cache_dir() / "charts" / f"{name}-{chart.version}-{_digest(chart.sources())}"
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


def _digest(sources: Sequence[Path]) -> str:
    """Twelve hex digits over this recipe and the files it copies."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in sources:
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            digest.update(str(file.relative_to(source)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
