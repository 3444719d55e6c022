"""Network: where the cluster stands."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from .args import NetworkSettingsArgs
from .model import labels, subnets
from .model.network import NetworkSettings
from .model.parse import parse
from .ordering import once


class NetworkArgs(TypedDict):
    """What a network is made from."""

    cluster_name: pulumi.Input[str]
    """Cluster the network is for; the value of the discovery tag on private subnets."""
    settings: NetworkSettingsArgs
    """Addresses, zones and way out."""


class Network(pulumi.ComponentResource):
    """A VPC whose public subnets hold load balancers and NAT gateways, and whose private ones hold everything else."""

    vpc_id: pulumi.Output[str]
    """The VPC."""
    public_subnet_ids: pulumi.Output[list[str]]
    """Subnets with a route to the Internet, one a zone; nothing in them gets a public address by itself."""
    private_subnet_ids: pulumi.Output[list[str]]
    """Subnets for the control plane's interfaces, one a zone, known as soon as they exist."""
    node_subnet_ids: pulumi.Output[list[str]]
    """The private subnets again, known once they have their route out: what is placed there can reach AWS from its
    first to its last moment."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:Network", name, None, opts)
        self._name, self._children = name, pulumi.ResourceOptions(parent=self)
        self._settings = parse(NetworkSettings, args["settings"], at="network")
        self._vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=self._settings.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=self._children,
        )
        public = self._public_subnets()
        private = self._private_subnets(args["cluster_name"])
        routes = self._private_routes(private, self._nat_gateways(public))
        self.vpc_id = self._vpc.id
        self.public_subnet_ids = _ids(public)
        self.private_subnet_ids = _ids(private)
        self.node_subnet_ids = once(self.private_subnet_ids, *routes)
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "public_subnet_ids": self.public_subnet_ids,
                "private_subnet_ids": self.private_subnet_ids,
                "node_subnet_ids": self.node_subnet_ids,
            }
        )

    def _public_subnets(self) -> "Mapping[str, aws.ec2.Subnet]":
        """Public subnets by zone, with their route; the gateway is attached before anything is placed there."""
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-gateway", vpc_id=self._vpc.id, tags={"Name": self._name}, opts=self._children
        )
        table = aws.ec2.RouteTable(
            f"{self._name}-public", vpc_id=self._vpc.id, tags={"Name": f"{self._name}-public"}, opts=self._children
        )
        self._public_route = aws.ec2.Route(
            f"{self._name}-public",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._children,
        )
        made: dict[str, aws.ec2.Subnet] = {}
        for zone in self._settings.zones:
            cidr = subnets.plan(self._settings.cidr, zone).public
            made[zone] = self._subnet(zone, f"public-{zone}", cidr, {labels.ELB_ROLE: "1"})
            self._associate(f"public-{zone}", made[zone], table)
        return made

    def _private_subnets(self, cluster_name: pulumi.Input[str]) -> "Mapping[str, aws.ec2.Subnet]":
        """Private subnets by zone; internal load balancers and Karpenter's own examples find them by tag."""
        tags: dict[str, pulumi.Input[str]] = {labels.INTERNAL_ELB_ROLE: "1", labels.DISCOVERY: cluster_name}
        return {
            zone: self._subnet(zone, f"private-{zone}", subnets.plan(self._settings.cidr, zone).private, tags)
            for zone in self._settings.zones
        }

    def _subnet(self, zone: str, key: str, cidr: str, tags: Mapping[str, pulumi.Input[str]]) -> "aws.ec2.Subnet":
        return aws.ec2.Subnet(
            f"{self._name}-{key}",
            vpc_id=self._vpc.id,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags={"Name": f"{self._name}-{key}", **tags},
            opts=self._children,
        )

    def _associate(self, key: str, subnet: "aws.ec2.Subnet", table: "aws.ec2.RouteTable") -> None:
        aws.ec2.RouteTableAssociation(
            f"{self._name}-{key}", subnet_id=subnet.id, route_table_id=table.id, opts=self._children
        )

    def _nat_gateways(self, public: "Mapping[str, aws.ec2.Subnet]") -> "Mapping[str, aws.ec2.NatGateway]":
        """NAT gateways by zone: none, the first zone's, or each zone's."""
        count = {"none": 0, "single": 1, "per_zone": len(self._settings.zones)}[self._settings.nat]
        return {zone: self._nat_gateway(zone, public[zone]) for zone in self._settings.zones[:count]}

    def _nat_gateway(self, zone: str, subnet: "aws.ec2.Subnet") -> "aws.ec2.NatGateway":
        tags = {"Name": f"{self._name}-{zone}"}
        address = aws.ec2.Eip(f"{self._name}-nat-{zone}", domain="vpc", tags=tags, opts=self._children)
        # no value flows, yet a NAT gateway needs the attached gateway and route, and keeps the gateway from being
        # detached
        needs_route = pulumi.ResourceOptions(parent=self, depends_on=[self._public_route])
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{zone}",
            allocation_id=address.allocation_id,
            subnet_id=subnet.id,
            tags=tags,
            opts=needs_route,
        )

    def _private_routes(
        self, private: "Mapping[str, aws.ec2.Subnet]", gateways: "Mapping[str, aws.ec2.NatGateway]"
    ) -> list[pulumi.Output[str]]:
        """Ids of the routes out. One table a zone, so that going from `single` to `per_zone` changes routes, not
        tables.
        """
        tables: list[aws.ec2.RouteTable] = []
        routes: list[pulumi.Output[str]] = []
        for zone, subnet in private.items():
            key = f"private-{zone}"
            tags = {"Name": f"{self._name}-{key}"}
            table = aws.ec2.RouteTable(f"{self._name}-{key}", vpc_id=self._vpc.id, tags=tags, opts=self._children)
            self._associate(key, subnet, table)
            tables.append(table)
            if gateways:
                gateway = gateways.get(zone, gateways[self._settings.zones[0]])
                route = aws.ec2.Route(
                    f"{self._name}-{key}",
                    route_table_id=table.id,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=gateway.id,
                    opts=self._children,
                )
                routes.append(route.id)
        self._s3_endpoint(tables)
        return routes

    def _s3_endpoint(self, tables: "list[aws.ec2.RouteTable]") -> None:
        """Image layers and model weights come from S3: free through the endpoint, paid by the gigabyte through NAT."""
        region = self._settings.zones[0][:-1]
        aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags={"Name": f"{self._name}-s3"},
            opts=self._children,
        )


def _ids(made: "Mapping[str, aws.ec2.Subnet]") -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*(subnet.id for subnet in made.values())).apply(list[str])
