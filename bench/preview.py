"""`python -m bench.preview [pools …]`: what a preview pays for this library, per pool and beside bare resources.

Deciding: `parse`, plan and manifests, without an engine. Registering: NodePools against the same resources with the
same dependencies, bare, their specs written out; Pulumi's own mocks stand in for the engine. Both are taken in turn,
in CPU time, and of each the quickest counts, since a machine that does other things besides only ever adds.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
from eks_accelerators.model import catalogue, manifests
from eks_accelerators.model.parse import parse
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.pool_set import PoolSet, PoolSetPlan
from eks_accelerators.node_pools import NodePools

SIZES = (1, 10, 100, 1000)
ROUNDS = 9
TARGET = 1.2
PLACE = {"node_role_name": "nodes", "subnet_ids": ["subnet-1", "subnet-2"], "security_group_id": "sg-1"}
KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"accelerator": "inferentia2", "use": "inference"},
    {"accelerator": "h100", "use": "training", "efa": True},
    {"accelerator": "l40s", "capacity_types": ["spot", "on-demand"], "labels": {"team": "vision"}},
    {"accelerator": "a10g", "sharing": {"time_slicing": 4}, "instance_types": ["g5.2xlarge"]},
)
"""One after the other, so that every size has all of them in the same shares."""


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        raise NotImplementedError(args.token)


def pools(count: int) -> list[dict[str, Any]]:
    return [{"name": f"pool-{i}", **KINDS[i % len(KINDS)]} for i in range(count)]


def config(count: int) -> dict[str, Any]:
    return {
        "network": {"zones": ["us-west-2a", "us-west-2b"]},
        "cluster": {"name": "bench", "public_access_cidrs": ["203.0.113.0/24"]},
        "pools": pools(count),
    }


def decide(said: Mapping[str, Any]) -> None:
    written(parse(PlatformConfig, said, at="platform").plan)


def written(plan: PoolSetPlan) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    """Version, kind, name and spec of every object."""
    return [
        *((*CLASS, each.name, manifests.node_class(each)) for each in plan.classes),
        *((*POOL, each.name, manifests.node_pool(each)) for each in plan.pools),
        *((*OVERLAY, name, manifests.node_overlay(each)) for name, each in plan.overlays.items()),
    ]


CLASS = (manifests.NODE_CLASS_API, manifests.NODE_CLASS_KIND)
POOL = (manifests.NODE_POOL_API, manifests.NODE_POOL_KIND)
OVERLAY = (manifests.NODE_OVERLAY_API, manifests.NODE_OVERLAY_KIND)


def bare(objects: list[tuple[str, str, str, Mapping[str, Any]]]) -> None:
    parent = pulumi.ComponentResource("bench:index:Bare", "bare")
    children = pulumi.ResourceOptions(parent=parent)
    group = PLACE["security_group_id"]
    rule = aws.vpc.SecurityGroupEgressRule(
        "efa", security_group_id=group, referenced_security_group_id=group, ip_protocol="-1", opts=children
    )
    classes: dict[str, pulumi.Resource] = {}
    for api_version, kind, name, spec in objects:
        first = {"EC2NodeClass": [rule], "NodePool": [classes.get(name)]}.get(kind, [])
        made = k8s.apiextensions.CustomResource(
            f"{kind}-{name}",
            api_version=api_version,
            kind=kind,
            metadata={"name": name, "annotations": {"pulumi.com/waitFor": "condition=Ready"}},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=first),
        )
        if kind == "EC2NodeClass":
            classes[name] = made
    parent.register_outputs({})


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def registered(program: Callable[[], object]) -> float:
    """Seconds of CPU until the last registration of a program is answered."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(Mocks(), preview=True)
    return seconds(pulumi.runtime.test(program))


def register(count: int, rounds: int) -> tuple[float, float]:
    """Seconds for NodePools, and for the same resources bare."""
    said = pools(count)
    objects = written(parse(PoolSet, {"pools": said}, at="pools").plan)
    times = [
        (registered(lambda: NodePools("pools", {**PLACE, "pools": said})), registered(lambda: bare(objects)))
        for _ in range(rounds)
    ]
    ours, theirs = zip(*times, strict=True)
    return min(ours), min(theirs)


def main() -> None:
    """Print the table."""
    sizes = [int(each) for each in sys.argv[1:]] or SIZES
    catalogue.instance_types()
    decide(config(len(KINDS)))  # what is worked out once is worked out
    register(len(KINDS), 1)
    print("quickest of nine, of three from 1000 pools; CPU milliseconds per pool\n")
    print(f"{'pools':>6} {'decide':>9} {'register':>9} {'bare':>9} {'ratio':>6}")
    for count in sizes:
        said, rounds = config(count), ROUNDS if count < 1000 else 3
        decided = min(seconds(lambda said=said: decide(said)) for _ in range(rounds))
        ours, theirs = register(count, rounds)
        per_pool = [f"{1000 * each / count:9.2f}" for each in (decided, ours, theirs)]
        print(f"{count:6} {' '.join(per_pool)} {ours / theirs:6.2f} {'' if ours / theirs <= TARGET else 'OVER'}")


if __name__ == "__main__":
    main()
