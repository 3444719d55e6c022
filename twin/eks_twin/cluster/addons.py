"""Puts EKS add-ons into a cluster, reports how they are, and takes them out again."""

import copy
import ipaddress
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.cluster.addon_table import ADDONS, DNS_PLACE, SELF_MANAGED
from eks_twin.cluster.addon_values import ValuesError, apply_values
from eks_twin.cluster.aws import AwsProcess
from eks_twin.cluster.bootstrap import MANAGER
from eks_twin.cluster.workloads import SYSTEM, manifests
from eks_twin.kube import Kube, KubeError
from eks_twin.nodes.identity import ROLE_ANNOTATION
from eks_twin.nodes.settings import Settings

Manifest = dict[str, Any]
LOOK_SECONDS: Final = 0.5
"""How often the workloads of an add-on on its way are looked at."""
STEADY_SECONDS: Final = 5
"""How often those of a settled one are."""
SELF_MANAGED_VERSION: Final = "self-managed"
"""Image tag of what bootstrapSelfManagedAddons installs; EKS takes the default version of each add-on."""
WAITING: Final = {"CREATING": "CREATE_FAILED", "UPDATING": "UPDATE_FAILED"}
"""Status of an add-on on its way → its status when it cannot be as asked."""
SETTLED: Final = frozenset({"ACTIVE", "DEGRADED"})


@dataclass
class Installed:
    """One add-on in the cluster."""

    asked: tuple[Any, ...]
    objects: list[Manifest]
    since: float
    looked: float = 0.0
    unready: Sequence[str] = field(default=())


class Addons:
    """The add-ons of one cluster."""

    def __init__(self, cluster: str, aws: AwsProcess, kube: Kube, settings: Settings) -> None:
        self._cluster = cluster
        self._aws = aws
        self._kube = kube
        self._settings = settings
        self._installed: dict[str, Installed] = {}
        self._bootstrapped = False

    def tick(self, cluster: Mapping[str, Any]) -> None:
        """Install, look after and remove, as the add-ons' statuses say."""
        if not self._bootstrapped:
            self._bootstrapped = True
            if cluster["bootstrapSelfManagedAddons"]:
                for name in SELF_MANAGED:
                    addon = {"name": name, "version": SELF_MANAGED_VERSION, "configurationValues": None}
                    self._apply(objects(cluster, addon))
        for addon in cluster["addons"]:
            if addon["status"] == "DELETING":
                self._remove(cluster, addon)
            elif addon["status"] in WAITING and self._outdated(addon):
                self._install(cluster, addon)
            elif addon["name"] in self._installed and addon["status"] in {*WAITING, *SETTLED}:
                self._look(addon)

    def _outdated(self, addon: Mapping[str, Any]) -> bool:
        installed = self._installed.get(addon["name"])
        return installed is None or installed.asked != _asked(addon)

    def _install(self, cluster: Mapping[str, Any], addon: Mapping[str, Any]) -> None:
        try:
            wanted = objects(cluster, addon)
        except ValuesError as error:
            issue = {"code": "ConfigurationConflict", "message": str(error), "resourceIds": []}
            self._report(addon, WAITING[addon["status"]], [issue])
            return
        self._apply(wanted)
        self._installed[addon["name"]] = Installed(_asked(addon), wanted, time.monotonic())

    def _apply(self, wanted: Sequence[Manifest]) -> None:
        for thing in wanted:
            self._kube.apply(thing, MANAGER, force=True)

    def _look(self, addon: Mapping[str, Any]) -> None:
        installed, now = self._installed[addon["name"]], time.monotonic()
        pause = STEADY_SECONDS if addon["status"] == "ACTIVE" else LOOK_SECONDS
        if now - installed.looked < pause:
            return
        installed.looked = now
        unready = [reason for thing in installed.objects if (reason := self._unready(thing))]
        if not unready:
            installed.since = now
            if addon["status"] != "ACTIVE":
                self._report(addon, "ACTIVE", [])
        elif now - installed.since > self._settings.addon_degraded_seconds and (
            addon["status"] != "DEGRADED" or unready != installed.unready
        ):
            issues = [{"code": "InsufficientNumberOfReplicas", "message": text, "resourceIds": []} for text in unready]
            self._report(addon, "DEGRADED", issues)
        installed.unready = unready

    def _unready(self, thing: Manifest) -> str:
        """Why a workload is not as it should be; empty for one that is, and for other objects."""
        kind, name = thing["kind"], thing["metadata"]["name"]
        if kind not in {"DaemonSet", "Deployment"}:
            return ""
        found = self._kube.find("apps/v1", kind, name, SYSTEM)
        if found is None:
            return f"{kind} {name} was deleted"
        status = found.get("status", {})
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            return f"{kind} {name} has not been looked at by its controller yet"
        wanted = status.get("desiredNumberScheduled", 0) if kind == "DaemonSet" else found["spec"]["replicas"]
        ready = status.get("numberReady", 0) if kind == "DaemonSet" else status.get("readyReplicas", 0)
        updated = status.get("updatedNumberScheduled" if kind == "DaemonSet" else "updatedReplicas", 0)
        if min(ready, updated) >= wanted:
            return ""
        return f"The add-on is unhealthy because {kind} {name} has {ready} of {wanted} replicas ready"

    def _remove(self, cluster: Mapping[str, Any], addon: Mapping[str, Any]) -> None:
        name = addon["name"]
        if not addon.get("preserve") and name in ADDONS:
            left = list(reversed(objects(cluster, {**addon, "configurationValues": None})))
            remaining = [thing for thing in left if self._delete(thing)]
            if remaining:
                return
        self._installed.pop(name, None)
        self._aws.drop_part(self._cluster, f"addons/{name}")

    def _delete(self, thing: Manifest) -> bool:
        """Delete `thing` with what it owns; whether it is still there."""
        try:
            self._kube.delete(thing, {"propagationPolicy": "Foreground"})
        except KubeError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _report(self, addon: Mapping[str, Any], status: str, issues: list[dict[str, Any]]) -> None:
        body = {"status": status, "health": {"issues": issues}}
        self._aws.report_part(self._cluster, f"addons/{addon['name']}", body)


def _asked(addon: Mapping[str, Any]) -> tuple[Any, ...]:
    return addon["version"], addon["configurationValues"], addon.get("serviceAccountRoleArn")


def objects(cluster: Mapping[str, Any], addon: Mapping[str, Any]) -> list[Manifest]:
    """What `addon` puts into `cluster`; ValuesError for an add-on or a value that the twin does not model."""
    name = addon["name"]
    if name not in ADDONS:
        raise ValuesError(f"the twin knows no objects of add-on {name}; it knows {', '.join(sorted(ADDONS))}")
    known = ADDONS[name]
    made = [m for w in known.workloads for m in manifests(w, cluster["region"], addon["version"])]
    made += [copy.deepcopy(dict(other)) for other in known.others]
    apply_values(known, name, made, addon["configurationValues"])
    role = addon.get("serviceAccountRoleArn")
    for thing in made:
        if thing["kind"] == "ServiceAccount" and role:
            thing["metadata"]["annotations"] = {ROLE_ANNOTATION: role}
        if (thing["kind"], thing["metadata"]["name"]) == ("Service", "kube-dns"):
            thing["spec"]["clusterIP"] = str(ipaddress.ip_network(cluster["serviceIpv4Cidr"])[DNS_PLACE])
    return made
