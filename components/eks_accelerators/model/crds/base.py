"""What all parts of a custom resource have in common."""

from typing import Any, Final

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from ..values import Value

_IRREGULAR: Final = {
    "associate_public_ip_address": "associatePublicIPAddress",
    "cluster_dns": "clusterDNS",
    "cpu_cfs_quota": "cpuCFSQuota",
    "http_protocol_ipv6": "httpProtocolIPv6",
    "image_gc_high_threshold_percent": "imageGCHighThresholdPercent",
    "image_gc_low_threshold_percent": "imageGCLowThresholdPercent",
    "kms_key_id": "kmsKeyID",
    "owner_id": "ownerID",
    "snapshot_id": "snapshotID",
}
"""Names whose abbreviations the API writes in capitals."""


def _wire_name(name: str) -> str:
    return _IRREGULAR.get(name, to_camel(name))


class Wire(Value):
    """A part of a custom resource: named in our words in configuration, in the API's own in a manifest."""

    model_config = ConfigDict(alias_generator=_wire_name, validate_by_name=True, validate_by_alias=True)

    def manifest(self) -> dict[str, Any]:
        """As the API server takes it: absent fields left out, since most of them may not be null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
