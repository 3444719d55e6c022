"""The tables of docs/reference: accelerators, uses, image families, and versions that go together."""

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from types import ModuleType
from typing import Final

from eks_accelerators.model import versions
from eks_accelerators.model.accelerators import ACCELERATORS, REFUSED, Accelerator, devices_of
from eks_accelerators.model.ami_families import AMI_FAMILIES, AmiFamily
from eks_accelerators.model.catalogue import InstanceType
from eks_accelerators.model.crds.node_pool import Budget
from eks_accelerators.model.uses import ACCELERATED, CPU, USES, Use

NONE: Final = "-"
"""A cell with nothing to say."""
Row = tuple[str, ...]


def table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    """A Markdown table, line by line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        cells = (" ".join(cell.split()).replace("|", r"\|") for cell in row)
        yield f"| {' | '.join(cells)} |"


def accelerators() -> str:
    """What each accelerator implies, and the types that carry it."""
    head = (
        "`accelerator`",
        "families",
        "device",
        "GiB each",
        "resource",
        "arch",
        "root volume",
        "MIG profiles, per GPU",
    )
    types = ("type", "accelerator", "devices", "vCPU", "GiB", "EFA", "local NVMe, GB", "sold as")
    parts = [
        "# Accelerators",
        "One row each: what a pool says, and what follows. The resource is also the key of the taint.",
        "Memory is what EC2's catalogue says, which for Trainium2 is not what AWS's product page says.",
        *_block(head, (_accelerator(each) for each in ACCELERATORS.values())),
        "## Instance types",
        "As EC2's DescribeInstanceTypes says them; `accel catalogue show TYPE` has zones and prices, too.",
        *_block(types, (_type(each, kind) for each in ACCELERATORS.values() for kind in each.instances)),
        "## Refused",
        *_block(("word", "what it is", "why"), ((f"`{name}`", row[0], row[1]) for name, row in REFUSED.items())),
    ]
    return _page(parts)


def _accelerator(accelerator: Accelerator) -> Row:
    found = [device for kind in accelerator.instances for device in (*kind.gpus, *kind.neuron)]
    share = " (a share of one)" if accelerator.fractional else ""
    return (
        f"`{accelerator.name}`",
        ", ".join(accelerator.families),
        ", ".join(dict.fromkeys(device.name for device in found)) + share,
        ", ".join(f"{mib / 1024:.4g}" for mib in sorted({device.memory_mib for device in found})),
        f"`{accelerator.resource}`",
        accelerator.architecture,
        accelerator.volume_size,
        ", ".join(f"{count} `{profile}`" for profile, count in accelerator.mig.items()) or NONE,
    )


def _type(accelerator: Accelerator, kind: InstanceType) -> Row:
    return (
        f"`{kind.name}`",
        accelerator.name,
        str(devices_of(kind, accelerator)),
        str(kind.vcpus),
        f"{kind.memory_mib / 1024:,.6g}",
        str(kind.efa_interfaces or NONE),
        f"{kind.nvme_gb:,}" if kind.nvme_gb else NONE,
        ", ".join(kind.usage_classes),
    )


def uses() -> str:
    """What each use decides, and why."""
    absent = {"absent, no accelerator": CPU, "absent, with an accelerator": ACCELERATED}
    presets = {**absent, **{f"`{name}`": use for name, use in USES.items()}}
    parts = [
        "# Uses",
        "When nodes are removed and replaced. A pool's `disruption` and `expire_after` override it field by field.",
        *_block(
            ("`use`", "because", "nodes go", "after", "budgets", "replaced at the age of"),
            (_use(name, use) for name, use in presets.items()),
        ),
    ]
    return _page(parts)


def _use(name: str, use: Use) -> Row:
    return name, use.reason, f"`{use.policy}`", use.after, "; ".join(map(_budget, use.budgets)), use.expire_after


def _budget(budget: Budget) -> str:
    reasons = f" for {', '.join(budget.reasons)}" if budget.reasons else ""
    when = f", from `{budget.schedule}` for {budget.duration}" if budget.schedule else ""
    return f"{budget.nodes}{reasons}{when}"


def images() -> str:
    """What each image family has, and who brings the device plugin."""
    head = ("family", "volumes", "local NVMe as one disk", "NVIDIA driver", "Neuron driver", "NVIDIA device plugin")
    source = "[Karpenter's page on EC2NodeClass](https://karpenter.sh/docs/concepts/nodeclasses/#specamifamily)"
    parts = [
        "# Image families",
        f"What the family of `node_class.ami` decides. The aliases are those of {source}.",
        *_block(head, (_image(name, family) for name, family in AMI_FAMILIES.items())),
    ]
    return _page(parts)


def _image(name: str, family: AmiFamily) -> Row:
    data = [] if family.data_device is None else [f"`{family.data_device}`"]
    volumes = [*data, *(f"`{device}` ({size}, system)" for device, size in family.system_devices)]
    plugin = "the image's own, and none is installed" if family.own_nvidia_plugin else "installed by us"
    yes = {True: "yes", False: NONE}
    return (
        name,
        ", ".join(volumes) or "only its maker knows; `volumes` says them",
        yes[family.local_disks],
        yes[family.nvidia],
        yes[family.neuron],
        plugin if family.nvidia else NONE,
    )


def version_tables() -> str:
    """Which versions go together, and where each pin comes from."""
    words = documented(versions)
    sets = (
        (kubernetes, _karpenters(kubernetes), *(pinned[addon] for addon in versions.ADDONS))
        for kubernetes, pinned in versions.ADDON_VERSIONS.items()
    )
    parts = [
        "# Versions",
        f"Kubernetes, unless said otherwise: `{versions.DEFAULT_KUBERNETES}`.",
        f"Karpenter: `{versions.DEFAULT_KARPENTER}`. {words['DEFAULT_KARPENTER']}",
        f"Image: `{versions.DEFAULT_AMI}`. {words['DEFAULT_AMI']}",
        "## What goes together",
        *_block(("Kubernetes", "Karpenter", *(f"`{addon}`" for addon in versions.ADDONS)), sets),
        f"{words['ADDON_VERSIONS']}",
        f"Karpenter's column: {words['_KARPENTER_MINORS']}",
        f"The least that a Kubernetes minor needs: {words['_MINIMUM_KARPENTER']}",
        "## Charts",
        *_block(("chart", "version", "from"), _CHARTS),
        f"Neuron's chart: {words['NEURON_CHART_VERSION']}",
    ]
    return _page(parts)


_CHARTS: Final = (
    ("`karpenter`", versions.DEFAULT_KARPENTER, versions.KARPENTER_CHART),
    ("`karpenter-crd`", versions.DEFAULT_KARPENTER, versions.KARPENTER_CRD_CHART),
    ("`neuron-helm-chart`", versions.NEURON_CHART_VERSION, versions.NEURON_CHART),
    ("`nvidia-device-plugin`", versions.NVIDIA_PLUGIN_VERSION, versions.NVIDIA_PLUGIN_REPO),
    ("`gpu-operator`", versions.GPU_OPERATOR_VERSION, versions.GPU_OPERATOR_REPO),
    ("`dcgm-exporter`", versions.DCGM_EXPORTER_VERSION, versions.DCGM_EXPORTER_REPO),
    ("`aws-efa-k8s-device-plugin`", versions.EFA_PLUGIN_VERSION, versions.EKS_CHARTS_REPO),
)


def _karpenters(kubernetes: str) -> str:
    fit = [minor for minor in range(100) if versions.karpenter_problem(f"1.{minor}.0", kubernetes) is None]
    return f"1.{fit[0]} to 1.{fit[-1]}"


def documented(module: ModuleType) -> dict[str, str]:
    """The docstring below each constant of `module`, in one line."""
    return {
        node.target.id: " ".join(str(after.value.value).split())
        for node, after in pairwise(ast.parse(inspect.getsource(module)).body)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }


def _block(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    yield "\n".join(table(head, rows))


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


TABLES: Final[dict[str, Callable[[], str]]] = {
    "accelerators": accelerators,
    "uses": uses,
    "images": images,
    "versions": version_tables,
}
"""Pages of tables by name."""
