"""`eks:index:Cluster`."""

import asyncio
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from . import addons, kubernetes, security_groups
from .access import access_entries
from .addons import Target, VpcCniAddon
from .checks import check_cluster, public_access
from .inputs import Inputs
from .kubeconfig import Credentials, kubeconfig
from .security_groups import Groups
from .service_role import ServiceRole

THUMBPRINT: Final = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"
"""SHA-1 of the root above EKS's OIDC endpoints, which pulumi-eks reads over TLS; IAM no longer checks it
(AWS: "Obtain the thumbprint for an OpenID Connect identity provider")."""
READY_TRIES: Final = 60
READY_PAUSE: Final = 5.0
"""As pulumi-eks waits: up to 60 times, 5 seconds apart."""


class Cluster(pulumi.ComponentResource):
    """An EKS cluster without a default node group; `state` holds the outputs of pulumi-eks."""

    def __init__(self, name: str, inputs: Inputs, opts: pulumi.ResourceOptions | None) -> None:
        check_cluster(inputs)
        super().__init__("eks:index:Cluster", name, None, opts)
        self._name, self._inputs = name, inputs
        self._children = pulumi.ResourceOptions(parent=self)
        self._tags: Any = inputs.get("tags") or {}
        self._vpc_id, self._subnets = self._network()
        self._role, ready = self._service_role()
        group = self._cluster_group()
        self._cluster = self._control_plane(group, ready)
        self._target = Target(self._cluster.name, self._cluster.version, inputs.get("tags"))
        self._kubeconfigs = self._connect()
        self._provider = kubernetes.Provider(
            f"{name}-eks-k8s", self._kubeconfigs[1], inputs.get("enableConfigMapMutable"), self._children
        )
        inside = self._inside()
        self._oidc = self._oidc_provider()
        self._groups = self._node_groups(group)
        self.state = self._state(inside)
        self.register_outputs(self.state)

    def _network(self) -> tuple[Any, Any]:
        """VPC and subnets as given, else the account's default VPC."""
        inputs = self._inputs
        invoke = pulumi.InvokeOptions(parent=self)
        vpc_id = inputs.get("vpcId")
        if vpc_id is None:
            vpc_id = aws.ec2.get_vpc_output(default=True, opts=invoke).id
        if "subnetIds" in inputs:
            return vpc_id, inputs.get("subnetIds")
        lists = [inputs.get(key) for key in ("publicSubnetIds", "privateSubnetIds") if key in inputs]
        if lists:
            return vpc_id, pulumi.Output.all(*lists).apply(lambda parts: [id_ for part in parts for id_ in part])
        filters: Any = [{"name": "vpc-id", "values": [vpc_id]}]
        return vpc_id, aws.ec2.get_subnets_output(filters=filters, opts=invoke).ids

    def _service_role(self) -> tuple[Any, list[pulumi.Resource]]:
        """The cluster's role, and what must exist before the cluster: a role is of use with its policies only."""
        if "serviceRole" in self._inputs:
            return self._inputs.get("serviceRole"), []
        made = ServiceRole(f"{self._name}-eksRole", self._inputs.get("tags"), self._children)
        return made.role, made.ready

    def _cluster_group(self) -> Any:
        if "clusterSecurityGroup" in self._inputs:
            return self._inputs.get("clusterSecurityGroup")
        if self._inputs.plain("skipDefaultSecurityGroups"):
            return None
        tags = merged(self._inputs.get("clusterSecurityGroupTags"), self._tags)
        return security_groups.cluster_group(self._name, self._vpc_id, tags, self._children)

    def _control_plane(self, group: Any, ready: list[pulumi.Resource]) -> aws.eks.Cluster:
        inputs, own = self._inputs, f"{self._name}-eksCluster"
        mode, key = inputs.plain("authenticationMode"), inputs.get("encryptionConfigKeyArn")
        vpc_config = aws.eks.ClusterVpcConfigArgs(
            subnet_ids=self._subnets,
            security_group_ids=None if group is None else [group.id],
            endpoint_private_access=inputs.get("endpointPrivateAccess"),
            endpoint_public_access=inputs.get("endpointPublicAccess"),
            public_access_cidrs=public_access(inputs.get("endpointPublicAccess"), inputs.get("publicAccessCidrs")),
        )
        options = pulumi.ResourceOptions(
            depends_on=ready,
            ignore_changes=["accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons"],
        )
        return aws.eks.Cluster(
            own,
            name=inputs.get("name"),
            role_arn=pulumi.Output.from_input(self._role).apply(lambda role: role.arn),
            vpc_config=vpc_config,
            version=inputs.get("version"),
            enabled_cluster_log_types=inputs.get("enabledClusterLogTypes"),
            tags=merged({"Name": own}, inputs.get("clusterTags"), self._tags),
            encryption_config=None if key is None else {"provider": {"key_arn": key}, "resources": ["secrets"]},
            access_config={"authentication_mode": mode, "bootstrap_cluster_creator_admin_permissions": True},
            bootstrap_self_managed_addons=inputs.get("bootstrapSelfManagedAddons", True),
            kubernetes_network_config=self._service_network(),
            upgrade_policy=inputs.get("upgradePolicy"),
            deletion_protection=inputs.get("deletionProtection"),
            opts=pulumi.ResourceOptions.merge(self._children, options),
        )

    def _service_network(self) -> Any:
        cidr, family = self._inputs.get("kubernetesServiceIpAddressRange"), self._inputs.get("ipFamily")
        if cidr is None and family is None:
            return None
        network = {"ip_family": "ipv4" if family is None else family}
        return network if family == "ipv6" or cidr is None else {**network, "service_ipv4_cidr": cidr}

    def _connect(self) -> tuple[pulumi.Output[Any], pulumi.Output[str]]:
        """Kubeconfigs without profile, and with one as JSON; known once the API server answers."""
        options = self._inputs.get("providerCredentialOpts") or default_credentials()
        self._endpoint = pulumi.Output.all(self._cluster.endpoint, self._inputs.get("endpointPublicAccess")).apply(
            answering
        )
        facts = pulumi.Output.all(
            arn=self._cluster.arn,
            name=self._cluster.name,
            endpoint=self._endpoint,
            certificate=self._cluster.certificate_authority.data,
        )
        both = pulumi.Output.all(facts, options)
        bare = both.apply(lambda v: kubeconfig(v[0], Credentials(role_arn=v[1].get("roleArn") or "")))
        full = both.apply(
            lambda v: json.dumps(
                kubeconfig(v[0], Credentials(v[1].get("profileName") or "", v[1].get("roleArn") or ""))
            )
        )
        return bare, full

    def _inside(self) -> dict[str, Any]:
        """Access entries, add-ons and what the Kubernetes provider makes."""
        inputs = self._inputs
        proxy = inputs.plain("kubeProxyAddonOptions") or {}
        if proxy.get("enabled", True) is not False:
            addons.core_addon(self._name, "kube-proxy", self._target, proxy, self._children)
        entries: list[pulumi.Resource] = list(
            access_entries(self._name, self._cluster, inputs.plain("accessEntries") or {}, self._children)
        )
        through = pulumi.ResourceOptions(parent=self, provider=self._provider)
        made: dict[str, Any] = {}
        if inputs.plain("authenticationMode") == "API_AND_CONFIG_MAP":
            made["eksNodeAccess"] = kubernetes.auth_config_map(self._name, through)
            entries.append(made["eksNodeAccess"])
        after_access = pulumi.ResourceOptions(parent=self, depends_on=entries)
        made["storageClasses"] = kubernetes.storage_classes(
            self._name, inputs.plain("storageClasses"), pulumi.ResourceOptions.merge(through, after_access)
        )
        if inputs.plain("useDefaultVpcCni") is not True:
            options = inputs.plain("vpcCniOptions") or {}
            made["vpcCni"] = VpcCniAddon(f"{self._name}-vpc-cni", self._target, options, after_access)
        coredns = inputs.plain("corednsAddonOptions")
        if addons.wants_coredns(coredns):
            addons.core_addon(self._name, "coredns", self._target, coredns, self._children)
        return made

    def _oidc_provider(self) -> aws.iam.OpenIdConnectProvider | None:
        if not self._inputs.plain("createOidcProvider"):
            return None
        return aws.iam.OpenIdConnectProvider(
            f"{self._name}-oidcProvider",
            client_id_lists=["sts.amazonaws.com"],
            url=self._cluster.identities[0].oidcs[0].issuer,
            thumbprint_lists=[THUMBPRINT],
            opts=self._children,
        )

    def _node_groups(self, cluster_group: Any) -> Groups:
        """The nodes' group exists even without default nodes; only skipDefaultSecurityGroups stops it."""
        if cluster_group is None or self._inputs.plain("skipDefaultSecurityGroups"):
            return Groups(cluster=cluster_group)
        inputs = {"vpcId": self._vpc_id, "tags": merged(self._inputs.get("nodeSecurityGroupTags"), self._tags)}
        nodes, ingress = security_groups.node_group(
            self._name, (self._cluster.name, cluster_group), inputs, self._children
        )
        return Groups(cluster_group, nodes, ingress)

    def _state(self, inside: Mapping[str, Any]) -> dict[str, Any]:
        groups, cluster = self._groups, self._cluster
        eks_group = cluster.vpc_config.cluster_security_group_id
        issuer = cluster.identities[0].oidcs[0].issuer
        resources = {
            "clusterSecurityGroup": groups.cluster,
            "nodeSecurityGroup": groups.nodes,
            "eksClusterIngressRule": groups.ingress,
        }
        return {
            **{name: resource for name, resource in resources.items() if resource is not None},
            "kubeconfig": self._kubeconfigs[0],
            "kubeconfigJson": self._kubeconfigs[0].apply(json.dumps),
            "eksCluster": cluster,
            "clusterSecurityGroupId": eks_group if groups.cluster is None else groups.cluster.id,
            "nodeSecurityGroupId": eks_group if groups.nodes is None else groups.nodes.id,
            "clusterIngressRuleId": "" if groups.ingress is None else groups.ingress.security_group_rule_id,
            "instanceRoles": [],
            "defaultNodeGroupAsgName": "",
            "fargateProfileId": "",
            "fargateProfileStatus": "",
            "oidcProviderArn": "" if self._oidc is None else self._oidc.arn,
            "oidcProviderUrl": issuer,
            "oidcIssuer": issuer.apply(lambda url: url.removeprefix("https://")),
            "autoModeNodeRoleName": "",
            "core": self._core(inside),
        }

    def _core(self, inside: Mapping[str, Any]) -> dict[str, Any]:
        groups, inputs = self._groups, self._inputs
        key = inputs.get("encryptionConfigKeyArn")
        options = {"nodeSecurityGroup": groups.nodes, "clusterIngressRule": groups.ingress}
        core = {
            "cluster": self._cluster,
            "vpcId": self._vpc_id,
            "subnetIds": self._subnets,
            "publicSubnetIds": inputs.get("publicSubnetIds"),
            "privateSubnetIds": inputs.get("privateSubnetIds"),
            "endpoint": self._endpoint,
            "clusterSecurityGroup": groups.cluster,
            "provider": self._provider,
            "instanceRoles": [],
            "nodeGroupOptions": {name: value for name, value in options.items() if value is not None},
            "eksNodeAccess": inside.get("eksNodeAccess"),
            "kubeconfig": self._kubeconfigs[0],
            "vpcCni": inside.get("vpcCni"),
            "tags": inputs.get("tags"),
            "nodeSecurityGroupTags": inputs.get("nodeSecurityGroupTags"),
            "storageClasses": inside["storageClasses"],
            "oidcProvider": self._oidc,
            "encryptionConfig": None if key is None else {"provider": {"keyArn": key}, "resources": ["secrets"]},
            "clusterIamRole": self._role,
            "accessEntries": list((inputs.plain("accessEntries") or {}).values()),
            "autoModeNodeRoleName": "",
        }
        return {name: value for name, value in core.items() if value is not None}


def merged(*maps: Any) -> Any:
    """Maps of tags as one, later ones winning; an Output where any of them is one."""
    present = [part for part in maps if part]
    if any(isinstance(part, pulumi.Output) for part in present):
        return pulumi.Output.all(*present).apply(lambda parts: {k: v for part in parts for k, v in part.items()})
    return {key: value for part in present for key, value in part.items()}


def default_credentials() -> dict[str, str]:
    """AWS_PROFILE, else the stack's aws:profile; pulumi-eks hands it to the Kubernetes provider only."""
    profile = os.environ.get("AWS_PROFILE") or pulumi.Config("aws").get("profile")
    return {"profileName": profile} if profile else {}


async def answering(values: list[Any]) -> str:
    """The endpoint, once `/readyz` answers; like pulumi-eks it waits for a public endpoint only and not in previews."""
    endpoint, public = values
    if pulumi.runtime.is_dry_run() or not public:
        return endpoint
    for _ in range(READY_TRIES):
        if await asyncio.to_thread(answers, f"{endpoint}/readyz"):
            return endpoint
        await asyncio.sleep(READY_PAUSE)
    pulumi.log.warn(f"{endpoint} does not answer; what needs the Kubernetes API will fail")
    return endpoint


def answers(url: str) -> bool:
    """Whether an API server that is ready is there; it may well refuse the anonymous question."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the question carries nothing secret
    try:
        with urllib.request.urlopen(url, timeout=1, context=context):  # noqa: S310 - the URL is EKS's own answer
            return True
    except urllib.error.HTTPError as error:
        return error.code < HTTPStatus.INTERNAL_SERVER_ERROR
    except OSError:
        return False
