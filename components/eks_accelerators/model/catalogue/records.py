"""EC2's own records as catalogue entries: what DescribeInstanceTypes answers, in moto's copy or from an account."""

from collections.abc import Mapping
from typing import Any, Final

from .instance_type import Device, InstanceType, NetworkCard

Record = Mapping[str, Any]
"""One item of DescribeInstanceTypes' InstanceTypes."""

_ARCHITECTURES: Final = {"x86_64": "amd64", "arm64": "arm64"}
"""EC2's word → that of kubernetes.io/arch; types with none of them (Mac) never become nodes."""


def usable(record: Record) -> bool:
    """Whether Karpenter would ask EC2 for this type: hardware virtualization, and a processor that nodes run on."""
    processors = record["ProcessorInfo"]["SupportedArchitectures"]
    return "hvm" in record["SupportedVirtualizationTypes"] and any(name in _ARCHITECTURES for name in processors)


def instance_type(record: Record, *, network_mbps: int | None, branches: int, windows_addresses: int) -> InstanceType:
    """The catalogue entry of `record`, with the three numbers that EC2 does not answer."""
    network, processor = record["NetworkInfo"], record["ProcessorInfo"]
    storage, inference = record.get("InstanceStorageInfo", {}), record.get("InferenceAcceleratorInfo", {})
    return InstanceType(
        name=record["InstanceType"],
        architecture=next(_ARCHITECTURES[n] for n in processor["SupportedArchitectures"] if n in _ARCHITECTURES),
        vcpus=record["VCpuInfo"]["DefaultVCpus"],
        memory_mib=record["MemoryInfo"]["SizeInMiB"],
        usage_classes=tuple(sorted(record["SupportedUsageClasses"])),
        strategies=tuple(sorted(record["PlacementGroupInfo"]["SupportedStrategies"])),
        ipv4_per_interface=network["Ipv4AddressesPerInterface"],
        cards=tuple(_card(card) for card in network["NetworkCards"]),
        cpu_manufacturer=processor.get("Manufacturer", ""),
        clock_mhz=int(processor.get("SustainedClockSpeedInGhz", 0) * 1000 + 0.5),
        encryption_in_transit=network["EncryptionInTransitSupported"],
        ena=network["EnaSupport"] != "unsupported",
        hypervisor=record.get("Hypervisor", ""),
        bare_metal=record["BareMetal"],
        default_card=network["DefaultNetworkCardIndex"],
        efa_interfaces=network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
        network_mbps=network_mbps,
        ebs_mbps=_ebs(record["EbsInfo"]),
        storage_gb=storage.get("TotalSizeInGB", 0),
        nvme=storage.get("NvmeSupport", "unsupported") != "unsupported",
        gpus=tuple(_device(gpu) for gpu in record.get("GpuInfo", {}).get("Gpus", ())),
        neuron=tuple(_device(device) for device in record.get("NeuronInfo", {}).get("NeuronDevices", ())),
        accelerators=tuple(_device(accelerator) for accelerator in inference.get("Accelerators", ())),
        features=tuple(sorted(processor.get("SupportedFeatures", ()))),
        branch_interfaces=branches,
        windows_addresses=windows_addresses,
    )


def _card(card: Record) -> NetworkCard:
    return NetworkCard(
        index=card["NetworkCardIndex"],
        interfaces=card["MaximumNetworkInterfaces"],
        efa="efa" in card["InterfaceTypes"],
        gbps=card["PeakBandwidthInGbps"],
    )


def _device(device: Record) -> Device:
    return Device(
        name=device["Name"],
        manufacturer=device.get("Manufacturer", "AWS"),  # NeuronInfo has no such field
        count=device["Count"],
        memory_mib=device["MemoryInfo"]["SizeInMiB"],
        cores=device.get("CoreInfo", {}).get("Count", 0),
    )


def _ebs(info: Record) -> int | None:
    dedicated = info["EbsOptimizedSupport"] == "default"
    return info["EbsOptimizedInfo"]["MaximumBandwidthInMbps"] if dedicated else None
