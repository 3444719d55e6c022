"""The add-ons that a Cluster installs itself, and what a VpcCniAddon sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from eks_twin.plugins.checking import scalar

from .inputs import refuse

CNI_ENV: Final[Mapping[str, str]] = {
    # pulumi-eks's defaults (nodejs/eks/addons/cni-addon.ts)
    "WARM_ENI_TARGET": "1",
    "AWS_VPC_K8S_CNI_LOGLEVEL": "DEBUG",
    "AWS_VPC_K8S_CNI_LOG_FILE": "/host/var/log/aws-routed-eni/ipamd.log",
    "AWS_VPC_K8S_CNI_VETHPREFIX": "eni",
    "AWS_VPC_ENI_MTU": "9001",
    "AWS_VPC_K8S_PLUGIN_LOG_LEVEL": "DEBUG",
    "AWS_VPC_K8S_PLUGIN_LOG_FILE": "/var/log/aws-routed-eni/plugin.log",
    "ENABLE_POD_ENI": "false",
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "false",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
}
CNI_OPTIONS: Final[Mapping[str, str]] = {
    # option → variable of aws-node
    "cniConfigureRpfilter": "AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER",
    "cniCustomNetworkCfg": "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
    "cniExternalSnat": "AWS_VPC_K8S_CNI_EXTERNALSNAT",
    "enablePodEni": "ENABLE_POD_ENI",
    "enablePrefixDelegation": "ENABLE_PREFIX_DELEGATION",
    "eniConfigLabelDef": "ENI_CONFIG_LABEL_DEF",
    "eniMtu": "AWS_VPC_ENI_MTU",
    "externalSnat": "AWS_VPC_K8S_CNI_EXTERNALSNAT",
    "logFile": "AWS_VPC_K8S_CNI_LOG_FILE",
    "logLevel": "AWS_VPC_K8S_CNI_LOGLEVEL",
    "nodePortSupport": "AWS_VPC_CNI_NODE_PORT_SUPPORT",
    "vethPrefix": "AWS_VPC_K8S_CNI_VETHPREFIX",
    "warmEniTarget": "WARM_ENI_TARGET",
    "warmIpTarget": "WARM_IP_TARGET",
    "warmPrefixTarget": "WARM_PREFIX_TARGET",
}


def sorted_json(value: Any) -> pulumi.Output[str]:
    """`value` as JSON with sorted keys at every level, which keeps the diff stable."""
    return pulumi.Output.json_dumps(value, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Target:
    """The cluster that add-ons go to, and what they share."""

    name: pulumi.Input[str]
    version: pulumi.Input[str]
    tags: Any


def version_of(addon: str, given: Any, target: Target, parent: pulumi.Resource) -> Any:
    """The version that the program gave, else the newest for the cluster's version."""
    if given is not None:
        return given
    answer = aws.eks.get_addon_version_output(
        addon_name=addon,
        kubernetes_version=target.version,
        most_recent=True,
        opts=pulumi.InvokeOptions(parent=parent),
    )
    return answer.version


def _addon(
    names: tuple[str, str], target: Target, options: Mapping[str, Any], opts: pulumi.ResourceOptions, **more: Any
) -> None:
    """An add-on of a Cluster; `names` are the resource's and EKS's."""
    aws.eks.Addon(
        names[0],
        cluster_name=target.name,
        addon_name=names[1],
        preserve=True,
        resolve_conflicts_on_create=options.get("resolveConflictsOnCreate", "OVERWRITE"),
        resolve_conflicts_on_update=options.get("resolveConflictsOnUpdate", "OVERWRITE"),
        tags=target.tags,
        opts=opts,
        **more,
    )


def core_addon(name: str, addon: str, target: Target, options: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
    """kube-proxy or CoreDNS, named `<name>-<addon>`."""
    parent = opts.parent
    if parent is None:
        raise ValueError(f"{addon}: an add-on of a Cluster has the Cluster as its parent")
    values = options.get("configurationValues")
    _addon(
        (f"{name}-{addon}", addon),
        target,
        options,
        opts,
        addon_version=version_of(addon, options.get("version"), target, parent),
        configuration_values=sorted_json(values) if values else None,
    )


def wants_coredns(options: Mapping[str, Any] | None) -> bool:
    """Without default nodes CoreDNS comes only when asked for; the SDK's options say enabled unless told otherwise."""
    return options is not None and (options.get("enabled") is True or bool(options.get("configurationValues")))


def cni_configuration(options: Mapping[str, Any]) -> dict[str, Any]:
    """The VPC CNI's configuration values; what the program wrote in configurationValues wins."""
    env = {**CNI_ENV}
    if options.get("customNetworkConfig") is not None and "cniCustomNetworkCfg" not in options:
        env["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] = "false"  # as in pulumi-eks, where the later assignment wins
    given_options = {name: variable for name, variable in CNI_OPTIONS.items() if options.get(name) is not None}
    env.update({variable: scalar(options[name], name, "string") for name, variable in given_options.items()})
    early_demux = scalar(options.get("disableTcpEarlyDemux") or False, "disableTcpEarlyDemux", "string")
    given = dict(options.get("configurationValues") or {})
    init = {**(given.get("init") or {})}
    result = {
        **given,
        "env": {**env, **(given.get("env") or {})},
        "init": {**init, "env": {"DISABLE_TCP_EARLY_DEMUX": early_demux, **(init.get("env") or {})}},
    }
    if options.get("enableNetworkPolicy") is not None:
        result["enableNetworkPolicy"] = scalar(options["enableNetworkPolicy"], "enableNetworkPolicy", "string")
    return result


class VpcCniAddon(pulumi.ComponentResource):
    """`eks:index:VpcCniAddon`: the VPC CNI as an EKS add-on."""

    def __init__(self, name: str, target: Target, options: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("eks:index:VpcCniAddon", name, None, opts)
        if "cniExternalSnat" in options and "externalSnat" in options:
            reason = "Please specify one of `cniExternalSnat` or `externalSnat` in your VpcCniOptions"
            raise refuse("eks:index:VpcCniAddon", ("cniExternalSnat", reason))
        if options.get("securityContextPrivileged"):
            reason = "patches of the aws-node DaemonSet are not modelled by the twin"
            raise refuse("eks:index:VpcCniAddon", ("securityContextPrivileged", reason))
        resolved = pulumi.Output.from_input(dict(options))
        _addon(
            (name, "vpc-cni"),
            target,
            options,
            pulumi.ResourceOptions(parent=self),
            addon_version=version_of("vpc-cni", options.get("addonVersion"), target, self),
            service_account_role_arn=options.get("serviceAccountRoleArn"),
            configuration_values=sorted_json(resolved.apply(cni_configuration)),
        )
        self.register_outputs({})
