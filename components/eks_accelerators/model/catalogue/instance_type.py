"""What the catalogue knows about one EC2 instance type: what labels, capacity and network interfaces are computed from.

Fields restate those of EC2's DescribeInstanceTypes; two come from tables that Karpenter 1.14.1 carries, because EC2 has
no call for them.
"""

import re
from dataclasses import dataclass
from typing import Final

_SCHEME: Final = re.compile(r"^([a-z]+)(?:-[0-9]+tb)?([0-9]+).*\.")
"""Category and generation in a type's name, as Karpenter reads them (pkg/providers/instancetype/types.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One kind of accelerator that an instance type carries."""

    name: str
    """As EC2 spells it, such as `A10G` or `Trainium2`."""
    manufacturer: str
    """As EC2 spells it, such as `NVIDIA`; `AWS` for Neuron devices."""
    count: int
    """Devices; 0 on types with a share of a GPU (g6f, gr6f)."""
    memory_mib: int
    """Memory of one device."""
    cores: int = 0
    """NeuronCores of one device; 0 for anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCard:
    """One network card and what can be attached to it."""

    index: int
    """NetworkCardIndex, as launch templates and EC2NodeClasses say it."""
    interfaces: int
    """Network interfaces that fit on it, hence the number of device indexes."""
    efa: bool
    """Whether an interface of type `efa` or `efa-only` can be attached to it."""
    gbps: float
    """Peak bandwidth in Gbit/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """One EC2 instance type."""

    name: str
    """Such as `inf2.48xlarge`."""
    architecture: str
    """`amd64` or `arm64`, as the label kubernetes.io/arch says it."""
    vcpus: int
    """Virtual CPUs by default."""
    memory_mib: int
    """Nominal memory."""
    usage_classes: tuple[str, ...]
    """What it is sold as: of `on-demand`, `spot`, `capacity-block`."""
    strategies: tuple[str, ...]
    """Placement group strategies it supports: of `cluster`, `partition`, `spread`."""
    ipv4_per_interface: int
    """Private IPv4 addresses of one network interface, its primary address included."""
    cards: tuple[NetworkCard, ...]
    """Network cards, by index."""
    cpu_manufacturer: str
    """As EC2 spells it, such as `Intel`, `AMD`, `AWS`."""
    clock_mhz: int
    """Sustained clock; 0 where EC2 does not say it."""
    encryption_in_transit: bool
    """Whether traffic between instances is encrypted by the hardware."""
    ena: bool = True
    """Whether enhanced networking (ENA) is there; types before about 2016 lack it."""
    hypervisor: str = "nitro"
    """`nitro` or `xen`; empty on bare metal."""
    bare_metal: bool = False
    """Whether there is no hypervisor."""
    default_card: int = 0
    """Index of the network card whose interfaces give pods their addresses."""
    efa_interfaces: int = 0
    """Elastic Fabric Adapter interfaces that can be attached at once; 0: none."""
    network_mbps: int | None = None
    """Bandwidth that Karpenter's table states (zz_generated.bandwidth.go); None: EC2's documents give no number."""
    ebs_mbps: int | None = None
    """Peak bandwidth to EBS; None where it is not dedicated by default."""
    storage_gb: int = 0
    """All local disks together, in GB of 10^9 bytes; 0: none."""
    nvme: bool = False
    """Whether the local disks speak NVMe."""
    gpus: tuple[Device, ...] = ()
    """GPUs of NVIDIA, AMD or Habana."""
    neuron: tuple[Device, ...] = ()
    """Inferentia and Trainium devices. Empty for trn2u.48xlarge: EC2's record of it names none, so that Karpenter
    sees none either."""
    accelerators: tuple[Device, ...] = ()
    """Inference accelerators by EC2's older field; Inferentia stands in both."""
    features: tuple[str, ...] = ()
    """Of the processor: `amd-sev-snp`, `nested-virtualization`."""
    branch_interfaces: int = 0
    """Pods that can have a network interface of their own (security groups for pods), by Karpenter's table
    (zz_generated.vpclimits.go); 0: none."""
    windows_addresses: int = 0
    """Addresses that a Windows node gives to pods, by the same table."""

    @property
    def family(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    @property
    def size(self) -> str:
        """The part of the name after the dot."""
        return self.name.partition(".")[2]

    @property
    def category(self) -> str | None:
        """Letters that begin the name, such as `inf`; None where the name does not follow EC2's scheme."""
        parts = _SCHEME.match(self.name)
        return parts[1] if parts else None

    @property
    def generation(self) -> str | None:
        """Number after the category, such as `2` of inf2."""
        parts = _SCHEME.match(self.name)
        return parts[2] if parts else None

    @property
    def nvme_gb(self) -> int:
        """Local NVMe disks together in GB; 0: none."""
        return self.storage_gb if self.nvme else 0

    @property
    def interfaces(self) -> int:
        """Network interfaces on the default card, which are those the VPC CNI uses."""
        return next(card.interfaces for card in self.cards if card.index == self.default_card)

    @property
    def neuron_cores(self) -> int:
        """NeuronCores of all devices; Karpenter counts those of the first kind, and no type has two."""
        return self.neuron[0].count * self.neuron[0].cores if self.neuron else 0
