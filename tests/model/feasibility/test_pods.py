"""A pod gets the constraint that fails, with the nearest that there is and what would have to change."""

import pytest
from eks_accelerators.model.feasibility import ManifestError, explain_pod

from tests.model.feasibility.conftest import FAMILY, make_place, make_pod, make_pool, need

NEURON, GPU = "aws.amazon.com/neuron", "nvidia.com/gpu"
NODE_POOL = "karpenter.sh/nodepool"
ZONE, CAPACITY_TYPE = "topology.kubernetes.io/zone", "karpenter.sh/capacity-type"
INF2 = need(FAMILY, "In", "inf2")
NO_SPOT = need(FAMILY, "In", "hpc7g")
TAINT = {"key": "team", "value": "ml", "effect": "NoSchedule"}


def affinity(*terms, preferred=()):
    """A node affinity whose terms are alternatives."""
    required = {"nodeSelectorTerms": [{"matchExpressions": list(term)} for term in terms]}
    weighted = [{"weight": weight, "preference": {"matchExpressions": [item]}} for weight, item in preferred]
    node = {"preferredDuringSchedulingIgnoredDuringExecution": weighted}
    if terms:
        node["requiredDuringSchedulingIgnoredDuringExecution"] = required
    return {"nodeAffinity": node}


def fields(key):
    """A node affinity that also asks for a field of the node."""
    found = affinity([INF2])
    [term] = found["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    term["matchFields"] = [need(key, "In", "n1")]
    return found


def spread(key):
    """A hard topology spread over a label."""
    return [{"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}]


OBSTACLES = [
    # pool, pod, kind, words of the rule, words of the fix
    (make_pool("p", INF2, taints=[TAINT]), make_pod(), "taint", "team=ml:NoSchedule is not tolerated",
     "{key: team, operator: Exists, effect: NoSchedule}"),
    (make_pool("p", INF2, taints=[TAINT]), make_pod({GPU: "1"}), "resource", "none of inf2.xlarge", "g4dn, g5, g5g"),
    (make_pool("p", INF2), make_pod(nodeSelector={"team": "x"}), "label", "team In [x]; the pool's nodes have no such",
     "add team to the pool's labels"),
    (make_pool("p", INF2, labels={"a.io/team": "x"}), make_pod(nodeSelector={"team": "x"}), "label", "no such label",
     "select a.io/team, which they have"),
    (make_pool("p", INF2, labels={"team": "y"}), make_pod(nodeSelector={"team": "x"}), "requirement",
     "pod demands team In [x]; the pool has team In [y]", "share a value"),
    (make_pool("p", INF2), make_pod(nodeSelector={"kubernetes.io/os": "windows"}), "requirement", "os In [linux]", ""),
    (make_pool("p", INF2), make_pod(nodeSelector={"kubernetes.io/hostname": "n1"}), "label",
     "names the label kubernetes.io/hostname, which Karpenter reserves", "select karpenter.sh/nodepool"),
    (make_pool("p", INF2), make_pod(affinity=affinity([INF2], [need("karpenter.k8s.aws/ec2nodeclass", "Exists")])),
     "label", "ec2nodeclass, which Karpenter reserves", "a label of your own"),
    (make_pool("p", INF2), make_pod(affinity=affinity([INF2], [need("x.karpenter.sh/y", "NotIn", "z")])),
     "label", "x.karpenter.sh/y, which Karpenter reserves", ""),
    (make_pool("p", INF2), make_pod(affinity=affinity([INF2], [need("notkarpenter.sh/y", "NotIn", "z")])), None, "",
     ""),
    (make_pool("p", INF2), make_pod(affinity=affinity(preferred=[(1, need("kubernetes.io/hostname", "Exists"))])), None,
     "", ""),
    (make_pool("p", INF2), make_pod(resourceClaims=[{"name": "x"}]), "resource", "settings.ignoreDRARequests",
     "request the device plugin's resource"),
    (make_pool("p", INF2), make_pod(affinity=fields("metadata.name")), "label", "has matchFields", "matchExpressions"),
    (make_pool("p", INF2), make_pod(affinity=affinity([INF2], [need(CAPACITY_TYPE, "In", "Spot")])), "label",
     "capacity-type In [Spot], none of which exists", "use on-demand, reserved, spot"),
    (make_pool("p", INF2), make_pod(affinity=affinity([INF2], [need(CAPACITY_TYPE, "In", "Spot", "spot")])), None, "",
     ""),
    (make_pool("p", INF2), make_pod(affinity=affinity([INF2], [need("karpenter.k8s.aws/instance-cpu", "Gt", "-1")])),
     "label", "compare with less than 0", "0 or more"),
    (make_pool("p", INF2), make_pod(nodeSelector={"topology.kubernetes.io/region": "us-east-1"}), "requirement",
     "region In [us-west-2]", ""),
    (make_pool("p", INF2), make_pod(nodeSelector={"karpenter.k8s.aws/placement-group-id": "pg-1"}), "label",
     "Karpenter would launch nodes in vain", "placementGroupSelector"),
    (make_pool("p", INF2, node_class={"placementGroupSelector": {"name": "pg"}}),
     make_pod(nodeSelector={"karpenter.k8s.aws/placement-group-id": "pg-1"}), None, "", ""),
    (make_pool("p", INF2), make_pod(affinity=affinity([need(NODE_POOL, "DoesNotExist")])), "label",
     "must not run on its nodes", "agree on karpenter.sh/nodepool"),
    (make_pool("p", INF2), make_pod(nodeSelector={NODE_POOL: "p"},
                                    affinity=affinity(preferred=[(9, need(NODE_POOL, "NotIn", "p"))])), "label",
     "heaviest preference together", "a preference counts like a demand"),
    (make_pool("p", INF2), make_pod(nodeSelector={NODE_POOL: "p"},
                                    affinity=affinity(preferred=[(9, need(NODE_POOL, "In", "q"))])), "label",
     "must not run on its nodes", ""),
    (make_pool("p", INF2), make_pod(affinity=affinity(preferred=[(9, need(NODE_POOL, "NotIn", "p"))])), None, "", ""),
    (make_pool("p", INF2), make_pod(nodeSelector={"kubernetes.io/arch": "arm64"}), "requirement",
     "kubernetes.io/arch In [arm64]: none of the pool's types", "change kubernetes.io/arch in the pod"),
    (make_pool("p", INF2), make_pod(nodeSelector={ZONE: "us-west-2z"}), "zone", "no zone of the subnets meets",
     "allow us-west-2a or us-west-2b or us-west-2c"),
    (make_pool("p", need("node.kubernetes.io/instance-type", "In", "trn2.48xlarge"), need(CAPACITY_TYPE, "In", "spot")),
     make_pod(), "pool", "admits no instance type: none is left for `offered in us-west-2a", "widen the pool"),
    (make_pool("p", need(CAPACITY_TYPE, "In", "on-demand")), make_pod(nodeSelector={CAPACITY_TYPE: "spot"}),
     "capacity type", "the pool has karpenter.sh/capacity-type In [on-demand]", "share a value"),
    (make_pool("p", NO_SPOT), make_pod(nodeSelector={CAPACITY_TYPE: "spot"}), "pool", "offered in", ""),
    (make_pool("p", INF2), make_pod(nodeSelector={CAPACITY_TYPE: "reserved"}), "capacity type", "nothing to buy meets",
     "allow spot or on-demand"),
    (make_pool("p", INF2, limits={"cpu": "3"}), make_pod(), "limit", "limits.cpu: 3, and one inf2.xlarge",
     "to 4 or more"),
    (make_pool("p", INF2, limits={NEURON: 6}), make_pod({NEURON: "12"}), "resource",
     "aws.amazon.com/neuron 12; the largest that suits it otherwise, inf2.24xlarge, offers 6", "request at most 6"),
    (make_pool("p", INF2, limits={"nodes": "0"}), make_pod(), "limit", "limits.nodes: 0", "to 1 or more"),
    (make_pool("p", INF2), make_pod({"cpu": "192"}), "resource", "inf2.48xlarge, offers 191.45", "at most 191.45"),
    (make_pool("p", INF2), make_pod({"memory": "800Gi"}), "resource", "memory 800Gi; the largest", "at most 718987Mi"),
    (make_pool("p", INF2), make_pod({"ephemeral-storage": "18Gi"}), "resource", "offers 17Gi", "at most 17Gi"),
    (make_pool("p", INF2), make_pod({"nvidia.com/gpu.shared": "1"}), "resource", "a device plugin makes it up",
     "NodeOverlay with `capacity: {nvidia.com/gpu.shared: …}`"),
    (make_pool("p", need(FAMILY, "In", "g6f")), make_pod({GPU: "1"}), "resource", "none of g6f.large", "g4dn"),
    (make_pool("p", INF2, node_class={"kubelet": {"systemReserved": {"memory": "800Gi"}}}), make_pod(), "resource",
     "kubelet, system and eviction keep no more than there is: true of none", "systemReserved"),
    (make_pool("p", need(FAMILY, "In", "inf2", "inf1", min_values=2)), make_pod({NEURON: "12"}), None, "", ""),
    (make_pool("p", need(FAMILY, "In", "inf2", "trn1", min_values=2)), make_pod({NEURON: "13"}), "minValues",
     "minValues 2 of karpenter.k8s.aws/instance-family; the types left have 1", "lower minValues"),
    (make_pool("p", INF2), make_pod(topologySpreadConstraints=spread("rack")), "topology",
     "over rack", "such as topology"),
    (make_pool("p", INF2), make_pod(topologySpreadConstraints=spread(ZONE)), None, "", ""),
    (make_pool("p", INF2, labels={"rack": "1"}), make_pod(topologySpreadConstraints=spread("rack")), None, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("pool", "pod", "kind", "rule", "fix"), OBSTACLES)
def test_the_constraint_that_fails_is_named(pool, pod, kind, rule, fix):
    found = explain_pod(pod, [pool], make_place()).verdicts[0].obstacle
    assert (found and found.kind) == kind
    assert found is None or (rule in found.rule and fix in found.fix), found


TOLERATIONS = [
    # toleration, whether it covers team=ml:NoSchedule
    ({"operator": "Exists"}, True),
    ({"key": "team", "operator": "Exists"}, True),
    ({"key": "team", "value": "ml"}, True),
    ({"key": "team", "operator": "Equal", "value": "ops", "effect": "NoSchedule"}, False),
    ({"key": "team", "operator": "Exists", "effect": "NoExecute"}, False),
    ({"key": "other", "operator": "Exists"}, False),
    ({"key": "team", "operator": "Gt", "value": "5"}, False),
]


@pytest.mark.parametrize(("toleration", "covers"), TOLERATIONS)
def test_tolerations_match_as_in_kubernetes(toleration, covers):
    pod = make_pod(tolerations=[toleration])
    assert explain_pod(pod, [make_pool("p", INF2, taints=[TAINT])], make_place()).fits is covers


@pytest.mark.parametrize(("operator", "covers"), [("Gt", True), ("Lt", False)])
def test_numeric_tolerations_compare_the_taint_with_the_toleration(operator, covers):
    taint = {"key": "level", "value": "7", "effect": "NoSchedule"}
    pod = make_pod(tolerations=[{"key": "level", "operator": operator, "value": "5"}])
    assert explain_pod(pod, [make_pool("p", INF2, taints=[taint])], make_place()).fits is covers


def test_eks_tolerates_the_taint_of_a_requested_resource_for_the_pod(inf2):
    assert explain_pod(make_pod({NEURON: "1"}), [inf2()], make_place()).fits
    assert not explain_pod(make_pod(), [inf2()], make_place()).fits


REQUESTS = [
    # spec, resource, total
    ({"containers": [{"resources": {"requests": {"cpu": "1"}}}, {"resources": {"limits": {"cpu": "2"}}}]}, "cpu", "3"),
    ({"containers": [{"resources": {"requests": {"cpu": 1}, "limits": {"cpu": "5"}}}]}, "cpu", "1"),
    ({"initContainers": [{"resources": {"requests": {"cpu": "8"}}}]}, "cpu", "8"),
    ({"initContainers": [{"restartPolicy": "Always", "resources": {"requests": {"cpu": "2"}}},
                         {"resources": {"requests": {"cpu": "8"}}}]}, "cpu", "10"),
    ({"initContainers": [{"restartPolicy": "Always", "resources": {"requests": {"cpu": "2"}}}],
      "containers": [{"resources": {"requests": {"cpu": "4"}}}]}, "cpu", "6"),
    ({"overhead": {"memory": "1Gi"}}, "memory", "1Gi"),
    ({"resources": {"requests": {"cpu": "7"}}}, "cpu", "7"),
    ({"containers": [{"resources": {"requests": {"memory": "12e9"}}}]}, "memory", "12G"),
    ({}, "pods", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "resource", "total"), REQUESTS)
def test_requests_add_up_as_in_kubernetes(spec, resource, total):
    pod = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}], **spec}}
    assert explain_pod(pod, [make_pool("p", INF2)], make_place()).requests[resource] == total


RELAXED = [
    # affinity, family that is chosen, what was given up
    (affinity([need(FAMILY, "In", "trn9")], [need(FAMILY, "In", "inf2")]), "inf2.xlarge",
     ("alternative 1 of 2 of its required node affinity",)),
    (affinity(preferred=[(1, need(FAMILY, "In", "trn1")), (50, need(FAMILY, "In", "trn9"))]), "trn1.2xlarge",
     ("its preferred node affinity of weight 50",)),
    (affinity(preferred=[(50, need(FAMILY, "In", "trn1"))]), "trn1.2xlarge", ()),
    (affinity([need(FAMILY, "In", "trn1")], preferred=[(50, need(FAMILY, "In", "inf2"))]), "trn1.2xlarge",
     ("its preferred node affinity of weight 50",)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "chosen", "given_up"), RELAXED)
def test_preferences_and_alternatives_are_given_up_in_karpenters_order(given, chosen, given_up):
    pool = make_pool("p", need(FAMILY, "In", "inf2", "trn1"))
    verdict = explain_pod(make_pod(affinity=given), [pool], make_place()).verdicts[0]
    assert (verdict.cheapest.type, verdict.relaxed) == (chosen, given_up)


def test_preferences_do_not_count_where_the_controller_ignores_them():
    pod = make_pod(affinity=affinity(preferred=[(50, need(FAMILY, "In", "trn1"))]))
    verdict = explain_pod(pod, [make_pool("p", need(FAMILY, "In", "inf2", "trn1"))],
                          make_place(respects_preferences=False)).verdicts[0]  # fmt: skip
    assert verdict.cheapest.type == "inf2.xlarge"


def test_a_taint_that_is_only_preferred_is_given_way_last():
    taint = {"key": "team", "effect": "PreferNoSchedule"}
    verdict = explain_pod(make_pod(), [make_pool("p", INF2, taints=[taint])], make_place()).verdicts[0]
    assert verdict.relaxed == ("keeping off taints of effect PreferNoSchedule",)


def test_the_obstacle_is_that_of_the_alternative_that_got_furthest():
    pod = make_pod({"cpu": "999"}, affinity=affinity([need("team", "In", "x")], [need(FAMILY, "In", "inf2")]))
    verdict = explain_pod(pod, [make_pool("p", INF2)], make_place()).verdicts[0]
    assert verdict.obstacle.kind == "resource"


POOLS = [
    # weights by pool, the order in which they are tried
    ({"a": None, "b": None}, ["b", "a"]),
    ({"a": 10, "b": None}, ["a", "b"]),
    ({"a": 10, "b": 20, "c": 20}, ["c", "b", "a"]),
]


@pytest.mark.parametrize(("weights", "order"), POOLS)
def test_pools_are_tried_by_weight_and_then_from_z_to_a(weights, order):
    pools = [make_pool(name, INF2, **({"weight": weight} if weight else {})) for name, weight in weights.items()]
    report = explain_pod(make_pod(), pools, make_place())
    assert [verdict.pool for verdict in report.verdicts] == order
    assert report.chosen == order[0]


def test_a_pool_that_needs_no_relaxing_goes_before_a_heavier_one():
    pod = make_pod(affinity=affinity(preferred=[(1, need(FAMILY, "In", "trn1"))]))
    heavy, light = make_pool("heavy", INF2, weight=100), make_pool("light", need(FAMILY, "In", "trn1"))
    assert explain_pod(pod, [heavy, light], make_place()).chosen == "light"


def test_a_static_pool_is_not_grown_for_a_pod():
    report = explain_pod(make_pod(), [make_pool("p", INF2, replicas=2)], make_place())
    assert (report.verdicts[0].fits, report.chosen) == (True, None)
    assert "static: 2 nodes stand" in report.verdicts[0].notes[0]


def test_types_with_devices_are_spared_for_pods_that_need_them():
    pool = make_pool("p", need(FAMILY, "In", "inf2", "m5"))
    verdict = explain_pod(make_pod({"cpu": "150"}), [pool], make_place()).verdicts[0]
    assert verdict.cheapest.type == "inf2.48xlarge"  # nothing plainer is that large
    verdict = explain_pod(make_pod({"cpu": "30"}), [pool], make_place()).verdicts[0]
    assert verdict.cheapest.type == "m5.8xlarge"
    assert "inf2.8xlarge" in verdict.types


def test_daemonsets_take_their_room():
    place = make_place(daemons={"cpu": "500m", "pods": "8"})
    assert explain_pod(make_pod({"cpu": "190950m"}), [make_pool("p", INF2)], place).fits
    obstacle = explain_pod(make_pod({"cpu": "190951m"}), [make_pool("p", INF2)], place).verdicts[0].obstacle
    assert "offers 191.45 and DaemonSets take 0.5" in obstacle.rule


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Job", "DaemonSet", "ReplicaSet"])
def test_workloads_are_explained_by_their_template(kind):
    manifest = {
        "kind": kind,
        "metadata": {"name": "w"},
        "spec": {"template": {"spec": make_pod({NEURON: "1"})["spec"]}},
    }
    assert explain_pod(manifest, [make_pool("p", INF2)], make_place()).requests[NEURON] == "1"


REFUSED = [
    ({"kind": "Service"}, "kind 'Service' holds no pod; give one of Pod, Deployment"),
    ({"kind": "Pod", "metadata": {"name": "x"}, "spec": {}}, "Pod x: spec.containers is empty"),
    (
        {"kind": "CronJob", "metadata": {"name": "x"}},
        "CronJob x: spec.jobTemplate.spec.template.spec.containers is empty",
    ),
]


@pytest.mark.parametrize(("manifest", "message"), REFUSED)
def test_a_manifest_without_a_pod_is_refused(manifest, message):
    with pytest.raises(ManifestError, match=message):
        explain_pod(manifest, [], make_place())


def test_a_quantity_that_is_none_is_refused_by_name():
    with pytest.raises(ManifestError, match=r"memory: '16GB' is not a quantity; write e.g. 2, 500m or 16Gi"):
        explain_pod(make_pod({"memory": "16GB"}), [], make_place())


NOTES = [
    ({"topologySpreadConstraints": spread(ZONE)}, "topology spread: only that nodes have the label"),
    ({}, "DaemonSets: none were given"),
    ({"schedulingGates": [{"name": "x"}]}, "scheduling gates: nothing happens"),
    ({"nodeName": "n"}, "nodeName: the scheduler does not place this pod"),
    ({"nodeSelector": {"topology.k8s.aws/zone-id": "usw2-az1"}}, "topology.k8s.aws/zone-id: zone ids differ"),
    ({"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}, "volume claim data: not judged"),
]


@pytest.mark.parametrize(("spec", "note"), NOTES)
def test_what_is_not_judged_is_said(spec, note):
    notes = explain_pod(make_pod(**spec), [make_pool("p", INF2)], make_place()).notes
    assert any(each.startswith(note) for each in notes), notes


def bound(zone):
    """A claim and the volume it is bound to, which stands in a zone."""
    terms = [{"matchExpressions": [need("topology.ebs.csi.aws.com/zone", "In", zone)]}]
    affinity = {"required": {"nodeSelectorTerms": terms}}
    return [
        {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {"volumeName": "pv"}},
        {"kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {"nodeAffinity": affinity}},
    ]


def unbound(*zones):
    """A claim of a storage class that is allowed in some zones."""
    topologies = [{"matchLabelExpressions": [{"key": ZONE, "values": [zone]}]} for zone in zones]
    return [
        {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {"storageClassName": "gp3"}},
        {"kind": "StorageClass", "metadata": {"name": "gp3"}, "allowedTopologies": topologies},
    ]


VOLUMES = [
    (bound("us-west-2b"), ("us-west-2b",)),
    (bound("us-west-2z"), ()),
    (unbound(), ("us-west-2a", "us-west-2b", "us-west-2c")),
    (unbound("us-west-2z", "us-west-2c"), ("us-west-2c",)),
]


@pytest.mark.parametrize(("beside", "zones"), VOLUMES)
def test_volumes_bind_pods_to_their_zones(beside, zones):
    pod = make_pod(volumes=[{"persistentVolumeClaim": {"claimName": "data"}}])
    verdict = explain_pod(pod, [make_pool("p", INF2)], make_place(), beside).verdicts[0]
    assert verdict.zones == zones


def test_an_answer_is_plain_json():
    wire = explain_pod(make_pod({NEURON: "1"}), [make_pool("p", INF2)], make_place()).wire()
    assert wire["chosen"] == "p"
    assert wire["verdicts"][0]["cheapest"]["price"] == "0.7582"
    assert wire["verdicts"][0]["obstacle"] is None
