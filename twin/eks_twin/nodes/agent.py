"""The node agent of one cluster: keeps its Nodes and their pods as the EC2 instances and the API server say."""

import ipaddress
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.kube import STRATEGIC, KubeError
from eks_twin.nodes import node, plugins
from eks_twin.nodes.capacity import Hardware
from eks_twin.nodes.config_maps import ConfigMaps
from eks_twin.nodes.devices import NodeDevices, Sight
from eks_twin.nodes.machine import Instance
from eks_twin.nodes.mirror import Mirror
from eks_twin.nodes.node import JoinError, Member
from eks_twin.nodes.plugins import Part, Role
from eks_twin.nodes.pods import Host, LivePod, Pod, Room, StillPod, finalise, is_live
from eks_twin.nodes.status import host_network

RENEW_SECONDS: Final = 10
"""How often a kubelet renews its Lease (a quarter of its duration)."""
POD_RANGE: Final = ipaddress.ip_network("100.64.0.0/10")
"""Pod addresses: the range that EKS documents for pods outside of the VPC's own (RFC 6598). Nothing routes them."""
CNI: Final = "aws-node"
"""DaemonSet whose pod makes the network of its node work."""
IDENTITY_AGENT: Final = "eks-pod-identity-agent"
"""DaemonSet whose pod hands AWS credentials to the pods of its node."""
ENDED: Final = frozenset({"shutting-down", "terminated"})
OVER: Final = frozenset({"Succeeded", "Failed"})
DEFAULT_GRACE: Final = 30
"""terminationGracePeriodSeconds of a pod that does not set it."""


@dataclass
class NodeRecord:
    """What the agent knows of one node besides the API."""

    member: Member
    uid: str
    devices: NodeDevices
    ready: bool = False
    offered: Mapping[str, str] = field(default_factory=dict)
    """Extended resources as last reported."""
    faults: Sequence[str] = ()
    """What was last said to be wrong with its devices."""
    renewed: float = 0.0
    leased: bool = False


def owner(pod: Pod) -> str:
    """Name of the controller of `pod`; empty when it has none."""
    return next((o["name"] for o in pod["metadata"].get("ownerReferences") or () if o.get("controller")), "")


class NodeAgent:
    """All kubelets of one cluster, and the part of the cloud provider that deletes Nodes."""

    def __init__(
        self, room: Room, version: str, hardware: Callable[[str], Hardware], trouble: Callable[[str], None]
    ) -> None:
        """`version` is what kubelets report; `hardware` looks an instance type up; `trouble` takes messages."""
        self._room = room
        self._version = version
        self._hardware = hardware
        self._trouble = trouble
        self._nodes = Mirror(room.kube, "v1", "Node")
        self._pods = Mirror(room.kube, "v1", "Pod")
        self._config_maps = ConfigMaps(room.kube)
        self._records: dict[str, NodeRecord] = {}
        self._gone: set[str] = set()
        self._refused: dict[str, str] = {}
        self._workers: dict[str, StillPod | LivePod] = {}
        self._finalised: set[str] = set()
        self._deadlines: dict[str, float] = {}
        self._addresses = map(str, itertools.islice(POD_RANGE.hosts(), 1, None))

    def tick(self, cluster: Mapping[str, Any], instances: Sequence[Instance]) -> None:
        """Bring Nodes and pods one step closer to what `instances` are."""
        if not (self._nodes.synced.is_set() and self._pods.synced.is_set()):
            return
        by_id = {instance.id: instance for instance in instances}
        for instance in instances:
            if instance.id not in self._records and instance.id not in self._gone:
                self._join(instance, cluster)
        pods = self._pods.all()
        cluster_wide = plugins.cluster_wide(pods)
        for instance_id in list(self._records):
            self._keep(instance_id, by_id.get(instance_id), pods, cluster_wide)
        self._serve(pods)

    def ready(self, instance_id: str) -> bool:
        """Whether the instance's Node is Ready."""
        record = self._records.get(instance_id)
        return record is not None and record.ready

    def refusal(self, instance_id: str) -> str | None:
        """Why the instance cannot join; None when nothing speaks against it."""
        return self._refused.get(instance_id)

    def node_name(self, instance_id: str) -> str | None:
        """Name of the instance's Node, or None while it has none."""
        record = self._records.get(instance_id)
        return record.member.name if record else None

    def pods_on(self, name: str) -> list[Pod]:
        """Pods bound to the node `name`."""
        return [pod for pod in self._pods.all() if pod["spec"].get("nodeName") == name]

    def pods(self) -> list[Pod]:
        """All pods of the cluster."""
        return self._pods.all()

    def close(self) -> None:
        """End every process and stop looking."""
        self._nodes.stop()
        self._pods.stop()
        for worker in self._workers.values():
            worker.end(0)
        self._workers.clear()

    # --- nodes ------------------------------------------------------------------------------------------------------

    def _join(self, instance: Instance, cluster: Mapping[str, Any]) -> None:
        try:
            bootstrap = node.admit(instance, cluster)
            if bootstrap is None:
                return
            member = Member(instance, bootstrap, self._hardware(instance.type))
            body = self._room.kube.create(node.node_object(member, self._version))
        except (JoinError, KubeError) as error:
            if self._refused.get(instance.id) != str(error):
                self._trouble(str(error))
            self._refused[instance.id] = str(error)
            return
        self._refused.pop(instance.id, None)
        self._nodes.put(body)
        self._records[instance.id] = NodeRecord(member, body["metadata"]["uid"], NodeDevices(member))

    def _keep(
        self, instance_id: str, instance: Instance | None, pods: Sequence[Pod], cluster_wide: Mapping[Role, Part]
    ) -> None:
        record = self._records[instance_id]
        known = self._nodes.get(record.member.name)
        if known is None or known["metadata"]["uid"] != record.uid:
            self._leave(instance_id)
            return
        if instance is None or instance.state in ENDED:
            self._delete_node(record)
            self._leave(instance_id)
            return
        mine = [pod for pod in pods if pod["spec"].get("nodeName") == record.member.name]
        self._renew(record)
        if not record.ready and _runs(mine, CNI):
            self._patch(record, {"status": {"conditions": node.conditions(network=True)}})
            record.ready = True
        labels = known["metadata"].get("labels") or {}
        self._register_devices(record, Sight(mine, labels, cluster_wide, self._config_maps.data))

    def _delete_node(self, record: NodeRecord) -> None:
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": record.member.name}}
        try:
            self._room.kube.delete(body, {"preconditions": {"uid": record.uid}})
        except KubeError as error:
            if error.status not in {404, 409}:
                raise

    def _leave(self, instance_id: str) -> None:
        """A kubelet registers once: a Node that was deleted stays away although its instance may live on."""
        self._gone.add(instance_id)
        record = self._records.pop(instance_id)
        for pod in self.pods_on(record.member.name):
            self._end(pod, 0)

    def _renew(self, record: NodeRecord) -> None:
        now = time.monotonic()
        if record.leased and now - record.renewed < RENEW_SECONDS:
            return
        name = record.member.name
        lease = node.lease(name)
        if not record.leased:
            owner_reference = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": record.uid}
            lease["metadata"]["ownerReferences"] = [owner_reference]
        self._room.kube.apply(lease, "kubelet", force=True)
        record.leased, record.renewed = True, now

    def _register_devices(self, record: NodeRecord, sight: Sight) -> None:
        found = record.devices.look(sight)
        for fault in found.faults:
            if fault not in record.faults:
                self._trouble(fault)
        record.faults = found.faults
        if found.labels:
            target = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": record.member.name}}
            self._nodes.put(self._room.kube.patch(target, {"metadata": {"labels": found.labels}}))
        if found.resources == record.offered:
            return
        there = {name: count for name, count in found.resources.items() if count != "0"}
        withdrawn = dict.fromkeys({*found.resources, *record.offered} - set(there), "0")
        self._patch(record, {"status": {"capacity": there, "allocatable": {**there, **withdrawn}}})
        record.offered = found.resources

    def _patch(self, record: NodeRecord, body: Mapping[str, Any]) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": record.member.name}}
        self._nodes.put(self._room.kube.patch(target, body, content_type=STRATEGIC, subresource="status"))

    # --- pods -------------------------------------------------------------------------------------------------------

    def _serve(self, pods: Sequence[Pod]) -> None:
        hosts = {record.member.name: self._host(record, pods) for record in self._records.values()}
        for pod in pods:
            uid, name = pod["metadata"]["uid"], pod["spec"].get("nodeName")
            if name is None or uid in self._finalised:
                continue
            if pod["metadata"].get("deletionTimestamp"):
                self._end(pod, pod["metadata"].get("deletionGracePeriodSeconds", DEFAULT_GRACE))
            elif name in hosts and pod.get("status", {}).get("phase") not in OVER:
                self._worker(pod, hosts[name]).tick(pod, hosts[name])
            elif self._nodes.get(name) is None and uid in self._workers:
                self._end(pod, 0)
        self._forget({pod["metadata"]["uid"] for pod in pods})

    def _host(self, record: NodeRecord, pods: Sequence[Pod]) -> Host:
        mine = [pod for pod in pods if pod["spec"].get("nodeName") == record.member.name]
        agent = [pod for pod in mine if owner(pod) == IDENTITY_AGENT]
        state = "running" if _runs(mine, IDENTITY_AGENT) else "coming" if agent else "absent"
        known = self._nodes.get(record.member.name) or {}
        allocatable = known.get("status", {}).get("allocatable", {})
        instance = record.member.instance
        return Host(instance.ip, record.ready, state, allocatable, instance.image_name)

    def _worker(self, pod: Pod, host: Host) -> StillPod | LivePod:
        uid = pod["metadata"]["uid"]
        if uid not in self._workers:
            address = host.ip if host_network(pod) else next(self._addresses)
            self._workers[uid] = (LivePod if is_live(pod) else StillPod)(self._room, pod, address)
        return self._workers[uid]

    def _end(self, pod: Pod, grace: float) -> None:
        uid = pod["metadata"]["uid"]
        deadline = self._deadlines.setdefault(uid, time.monotonic() + grace)
        worker = self._workers.get(uid)
        if worker is None or worker.end(min(deadline, time.monotonic() + grace)):
            finalise(self._room.kube, pod)
            self._finalised.add(uid)

    def _forget(self, living: set[str]) -> None:
        for uid in set(self._workers) - living:
            if self._workers[uid].end(0):
                del self._workers[uid]
        self._finalised &= living
        self._deadlines = {uid: deadline for uid, deadline in self._deadlines.items() if uid in living}


def _runs(pods: Sequence[Pod], daemon_set: str) -> bool:
    """Whether the pod of `daemon_set` among the pods of one node is Ready."""
    return any(
        owner(pod) == daemon_set
        and any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions") or ())
        for pod in pods
    )
