"""The cluster's settings and their rules."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue

from . import catalogue, forms, names, versions
from .parse import one_of
from .values import Problem, Value

LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
LogRetention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""The numbers of days that CloudWatch Logs accepts."""
AccessPolicy = Literal[
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
]
"""EKS access policies for people. https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html"""

_PRINCIPAL: Final = re.compile(r"^arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+$")
_LEAST_SYSTEM_NODES: Final = 2
"""Karpenter's chart runs two replicas with a required anti-affinity, so one node leaves one of them Pending."""


class Access(Value):
    """What one IAM principal may do in the cluster."""

    principal: str
    """ARN of an IAM role or user; a role's without the path of an assumed session."""
    policy: AccessPolicy | None = "AmazonEKSClusterAdminPolicy"
    """EKS access policy, or null when `groups` say it all."""
    namespaces: tuple[str, ...] = ()
    """Namespaces the policy is limited to; none means the whole cluster."""
    groups: tuple[str, ...] = ()
    """Kubernetes groups, for role bindings of your own."""

    def problems(self) -> Iterator[Problem]:
        """A principal that EKS accepts, and something for it to do."""
        if not _PRINCIPAL.match(self.principal):
            rule = "not the ARN of an IAM role or user"
            yield Problem(at=("principal",), value=self.principal, rule=rule, fix="arn:aws:iam::123456789012:role/name")
        for i, group in enumerate(self.groups):
            if group.startswith("system:"):
                rule = "EKS reserves groups that start with `system:`"
                yield Problem(at=("groups", i), value=group, rule=rule, fix="bind a group of your own")
        if self.policy is None and (self.namespaces or not self.groups):
            rule = "without a policy it needs groups, and namespaces limit nothing"
            yield Problem(at=("policy",), value=None, rule=rule, fix="name a policy, or groups only")


class Addon(Value):
    """What differs from our choice for one EKS add-on."""

    version: Annotated[str, Field(pattern=forms.ADDON_VERSION)] | None = None
    """Such as `v1.21.1-eksbuild.3`; absent: the one that `versions.py` pins for the cluster's minor."""
    configuration: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """The add-on's configuration values; its own schema decides what is allowed."""


class SystemNodes(Value):
    """The managed node group that runs Karpenter and the add-ons; Karpenter must not run on nodes of its own."""

    instance_types: tuple[str, ...] = Field(default=("m5.large",), min_length=1)
    """Types of one architecture, in order of preference."""
    count: int = Field(default=_LEAST_SYSTEM_NODES, ge=_LEAST_SYSTEM_NODES, le=450)
    """Nodes, at least two; 450 is the EKS quota of one group."""
    volume_gib: int = Field(default=50, ge=20, le=16384)
    """Root volume in GiB; 20 is the size of the image itself."""
    labels: dict[str, Annotated[str, Field(pattern=forms.LABEL_VALUE)]] = Field(default_factory=dict[str, str])
    """Kubernetes labels of these nodes."""

    @property
    def architecture(self) -> str:
        """The value of kubernetes.io/arch on these nodes."""
        return catalogue.instance_types()[self.instance_types[0]].architecture

    def problems(self) -> Iterator[Problem]:
        """Types that exist, are of one architecture and carry no accelerator."""
        known = catalogue.instance_types()
        found = [known[name] for name in self.instance_types if name in known]
        for i, name in enumerate(self.instance_types):
            if name not in known:
                yield Problem(
                    at=("instance_types", i), value=name, rule="no such instance type", fix=one_of(name, known)
                )
        for i, instance in enumerate(found):
            if instance.gpus or instance.neuron or instance.accelerators:
                rule = "carries accelerators that system pods cannot use"
                yield Problem(at=("instance_types", i), value=instance.name, rule=rule, fix="e.g. m5.large")
        if len({instance.architecture for instance in found}) > 1:
            rule = "one node group has one image, hence one architecture"
            yield Problem(at=("instance_types",), value=self.instance_types, rule=rule, fix="amd64 or arm64 types only")


class ClusterSettings(Value):
    """An EKS cluster with its add-ons and its system nodes."""

    name: Annotated[str, Field(pattern=forms.CLUSTER_NAME)]
    """Name of the cluster, at most 46 characters; part of IAM role names and of what tags hold, hence immutable."""
    public_access_cidrs: tuple[str, ...]
    """Networks that reach the API server from the Internet; none means the private endpoint only. It has no default,
    since either answer locks somebody out or lets somebody in."""
    kubernetes: str = versions.DEFAULT_KUBERNETES
    """Minor version, quoted: `"1.35"`."""
    access: dict[str, Access] = Field(default_factory=dict[str, Access])
    """People and pipelines by a name of your choice; who creates the cluster is its administrator in any case."""
    logs: tuple[LogType, ...] = ("api", "audit", "authenticator")
    """Control plane logs sent to CloudWatch."""
    log_retention_days: LogRetention = 90
    """How long they are kept."""
    deletion_protection: bool = False
    """Whether EKS refuses to delete the cluster until this is switched off."""
    addons: dict[str, Addon] = Field(default_factory=dict[str, Addon])
    """Deviations per add-on, by its name."""
    system_nodes: SystemNodes = SystemNodes()
    """The nodes that are there before Karpenter."""

    @property
    def addon_versions(self) -> dict[str, str]:
        """Version of every add-on we install."""
        pinned = versions.ADDON_VERSIONS[self.kubernetes]
        chosen = {name: addon.version for name, addon in self.addons.items() if addon.version is not None}
        return {**pinned, **chosen}

    def configuration_of(self, addon: str) -> dict[str, JsonValue]:
        """Configuration values of `addon`; empty means its defaults."""
        return self.addons[addon].configuration if addon in self.addons else {}

    def problems(self) -> Iterator[Problem]:
        """A name that fits everywhere, a known minor, networks that are networks, add-ons that we install."""
        yield from self._name_problems()
        if found := versions.kubernetes_problem(self.kubernetes):
            yield Problem(at=("kubernetes",), value=self.kubernetes, rule=found[0], fix=found[1])
        for i, cidr in enumerate(self.public_access_cidrs):
            try:
                IPv4Network(cidr)
            except ValueError as error:
                at = ("public_access_cidrs", i)
                yield Problem(at=at, value=cidr, rule=f"not an IPv4 network: {error}", fix="e.g. 203.0.113.0/24")
        for name in self.addons:
            if name not in versions.ADDONS:
                rule, fix = "not an add-on of this library", one_of(name, versions.ADDONS)
                yield Problem(at=("addons", name), value=self.addons[name], rule=rule, fix=fix)

    def _name_problems(self) -> Iterator[Problem]:
        if len(self.name) > names.CLUSTER_NAME_MAX:
            rule = (
                f"{len(self.name)} characters; at most {names.CLUSTER_NAME_MAX}, because the IAM role "
                f"{names.node_role('<name>')} may have 64"
            )
            yield Problem(at=("name",), value=self.name, rule=rule, fix="shorten it")
