"""Instance types and where they are offered."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws.session import Session
from eks_twin.plugins.aws.shapes import dig

from .answers import ask, ask_all, filters, only

FACTS: Final[Mapping[str, str]] = {
    # output → path in DescribeInstanceTypes
    "autoRecoverySupported": "AutoRecoverySupported",
    "bandwidthWeightings": "NetworkInfo.BandwidthWeightings",
    "bareMetal": "BareMetal",
    "bootModes": "SupportedBootModes",
    "burstablePerformanceSupported": "BurstablePerformanceSupported",
    "currentGeneration": "CurrentGeneration",
    "dedicatedHostsSupported": "DedicatedHostsSupported",
    "defaultCores": "VCpuInfo.DefaultCores",
    "defaultNetworkCardIndex": "NetworkInfo.DefaultNetworkCardIndex",
    "defaultThreadsPerCore": "VCpuInfo.DefaultThreadsPerCore",
    "defaultVcpus": "VCpuInfo.DefaultVCpus",
    "ebsEncryptionSupport": "EbsInfo.EncryptionSupport",
    "ebsNvmeSupport": "EbsInfo.NvmeSupport",
    "ebsOptimizedSupport": "EbsInfo.EbsOptimizedSupport",
    "ebsPerformanceBaselineBandwidth": "EbsInfo.EbsOptimizedInfo.BaselineBandwidthInMbps",
    "ebsPerformanceBaselineIops": "EbsInfo.EbsOptimizedInfo.BaselineIops",
    "ebsPerformanceBaselineThroughput": "EbsInfo.EbsOptimizedInfo.BaselineThroughputInMBps",
    "ebsPerformanceMaximumBandwidth": "EbsInfo.EbsOptimizedInfo.MaximumBandwidthInMbps",
    "ebsPerformanceMaximumIops": "EbsInfo.EbsOptimizedInfo.MaximumIops",
    "ebsPerformanceMaximumThroughput": "EbsInfo.EbsOptimizedInfo.MaximumThroughputInMBps",
    "efaMaximumInterfaces": "NetworkInfo.EfaInfo.MaximumEfaInterfaces",
    "efaSupported": "NetworkInfo.EfaSupported",
    "enaSrdSupported": "NetworkInfo.EnaSrdSupported",
    "enaSupport": "NetworkInfo.EnaSupport",
    "encryptionInTransitSupported": "NetworkInfo.EncryptionInTransitSupported",
    "freeTierEligible": "FreeTierEligible",
    "hibernationSupported": "HibernationSupported",
    "hypervisor": "Hypervisor",
    "id": "InstanceType",
    "instanceStorageSupported": "InstanceStorageSupported",
    "instanceType": "InstanceType",
    "ipv6Supported": "NetworkInfo.Ipv6Supported",
    "maximumIpv4AddressesPerInterface": "NetworkInfo.Ipv4AddressesPerInterface",
    "maximumIpv6AddressesPerInterface": "NetworkInfo.Ipv6AddressesPerInterface",
    "maximumNetworkCards": "NetworkInfo.MaximumNetworkCards",
    "maximumNetworkInterfaces": "NetworkInfo.MaximumNetworkInterfaces",
    "memorySize": "MemoryInfo.SizeInMiB",
    "networkPerformance": "NetworkInfo.NetworkPerformance",
    "nitroEnclavesSupport": "NitroEnclavesSupport",
    "nitroTpmSupport": "NitroTpmSupport",
    "nitroTpmSupportedVersions": "NitroTpmInfo.SupportedVersions",
    "phcSupport": "PhcSupport",
    "supportedArchitectures": "ProcessorInfo.SupportedArchitectures",
    "supportedCpuFeatures": "ProcessorInfo.SupportedFeatures",
    "supportedPlacementStrategies": "PlacementGroupInfo.SupportedStrategies",
    "supportedRootDeviceTypes": "SupportedRootDeviceTypes",
    "supportedUsagesClasses": "SupportedUsageClasses",
    "supportedVirtualizationTypes": "SupportedVirtualizationTypes",
    "sustainedClockSpeed": "ProcessorInfo.SustainedClockSpeedInGhz",
    "totalFpgaMemory": "FpgaInfo.TotalFpgaMemoryInMiB",
    "totalGpuMemory": "GpuInfo.TotalGpuMemoryInMiB",
    "totalInstanceStorage": "InstanceStorageInfo.TotalSizeInGB",
    "totalMediaMemory": "MediaAcceleratorInfo.TotalMediaMemoryInMiB",
    "totalNeuronDeviceMemory": "NeuronInfo.TotalNeuronDeviceMemoryInMiB",
    "validCores": "VCpuInfo.ValidCores",
    "validThreadsPerCores": "VCpuInfo.ValidThreadsPerCore",
}
_DEVICE: Final = {
    "count": "Count",
    "name": "Name",
    "manufacturer": "Manufacturer",
    "memorySize": "MemoryInfo.SizeInMiB",
}
LISTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    # output → (path of the list, output of an item → path inside it)
    "fpgas": ("FpgaInfo.Fpgas", _DEVICE),
    "gpuses": ("GpuInfo.Gpus", _DEVICE),
    "inferenceAccelerators": ("InferenceAcceleratorInfo.Accelerators", _DEVICE),
    "mediaAccelerators": ("MediaAcceleratorInfo.Accelerators", _DEVICE),
    "neuronDevices": (
        "NeuronInfo.NeuronDevices",
        {
            "count": "Count",
            "name": "Name",
            "memorySize": "MemoryInfo.SizeInMiB",
            "coreCount": "CoreInfo.Count",
            "coreVersion": "CoreInfo.Version",
        },
    ),
    "instanceDisks": ("InstanceStorageInfo.Disks", {"count": "Count", "size": "SizeInGB", "type": "Type"}),
    "networkCards": (
        "NetworkInfo.NetworkCards",
        {
            "index": "NetworkCardIndex",
            "performance": "NetworkPerformance",
            "maximumInterfaces": "MaximumNetworkInterfaces",
            "baselineBandwidth": "BaselineBandwidthInGbps",
            "peakBandwidth": "PeakBandwidthInGbps",
        },
    ),
}


def _instance_type(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    answer = ask(session, args, "ec2", "describe_instance_types", InstanceTypes=[args.get("instanceType")])
    found = only(answer["InstanceTypes"], "EC2 Instance Type")
    scalars = {name: dig(found, path) for name, path in FACTS.items()}
    lists = {
        name: [{key: dig(item, inner) for key, inner in names.items()} for item in dig(found, path) or ()]
        for name, (path, names) in LISTS.items()
    }
    memory = sum(item["memorySize"] * item["count"] for item in lists["inferenceAccelerators"])
    region = args.get("region") or session.region
    return {**scalars, **lists, "totalInferenceMemory": memory or None, "region": region}


def _instance_types(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask_all(session, args, "ec2", "describe_instance_types", Filters=filters(args))
    region = args.get("region") or session.region
    names = sorted(item["InstanceType"] for item in found)
    return {**args, "instanceTypes": names, "id": region, "region": region}


def _offerings(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask_all(
        session,
        args,
        "ec2",
        "describe_instance_type_offerings",
        LocationType=args.get("locationType"),
        Filters=filters(args),
    )
    rows = sorted((item["InstanceType"], item["Location"], item["LocationType"]) for item in found)
    region = args.get("region") or session.region
    return {
        **args,
        "instanceTypes": [row[0] for row in rows],
        "locations": [row[1] for row in rows],
        "locationTypes": [row[2] for row in rows],
        "id": region,
        "region": region,
    }


FUNCTIONS: Final = {
    ("ec2", "getInstanceType"): _instance_type,
    ("ec2", "getInstanceTypes"): _instance_types,
    ("ec2", "getInstanceTypeOfferings"): _offerings,
}
