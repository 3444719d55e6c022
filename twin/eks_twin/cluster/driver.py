"""One EKS cluster from CREATING to gone."""

import base64
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eks_twin.cluster import bootstrap
from eks_twin.cluster.addons import Addons
from eks_twin.cluster.aws import AwsProcess
from eks_twin.cluster.control_plane import ControlPlane, Plan, available_minor, server_version
from eks_twin.cluster.nodegroups import NodeGroups
from eks_twin.kube import Kube
from eks_twin.nodes.agent import NodeAgent
from eks_twin.nodes.machine import Instance
from eks_twin.nodes.pods import Room
from eks_twin.nodes.settings import Settings
from eks_twin.processes import Processes

Cluster = Mapping[str, Any]


class Running:
    """What works inside a cluster whose API server serves."""

    def __init__(self, cluster: Cluster, room: Room, aws: AwsProcess, log: logging.Logger) -> None:
        bootstrap.install(room.kube)
        version = f"{server_version(room.kube)}-eks-twin"
        region = cluster["region"]
        self.agent = NodeAgent(room, version, lambda kind: aws.hardware(kind, region), log.warning)
        self.addons = Addons(cluster["name"], aws, room.kube, room.settings)
        self.groups = NodeGroups(cluster["name"], aws, room.kube, self.agent, room.settings)
        self._kube = room.kube
        self._bound: list[dict[str, Any]] = []

    def tick(self, cluster: Cluster, instances: Sequence[Instance]) -> None:
        """One step of everything."""
        self.agent.tick(cluster, instances)
        self.groups.tick(cluster["nodegroups"])
        self.addons.tick(cluster)
        self._bind(cluster)

    def _bind(self, cluster: Cluster) -> None:
        """Keep the RoleBindings of namespace-scoped access policies."""
        entries = cluster["accessEntries"]
        scoped = any(p["accessScope"]["type"] == "namespace" for e in entries for p in e["policies"])
        if not scoped and not self._bound:
            return
        namespaces = [n["metadata"]["name"] for n in self._kube.list("v1", "Namespace")]
        wanted = bootstrap.scoped_bindings(entries, namespaces)
        for gone in [old for old in self._bound if old not in wanted and old["metadata"]["namespace"] in namespaces]:
            self._kube.delete(gone)
        for new in [new for new in wanted if new not in self._bound]:
            self._kube.apply(new, bootstrap.MANAGER, force=True)
        self._bound = wanted


class ClusterDriver:
    """Drives one cluster; `tick` never waits."""

    def __init__(self, name: str, aws: AwsProcess, directory: Path, processes: Processes, settings: Settings) -> None:
        self._name = name
        self._aws = aws
        self._directory = directory
        self._processes = processes
        self._settings = settings
        self._plane: ControlPlane | None = None
        self._running: Running | None = None
        self._log = _logger(name, directory)

    def tick(self, cluster: Cluster, instances: Sequence[Instance]) -> None:
        """Bring the cluster one step closer to what AWS says of it."""
        if cluster["status"] == "DELETING":
            self.close()
            self._aws.drop(self._name)
        elif cluster["status"] == "FAILED":
            self.close()
        elif self._plane is None:
            self._begin(cluster)
        elif self._running is None:
            self._complete(cluster, self._plane)
        else:
            for revived in self._plane.revive():
                self._log.warning("%s had ended and was started again", revived)
            if cluster["status"] == "UPDATING":
                self._refuse_version(cluster)
            else:
                self._running.tick(cluster, instances)

    def close(self) -> None:
        """End everything of this cluster."""
        if self._running is not None:
            self._running.agent.close()
            self._running = None
        if self._plane is not None:
            self._plane.stop()
            self._plane = None

    def record(self, error: Exception) -> None:
        """Write an unexpected error to the cluster's log."""
        self._log.error("%s: %s", type(error).__name__, error, exc_info=error)

    def _refuse_version(self, cluster: Cluster) -> bool:
        """Report FAILED when the twin has no control plane of this version."""
        available = available_minor(self._settings.tools("kube-apiserver"))
        if available == cluster["version"]:
            return False
        message = f"the twin has no control plane of version {cluster['version']}; it has {available}"
        issue = {"code": "ConfigurationConflict", "message": message, "resourceIds": [self._name]}
        self._log.warning(message)
        self._aws.report(self._name, {"status": "FAILED", "health": {"issues": [issue]}})
        return True

    def _begin(self, cluster: Cluster) -> None:
        if self._refuse_version(cluster):
            return
        review = f"{self._aws.url}/_twin/clusters/{self._name}/tokenreview"
        plan = Plan(self._name, cluster["serviceIpv4Cidr"], cluster["oidcIssuer"], review)
        self._plane = ControlPlane(plan, self._directory, self._processes, self._settings.tools)
        self._plane.start()

    def _complete(self, cluster: Cluster, plane: ControlPlane) -> None:
        if not plane.ready():
            plane.revive()
            return
        kube = plane.client()
        self._running = Running(cluster, self._room(cluster, plane, kube), self._aws, self._log)
        self._aws.report(
            self._name,
            {
                "status": "ACTIVE",
                "endpoint": plane.endpoint,
                "certificateAuthority": base64.b64encode(plane.ca_pem).decode(),
                "serviceAccountPublicKey": plane.service_account_public_key,
            },
        )

    def _room(self, cluster: Cluster, plane: ControlPlane, kube: Kube) -> Room:
        return Room(
            kube=kube,
            endpoint=plane.endpoint,
            ca=plane.ca_file,
            aws_url=self._aws.url,
            region=cluster["region"],
            directory=self._directory,
            processes=self._processes,
            settings=self._settings,
            associations=self._associations,
        )

    def _associations(self) -> dict[tuple[str, str], str]:
        """Pod Identity associations as they are now: a pod may follow its association by milliseconds."""
        found = [c for c in self._aws.state()["clusters"] if c["name"] == self._name]
        listed = found[0]["podIdentityAssociations"] if found else ()
        return {(item["namespace"], item["serviceAccount"]): item["roleArn"] for item in listed}


def _logger(name: str, directory: Path) -> logging.Logger:
    """Log of what went wrong with one cluster: `trouble.log` in its directory."""
    directory.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger(f"eks_twin.cluster.{name}")
    for old in list(log.handlers):
        log.removeHandler(old)
        old.close()
    handler = logging.FileHandler(directory / "trouble.log", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.propagate = False
    return log
