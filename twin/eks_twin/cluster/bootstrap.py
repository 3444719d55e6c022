"""What EKS puts into a new cluster besides Kubernetes itself: roles behind access policies, node roles, gp2."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from eks_twin.kube import Kube

MANAGER: Final = "eks"
"""Field manager of what EKS owns in a cluster."""
RBAC: Final = "rbac.authorization.k8s.io/v1"
POLICY_GROUP: Final = "eks-access-policy"
"""Prefix of the groups by which the token webhook names associated access policies."""
ACCESS_POLICIES: Final = {
    "AmazonEKSClusterAdminPolicy": "cluster-admin",
    "AmazonEKSAdminPolicy": "admin",
    "AmazonEKSAdminViewPolicy": "eks:admin-view",
    "AmazonEKSEditPolicy": "edit",
    "AmazonEKSViewPolicy": "view",
}
"""Access policy → ClusterRole with its permissions (EKS user guide, "Review access policy permissions")."""


def _rule(groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str]) -> dict[str, Any]:
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


CLUSTER_ROLES: Final = {
    "eks:admin-view": [_rule(["*"], ["*"], ["get", "list", "watch"])],
    "eks:node-bootstrapper": [
        _rule(["certificates.k8s.io"], ["certificatesigningrequests/selfnodeserver"], ["create"])
    ],
}
"""ClusterRole → rules."""
BINDINGS: Final = {"eks:node-bootstrapper": ("eks:node-bootstrapper", ("system:bootstrappers", "system:nodes"))}
"""ClusterRoleBinding → its role and groups."""
GP2: Final = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "gp2"},
    "parameters": {"fsType": "ext4", "type": "gp2"},
    "provisioner": "kubernetes.io/aws-ebs",
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
}
"""As EKS creates it; since Kubernetes 1.30 it is not the default class."""


def objects() -> Iterator[dict[str, Any]]:
    """What a new cluster has, in an order in which it can be created."""
    for name, rules in CLUSTER_ROLES.items():
        yield {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
    for name, (role, groups) in BINDINGS.items():
        yield binding(name, role, groups)
    for policy, role in ACCESS_POLICIES.items():
        yield binding(f"eks:access-policy:{policy}", role, [f"{POLICY_GROUP}:{policy}"])
    yield GP2


def binding(name: str, role: str, groups: Sequence[str], namespace: str | None = None) -> dict[str, Any]:
    """A binding of ClusterRole `role` to `groups`, in one namespace or in the whole cluster."""
    scope = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": RBAC,
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": name, **scope},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group} for group in groups],
    }


def install(kube: Kube) -> None:
    """Apply `objects`."""
    for thing in objects():
        kube.apply(thing, MANAGER, force=True)


def scoped_bindings(entries: Sequence[Mapping[str, Any]], namespaces: Sequence[str]) -> list[dict[str, Any]]:
    """The RoleBindings that the namespace-scoped access policies of `entries` mean in the `namespaces` that exist.

    A scope may end in `*`. Policies without a table entry grant nothing.
    """
    wanted: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in entries:
        for policy in entry["policies"]:
            name, scope = policy["policyArn"].rpartition("/")[2], policy["accessScope"]
            if scope["type"] != "namespace" or name not in ACCESS_POLICIES:
                continue
            for pattern in scope["namespaces"]:
                for namespace in namespaces:
                    if fnmatchcase(namespace, pattern):
                        title = f"eks:access-policy:{name}:{pattern.replace('*', 'any')}"
                        groups = [f"{POLICY_GROUP}:{name}:{pattern}"]
                        wanted[namespace, name, pattern] = binding(title, ACCESS_POLICIES[name], groups, namespace)
    return list(wanted.values())
