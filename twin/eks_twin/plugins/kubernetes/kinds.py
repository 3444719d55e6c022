"""What the plugin knows about kinds before it asks the API server: closed tables."""

from dataclasses import dataclass
from typing import Any, Final

from eks_twin.plugins.base import PluginError

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
CRD: Final = ("apiextensions.k8s.io", "CustomResourceDefinition")

UNMODELLED_GROUPS: Final = frozenset({"helm.sh", "kustomize", "yaml"})
"""Token modules of components and SDK-side helpers; only the Release of helm.sh/v3 is a resource of this plugin."""

CLUSTER_SCOPED: Final = {
    "": "Namespace Node PersistentVolume ComponentStatus",
    "admissionregistration.k8s.io": (
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy"
        " ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
    ),
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "authentication.k8s.io": "SelfSubjectReview TokenReview",
    "authorization.k8s.io": "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io": "IPAddress IngressClass ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "resource.k8s.io": "DeviceClass DeviceTaintRule ResourceSlice",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
}
"""API group → its cluster-scoped kinds (Kubernetes 1.35 API reference)."""

NAMESPACED_GROUPS: Final = frozenset(
    {"apps", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "policy"}
)
"""Built-in groups without any cluster-scoped kind."""

BUILT_IN_GROUPS: Final = NAMESPACED_GROUPS | CLUSTER_SCOPED.keys()

_LABEL_SELECTED: Final = (".spec.selector",)
_STATEFUL: Final = tuple(
    f".spec.{field}"
    for field in ("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates")
)
_POD_FIELDS: Final = (
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases"
    " hostIPC hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority"
    " priorityClassName readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount"
    " serviceAccountName shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
)
_CONTAINER_FIELDS: Final = (
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext"
    " stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)
_VOLUME_SOURCES: Final = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs"
    " hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
)

FORCE_NEW: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("apps", "Deployment"): _LABEL_SELECTED,
    ("apps", "DaemonSet"): _LABEL_SELECTED,
    ("apps", "StatefulSet"): _STATEFUL,
    ("batch", "Job"): (".spec.completions", ".spec.parallelism", ".spec.selector", ".spec.template"),
    ("", "ConfigMap"): (".data", ".binaryData"),
    ("", "Secret"): (".type", ".stringData", ".data"),
    ("", "Pod"): (
        *(f".spec.{field}" for field in _POD_FIELDS.split()),
        *(
            f".spec.{part}[*].{field}"
            for part in ("containers", "initContainers")
            for field in _CONTAINER_FIELDS.split()
        ),
    ),
    ("", "PersistentVolume"): tuple(f".spec.{source}" for source in _VOLUME_SOURCES.split()),
    ("", "PersistentVolumeClaim"): tuple(
        f".spec.{field}" for field in ("accessModes", "selector", "storageClassName", "volumeName")
    ),
    ("", "ResourceQuota"): (".spec.scopes",),
    ("", "Service"): (".spec.clusterIP",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (".roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): (".roleRef",),
    ("storage.k8s.io", "StorageClass"): (".parameters", ".provisioner"),
}
"""(Group, kind) → paths whose change replaces the object, besides its identity (provider/diff.go); [*] is any index."""

IDENTITY: Final = (".metadata.name", ".metadata.namespace")
"""Paths whose change replaces an object of any kind."""


@dataclass(frozen=True)
class Target:
    """The kind that a resource's type token names."""

    api_version: str
    kind: str
    patch: bool
    """Whether the token names a Patch resource, which owns single fields of an object."""

    @property
    def group(self) -> str:
        """API group, "" for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def built_in(self) -> bool:
        """Whether Kubernetes itself defines the kind."""
        return self.group in BUILT_IN_GROUPS

    def built_in_scope(self) -> bool | None:
        """Whether objects live in a namespace; None for kinds that Kubernetes does not define."""
        if not self.built_in:
            return None
        return self.kind not in CLUSTER_SCOPED.get(self.group, "").split()

    def is_(self, group: str, kind: str) -> bool:
        """Whether this is `kind` of `group`, in any version."""
        return (self.group, self.kind) == (group, kind)


def target(token: str, inputs: dict[str, Any]) -> Target:
    """The kind of the resource with type `token` and `inputs`; PluginError for types the plugin does not model."""
    module, name = token.split(":")[1:3]
    if module.split("/")[0] in UNMODELLED_GROUPS:
        raise PluginError(f"{token}: the twin's kubernetes plugin does not model this type")
    declared = inputs.get("kind", name)
    if name.endswith("List") and "items" in inputs:
        raise PluginError(
            f"{token}: list resources exist for compatibility with YAML manifests and Helm charts, "
            f"and cannot be created directly"
        )
    patch = name.endswith("Patch") and declared in (name, name.removesuffix("Patch"))
    kind = name.removesuffix("Patch") if patch else str(declared)
    return Target(str(inputs.get("apiVersion", module)).removeprefix("core/"), kind, patch)
