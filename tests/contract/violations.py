"""For every CEL rule of the CRDs an object that breaks it and nothing else, and our words for it."""

from typing import Any

from eks_accelerators.model.manifests import SECURITY_GROUPS_LATER

SIGNALS = {"memory.availabel": "5%"}


def ami(*terms: dict[str, Any], family: str | None = "AL2023") -> dict[str, Any]:
    return {"amiSelectorTerms": list(terms), **({"amiFamily": family} if family else {})}


def labelled(key: str) -> dict[str, Any]:
    return {"template": {"metadata": {"labels": {key: "x"}}}}


def required(**requirement: Any) -> dict[str, Any]:
    return {"template": {"spec": {"requirements": [requirement]}}}


def interfaces(*places: tuple[int, int, str]) -> dict[str, Any]:
    return {
        "networkInterfaces": [
            {"networkCardIndex": card, "deviceIndex": device, "interfaceType": kind} for card, device, kind in places
        ]
    }


def overlaid(**requirement: Any) -> dict[str, Any]:
    return {"requirements": [requirement], "price": "1"}


RESERVED = "Karpenter reserves this label, or its domain"
OURS = "Karpenter sets this label, or reserves its domain"
NODE_POOL: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("", "only 'limits.nodes'"): ({"replicas": 1, "limits": {"cpu": "4"}}, "limited by `nodes` only"),
    ("", "'weight' is not supported"): ({"replicas": 1, "limits": None, "weight": 2}, "so it has no weight"),
    ("disruption.budgets", "'schedule' must"): (
        {"disruption": {"budgets": [{"nodes": "1", "schedule": "@daily"}]}},
        "schedule and duration go together",
    ),
    ("template.metadata.labels", 'label domain "karpenter.sh"'): (labelled("karpenter.sh/x"), OURS),
    ("template.metadata.labels", 'label "karpenter.sh/nodepool"'): (labelled("karpenter.sh/nodepool"), OURS),
    ("template.metadata.labels", 'label "kubernetes.io/hostname"'): (labelled("kubernetes.io/hostname"), OURS),
    ("template.metadata.labels", 'label domain "karpenter.k8s.aws"'): (labelled("karpenter.k8s.aws/x"), OURS),
    ("template.spec.nodeClassRef.group", "group may"): (
        {"template": {"spec": {"nodeClassRef": {"group": ""}}}},
        "nodeClassRef.group = '': not an API group",
    ),
    ("template.spec.nodeClassRef.kind", "kind may"): (
        {"template": {"spec": {"nodeClassRef": {"kind": ""}}}},
        "nodeClassRef.kind = '': string should have at least 1 character",
    ),
    ("template.spec.nodeClassRef.name", "name may"): (
        {"template": {"spec": {"nodeClassRef": {"name": ""}}}},
        "nodeClassRef.name = '': string should have at least 1 character",
    ),
    ("template.spec.requirements", "requirements with operator 'In'"): (
        required(key="a", operator="In", values=[]),
        "In compares with a list of values",
    ),
    ("template.spec.requirements", "requirements operator 'Gt'"): (
        required(key="a", operator="Gt", values=["1", "2"]),
        "Gt compares with one whole number",
    ),
    ("template.spec.requirements", "requirements with 'minValues'"): (
        required(key="a", operator="In", values=["x"], minValues=2),
        "needs at least min_values = 2 values and has 1",
    ),
    ("template.spec.requirements.[].key", 'label domain "karpenter.sh"'): (
        required(key="karpenter.sh/x", operator="Exists"),
        RESERVED,
    ),
    ("template.spec.requirements.[].key", 'label "karpenter.sh/nodepool"'): (
        required(key="karpenter.sh/nodepool", operator="Exists"),
        RESERVED,
    ),
    ("template.spec.requirements.[].key", 'label "kubernetes.io/hostname"'): (
        required(key="kubernetes.io/hostname", operator="Exists"),
        RESERVED,
    ),
    ("template.spec.requirements.[].key", 'label domain "karpenter.k8s.aws"'): (
        required(key="karpenter.k8s.aws/instance-type", operator="Exists"),
        "use node.kubernetes.io/instance-type",
    ),
}
EC2_NODE_CLASS: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("", "must specify exactly one"): ({"instanceProfile": "p"}, "exactly one of role and instance_profile"),
    **{
        ("", f"if set, amiFamily must be '{family}'"): (
            ami({"alias": f"{family.lower()}@latest"}, family="Bottlerocket" if family != "Bottlerocket" else "AL2"),
            f"images of {family.lower()}@latest join as {family}",
        )
        for family in ("AL2", "AL2023", "Bottlerocket", "Windows2019", "Windows2022", "Windows2025")
    },
    ("", "must specify amiFamily"): (ami({"id": "ami-1"}, family=None), "without an alias nothing says how nodes join"),
    ("amiSelectorTerms", "expected at least one"): (ami({"owner": "self"}), "selects nothing without one of"),
    ("amiSelectorTerms", "'id' is mutually"): (ami({"id": "ami-1", "name": "x"}), "and name would be ignored"),
    ("amiSelectorTerms", "'alias' is mutually exclusive, cannot be set with a combination of other fields"): (
        ami({"alias": "al2023@latest", "name": "x"}),
        "and name would be ignored",
    ),
    ("amiSelectorTerms", "'alias' is mutually exclusive, cannot be set with a combination of other amiSel"): (
        ami({"alias": "al2023@latest"}, {"id": "ami-1"}),
        "an alias stands alone among the terms",
    ),
    ("amiSelectorTerms.[].alias", "'alias' is improperly"): (ami({"alias": "al2023"}), "not an image alias"),
    ("amiSelectorTerms.[].alias", "family is not supported"): (ami({"alias": "ubuntu@1"}), "not an image alias"),
    ("amiSelectorTerms.[].alias", "windows families"): (
        ami({"alias": "windows2022@1"}, family=None),
        "Windows images are published as `latest` only",
    ),
    ("amiSelectorTerms.[].tags", "empty tag"): (ami({"tags": {"a": ""}}), "should have at least 1 character"),
    ("blockDeviceMappings", "must have only one"): (
        {
            "blockDeviceMappings": [
                {"deviceName": name, "rootVolume": True, "ebs": {"volumeSize": "20Gi"}}
                for name in ("/dev/xvda", "/dev/xvdb")
            ]
        },
        "one volume can be the root",
    ),
    ("blockDeviceMappings.[].ebs", "snapshotID or"): (
        {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": True}}]},
        "snapshot_id or volume_size must be given",
    ),
    ("blockDeviceMappings.[].ebs", "snapshotID must"): (
        {
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvda", "ebs": {"volumeSize": "20Gi", "volumeInitializationRate": 100}}
            ]
        },
        "only a snapshot can be fetched",
    ),
    ("capacityReservationSelectorTerms", "expected at least one"): (
        {"capacityReservationSelectorTerms": [{"ownerID": "123456789012"}]},
        "selects nothing without one of",
    ),
    ("capacityReservationSelectorTerms", "'id' is mutually"): (
        {"capacityReservationSelectorTerms": [{"id": "cr-1", "ownerID": "123456789012"}]},
        "cannot stand beside owner_id",
    ),
    ("capacityReservationSelectorTerms.[].tags", "empty tag"): (
        {"capacityReservationSelectorTerms": [{"tags": {"a": ""}}]},
        "should have at least 1 character",
    ),
    ("connectionTracking", "at least one"): ({"connectionTracking": {}}, "must be set"),
    ("instanceProfile", "instanceProfile cannot"): (
        {"role": None, "instanceProfile": ""},
        "instanceProfile = '': string should have at least 1 character",
    ),
    ("kubelet", "imageGCHigh"): (
        {"kubelet": {"imageGCHighThresholdPercent": 5, "imageGCLowThresholdPercent": 6}},
        "must be above image_gc_low_threshold_percent = 6",
    ),
    ("kubelet", "evictionSoft OwnerKey"): (
        {"kubelet": {"evictionSoft": {"pid.available": "5%"}, "evictionSoftGracePeriod": {}}},
        "a soft threshold needs a grace period",
    ),
    ("kubelet", "evictionSoftGracePeriod OwnerKey"): (
        {"kubelet": {"evictionSoft": {}, "evictionSoftGracePeriod": {"pid.available": "5s"}}},
        "a grace period for no soft threshold",
    ),
    ("kubelet.evictionHard", "valid keys"): ({"kubelet": {"evictionHard": SIGNALS}}, "should be 'memory.available'"),
    ("kubelet.evictionSoft", "valid keys"): (
        {"kubelet": {"evictionSoft": SIGNALS, "evictionSoftGracePeriod": {"memory.availabel": "5s"}}},
        "should be 'memory.available'",
    ),
    ("kubelet.evictionSoftGracePeriod", "valid keys"): (
        {"kubelet": {"evictionSoft": SIGNALS, "evictionSoftGracePeriod": {"memory.availabel": "5s"}}},
        "should be 'memory.available'",
    ),
    **{
        (f"kubelet.{field}", f"valid keys for {field}"): ({"kubelet": {field: {"disk": "1"}}}, "should be 'cpu'")
        for field in ("kubeReserved", "systemReserved")
    },
    **{
        (f"kubelet.{field}", f"{field} value"): ({"kubelet": {field: {"cpu": "-1"}}}, "not a Kubernetes quantity")
        for field in ("kubeReserved", "systemReserved")
    },
    ("networkInterfaces", "networkInterfaces must include"): (
        interfaces((0, 1, "interface")),
        "the primary interface (card 0, device 0) must be there",
    ),
    ("networkInterfaces", "networkInterfaces must not"): (
        interfaces((0, 0, "interface"), (1, 0, "efa-only"), (1, 1, "efa-only")),
        "card 1 can have one efa-only interface",
    ),
    ("placementGroupSelector", "expected at least one"): (
        {"placementGroupSelector": {"id": None}},
        "selects nothing without one of",
    ),
    ("placementGroupSelector", "'name' and 'id'"): (
        {"placementGroupSelector": {"id": "pg-1", "name": "x"}},
        "cannot stand beside name",
    ),
    ("role", "role cannot"): ({"role": ""}, "role = '': string should have at least 1 character"),
    ("securityGroupSelectorTerms", "securityGroupSelectorTerms cannot"): (
        {"securityGroupSelectorTerms": []},
        "at least 1 item",
    ),
    ("securityGroupSelectorTerms", "expected at least one"): (
        {"securityGroupSelectorTerms": [{"name": None}]},
        "selects nothing without one of",
    ),
    ("securityGroupSelectorTerms", "'id' is mutually"): (
        {"securityGroupSelectorTerms": [{"id": "sg-1", "name": "x"}]},
        "cannot stand beside name",
    ),
    ("securityGroupSelectorTerms", "'name' is mutually"): (
        {"securityGroupSelectorTerms": [{"name": "x", "tags": {"a": "b"}}]},
        "cannot stand beside tags",
    ),
    ("securityGroupSelectorTerms.[].tags", "empty tag"): (
        {"securityGroupSelectorTerms": [*SECURITY_GROUPS_LATER, {"tags": {"": "b"}}]},
        "should have at least 1 character",
    ),
    ("subnetSelectorTerms", "subnetSelectorTerms cannot"): ({"subnetSelectorTerms": []}, "at least 1 item"),
    ("subnetSelectorTerms", "expected at least one"): ({"subnetSelectorTerms": [{}]}, "selects nothing without one of"),
    ("subnetSelectorTerms", "'id' is mutually"): (
        {"subnetSelectorTerms": [{"id": "subnet-1", "tags": {"a": "b"}}]},
        "cannot stand beside tags",
    ),
    ("subnetSelectorTerms.[].tags", "empty tag"): (
        {"subnetSelectorTerms": [{"tags": {"a": ""}}]},
        "should have at least 1 character",
    ),
    ("tags", "empty tag keys"): ({"tags": {"": "x"}}, "should have at least 1 character"),
    **{
        ("tags", f"tag contains a restricted tag matching {match}"): ({"tags": {key: "x"}}, "sets this tag itself")
        for match, key in {
            "eks:eks-cluster-name": "eks:eks-cluster-name",
            "kubernetes.io/cluster/": "kubernetes.io/cluster/x",
            "karpenter.sh/nodepool": "karpenter.sh/nodepool",
            "karpenter.sh/nodeclaim": "karpenter.sh/nodeclaim",
            "karpenter.k8s.aws/ec2nodeclass": "karpenter.k8s.aws/ec2nodeclass",
        }.items()
    },
}
NODE_OVERLAY: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("", "cannot set both"): (
        {"requirements": [], "price": "1", "priceAdjustment": "+1"},
        "price and price_adjustment exclude one another",
    ),
    ("capacity", "invalid resource"): ({"requirements": [], "capacity": {"cpu": "1"}}, "Karpenter measures this"),
    ("requirements", "requirements with operator 'NotIn'"): (
        overlaid(key="a", operator="NotIn", values=[]),
        "NotIn compares with a list of values",
    ),
    ("requirements", "requirements with operator 'In'"): (
        overlaid(key="a", operator="In", values=[]),
        "In compares with a list of values",
    ),
    ("requirements", "requirements operator 'Gt'"): (
        overlaid(key="a", operator="Lt", values=["1", "2"]),
        "Lt compares with one whole number",
    ),
    ("requirements.[].key", 'label domain "karpenter.sh"'): (
        overlaid(key="karpenter.sh/x", operator="Exists"),
        RESERVED,
    ),
    ("requirements.[].key", 'label "kubernetes.io/hostname"'): (
        overlaid(key="kubernetes.io/hostname", operator="Exists"),
        RESERVED,
    ),
    ("requirements.[].key", 'label domain "karpenter.k8s.aws"'): (
        overlaid(key="karpenter.k8s.aws/x", operator="Exists"),
        RESERVED,
    ),
}
VIOLATIONS = {"NodePool": NODE_POOL, "EC2NodeClass": EC2_NODE_CLASS, "NodeOverlay": NODE_OVERLAY}
"""By kind, and by the rule's place and the beginning of its message."""
