"""Managed node groups: ACTIVE once their nodes are Ready, drained before their instances end."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.cluster.aws import AwsProcess
from eks_twin.kube import Kube, KubeError
from eks_twin.nodes.agent import NodeAgent
from eks_twin.nodes.pods import Pod
from eks_twin.nodes.settings import Settings

WAITING: Final = frozenset({"CREATING", "UPDATING"})
RETRY_SECONDS: Final = 1
"""Pause before pods that a disruption budget protects are evicted again; kubectl drain waits 5 s."""


@dataclass
class Progress:
    """How far one node group is."""

    since: float
    cordoned: set[str] = field(default_factory=set)
    evicted: float = 0.0


class NodeGroups:
    """The node groups of one cluster."""

    def __init__(self, cluster: str, aws: AwsProcess, kube: Kube, agent: NodeAgent, settings: Settings) -> None:
        self._cluster = cluster
        self._aws = aws
        self._kube = kube
        self._agent = agent
        self._settings = settings
        self._progress: dict[tuple[str, str], Progress] = {}

    def tick(self, groups: list[Mapping[str, Any]]) -> None:
        """Report what became ready, failed or was drained."""
        now = time.monotonic()
        current = {(group["name"], group["status"]) for group in groups}
        self._progress = {key: value for key, value in self._progress.items() if key in current}
        for group in groups:
            progress = self._progress.setdefault((group["name"], group["status"]), Progress(now))
            if group["status"] in WAITING:
                self._await(group, now - progress.since)
            elif group["status"] == "DELETING" and self._drained(group, progress, now):
                self._aws.drop_part(self._cluster, f"nodegroups/{group['name']}")

    def _await(self, group: Mapping[str, Any], waited: float) -> None:
        unready = [instance for instance in group["instanceIds"] if not self._agent.ready(instance)]
        if not unready:
            self._report(group, "ACTIVE", [])
        elif waited > self._settings.join_seconds:
            status = "CREATE_FAILED" if group["status"] == "CREATING" else "DEGRADED"
            self._report(group, status, [self._issue(unready)])

    def _issue(self, unready: list[str]) -> dict[str, Any]:
        reasons = {reason for instance in unready if (reason := self._agent.refusal(instance))}
        if any(self._agent.node_name(instance) for instance in unready):
            message = "Unhealthy nodes in the kubernetes cluster: their pod network is not ready; is vpc-cni installed?"
        else:
            message = "Instances failed to join the kubernetes cluster"
        return {
            "code": "NodeCreationFailure",
            "message": "; ".join([message, *sorted(reasons)]),
            "resourceIds": unready,
        }

    def _report(self, group: Mapping[str, Any], status: str, issues: list[dict[str, Any]]) -> None:
        body = {"status": status, "health": {"issues": issues}}
        self._aws.report_part(self._cluster, f"nodegroups/{group['name']}", body)

    def _drained(self, group: Mapping[str, Any], progress: Progress, now: float) -> bool:
        """Cordon, then evict until only DaemonSet pods are left, or the time for it is over."""
        names = [name for instance in group["instanceIds"] if (name := self._agent.node_name(instance))]
        for name in set(names) - progress.cordoned:
            self._cordon(name)
            progress.cordoned.add(name)
        left = [pod for name in names for pod in self._agent.pods_on(name) if _evictable(pod)]
        if not left or now - progress.since > self._settings.drain_seconds:
            return True
        if now - progress.evicted >= RETRY_SECONDS:
            progress.evicted = now
            for pod in left:
                if not pod["metadata"].get("deletionTimestamp"):
                    self._evict(pod)
        return False

    def _cordon(self, name: str) -> None:
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
        try:
            self._kube.patch(node, {"spec": {"unschedulable": True}})
        except KubeError as error:
            if error.status != 404:
                raise

    def _evict(self, pod: Pod) -> None:
        meta = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
        path = self._kube.kind("v1", "Pod").path(meta["namespace"], meta["name"], "eviction")
        try:
            self._kube.request("POST", path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta})
        except KubeError as error:
            if error.status not in {404, 409, 429}:
                raise


def _evictable(pod: Pod) -> bool:
    """Whether draining a node ends `pod`: all but finished ones and those of DaemonSets."""
    owners = pod["metadata"].get("ownerReferences") or ()
    finished = pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    return not finished and not any(owner["kind"] == "DaemonSet" for owner in owners)
