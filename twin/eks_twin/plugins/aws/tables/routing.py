"""aws:ec2 RouteTable, Route and RouteTableAssociation."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope, ignoring_gone, parted
from eks_twin.plugins.aws.shapes import from_aws, to_aws
from eks_twin.plugins.base import PluginError
from eks_twin.plugins.facts import members

from .conventions import ec2

DESTINATIONS: Final = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
TARGETS: Final = (
    "gatewayId",
    "natGatewayId",
    "egressOnlyGatewayId",
    "networkInterfaceId",
    "transitGatewayId",
    "vpcEndpointId",
    "vpcPeeringConnectionId",
)


def _own_routes(scope: Scope, table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The routes that somebody made: not the local one, not one that a gateway endpoint or VPN put there."""
    made = [
        route
        for route in table["Routes"]
        if route.get("GatewayId") != "local" and route.get("Origin") in (None, "CreateRoute")
    ]
    return from_aws({"Routes": made}, {"routes": scope.facts.inputs["routes"]})["routes"]


def _set_routes(scope: Scope) -> None:
    """Make the table's own routes those of `routes`."""
    shape = scope.client().meta.service_model.operation_model("CreateRoute").input_shape
    facts = members(scope.facts.inputs["routes"].type)
    table = scope.call("describe_route_tables", RouteTableIds=[scope.id])["RouteTables"][0]
    wanted = [{name: value for name, value in route.items() if value} for route in scope.values.get("routes") or []]
    present = [to_aws(route, shape, facts) for route in _own_routes(scope, table)]
    gone, come = parted(present, [to_aws(route, shape, facts) for route in wanted])
    for route in gone:
        destination = {key: value for key, value in route.items() if key.startswith("Destination")}
        scope.call("delete_route", RouteTableId=scope.id, **destination)
    for route in come:
        scope.call("create_route", RouteTableId=scope.id, **route)


ROUTE_TABLE: Final = ec2(
    "RouteTable",
    "Route Table",
    "vpcId",
    read=Read(
        call("describe_route_tables", RouteTableIds=["$id"]),
        "RouteTables.0",
        lambda scope, found: {
            "routes": _own_routes(scope, found),
            "propagatingVgws": [item["GatewayId"] for item in found.get("PropagatingVgws", ())],
        },
    ),
    changes=(Custom(_set_routes, "routes"),),
)


def _destination(values: Mapping[str, Any]) -> tuple[str, str]:
    """The property that names the destination, and the destination."""
    if block := values.get("destination"):  # from an import id
        return ("destinationIpv6CidrBlock" if ":" in block else "destinationCidrBlock"), block
    return next((name, values[name]) for name in DESTINATIONS if values.get(name))


def _route_id(values: Mapping[str, Any]) -> str:
    """As pulumi-aws makes it: a checksum of the destination after the table."""
    return f"r-{values['routeTableId']}{zlib.crc32(_destination(values)[1].encode())}"


def _read_route(scope: Scope) -> Any:
    table = scope.values["routeTableId"]
    name, value = _destination(scope.values)
    found = scope.call("describe_route_tables", RouteTableIds=[table])["RouteTables"]
    member = name[0].upper() + name[1:]
    routes = (route for route in found[0]["Routes"] if route.get(member) == value) if found else ()
    return next(({**route, "RouteTableId": table} for route in routes), None)


_ROUTE: Final = " ".join(["routeTableId", *DESTINATIONS, *TARGETS])

ROUTE: Final = Kind(
    type="aws:ec2/route:Route",
    noun="EC2 Route",
    service="ec2",
    create=call("create_route", _ROUTE),
    id=_route_id,
    read=Read(Custom(_read_route)),
    changes=(call("replace_route", _ROUTE),),
    delete=call("delete_route", " ".join(["routeTableId", *DESTINATIONS])),
    import_id="{routeTableId}_{destination}",
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
