"""A setting that is accepted and then ignored is the worst of all mistakes a configuration can have."""

import json
from typing import Any

import pytest
from eks_accelerators.model.device_plugins import DevicePluginSettings, chart_plans
from eks_accelerators.model.manifests import node_class, node_pool
from eks_accelerators.model.parse import parse
from eks_accelerators.model.placements import placement
from eks_accelerators.model.pool_set import PoolSet

from tests.fields import fields, put

EBS = {
    "volume_size": "300Gi",
    "volume_type": "gp2",
    "iops": 4000,
    "throughput": 300,
    "encrypted": False,
    "kms_key_id": "alias/mine",
    "snapshot_id": "snap-2",
    "volume_initialization_rate": 200,
    "delete_on_termination": False,
}
VOLUME = {
    "size": "60Gi",
    "type": "gp2",
    "iops": 4000,
    "throughput": 300,
    "encrypted": False,
    "kms_key_id": "alias/mine",
    "snapshot_id": "snap-2",
    "volume_initialization_rate": 200,
}
KUBELET = {
    "cluster_dns": ["10.0.0.10"],
    "max_pods": 20,
    "pods_per_core": 2,
    "system_reserved": {"cpu": "100m"},
    "kube_reserved": {"memory": "1Gi"},
    "eviction_hard": {"memory.available": "5%"},
    "eviction_soft": {"memory.available": "6%", "pid.available": "7%"},
    "eviction_soft_grace_period": {"memory.available": "90s", "pid.available": "9s"},
    "eviction_max_pod_grace_period": 60,
    "image_gc_high_threshold_percent": 90,
    "image_gc_low_threshold_percent": 10,
    "cpu_cfs_quota": False,
}
TERMS = {
    "ami_terms.0": {"id": "ami-2", "name": "x*", "owner": "self", "ssm_parameter": "/a", "tags": {"a": "b"}},
    "subnets.0": {"id": "subnet-2", "tags": {"a": "b"}},
    "security_groups.0": {"id": "sg-2", "name": "x", "tags": {"a": "b"}},
    "capacity_reservations.0": {
        "id": "cr-2",
        "owner_id": "123456789012",
        "instance_match_criteria": "open",
        "tags": {"a": "b"},
    },
    "placement_group": {"id": "pg-2", "name": "mine"},
}
"""Fields of terms; those that stand alone are tried in place of the whole term."""

NODE_CLASS: dict[str, Any] = {
    "ami": "al2023@latest",
    "ami_terms": [{"id": "ami-2"}],
    "ami_terms.0.alias": "al2023@latest",
    "ami_family": "Custom",
    "volume": {"size": "50Gi"},
    "volumes": [{"device_name": "/dev/xvda", "ebs": {"volume_size": "50Gi"}}],
    "volumes.0.device_name": "/dev/xvdb",
    "volumes.0.ebs": {"volume_size": "70Gi"},
    "volumes.0.root_volume": True,
    "instance_store": "raid0",
    "network_interfaces": [{"network_card_index": 0, "device_index": 0, "interface_type": "interface"}],
    "network_interfaces.1.network_card_index": 2,
    "network_interfaces.1.device_index": 2,
    "network_interfaces.1.interface_type": "interface",
    "subnets": [{"id": "subnet-2"}],
    "security_groups": [{"id": "sg-2"}],
    "role": "mine",
    "instance_profile": "mine",
    "capacity_reservations": [{"id": "cr-2"}],
    "placement_group": {"name": "mine"},
    "user_data": "#!/bin/sh",
    "kubelet": {"max_pods": 10},
    "metadata_options": {"http_put_response_hop_limit": 2},
    "metadata_options.http_endpoint": "disabled",
    "metadata_options.http_protocol_ipv6": "enabled",
    "metadata_options.http_put_response_hop_limit": 3,
    "metadata_options.http_tokens": "optional",
    "associate_public_ip_address": True,
    "ip_prefix_count": 1,
    "connection_tracking": {"udp_timeout": 40},
    "connection_tracking.tcp_established_timeout": 100,
    "connection_tracking.udp_stream_timeout": 100,
    "connection_tracking.udp_timeout": 50,
    "cpu_options": {"nested_virtualization": "enabled"},
    "cpu_options.nested_virtualization": "disabled",
    "detailed_monitoring": True,
    "context": "c",
    "tags": {"a": "b"},
    "raw": {"context": "d"},
    **{f"volume.{key}": value for key, value in VOLUME.items()},
    **{f"volumes.0.ebs.{key}": value for key, value in EBS.items()},
    **{f"kubelet.{key}": value for key, value in KUBELET.items()},
    **{f"{at}.{key}": value for at, term in TERMS.items() for key, value in term.items()},
}
"""Another value for every field of a node class."""

POOL: dict[str, Any] = {
    "name": "other",
    "accelerator": "trainium",
    "use": "batch",
    "instance_families": ["c5"],
    "instance_types": ["c5.large"],
    "architecture": "arm64",
    "capacity_types": ["spot"],
    "zones": ["us-west-2a"],
    "requirements": [{"key": "team", "operator": "Exists"}],
    "requirements.0.key": "other",
    "requirements.0.operator": "NotIn",
    "requirements.0.values": ["c", "d", "e"],
    "requirements.0.min_values": 2,
    "labels": {"a": "b"},
    "annotations": {"a": "b"},
    "taints": [{"key": "a"}],
    "taints.0.key": "b",
    "taints.0.value": "c",
    "taints.0.effect": "NoExecute",
    "taints.0.time_added": "2026-01-01T00:00:00Z",
    "startup_taints": [{"key": "s"}],
    "startup_taints.0.key": "b",
    "startup_taints.0.value": "c",
    "startup_taints.0.effect": "NoExecute",
    "startup_taints.0.time_added": "2026-01-01T00:00:00Z",
    "limits": {"cpu": "100"},
    "limits.cpu": "101",
    "limits.memory": "500Gi",
    "limits.nodes": 3,
    "limits.accelerators": 24,
    "limits.extended": {"example.com/thing": "12"},
    "expire_after": "Never",
    "termination_grace_period": "1h",
    "disruption": {"after": "10m"},
    "disruption.policy": "Balanced",
    "disruption.after": "Never",
    "disruption.budgets": [{"nodes": "1"}],
    "disruption.budgets.0.nodes": "2",
    "disruption.budgets.0.reasons": ["Empty"],
    "disruption.budgets.0.schedule": "@daily",
    "disruption.budgets.0.duration": "9h",
    "weight": 5,
    "replicas": 2,
    "efa": True,
    "placement": "spread",
    "sharing": {"time_slicing": 4},
    "sharing.time_slicing": 5,
    "sharing.mps": 6,
    "sharing.mig": "1g.10gb",
    "reservation": {"id": "cr-1", "instance_type": "p5.48xlarge", "zone": "us-west-2b", "count": 3},
    "reservation.id": "cr-2",
    "reservation.instance_type": "p5.4xlarge",
    "reservation.zone": "us-west-2b",
    "reservation.count": 4,
    "reservation.ends": "2026-12-24T11:30:00Z",
    "node_class": {"context": "c"},
    "shared_class": "shared",
    "raw": {"weight": 7},
}
OVERLAY: dict[str, Any] = {
    "requirements": [{"key": "team", "operator": "Exists"}],
    "requirements.0.key": "other",
    "requirements.0.operator": "NotIn",
    "requirements.0.values": ["b"],
    "capacity": {"example.com/thing": "2"},
    "price": "1.5",
    "price_adjustment": "+10%",
    "weight": 3,
}
ALTERNATIVES: dict[str, Any] = {
    "pools": [{"name": "other"}],
    "node_classes": {"second": {}},
    "overlays": {"mine": {"requirements": [], "price": "1"}},
    "tags": {"team": "ml"},
    **{f"pools.0.{key}": value for key, value in POOL.items()},
    **{f"pools.0.node_class.{key}": value for key, value in NODE_CLASS.items()},
    **{f"node_classes.shared.{key}": value for key, value in NODE_CLASS.items()},
    **{f"overlays.mine.{key}": value for key, value in OVERLAY.items()},
}
"""Another value for every field, by its path."""

H100 = {"name": "p", "accelerator": "h100"}
EFA_LAYOUT = [
    {"network_card_index": 0, "device_index": 0, "interface_type": "interface"},
    {"network_card_index": 1, "device_index": 1, "interface_type": "efa-only"},
]
BASES: dict[str, Any] = {
    "node_classes.": {"pools": [{"name": "p", "shared_class": "shared"}], "node_classes": {"shared": {}}},
    "node_classes": {"pools": [{"name": "p", "shared_class": "second"}], "node_classes": {"second": {"context": "x"}}},
    "overlays.": {"pools": [{"name": "p"}], "overlays": {"mine": {"requirements": [], "price": "1"}}},
    "overlays.mine.requirements.": {
        "pools": [{"name": "p"}],
        "overlays": {"mine": {"requirements": [{"key": "a", "operator": "In", "values": ["x"]}], "price": "1"}},
    },
    "overlays.mine.price_adjustment": {"pools": [{"name": "p"}], "overlays": {"mine": {"requirements": []}}},
    "pools.0.requirements.": {
        "pools": [{"name": "p", "requirements": [{"key": "a", "operator": "In", "values": ["x", "y"]}]}]
    },
    "pools.0.taints.": {"pools": [{"name": "p", "taints": [{"key": "a", "value": "b"}]}]},
    "pools.0.startup_taints.": {"pools": [{"name": "p", "startup_taints": [{"key": "a", "value": "b"}]}]},
    "pools.0.disruption.budgets.": {
        "pools": [{"name": "p", "disruption": {"budgets": [{"nodes": "1", "schedule": "@hourly", "duration": "8h"}]}}]
    },
    "pools.0.limits.accelerators": {"pools": [H100]},
    "pools.0.efa": {"pools": [H100]},
    "pools.0.sharing": {"pools": [H100]},
    "pools.0.sharing.time_slicing": {"pools": [{**H100, "sharing": {"time_slicing": 2}}]},
    "pools.0.reservation": {"pools": [H100]},
    "pools.0.reservation.": {
        "pools": [
            {**H100, "reservation": {"id": "cr-1", "instance_type": "p5.48xlarge", "zone": "us-west-2a", "count": 3}}
        ]
    },
    "pools.0.shared_class": {
        "pools": [{"name": "p"}, {"name": "q", "shared_class": "shared"}],
        "node_classes": {"shared": {"context": "c"}},
    },
}
"""What a field is tried on, by the beginning of its path; the longest counts. Others: one CPU pool."""

NESTED: dict[str, Any] = {
    "ami_terms": {"ami_family": "AL2023", "ami_terms": [{"id": "ami-1"}]},
    "ami_terms.": {"ami_family": "AL2023", "ami_terms": [{"name": "a"}]},
    "ami_terms.0.alias": {"ami_terms": [{"alias": "al2023@v20260724"}]},
    "ami_terms.0.id": {"ami_family": "AL2023", "ami_terms": [{"id": "ami-1"}]},
    "ami_terms.0.ssm_parameter": {"ami_family": "AL2023", "ami_terms": [{"ssm_parameter": "/b"}]},
    "subnets.0.id": {"subnets": [{"id": "subnet-1"}]},
    "subnets.0.tags": {"subnets": [{"tags": {"c": "d"}}]},
    "security_groups.0.id": {"security_groups": [{"id": "sg-1"}]},
    "security_groups.0.name": {"security_groups": [{"name": "a"}]},
    "security_groups.0.tags": {"security_groups": [{"tags": {"c": "d"}}]},
    "capacity_reservations.": {"capacity_reservations": [{"tags": {"c": "d"}}]},
    "capacity_reservations.0.id": {"capacity_reservations": [{"id": "cr-1"}]},
    "placement_group.id": {"placement_group": {"id": "pg-1"}},
    "placement_group.name": {"placement_group": {"name": "other"}},
    "volume.volume_initialization_rate": {"volume": {"snapshot_id": "snap-1"}},
    "volumes.": {"volumes": [{"device_name": "/dev/xvda", "ebs": {"volume_size": "50Gi", "snapshot_id": "snap-1"}}]},
    "network_interfaces.1.": {"network_interfaces": EFA_LAYOUT},
    "connection_tracking.": {"connection_tracking": {"udp_timeout": 45}},
    "kubelet.eviction_soft": {
        "kubelet": {
            "eviction_soft": {"memory.available": "5%", "pid.available": "7%"},
            "eviction_soft_grace_period": {"memory.available": "60s", "pid.available": "9s"},
        }
    },
}
"""The same for what lies inside a node class."""


def base_of(path: str) -> dict[str, Any]:
    found = [beginning for beginning in BASES if path.startswith(beginning)]
    base = BASES[max(found, key=len)] if found else {"pools": [{"name": "p"}]}
    for prefix in ("pools.0.node_class.", "node_classes.shared."):
        if path.startswith(prefix):
            inside = [beginning for beginning in NESTED if path.removeprefix(prefix).startswith(beginning)]
            if inside:
                base = put(base, prefix.removesuffix("."), NESTED[max(inside, key=len)])
    return base


def made(config: dict[str, Any]) -> str:
    """Everything that the pools of `config` become."""
    pools = parse(PoolSet, config, at="args")
    plan = pools.plan
    charts = chart_plans(pools, DevicePluginSettings(), "1.35")
    return json.dumps(
        {
            "pools": [(pool.name, node_pool(pool), placement(pool)) for pool in plan.pools],
            "classes": [(each.name, each.placement, node_class(each)) for each in plan.classes],
            "overlays": {name: overlay.manifest() for name, overlay in plan.overlays.items()},
            "charts": [(chart.chart, chart.values) for chart in charts],
            "gates": pools.needed_gates,
        },
        sort_keys=True,
        default=str,
    )


@pytest.mark.parametrize("path", ALTERNATIVES)
def test_every_field_changes_something(path):
    base = base_of(path)
    assert made(put(base, path, ALTERNATIVES[path])) != made(base)


def test_the_test_that_every_field_changes_something_forgets_none():
    tried = {
        ".".join("*" if part.isdigit() or part in ("mine", "shared") else part for part in path.split("."))
        for path in ALTERNATIVES
    }
    assert set(fields(PoolSet)) - tried == set()
    assert tried - set(fields(PoolSet)) == set()
