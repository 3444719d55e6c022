"""EKS clusters. The API records; the twin's cluster room starts and stops the control plane that is recorded here."""

import secrets
from collections.abc import Mapping
from typing import Any

from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from eks_twin.aws.calls import Call
from eks_twin.aws.eks import access, vpc
from eks_twin.aws.eks.store import (
    STORE,
    Cluster,
    Record,
    active_cluster_of,
    arn,
    check_trust,
    cluster_of,
    in_use,
    invalid_parameter,
    invalid_request,
    now,
    page,
    refuse_others,
    start_update,
)
from eks_twin.aws.eks.versions import DEFAULT, VERSIONS, supported
from eks_twin.aws.principals import ACCOUNT

CREATE_MODELLED = frozenset(
    {
        "accessConfig", "bootstrapSelfManagedAddons", "computeConfig", "deletionProtection", "encryptionConfig",
        "kubernetesNetworkConfig", "logging", "name", "resourcesVpcConfig", "roleArn", "storageConfig", "tags",
        "upgradePolicy", "version", "zonalShiftConfig",
    }
)  # fmt: skip
UPDATE_MODELLED = frozenset(
    {"accessConfig", "deletionProtection", "logging", "name", "resourcesVpcConfig", "upgradePolicy"}
)
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def create_cluster(call: Call) -> dict[str, Any]:
    """Record a cluster in CREATING with what EKS makes around it."""
    refuse_others(call, CREATE_MODELLED)
    name = call.parameters["name"]
    if name in STORE.clusters:
        raise in_use(f"Cluster already exists with name: {name}")
    check_trust("roleArn", call.parameters["roleArn"], "eks.amazonaws.com")
    _refuse_auto_mode(call)
    cluster = Cluster(_record(call), creator_arn=call.principal.identity_arn)
    subnets = vpc.subnets_of(call.region, cluster.record["resourcesVpcConfig"]["subnetIds"])
    _complete_network(call, cluster.record, subnets[0].vpc_id)
    vpc.furnish(cluster, call.region, subnets)
    STORE.clusters[name] = cluster
    _ensure_log_group(cluster, call.region)
    if cluster.record["accessConfig"]["bootstrapClusterCreatorAdminPermissions"]:
        access.grant_creator(cluster, call)
    return {"cluster": cluster.record}


def _record(call: Call) -> Record:
    version = supported(call.get("version", DEFAULT))
    config = call.parameters["resourcesVpcConfig"]
    issuer = f"https://oidc.eks.{call.region}.amazonaws.com/id/{secrets.token_hex(16).upper()}"
    return {
        "name": call.parameters["name"],
        "arn": arn(call, "cluster", call.parameters["name"]),
        "createdAt": now(),
        "version": version,
        "roleArn": call.parameters["roleArn"],
        "status": "CREATING",
        "platformVersion": VERSIONS[version].platform,
        "identity": {"oidc": {"issuer": issuer}},
        "health": {"issues": []},
        "tags": dict(call.get("tags", {})),
        "logging": _logging(None, call.get("logging", {})),
        "encryptionConfig": _encryption(call),
        "deletionProtection": call.get("deletionProtection", False),
        "upgradePolicy": {"supportType": "EXTENDED", **call.get("upgradePolicy", {})},
        "accessConfig": {
            "authenticationMode": "CONFIG_MAP",
            "bootstrapClusterCreatorAdminPermissions": True,
            **call.get("accessConfig", {}),
        },
        "bootstrapSelfManagedAddons": call.get("bootstrapSelfManagedAddons", True),
        "resourcesVpcConfig": {
            "subnetIds": list(config.get("subnetIds") or ()),
            "securityGroupIds": list(config.get("securityGroupIds") or ()),
            "endpointPublicAccess": config.get("endpointPublicAccess", True),
            "endpointPrivateAccess": config.get("endpointPrivateAccess", False),
            "publicAccessCidrs": list(config.get("publicAccessCidrs") or ["0.0.0.0/0"]),
        },
    }


def _complete_network(call: Call, record: Record, vpc_id: str) -> None:
    config, network = record["resourcesVpcConfig"], call.get("kubernetesNetworkConfig", {})
    vpc.check_endpoint(config)
    vpc.check_security_groups(call.region, vpc_id, config["securityGroupIds"])
    if network.get("ipFamily", "ipv4") != "ipv4":
        raise invalid_parameter("the twin does not model kubernetesNetworkConfig.ipFamily ipv6; use ipv4")
    cidr = network.get("serviceIpv4Cidr") or vpc.free_service_range(call.region, vpc_id)
    vpc.check_service_range(call.region, vpc_id, cidr)
    config["vpcId"] = vpc_id
    balancing = {"enabled": False}
    record["kubernetesNetworkConfig"] = {"serviceIpv4Cidr": cidr, "ipFamily": "ipv4", "elasticLoadBalancing": balancing}


def _refuse_auto_mode(call: Call) -> None:
    """EKS Auto Mode and zonal shift change what runs; the twin accepts only their being off."""
    wanted = {
        "computeConfig.enabled": call.get("computeConfig", {}).get("enabled"),
        "storageConfig.blockStorage.enabled": call.get("storageConfig", {}).get("blockStorage", {}).get("enabled"),
        "zonalShiftConfig.enabled": call.get("zonalShiftConfig", {}).get("enabled"),
        "kubernetesNetworkConfig.elasticLoadBalancing.enabled": call.get("kubernetesNetworkConfig", {})
        .get("elasticLoadBalancing", {})
        .get("enabled"),
    }
    on = [path for path, enabled in wanted.items() if enabled]
    if on:
        raise invalid_parameter(f"the twin does not model {', '.join(on)} = true; leave it out or set it to false")


def _encryption(call: Call) -> list[Record]:
    keys = kms_backends[ACCOUNT][call.region]
    for entry in call.get("encryptionConfig", []):
        if entry.get("resources") != ["secrets"]:
            raise invalid_parameter(f"encryptionConfig.resources must be ['secrets'], not {entry.get('resources')}")
        key_arn = entry.get("provider", {}).get("keyArn", "")
        key = keys.keys.get(key_arn.rpartition("/")[2])
        if key is None or key.key_state != "Enabled":
            raise invalid_parameter(f"encryptionConfig.provider.keyArn: there is no enabled KMS key {key_arn}")
    return [dict(entry) for entry in call.get("encryptionConfig", [])]


def _logging(before: Mapping[str, Any] | None, asked: Mapping[str, Any]) -> Record:
    """Merge the asked types into those on before; the answer lists enabled and disabled types, as EKS does."""
    groups = before["clusterLogging"] if before else []
    on = {kind for group in groups if group["enabled"] for kind in group["types"]}
    for setup in asked.get("clusterLogging") or ():
        kinds = set(setup.get("types") or ())
        on = on | kinds if setup.get("enabled") else on - kinds
    wanted = [kind for kind in LOG_TYPES if kind in on]
    others = [kind for kind in LOG_TYPES if kind not in on]
    listed = [{"types": wanted, "enabled": True}, {"types": others, "enabled": False}]
    return {"clusterLogging": [group for group in listed if group["types"]]}


def _ensure_log_group(cluster: Cluster, region: str) -> None:
    """Create the log group that EKS writes to, unless the user made it before or no log type is on."""
    group, backend = f"/aws/eks/{cluster.name}/cluster", logs_backends[ACCOUNT][region]
    on = any(setup["enabled"] for setup in cluster.record["logging"]["clusterLogging"])
    if on and group not in backend.groups:
        backend.create_log_group(group, {})


def describe_cluster(call: Call) -> dict[str, Any]:
    """Answer DescribeCluster."""
    return {"cluster": cluster_of(call).record}


def list_clusters(call: Call) -> dict[str, Any]:
    """Answer ListClusters."""
    return page(call, "clusters", sorted(STORE.clusters))


def delete_cluster(call: Call) -> dict[str, Any]:
    """Put a cluster into DELETING; it is gone once its control plane stopped."""
    cluster = cluster_of(call)
    if cluster.record["deletionProtection"]:
        raise invalid_request(f"Cluster {cluster.name} has deletion protection enabled; disable it first")
    if cluster.nodegroups:
        raise in_use(f"Cluster has nodegroups attached: {', '.join(cluster.nodegroups)}")
    if cluster.fargate_profiles:
        raise in_use(f"Cluster has Fargate profiles attached: {', '.join(cluster.fargate_profiles)}")
    cluster.record["status"] = "DELETING"
    return {"cluster": cluster.record}


def update_cluster_config(call: Call) -> dict[str, Any]:
    """Apply one kind of change, as EKS allows one per call."""
    refuse_others(call, UPDATE_MODELLED)
    cluster = active_cluster_of(call)
    kinds = [kind for kind in (*_CHANGES, *_SET) if call.get(kind) is not None]
    if len(kinds) != 1:
        raise invalid_parameter(f"exactly one type of update is allowed per call, got {kinds}")
    [kind] = kinds
    if kind in _SET:
        cluster.record[kind] = call.parameters[kind]
    update_type = _SET.get(kind) or _CHANGES[kind](cluster, call)
    _ensure_log_group(cluster, call.region)
    return {"update": start_update(cluster, update_type, {kind: call.parameters[kind]})}


def _change_vpc(cluster: Cluster, call: Call) -> str:
    asked = call.parameters["resourcesVpcConfig"]
    config = {**cluster.record["resourcesVpcConfig"], **{k: v for k, v in asked.items() if v is not None}}
    vpc.check_endpoint(config)
    if "subnetIds" in asked:
        subnets = vpc.subnets_of(call.region, config["subnetIds"])
        if subnets[0].vpc_id != config["vpcId"]:
            raise invalid_parameter(f"subnets must be in the cluster's VPC {config['vpcId']}")
    vpc.check_security_groups(call.region, config["vpcId"], config["securityGroupIds"])
    cluster.record["resourcesVpcConfig"] = config
    return "VpcConfigUpdate" if {"subnetIds", "securityGroupIds"} & set(asked) else "EndpointAccessUpdate"


def _change_logging(cluster: Cluster, call: Call) -> str:
    merged = _logging(cluster.record["logging"], call.parameters["logging"])
    if merged == cluster.record["logging"]:
        raise invalid_parameter("No changes needed for the logging config provided")
    cluster.record["logging"] = merged
    return "LoggingUpdate"


def _change_access(cluster: Cluster, call: Call) -> str:
    order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
    before = cluster.record["accessConfig"]["authenticationMode"]
    after = call.parameters["accessConfig"].get("authenticationMode", before)
    if order.index(after) < order.index(before):
        raise invalid_parameter(f"Unsupported authentication mode update from {before} to {after}")
    cluster.record["accessConfig"]["authenticationMode"] = after
    return "AccessConfigUpdate"


_CHANGES = {
    "resourcesVpcConfig": _change_vpc,
    "logging": _change_logging,
    "accessConfig": _change_access,
}
_SET = {"upgradePolicy": "UpgradePolicyUpdate", "deletionProtection": "DeletionProtectionUpdate"}
"""Changes that only set a member of the record → type of the update."""


def update_cluster_version(call: Call) -> dict[str, Any]:
    """Move the control plane one minor up; UPDATING until the cluster room reports the new one."""
    refuse_others(call, frozenset({"name", "version", "force"}))
    cluster, version = active_cluster_of(call), supported(call.parameters["version"])
    known = list(VERSIONS)
    if known.index(version) - known.index(cluster.record["version"]) != 1:
        raise invalid_parameter(
            f"Unsupported Kubernetes minor version update from {cluster.record['version']} to {version}"
        )
    cluster.record |= {"version": version, "platformVersion": VERSIONS[version].platform, "status": "UPDATING"}
    asked = {"Version": version, "PlatformVersion": VERSIONS[version].platform}
    return {"update": start_update(cluster, "VersionUpdate", asked, "InProgress")}


HANDLERS = {
    "CreateCluster": create_cluster,
    "DescribeCluster": describe_cluster,
    "ListClusters": list_clusters,
    "DeleteCluster": delete_cluster,
    "UpdateClusterConfig": update_cluster_config,
    "UpdateClusterVersion": update_cluster_version,
}
