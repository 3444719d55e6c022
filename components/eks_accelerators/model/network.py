"""The network's settings and their rules."""

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final, Literal

from pydantic import Field

from .subnets import LARGEST, SMALLEST
from .values import Problem, Value

_ZONE: Final = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d[a-f]$")

NatMode = Literal["none", "single", "per_zone"]


class NetworkSettings(Value):
    """A VPC with public and private subnets in two or more zones."""

    zones: tuple[str, ...] = Field(min_length=2, max_length=6)
    """Availability zones such as `us-west-2a`; two to six of one region, as EKS wants at least two."""
    cidr: str = "10.0.0.0/16"
    """IPv4 range of the VPC, from /16 to /22; the default gives each zone 8,192 addresses for nodes and pods."""
    nat: NatMode = "single"
    """NAT gateways for the private subnets: `single` in the first zone, `per_zone`, or `none` at all."""

    def problems(self) -> Iterator[Problem]:
        """Zones of one region, each once; a range that AWS accepts and the plan can cut."""
        yield from self._zone_problems()
        try:
            network = IPv4Network(self.cidr)
        except ValueError as error:
            yield Problem(at=("cidr",), value=self.cidr, rule=f"not an IPv4 network: {error}", fix="e.g. 10.0.0.0/16")
            return
        if not LARGEST <= network.prefixlen <= SMALLEST:
            rule = f"a prefix from /{LARGEST} (AWS's largest VPC) to /{SMALLEST} (smallest subnets are /28)"
            yield Problem(at=("cidr",), value=self.cidr, rule=rule, fix="e.g. 10.0.0.0/16")

    def _zone_problems(self) -> Iterator[Problem]:
        for i, zone in enumerate(self.zones):
            if not _ZONE.match(zone):
                rule = "not an availability zone (Local and Wavelength Zones cannot host a control plane)"
                yield Problem(at=("zones", i), value=zone, rule=rule, fix="region and letter, e.g. us-west-2a")
        for zone, count in Counter(self.zones).items():
            if count > 1:
                yield Problem(at=("zones",), value=zone, rule="listed more than once", fix="list each zone once")
        if len({zone[:-1] for zone in self.zones}) > 1:
            yield Problem(at=("zones",), value=self.zones, rule="zones of one region", fix="keep those of aws:region")
