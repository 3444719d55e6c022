"""aws:eks Cluster, and what its node groups and add-ons share with it: health issues and updates that take a while."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Call, Custom, Kind, Read, Ready, call
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.aws.shapes import to_aws
from eks_twin.plugins.base import PluginError

LOG_TYPES: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def health(found: Mapping[str, Any]) -> str:
    """AWS's explanation of a failure: its health issues, each with code, text and what it is about."""
    issues = found.get("health", {}).get("issues", ())
    return "; ".join(
        f"{issue.get('code')}: {issue.get('message')}"
        + (f" ({', '.join(issue['resourceIds'])})" if issue.get("resourceIds") else "")
        for issue in issues
    )


def finished(scope: Scope, answer: Mapping[str, Any], **owner: str) -> None:
    """Wait for an EKS update; a failed one is an error with EKS's reasons."""
    update = answer["update"]

    def probe() -> bool:
        found = scope.call("describe_update", updateId=update["id"], **owner)["update"]
        if found["status"] in ("Failed", "Cancelled"):
            reasons = "; ".join(f"{e.get('errorCode')}: {e.get('errorMessage')}" for e in found.get("errors", ()))
            raise PluginError(f"updating {scope.label}: {update['type']} {found['status']}. {reasons}")
        return found["status"] == "Successful"

    scope.progress(f"{update['type']} in progress")
    scope.wait(probe, f"to finish {update['type']}")


def logging(types: list[str]) -> dict[str, Any]:
    """EKS's form of the enabled log types: every other one is switched off explicitly."""
    off = [name for name in LOG_TYPES if name not in types]
    entries = [{"types": names, "enabled": on} for names, on in ((types, True), (off, False)) if names]
    return {"clusterLogging": entries}


def _create_cluster(scope: Scope) -> Any:
    types = scope.values.get("enabledClusterLogTypes")
    logs = None if types is None else logging(types)
    return scope.call("create_cluster", **_CREATE.parameters(scope), **scope.tagging, logging=logs)


_CREATE: Final = call(
    "create_cluster",
    "name roleArn version vpcConfig kubernetesNetworkConfig accessConfig encryptionConfig bootstrapSelfManagedAddons "
    "upgradePolicy deletionProtection",
)


def _config(same: str, build: Callable[[Scope], dict[str, Any]]) -> Custom:
    """A step that sends one part of the configuration and waits; EKS takes one part per call."""

    def run(scope: Scope) -> None:
        for part in _parts(build(scope)):
            answer = scope.call("update_cluster_config", name=scope.id, **part)
            finished(scope, answer, name=scope.id)

    return Custom(run, same)


def _parts(change: dict[str, Any]) -> list[dict[str, Any]]:
    """EKS refuses a call that changes the endpoint's access and the subnets or groups at once."""
    vpc = change.get("resourcesVpcConfig")
    if vpc is None:
        return [change]
    access = {key: value for key, value in vpc.items() if key.endswith(("Access", "Cidrs"))}
    places = {key: value for key, value in vpc.items() if key not in access}
    return [{"resourcesVpcConfig": part} for part in (access, places) if part]


def _changed_vpc(scope: Scope) -> dict[str, Any]:
    old, new = scope.old.get("vpcConfig", {}), scope.values["vpcConfig"]
    keys = ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs", "subnetIds", "securityGroupIds")
    changed = {key: new[key] for key in keys if new.get(key) is not None and new[key] != old.get(key)}
    return {"resourcesVpcConfig": changed}


def _part(name: str, absent: Any = None) -> Custom:
    """A step that sends the property `name`, or `absent` without it, and never what EKS takes at creation only."""

    def build(scope: Scope) -> dict[str, Any]:
        shape = scope.client().meta.service_model.operation_model("UpdateClusterConfig").input_shape
        value = scope.values.get(name, absent)
        if isinstance(value, Mapping):
            value = {key: item for key, item in value.items() if key != "bootstrapClusterCreatorAdminPermissions"}
        return to_aws({name: value}, shape, scope.facts.inputs)

    return _config(name, build)


def _update(operation: str, same: str, **owner: str) -> Custom:
    """A step of one call that starts an update, which it waits for."""
    step = Call(operation, tuple(same.split()), owner)

    def run(scope: Scope) -> None:
        finished(scope, step.run(scope), name=scope.id)

    return Custom(run, same)


def described(found: Mapping[str, Any]) -> dict[str, Any]:
    """Nested answers that Pulumi spells with lists."""
    issuer = found.get("identity", {}).get("oidc", {}).get("issuer")
    entries = found.get("logging", {}).get("clusterLogging", ())
    return {
        "identities": [{"oidcs": [{"issuer": issuer}]}] if issuer else None,
        "enabledClusterLogTypes": [name for entry in entries if entry["enabled"] for name in entry["types"]],
    }


def _cluster(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """EKS does not repeat whether it made the cluster's creator an administrator."""
    result = described(found)
    access, given = found.get("accessConfig"), scope.values.get("accessConfig") or {}
    if access and (admin := given.get("bootstrapClusterCreatorAdminPermissions")) is not None:
        result["accessConfig"] = {"bootstrapClusterCreatorAdminPermissions": admin, **access}
    return result


CLUSTER: Final = Kind(
    type="aws:eks/cluster:Cluster",
    noun="EKS Cluster",
    service="eks",
    create=Custom(_create_cluster, " ".join([*_CREATE.same, "enabledClusterLogTypes"])),
    id="{name}",
    read=Read(call("describe_cluster", name="$id"), "cluster", _cluster),
    ready=Ready("status", ("ACTIVE",), ("FAILED", "DELETING", "gone"), health, 1800),
    changes=(
        _config("vpcConfig", _changed_vpc),
        _config(
            "enabledClusterLogTypes",
            lambda scope: {"logging": logging(scope.values.get("enabledClusterLogTypes") or [])},
        ),
        _part("accessConfig"),
        _part("upgradePolicy"),
        _part("deletionProtection", absent=False),
        _update("associate_encryption_config", "encryptionConfig", clusterName="$id"),
        _update("update_cluster_version", "version", name="$id"),
    ),
    delete=call("delete_cluster", name="$id"),
    gone_after_delete=True,
    tags=tags.of("resource", "tags", resourceArn="$arn"),
    replaces={"encryptionConfig": lambda _, new: new is None},
)

KINDS: Final = (CLUSTER,)
