"""NVIDIA GPUs: which ones instance types have, how NVIDIA's software names them, how MIG can cut them.

Sources: EC2's DescribeInstanceTypes; NVIDIA's MIG User Guide (supported GPUs, supported profiles) and MIG manager's
default configuration; GPU feature discovery for the form of product names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Model:
    """One kind of GPU."""

    product: str
    """NVML's name, blanks as dashes: the value of the label nvidia.com/gpu.product."""
    family: str
    """Architecture as GPU feature discovery words it."""
    compute: tuple[int, int]
    """CUDA compute capability."""
    mig: Mapping[str, int] = field(default_factory=dict)
    """MIG profile → instances that one GPU holds when cut into that profile only; empty where MIG is not possible."""


@dataclass(frozen=True)
class Gpu:
    """The NVIDIA GPUs of one instance type, all of one kind."""

    name: str
    """EC2's name."""
    memory_mib: int
    """Of each, as EC2 tells; NVML reports some percent less."""
    count: int
    """What software on the node sees: 1 where the type has a fraction of one, which EC2 counts as 0.
    https://github.com/aws/karpenter-provider-aws/pull/9322 saw it on a g6f.xlarge."""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Gpu | None":
        """The GPUs in a record of DescribeInstanceTypes; None where there is none of NVIDIA's."""
        found = [gpu for gpu in record.get("GpuInfo", {}).get("Gpus", ()) if gpu["Manufacturer"] == "NVIDIA"]
        return cls(found[0]["Name"], found[0]["MemoryInfo"]["SizeInMiB"], max(1, found[0]["Count"])) if found else None

    @property
    def model(self) -> Model:
        """What kind it is."""
        return MODELS[self.name, self.memory_mib] if (self.name, self.memory_mib) in MODELS else MODELS[self.name, 0]


def _sevenths(small: int, double: int, half: int, full: int) -> dict[str, int]:
    """Profiles of a GPU with seven slices, by the GB of 1, 2 (also held by a wide 1), 3 or 4, and 7 slices."""
    pairs = ((f"1g.{small}gb", 7), (f"1g.{double}gb", 4), (f"2g.{double}gb", 3))
    return dict((*pairs, (f"3g.{half}gb", 2), (f"4g.{half}gb", 1), (f"7g.{full}gb", 1)))


MODELS: Final[Mapping[tuple[str, int], Model]] = {
    ("V100", 0): Model("Tesla-V100-SXM2-32GB", "volta", (7, 0)),
    ("T4", 0): Model("Tesla-T4", "turing", (7, 5)),
    ("T4g", 0): Model("NVIDIA-T4G", "turing", (7, 5)),
    ("A10G", 0): Model("NVIDIA-A10G", "ampere", (8, 6)),
    ("L4", 0): Model("NVIDIA-L4", "ada-lovelace", (8, 9)),
    ("L40S", 0): Model("NVIDIA-L40S", "ada-lovelace", (8, 9)),
    ("A100", 40960): Model("NVIDIA-A100-SXM4-40GB", "ampere", (8, 0), _sevenths(5, 10, 20, 40)),
    ("A100", 0): Model("NVIDIA-A100-SXM4-80GB", "ampere", (8, 0), _sevenths(10, 20, 40, 80)),
    ("H100", 0): Model("NVIDIA-H100-80GB-HBM3", "hopper", (9, 0), _sevenths(10, 20, 40, 80)),
    ("H200", 0): Model("NVIDIA-H200", "hopper", (9, 0), _sevenths(18, 35, 71, 141)),
    ("B200", 0): Model("NVIDIA-B200", "blackwell", (10, 0), _sevenths(23, 45, 90, 180)),
    ("B300", 0): Model("NVIDIA-B300-SXM6-AC", "blackwell", (10, 3), _sevenths(34, 67, 135, 269)),
    ("RTX PRO 4500", 0): Model("NVIDIA-RTX-PRO-4500-Blackwell-Server-Edition", "blackwell", (12, 0)),
    ("RTX PRO Server 6000", 0): Model(
        "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition",
        "blackwell",
        (12, 0),
        {"1g.24gb": 4, "2g.48gb": 2, "4g.96gb": 1},
    ),
}
"""(EC2's name, MiB) → model; MiB 0 stands for every other size."""

Layout = Mapping[str, int] | None
"""How each GPU of a node is cut: MIG profile → instances per GPU; None where MIG is off, empty where nothing is cut."""


class MigError(ValueError):
    """MIG manager could not bring the GPUs into the state it was told."""


def layout(model: Model, config: str) -> Layout:
    """What MIG manager's default configuration called `config` makes of every GPU of `model`."""
    if not model.mig:
        raise MigError(f"{model.product} cannot be partitioned")
    profile = config.removeprefix("all-")
    if config == "all-disabled":
        return None
    if config == "all-enabled":
        return {}
    if config == "all-balanced":
        first = {name[0]: name for name in reversed(list(model.mig))}  # the narrow one of two profiles with one slice
        return {first[slices]: count for slices, count in (("1", 2), ("2", 1), ("3", 1)) if slices in first}
    if config.startswith("all-") and profile in model.mig:
        return {profile: model.mig[profile]}
    known = ", ".join(("all-disabled", "all-enabled", "all-balanced", *(f"all-{name}" for name in model.mig)))
    raise MigError(f"configuration {config!r} does not exist for {model.product}, or is not modelled; known: {known}")
