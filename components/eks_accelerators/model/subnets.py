"""Which addresses each subnet gets: a function of the VPC's range and the zone's letter, and of nothing else.

The plan does not depend on how many zones there are or in which order they stand, so that adding, removing or
reordering zones later moves no subnet: a moved subnet is a replaced subnet, with every node in it.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

ZONE_LETTERS: Final = "abcdef"
"""No region has more (us-east-1 has all six); a zone's letter is its place in the plan."""
_PRIVATE_BITS: Final = 3
"""The range is cut into eight; six blocks are private subnets, since nodes and pods live there."""
_PUBLIC_BLOCK: Final = 6
"""The seventh block holds the public subnets, load balancers and NAT gateways only; the eighth stays free."""
_PUBLIC_BITS: Final = 3
LARGEST: Final = 16
"""AWS's limit for a VPC."""
SMALLEST: Final = 28 - _PRIVATE_BITS - _PUBLIC_BITS
"""22: a public subnet is the range with six more bits and AWS allows no subnet smaller than /28."""


@dataclass(frozen=True, kw_only=True)
class ZoneSubnets:
    """The two ranges of one zone."""

    private: str
    """Range for nodes and pods; 8,192 addresses in a /16."""
    public: str
    """Range for load balancers and NAT gateways; 1,024 addresses in a /16."""


def plan(cidr: str, zone: str) -> ZoneSubnets:
    """The ranges of `zone` in a VPC of `cidr`."""
    position = ZONE_LETTERS.index(zone[-1])
    blocks = list(IPv4Network(cidr).subnets(prefixlen_diff=_PRIVATE_BITS))
    public = list(blocks[_PUBLIC_BLOCK].subnets(prefixlen_diff=_PUBLIC_BITS))
    return ZoneSubnets(private=str(blocks[position]), public=str(public[position]))
