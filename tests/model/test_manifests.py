"""The manifests against the published Inferentia2 lab, field by field."""

import pytest
from eks_accelerators.model.manifests import node_class, node_pool
from eks_accelerators.model.parse import parse
from eks_accelerators.model.pool_set import PoolSet


def specs(**fields):
    plan = parse(PoolSet, {"pools": [{"name": "p", **fields}]}, at="args").plan
    return node_pool(plan.pools[0]), node_class(plan.classes[0])


def test_the_pool_of_the_lab_is_written_as_the_lab_writes_it():
    pool, _ = specs(
        accelerator="inferentia2",
        capacity_types=["on-demand", "spot"],
        labels={"instanceType": "inferentia-inf2", "provisionerType": "Karpenter"},
        limits={"cpu": 512},
        disruption={"policy": "WhenEmptyOrUnderutilized"},
    )
    assert pool == {
        "template": {
            "metadata": {"labels": {"instanceType": "inferentia-inf2", "provisionerType": "Karpenter"}},
            "spec": {
                "requirements": [
                    {"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["inf2"]},
                    {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                    {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand", "spot"]},
                ],
                "taints": [{"key": "aws.amazon.com/neuron", "value": "true", "effect": "NoSchedule"}],
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "p"},
                "expireAfter": "720h",
                "terminationGracePeriod": "24h",
            },
        },
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": "300s",
            "budgets": [{"nodes": "10%"}],
        },
        "limits": {"cpu": "512"},
    }


def test_the_class_of_the_lab_is_written_as_the_lab_writes_it_with_ids_for_discovery_tags():
    _, made = specs(
        accelerator="inferentia2",
        node_class={"ami": "al2023@latest", "tags": {"app.kubernetes.io/created-by": "eks-workshop"}},
    )
    assert made == {
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "role": "role-of-the-nodes",  # this and two ids stand for what test_node_pools sees in their place
        "subnetSelectorTerms": [{"id": "subnet-0"}],
        "securityGroupSelectorTerms": [{"id": "sg-0"}],
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {"volumeSize": "500Gi", "volumeType": "gp3", "encrypted": True, "deleteOnTermination": True},
            }
        ],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "detailedMonitoring": False,
        "tags": {"app.kubernetes.io/created-by": "eks-workshop"},
    }


def test_a_taint_without_a_value_has_no_value_field():
    pool, _ = specs(taints=[{"key": "dedicated", "effect": "NoExecute"}])
    assert pool["template"]["spec"]["taints"] == [{"key": "dedicated", "effect": "NoExecute"}]


def test_optional_parts_are_left_out_and_not_written_empty():
    pool, made = specs()
    assert "metadata" not in pool["template"]
    assert "taints" not in pool["template"]["spec"]
    assert "weight" not in pool
    assert not {"tags", "kubelet", "userData", "networkInterfaces", "instanceStorePolicy"} & made.keys()


def test_budgets_carry_what_was_said():
    budget = {"nodes": "0", "reasons": ["Drifted"], "schedule": "0 9 * * 1-5", "duration": "8h"}
    assert specs(disruption={"budgets": [budget]})[0]["disruption"]["budgets"] == [budget]


@pytest.mark.parametrize(("field", "value"), [("iops", 6000), ("throughput", 500)])
def test_a_provisioned_volume_says_so(field, value):
    ebs = specs(node_class={"volume": {field: value}})[1]["blockDeviceMappings"][0]["ebs"]
    assert ebs[field] == value
