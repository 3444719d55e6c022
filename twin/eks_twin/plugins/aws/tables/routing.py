"""aws:ec2 RouteTable, Route and RouteTableAssociation."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope, ignoring_gone
from eks_twin.plugins.base import PluginError

DESTINATIONS: Final[Mapping[str, str]] = {
    # property of a Route → EC2's name
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
TARGETS: Final[Mapping[str, str]] = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "transitGatewayId": "TransitGatewayId",
    "vpcEndpointId": "VpcEndpointId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
}
INLINE: Final[Mapping[str, str]] = {  # of a RouteTable's own routes
    "cidrBlock": "DestinationCidrBlock",
    "ipv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
    **TARGETS,
}


def _is_own(route: Mapping[str, Any]) -> bool:
    """Whether somebody made the route: not the local one, not one that a gateway endpoint or VPN put there."""
    return route.get("GatewayId") != "local" and route.get("Origin") in (None, "CreateRoute")


def _inline(route: Mapping[str, Any]) -> dict[str, str]:
    return {name: route[member] for name, member in INLINE.items() if route.get(member)}


def _set_routes(scope: Scope) -> None:
    """Make the table's own routes those of `routes`."""
    wanted = [
        {INLINE[name]: value for name, value in route.items() if value} for route in scope.values.get("routes") or []
    ]
    table = scope.call("describe_route_tables", RouteTableIds=[scope.id])["RouteTables"][0]
    present = [{INLINE[k]: v for k, v in _inline(route).items()} for route in table["Routes"] if _is_own(route)]
    for route in present:
        if route not in wanted:
            destination = {key: value for key, value in route.items() if key in DESTINATIONS.values()}
            scope.call("delete_route", RouteTableId=scope.id, **destination)
    for route in wanted:
        if route not in present:
            scope.call("create_route", RouteTableId=scope.id, **route)


ROUTE_TABLE: Final = Kind(
    type="aws:ec2/routeTable:RouteTable",
    noun="EC2 Route Table",
    service="ec2",
    create=call("create_route_table", "vpcId", TagSpecifications="$tags"),
    id="RouteTable.RouteTableId",
    read=Read(
        call("describe_route_tables", RouteTableIds=["$id"]),
        "RouteTables.0",
        more=lambda _, found: {
            "routes": [_inline(route) for route in found["Routes"] if _is_own(route)],
            "propagatingVgws": [item["GatewayId"] for item in found.get("PropagatingVgws", ())],
        },
    ),
    changes=(Custom(_set_routes, "routes"),),
    delete=call("delete_route_table", RouteTableId="$id"),
    tags=tags.ec2("route-table"),
    arn="route-table/{id}",
    sets=frozenset({"routes"}),
)


def _destination(scope: Scope) -> tuple[str, str]:
    """EC2's name of the kind of destination, and the destination."""
    if block := scope.values.get("destination"):  # from an import id
        return ("DestinationIpv6CidrBlock" if ":" in block else "DestinationCidrBlock"), block
    return next((member, scope.values[name]) for name, member in DESTINATIONS.items() if scope.values.get(name))


def _targets(scope: Scope) -> dict[str, str]:
    return {member: scope.values[name] for name, member in TARGETS.items() if scope.values.get(name)}


def _create_route(scope: Scope) -> dict[str, Any]:
    """The id is pulumi-aws's: a checksum of the destination after the table."""
    member, value = _destination(scope)
    scope.call("create_route", RouteTableId=scope.values["routeTableId"], **{member: value}, **_targets(scope))
    return {"Id": _route_id(scope.values["routeTableId"], value)}


def _route_id(table: str, destination: str) -> str:
    return f"r-{table}{zlib.crc32(destination.encode())}"


def _replace_route(scope: Scope) -> None:
    member, value = _destination(scope)
    scope.call("replace_route", RouteTableId=scope.values["routeTableId"], **{member: value}, **_targets(scope))


def _read_route(scope: Scope) -> Any:
    member, value = _destination(scope)
    tables = scope.call("describe_route_tables", RouteTableIds=[scope.values["routeTableId"]])["RouteTables"]
    return next((route for route in tables[0]["Routes"] if route.get(member) == value), None) if tables else None


def _delete_route(scope: Scope) -> None:
    member, value = _destination(scope)
    scope.call("delete_route", RouteTableId=scope.values["routeTableId"], **{member: value})


ROUTE: Final = Kind(
    type="aws:ec2/route:Route",
    noun="EC2 Route",
    service="ec2",
    create=Custom(_create_route, " ".join(["routeTableId", *DESTINATIONS, *TARGETS])),
    id="Id",
    read=Read(
        Custom(_read_route),
        names={**DESTINATIONS, **TARGETS},
        more=lambda scope, _: {"routeTableId": scope.values["routeTableId"]},
    ),
    changes=(Custom(_replace_route, " ".join(TARGETS)),),
    delete=Custom(_delete_route),
    import_id="{routeTableId}_{destination}",
    identify=lambda _, state: _route_id(state["routeTableId"], next(state[k] for k in DESTINATIONS if state.get(k))),
    label="routeTableId",
    one_of=(frozenset(DESTINATIONS), frozenset(TARGETS)),
)


def _association(scope: Scope) -> dict[str, Any] | None:
    """The association of the subnet or gateway with the table; its id changes whenever the table does."""
    tables = ignoring_gone(scope.client().describe_route_tables, RouteTableIds=[scope.values["routeTableId"]])
    wanted = {scope.values.get(name) for name in ("subnetId", "gatewayId", "target")} - {None}
    for association in tables["RouteTables"][0]["Associations"] if tables else ():
        if {association.get("SubnetId"), association.get("GatewayId")} & wanted:
            return association
    return None


def _reassociate(scope: Scope) -> None:
    found = _association(replace(scope, values=scope.old))
    if found is None:
        raise PluginError(f"the association {scope.id} does not exist any more; run pulumi refresh")
    scope.call(
        "replace_route_table_association",
        AssociationId=found["RouteTableAssociationId"],
        RouteTableId=scope.values["routeTableId"],
    )


def _disassociate(scope: Scope) -> None:
    if found := _association(scope):
        scope.call("disassociate_route_table", AssociationId=found["RouteTableAssociationId"])


ROUTE_TABLE_ASSOCIATION: Final = Kind(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    noun="EC2 Route Table Association",
    service="ec2",
    create=call("associate_route_table", "routeTableId subnetId gatewayId"),
    id="AssociationId",
    read=Read(Custom(_association)),
    changes=(Custom(_reassociate, "routeTableId"),),
    delete=Custom(_disassociate),
    import_id="{target}/{routeTableId}",
    identify=lambda scope, _: (_association(scope) or {})["RouteTableAssociationId"],
    label="routeTableId",
    one_of=(frozenset({"subnetId", "gatewayId"}),),
)

KINDS: Final = (ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
