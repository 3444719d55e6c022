"""Network interfaces of a launch: what EC2 refuses, and how the interfaces come to be.

Rules: EC2 API reference, InstanceNetworkInterfaceSpecification; EC2 user guide, "Elastic Fabric Adapter"; the cards and
their interface types are the instance type's own (DescribeInstanceTypes).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import Attachment
from moto.ec2.models.elastic_network_interfaces import NetworkInterface as MotoInterface
from moto.ec2.models.subnets import Subnet

from eks_twin.aws.calls import AwsError, Modelled, refuse_members, unmodelled
from eks_twin.aws.ec2.catalogue import type_record
from eks_twin.aws.ec2.specification import Specification, place_of
from eks_twin.aws.principals import ACCOUNT

MODELLED: Modelled = dict.fromkeys(
    (
        "AssociatePublicIpAddress", "ConnectionTrackingSpecification", "DeleteOnTermination", "Description",
        "DeviceIndex", "Groups", "InterfaceType", "Ipv4PrefixCount", "NetworkCardIndex", "PrivateIpAddress", "SubnetId",
    )
)  # fmt: skip
TYPES = ("interface", "efa", "efa-only")
EFA_ONLY = "efa-only"
TRACKING = {"TcpEstablishedTimeout": (60, 432_000), "UdpStreamTimeout": (60, 180), "UdpTimeout": (30, 60)}
"""Timeout of connection tracking → seconds that EC2 takes (EC2 user guide, "Connection tracking timeouts")."""
PREFIX_LENGTH = 28
"""A delegated IPv4 prefix (EC2 user guide, "Prefix delegation for Amazon EC2 network interfaces")."""
PREFIX_SIZE = 16


def check(specification: Specification) -> None:
    """Refuse interfaces that contradict each other, the type's network cards, or the subnet's VPC."""
    interfaces, subnet = specification.interfaces, specification.subnet
    if specification.placement.get("AvailabilityZone") not in {None, subnet.availability_zone}:
        message = f"Subnet {subnet.id} is in {subnet.availability_zone}, not in the availabilityZone that is asked for"
        raise AwsError("InvalidParameterValue", message)
    if specification.data.get("NetworkInterfaces"):
        for key in sorted({"SecurityGroupIds", "SubnetId"} & {k for k, v in specification.data.items() if v}):
            message = f"Network interfaces and an instance-level {key} may not be specified on the same request"
            raise AwsError("InvalidParameterCombination", message)
    for interface in interfaces:
        if interface.get("SubnetId") not in {None, subnet.id}:
            raise unmodelled("interfaces in several subnets", "name one for all")
        _check_members(interface)
        _check_groups(specification, interface)
    if len(interfaces) > 1 and any(interface.get("AssociatePublicIpAddress") for interface in interfaces):
        message = "The associatePublicIPAddress parameter cannot be specified when launching with multiple interfaces."
        raise AwsError("InvalidParameterCombination", message)
    places = [place_of(interface) for interface in interfaces]
    if len(set(places)) < len(places):
        raise AwsError("InvalidParameterCombination", "Each network interface requires a unique device index per card.")
    if places[0] != (0, 0) or interfaces[0].get("InterfaceType") == EFA_ONLY:
        message = f"The primary network interface must be on card 0, device 0, and not {EFA_ONLY}"
        raise AwsError("InvalidParameterCombination", message)
    _check_cards(specification)


def _check_members(interface: Mapping[str, Any]) -> None:
    refuse_members(interface, MODELLED, "a network interface")
    kind = interface.get("InterfaceType") or TYPES[0]
    if kind not in TYPES:
        raise AwsError("InvalidParameterValue", f"interfaceType must be one of {', '.join(TYPES)}, not {kind}")
    addressed = ("AssociatePublicIpAddress", "Ipv4PrefixCount", "PrivateIpAddress")
    wrong = [key for key in addressed if interface.get(key) is not None]
    if kind == EFA_ONLY and wrong:
        raise AwsError("InvalidParameterValue", f"an {EFA_ONLY} interface takes no IP address: leave out {wrong[0]}")
    for key, seconds in (interface.get("ConnectionTrackingSpecification") or {}).items():
        low, high = TRACKING[key]
        if seconds is not None and not low <= int(seconds) <= high:
            raise AwsError("InvalidParameterValue", f"{key} must be {low} to {high} seconds, not {seconds}")


def _check_groups(specification: Specification, interface: Mapping[str, Any]) -> None:
    backend, subnet = ec2_backends[ACCOUNT][specification.region], specification.subnet
    for group_id in interface.get("Groups") or specification.group_ids:
        group = backend.get_security_group_from_id(group_id)
        if group is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
        if group.vpc_id != subnet.vpc_id:
            message = f"Security group {group_id} and subnet {subnet.id} belong to different networks."
            raise AwsError("InvalidParameter", message)


def _check_cards(specification: Specification) -> None:
    kind = specification.instance_type
    network = type_record(specification.region, kind)["NetworkInfo"]
    efa = [i for i in specification.interfaces if str(i.get("InterfaceType", "")).startswith("efa")]
    most = network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0)
    if len(efa) > most:
        message = f"Interface type 'efa': {len(efa)} requested, {kind} supports {most}"
        raise AwsError("AttachmentLimitExceeded" if most else "UnsupportedOperation", message)
    on_card = Counter(place_of(interface)[0] for interface in specification.interfaces)
    efa_on_card = Counter(place_of(interface)[0] for interface in efa)
    cards = {card["NetworkCardIndex"]: card for card in network["NetworkCards"]}
    for interface in specification.interfaces:
        index, device = place_of(interface)
        wanted, card = interface.get("InterfaceType") or TYPES[0], cards.get(index)
        if card is None:
            message = f"Network card index {index}: {kind} has the cards 0 to {max(cards)}"
        elif wanted not in card["InterfaceTypes"]:
            message = f"Network card {index} of {kind} takes {', '.join(card['InterfaceTypes'])}, not {wanted}"
        elif max(on_card[index], device + 1) > card["MaximumNetworkInterfaces"]:
            message = f"Network card {index} of {kind} takes {card['MaximumNetworkInterfaces']} interfaces"
        elif efa_on_card[index] > 1:
            message = f"Network card {index} of {kind} takes one EFA, not {efa_on_card[index]}"
        elif _prefixes(interface) >= network["Ipv4AddressesPerInterface"]:
            message = f"{kind} takes {network['Ipv4AddressesPerInterface'] - 1} prefixes on an interface"
        else:
            continue
        raise AwsError("InvalidParameterValue", message)


def _prefixes(interface: Mapping[str, Any]) -> int:
    return int(interface.get("Ipv4PrefixCount") or 0)


def room(specification: Specification) -> tuple[int, AwsError]:
    """Return how many such instances the subnet has addresses for, and the error beyond."""
    subnet = specification.subnet
    addressed = [i for i in specification.interfaces if i.get("InterfaceType") != EFA_ONLY]
    each = sum(1 + PREFIX_SIZE * _prefixes(interface) for interface in addressed)
    message = (
        f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number of instances."
    )
    return subnet.available_ip_address_count // each, AwsError("InsufficientFreeAddressesInSubnet", message)


class NetworkInterface(MotoInterface):
    """moto's interface with what moto does not know of one; under the same name, which moto's serializer reads."""

    place: tuple[int, int] = (0, 0)
    ipv4_prefixes: tuple[dict[str, str], ...] = ()
    connection_tracking_configuration: Mapping[str, int] | None = None

    @property
    def attachment(self) -> Attachment | None:
        """Attachment with the card, and the device index on that card; moto numbers an instance's devices through."""
        shown = super().attachment
        if shown is not None:
            shown.network_card_index, shown.device_index = self.place
        return shown


def attach(instance: Any, specification: Specification) -> None:
    """Complete the primary interface that moto made, and attach the others."""
    for position, interface in enumerate(specification.interfaces):
        eni: Any = instance.nics[0] if position == 0 else _further(instance, specification, interface)
        if position:
            instance.attach_eni(eni, position)
        eni.__class__, eni.place = NetworkInterface, place_of(interface)
        eni.delete_on_termination = interface.get("DeleteOnTermination") is not False
        eni.description = interface.get("Description") or eni.description
        eni.interface_type = interface.get("InterfaceType") or TYPES[0]
        eni.connection_tracking_configuration = interface.get("ConnectionTrackingSpecification")
        prefixes = [_delegate(instance, specification.subnet) for _ in range(_prefixes(interface))]
        eni.ipv4_prefixes = tuple({"Ipv4Prefix": prefix} for prefix in prefixes)
        if eni.interface_type == EFA_ONLY:
            eni.private_ip_address, eni.private_ip_addresses = None, []
        eni.add_tags(specification.tags("network-interface"))


def _further(instance: Any, specification: Specification, interface: Mapping[str, Any]) -> MotoInterface:
    subnet, address = specification.subnet, interface.get("PrivateIpAddress")
    if address is None and interface.get("InterfaceType") != EFA_ONLY:
        address = subnet.get_available_subnet_ip(instance=instance)
        instance._private_ips.add(address)  # noqa: SLF001  what `free` gives back
    return instance.ec2_backend.create_network_interface(
        subnet,
        address,
        group_ids=interface.get("Groups") or specification.group_ids,
    )


def _delegate(instance: Any, subnet: Any) -> str:
    """Take a free /28 from the upper end of the subnet, where single addresses come last."""
    for block in reversed(list(subnet.cidr.subnets(new_prefix=PREFIX_LENGTH))):
        addresses = {str(address) for address in block}
        if block.broadcast_address != subnet.cidr.broadcast_address and not addresses & subnet._subnet_ips.keys():  # noqa: SLF001  moto's only list
            for address in addresses:
                subnet.request_ip(address, instance)
            instance._private_ips |= addresses  # noqa: SLF001  what `free` gives back
            return str(block)
    message = f"The subnet '{subnet.id}' has no free /{PREFIX_LENGTH} block"
    raise AwsError("InsufficientCidrBlocks", message)


def shown(instance: Any) -> list[dict[str, Any]]:
    """Return an instance's interfaces as the machine agent wants to know them."""
    return [
        {
            "networkCardIndex": eni.attachment.network_card_index if eni.attachment else 0,
            "deviceIndex": eni.attachment.device_index if eni.attachment else eni.device_index,
            "interfaceType": eni.interface_type,
            "ipv4Prefixes": len(getattr(eni, "ipv4_prefixes", ())),
        }
        for eni in instance.network_interfaces
    ]


def free(instance: Any) -> None:
    """Give the addresses of an ended instance back; moto waits for the object to vanish."""
    subnet = instance.ec2_backend.get_subnet(instance.subnet_id)
    outliving = {eni.private_ip_address for eni in instance.ec2_backend.enis.values()}
    for address in instance._private_ips - outliving:  # noqa: SLF001  moto's only list
        subnet.del_subnet_ip(address)
    instance._private_ips.clear()  # noqa: SLF001  as above


_moto_count: Any = vars(Subnet)["available_ip_address_count"].fget


def _free_addresses(subnet: Subnet) -> int:
    enis = [eni for eni in subnet.ec2_backend.enis.values() if eni.subnet.id == subnet.id]
    return _moto_count(subnet) - PREFIX_SIZE * sum(len(getattr(eni, "ipv4_prefixes", ())) for eni in enis)


def count_prefixes() -> None:
    """Make moto's subnets count delegated prefixes as taken. The only patch of moto's subnets."""
    setattr(Subnet, "available_ip_address_count", property(_free_addresses))  # noqa: B010 - pyright refuses a patch
