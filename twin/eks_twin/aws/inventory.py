"""Everything that exists in the account: a closed table of what to look at, per service."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.efs.models import efs_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends

from eks_twin.aws.ec2 import placement_groups, reservations
from eks_twin.aws.eks.store import STORE
from eks_twin.aws.principals import ACCOUNT, PARTITION

Found = tuple[str, str]
"""(id, name) of one thing."""
Reader = Callable[[str], Iterable[Found]]
"""Lists the things of one type in a region."""


def _named(things: Iterable[Any]) -> Iterator[Found]:
    for thing in things:
        tags = {tag["key"]: tag["value"] for tag in thing.get_tags()}
        yield thing.id, tags.get("Name", "")


def _ec2(attribute: str, keep: Callable[[Any], bool] = lambda _: True) -> Reader:
    def read(region: str) -> Iterator[Found]:
        things = getattr(ec2_backends[ACCOUNT][region], attribute)
        values = list(things.values()) if isinstance(things, Mapping) else list(things)
        return _named(thing for thing in values if keep(thing))

    return read


def _nested(attribute: str) -> Reader:
    """EC2's tables that are keyed twice: by VPC or zone, then by id."""

    def read(region: str) -> Iterator[Found]:
        outer = getattr(ec2_backends[ACCOUNT][region], attribute)
        return _named(thing for inner in list(outer.values()) for thing in list(inner.values()))

    return read


def _instances(region: str) -> Iterator[Found]:
    return _named(i for i in ec2_backends[ACCOUNT][region].all_instances() if i.state != "terminated")


def _iam(attribute: str) -> Reader:
    def read(_: str) -> Iterator[Found]:
        for thing in list(getattr(iam_backends[ACCOUNT][PARTITION], attribute).values()):
            yield thing.arn, getattr(thing, "name", "")

    return read


def _customer_policies(_: str) -> Iterator[Found]:
    for policy in list(iam_backends[ACCOUNT][PARTITION].managed_policies.values()):
        if f":{ACCOUNT}:" in policy.arn:
            yield policy.arn, policy.name


def _kms_keys(region: str) -> Iterator[Found]:
    for key in list(kms_backends[ACCOUNT][region].keys.values()):
        aliases = _aliases(region).get(key.id, [])
        if key.key_state != "PendingDeletion" and not any(alias.startswith("alias/aws/") for alias in aliases):
            yield key.id, ", ".join(aliases)


def _aliases(region: str) -> dict[str, list[str]]:
    keys = list(kms_backends[ACCOUNT][region].keys.values())
    return {key.id: sorted(alias.alias_name for alias in key.aliases.values()) for key in keys}


def _kms_aliases(region: str) -> Iterator[Found]:
    for aliases in _aliases(region).values():
        yield from ((alias, "") for alias in aliases if not alias.startswith("alias/aws/"))


def _rules(region: str) -> Iterator[Found]:
    for bus in list(events_backends[ACCOUNT][region].event_buses.values()):
        yield from ((rule.arn, rule.name) for rule in list(bus.rules.values()))


def _parameters(region: str) -> Iterator[Found]:
    names = list(ssm_backends[ACCOUNT][region]._parameters)  # noqa: SLF001  public parameters live beside the user's
    yield from ((name, "") for name in names if not name.startswith("/aws/"))


def _keys(backends: Any, attribute: str) -> Reader:
    def read(region: str) -> Iterator[Found]:
        yield from ((str(key), "") for key in list(getattr(backends[ACCOUNT][region], attribute)))

    return read


def _clusters(_: str) -> Iterator[Found]:
    yield from ((cluster.record["arn"], name) for name, cluster in STORE.clusters.items())


def _placement_groups(_: str) -> Iterator[Found]:
    yield from ((group["GroupId"], name) for name, group in placement_groups.GROUPS.items())


def _reservations(region: str) -> Iterator[Found]:
    reservations.settle(region)
    for identifier, reservation in reservations.RESERVATIONS.items():
        if reservation["State"] in reservations.LIVE:
            yield identifier, f"{reservation['TotalInstanceCount']} x {reservation['InstanceType']}"


TABLE: Mapping[tuple[str, str], Reader] = {
    ("ec2", "vpc"): _ec2("vpcs"),
    ("ec2", "subnet"): _nested("subnets"),
    ("ec2", "security-group"): _nested("groups"),
    ("ec2", "route-table"): _ec2("route_tables"),
    ("ec2", "internet-gateway"): _ec2("internet_gateways"),
    ("ec2", "egress-only-internet-gateway"): _ec2("egress_only_internet_gateways"),
    ("ec2", "nat-gateway"): _ec2("nat_gateways", lambda gateway: gateway.state != "deleted"),
    ("ec2", "elastic-ip"): _ec2("addresses"),
    ("ec2", "network-interface"): _ec2("enis"),
    ("ec2", "network-acl"): _ec2("network_acls"),
    ("ec2", "vpc-endpoint"): _ec2("vpc_end_points"),
    ("ec2", "flow-log"): _ec2("flow_logs"),
    ("ec2", "instance"): _instances,
    ("ec2", "volume"): _ec2("volumes"),
    ("ec2", "snapshot"): _ec2("snapshots", lambda snapshot: snapshot.owner_id == ACCOUNT),
    ("ec2", "image"): _ec2("amis", lambda image: image.owner_id == ACCOUNT),
    ("ec2", "placement-group"): _placement_groups,
    ("ec2", "capacity-reservation"): _reservations,
    ("ec2", "launch-template"): _ec2("launch_templates"),
    ("ec2", "key-pair"): _keys(ec2_backends, "key_pairs"),
    ("iam", "role"): _iam("roles"),
    ("iam", "policy"): _customer_policies,
    ("iam", "instance-profile"): _iam("instance_profiles"),
    ("iam", "oidc-provider"): _iam("open_id_providers"),
    ("iam", "user"): _iam("users"),
    ("eks", "cluster"): _clusters,
    ("sqs", "queue"): _keys(sqs_backends, "queues"),
    ("events", "rule"): _rules,
    ("logs", "log-group"): _keys(logs_backends, "groups"),
    ("kms", "key"): _kms_keys,
    ("kms", "alias"): _kms_aliases,
    ("ssm", "parameter"): _parameters,
    ("efs", "file-system"): _keys(efs_backends, "file_systems_by_id"),
    ("ecr", "repository"): _keys(ecr_backends, "repositories"),
    ("sns", "topic"): _keys(sns_backends, "topics"),
}


def document(region: str) -> list[dict[str, str]]:
    """Return everything that exists, of every type in the table, and the buckets, which have no region."""
    found = [
        {"service": service, "type": kind, "id": identifier, "name": name}
        for (service, kind), read in TABLE.items()
        for identifier, name in read(region)
    ]
    buckets = list(s3_backends[ACCOUNT][PARTITION].buckets)
    return [*found, *({"service": "s3", "type": "bucket", "id": name, "name": name} for name in buckets)]
