import json
from typing import Any

import pytest
from eks_accelerators.karpenter import Karpenter
from eks_accelerators.model.iam import MANAGED_POLICY_MAX

POLICIES = ("node-lifecycle", "iam-integration", "eks-integration", "interruption", "zonal-shift", "resource-discovery")


@pytest.fixture
def karpenter(run):
    """What Karpenter registers for a cluster of the given name."""

    def karpenter(cluster_name="eks-workshop", **settings):
        args = {
            "cluster_name": cluster_name,
            "cluster_endpoint": "https://api.example",
            "node_group": "system-1a2b3c4",
            "settings": settings,
        }
        return run(lambda: Karpenter("k", args))

    return karpenter


def policies(made) -> dict[str, dict[str, Any]]:
    return {p.name.removeprefix("k-controller-"): json.loads(p.inputs["policy"]) for p in made.of("Policy")}


@pytest.mark.parametrize("key", POLICIES)
def test_each_controller_policy_is_the_one_reviewed(karpenter, golden, key):
    golden(f"policies/{key}.json", json.dumps(policies(karpenter())[key], indent=2))


def test_the_queue_policy_is_the_one_reviewed(karpenter, golden):
    (policy,) = karpenter().of("QueuePolicy")
    golden("policies/queue.json", json.dumps(json.loads(policy.inputs["policy"]), indent=2))


def test_every_policy_fits_iam_with_the_longest_cluster_name(karpenter):
    made = karpenter(cluster_name="x" * 46)
    sizes = {p.name: len(p.inputs["policy"]) for p in made.of("Policy")}
    assert len(sizes) == 6
    assert max(sizes.values()) <= MANAGED_POLICY_MAX


def test_sids_are_unique_and_every_write_is_limited_to_something(karpenter):
    statements = [s for p in policies(karpenter()).values() for s in p["Statement"]]
    sids = [s["Sid"] for s in statements]
    assert len(sids) == len(set(sids))
    for statement in statements:
        reads = all(action.split(":")[1].startswith(("Describe", "Get", "List")) for action in statement["Action"])
        assert reads or statement["Resource"] != ["*"], statement["Sid"]


def test_a_condition_key_with_the_clusters_name_has_it_filled_in(karpenter):
    text = json.dumps(policies(karpenter(cluster_name="other")))
    assert "aws:RequestTag/kubernetes.io/cluster/other" in text
    assert "eks-workshop" not in text
    assert "{" not in text.replace('{"', "").replace("{}", "")


def test_the_controller_is_trusted_as_one_service_account(karpenter):
    made = karpenter()
    (association,) = made.of("PodIdentityAssociation")
    trust = json.loads(made.named("k-controller-role", "Role").inputs["assumeRolePolicy"])
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("kube-system", "karpenter")
    assert trust["Statement"] == [
        {
            "Sid": "AllowPodIdentity",
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ]


def test_nodes_have_the_documented_role_name_four_policies_and_an_entry(karpenter):
    made = karpenter()
    assert made.named("k-nodes", "Role").inputs["name"] == "KarpenterNodeRole-eks-workshop"
    attached = {a.inputs["policyArn"] for a in made.of("RolePolicyAttachment") if a.name.startswith("k-nodes-")}
    assert attached == {
        f"arn:aws:iam::aws:policy/{name}"
        for name in (
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKS_CNI_Policy",
            "AmazonEC2ContainerRegistryPullOnly",
            "AmazonSSMManagedInstanceCore",
        )
    }
    (entry,) = made.of("AccessEntry")
    assert entry.inputs["type"] == "EC2_LINUX"


def test_the_queue_keeps_notices_for_five_minutes_encrypted_and_five_rules_feed_it(karpenter):
    made = karpenter()
    (queue,) = made.of("Queue")
    assert queue.inputs == {"name": "eks-workshop", "messageRetentionSeconds": 300, "sqsManagedSseEnabled": True}
    patterns = {
        r.name.rpartition("interruption-")[2]: json.loads(r.inputs["eventPattern"]) for r in made.of("EventRule")
    }
    assert patterns == {
        "health": {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
        "spot": {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
        "rebalance": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
        "state-change": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]},
        "reservation": {
            "source": ["aws.ec2"],
            "detail-type": ["EC2 Capacity Reservation Instance Interruption Warning"],
        },
    }
    targets = {t.inputs["targetId"] for t in made.of("EventTarget")}
    assert (len(made.of("EventTarget")), targets) == (5, {"KarpenterInterruptionQueueTarget"})


def test_one_release_owns_the_crds_and_the_other_leaves_them_alone(karpenter):
    made = karpenter(version="1.13.0")
    definitions, controller = made.named("k-crd", "Release"), made.named("k-controller", "Release")
    assert definitions.inputs["chart"] == "oci://public.ecr.aws/karpenter/karpenter-crd"
    assert controller.inputs["chart"] == "oci://public.ecr.aws/karpenter/karpenter"
    assert {definitions.inputs["version"], controller.inputs["version"]} == {"1.13.0"}
    assert controller.inputs["skipCrds"]
    assert "Release k-crd" in controller.dependencies


def test_the_controller_starts_with_its_permissions_on_the_system_nodes(karpenter):
    made = karpenter(replicas=1, cpu="500m", memory="512Mi", log_level="debug")
    controller = made.named("k-controller", "Release")
    assert controller.inputs["values"] == {
        "replicas": 1,
        "logLevel": "debug",
        "dnsPolicy": "Default",
        "nodeSelector": {"kubernetes.io/os": "linux", "eks.amazonaws.com/nodegroup": "system-1a2b3c4"},
        "serviceAccount": {"name": "karpenter"},
        "controller": {
            "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}}
        },
        "settings": {
            "clusterName": "eks-workshop",
            "clusterEndpoint": "https://api.example",
            "interruptionQueue": "eks-workshop",
        },
    }
    grants = {f"RolePolicyAttachment k-controller-{key}" for key in POLICIES}
    assert {*grants, "PodIdentityAssociation k-controller-association"} <= controller.dependencies


@pytest.mark.parametrize(("wanted", "count"), [(True, 1), (False, 0)])
def test_spots_service_linked_role_is_made_on_request_only(karpenter, wanted, count):
    assert len(karpenter(create_spot_role=wanted).of("ServiceLinkedRole")) == count


def statements(made, key):
    return {s["Sid"]: s for s in policies(made)[key]["Statement"]}


def test_parameters_and_keys_of_the_pools_are_the_only_further_things_it_may_use(run):
    args = {
        "cluster_name": "c",
        "cluster_endpoint": "https://api.example",
        "node_group": "system",
        "image_parameters": ["/images/gpu"],
        "volume_keys": ["1234abcd", "alias/volumes", "arn:aws:kms:us-west-2:123456789012:key/abcd"],
    }
    made = run(lambda: Karpenter("k", args))
    own = statements(made, "resource-discovery")["AllowOwnImageParameters"]
    assert own["Resource"] == ["arn:aws:ssm:us-west-2:123456789012:parameter/images/gpu"]
    encryption = statements(made, "volume-encryption")
    keys = "arn:aws:kms:us-west-2:123456789012:key"
    assert [encryption[f"AllowVolumeKey{i}"]["Resource"] for i in range(3)] == [
        [f"{keys}/1234abcd"],
        [f"{keys}/*"],
        [f"{keys}/abcd"],
    ]
    alias = {"kms:ResourceAliases": ["alias/volumes"]}
    assert encryption["AllowVolumeKey1"]["Condition"] == {"ForAnyValue:StringEquals": alias}
    for i in range(3):
        assert encryption[f"AllowGrantOnVolumeKey{i}"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    made = run(lambda: Karpenter("k", {**args, "image_parameters": [], "volume_keys": []}))
    assert set(policies(made)) == set(POLICIES)
