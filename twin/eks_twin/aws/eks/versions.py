"""Kubernetes versions that EKS offers, and the calls about them.

Source: the EKS user guide's release calendar. A version outside of this table is refused by name.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks.store import invalid_parameter, page, refuse_others


@dataclass(frozen=True)
class Version:
    """One Kubernetes minor on EKS."""

    patch: str
    """Kubernetes patch version that the platform runs."""
    platform: str
    released: date
    standard_until: date
    extended_until: date


VERSIONS: dict[str, Version] = {
    "1.31": Version("1.31.14", "eks.48", date(2024, 9, 26), date(2025, 11, 26), date(2026, 11, 26)),
    "1.32": Version("1.32.10", "eks.35", date(2025, 1, 23), date(2026, 3, 23), date(2027, 3, 23)),
    "1.33": Version("1.33.6", "eks.24", date(2025, 5, 29), date(2026, 7, 29), date(2027, 7, 29)),
    "1.34": Version("1.34.3", "eks.14", date(2025, 10, 2), date(2026, 12, 2), date(2027, 12, 2)),
    "1.35": Version("1.35.4", "eks.6", date(2026, 1, 27), date(2027, 3, 27), date(2028, 3, 27)),
}
DEFAULT = "1.35"
"""Version of a cluster that names none."""


def supported(version: str) -> str:
    """Return the version when EKS offers it, or refuse."""
    if version not in VERSIONS:
        raise invalid_parameter(f"unsupported Kubernetes version {version}; supported are {', '.join(VERSIONS)}")
    return version


def describe_cluster_versions(call: Call) -> dict[str, Any]:
    """Answer DescribeClusterVersions from the table."""
    refuse_others(
        call, frozenset({"defaultOnly", "includeAll", "clusterVersions", "clusterType", "maxResults", "nextToken"})
    )
    wanted = call.get("clusterVersions") or ([DEFAULT] if call.get("defaultOnly") else reversed(VERSIONS))
    return page(call, "clusterVersions", [_information(supported(version)) for version in wanted])


def _information(name: str) -> dict[str, Any]:
    version = VERSIONS[name]
    standard = _midnight(version.standard_until) > datetime.now(UTC)
    return {
        "clusterVersion": name,
        "clusterType": "eks",
        "defaultPlatformVersion": version.platform,
        "defaultVersion": name == DEFAULT,
        "releaseDate": _midnight(version.released),
        "endOfStandardSupportDate": _midnight(version.standard_until),
        "endOfExtendedSupportDate": _midnight(version.extended_until),
        "status": "standard-support" if standard else "extended-support",
        "versionStatus": "STANDARD_SUPPORT" if standard else "EXTENDED_SUPPORT",
        "kubernetesPatchVersion": version.patch,
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


HANDLERS = {"DescribeClusterVersions": describe_cluster_versions}
