"""What a node does with one pod: report it running, or run it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eks_twin.binaries import MissingProgramError
from eks_twin.kube import STRATEGIC, Kube, KubeError
from eks_twin.nodes import drivers, identity, images, status
from eks_twin.nodes.environment import ConfigError, Source, environment, expand
from eks_twin.nodes.plugins import Role, parts
from eks_twin.nodes.ports import free_port
from eks_twin.nodes.runner import Container, ImageError, Launch, NotYetError, Report, end_all
from eks_twin.nodes.settings import Settings
from eks_twin.processes import Processes

RECHECK_SECONDS: Final = 2
"""How often a missing ConfigMap, Secret or claim is looked for again."""
PROJECTED_TOKEN: Final = "kube-api-access-"  # noqa: S105 - prefix of a volume's name
"""Prefix of the volume that admission adds to every pod; what it needs is always there."""
Pod = Mapping[str, Any]


@dataclass(frozen=True)
class Room:
    """What all pods of one cluster share."""

    kube: Kube
    endpoint: str
    ca: Path
    aws_url: str
    region: str
    directory: Path
    processes: Processes
    settings: Settings
    associations: Callable[[], Mapping[tuple[str, str], str]]
    """Pod Identity associations at this moment: (namespace, service account) → role ARN."""


@dataclass(frozen=True)
class Host:
    """The node of a pod at this moment."""

    ip: str
    network: bool
    """Whether the pod network works."""
    identity_agent: str
    """running, coming or absent: the Pod Identity agent on this node."""
    allocatable: Mapping[str, str]
    image_name: str
    """Name of the machine image; empty where it is not known."""


def reference(pod: Pod) -> dict[str, Any]:
    """Enough of `pod` to address it."""
    meta = pod["metadata"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": meta["name"], "namespace": meta["namespace"]}}


def finalise(kube: Kube, pod: Pod) -> None:
    """Take a pod that ended out of the API, unless it is another one by now; its finalizers still hold it."""
    options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
    try:
        kube.delete(reference(pod), options)
    except KubeError as error:
        if error.status not in {404, 409}:
            raise


def write(kube: Kube, pod: Pod, new: Mapping[str, Any]) -> None:
    """Report `new` as the pod's status; a pod that is gone needs none."""
    body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": new}
    try:
        kube.patch(reference(pod), body, content_type=STRATEGIC, subresource="status")
    except KubeError as error:
        if error.status not in {404, 409}:
            raise


class StillPod:
    """A pod of which nothing is run: Running and Ready once it could have started."""

    def __init__(self, room: Room, _pod: Pod, pod_ip: str) -> None:
        self._room = room
        self._ip = pod_ip
        self._due = time.monotonic() + room.settings.pod_ready_seconds
        self._told: str | None = None
        self._done = False

    def tick(self, pod: Pod, host: Host) -> None:
        """Report it running when its node and everything it refers to are there, else what it waits for."""
        now = time.monotonic()
        if self._done or now < self._due or not (host.network or status.host_network(pod)):
            return
        reason, message = self._obstacle(pod, host)
        if message:
            self._due = now + RECHECK_SECONDS
            if message == self._told:
                return
            self._told = message
        report = status.stuck(reason, message) if message else status.running()
        reports = {container["name"]: report for container in pod["spec"]["containers"]}
        write(self._room.kube, pod, status.pod_status(pod, reports, host.ip, self._ip))
        self._done = not message

    def _obstacle(self, pod: Pod, host: Host) -> tuple[str, str]:
        message = missing_volume(self._room.kube, pod)
        if message:
            return "ContainerCreating", message
        for part in parts(pod):
            missing = drivers.missing_container(part.container["image"], host.image_name)
            if part.role is Role.DRIVER and missing:
                return "ErrImagePull", missing
        source = source_of(self._room.kube, pod, host, self._ip)
        try:
            for container in [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]:
                environment(container, source)
        except ConfigError as error:
            return "CreateContainerConfigError", str(error)
        return "", ""

    def end(self, _deadline: float) -> bool:
        """Nothing runs, so it has ended."""
        return True


class LivePod:
    """A pod whose known containers are local processes with the pod's own environment and identity."""

    def __init__(self, room: Room, pod: Pod, pod_ip: str) -> None:
        meta = pod["metadata"]
        self._room = room
        self._pod = pod
        self._ip = pod_ip
        self._host: Host | None = None
        self._written: Mapping[str, Report] = {}
        self._ending = False
        self._directory = room.directory / "pods" / f"{meta['namespace']}_{meta['name']}_{meta['uid']}"
        self._tokens = identity.PodTokens(room.kube, pod, self._directory)
        self._containers = {
            container["name"]: Container(
                container,
                lambda container=container: self._launch(container),
                log_file(room.directory, pod, container["name"]),
                f"{meta['namespace']}/{meta['name']}/{container['name']}",
                room.processes,
            )
            for container in pod["spec"]["containers"]
            if images.program(container["image"])
        }

    def tick(self, pod: Pod, host: Host) -> None:
        """Move its containers on and report what changed."""
        self._host = host
        if not (host.network or status.host_network(pod)):
            return
        self._tokens.renew()
        for container in self._containers.values():
            container.tick(time.monotonic())
        reports = {name: container.report() for name, container in self._containers.items()}
        for container in pod["spec"]["containers"]:
            if container["name"] not in reports:
                reports[container["name"]] = self._written.get(container["name"]) or status.running()
        if reports != self._written:
            write(self._room.kube, pod, status.pod_status(pod, reports, host.ip, self._ip))
            self._written = reports

    def end(self, deadline: float) -> bool:
        """Ask its processes to end, by force after `deadline` (monotonic); whether they have."""
        if not self._ending:
            self._ending = True
            for container in self._containers.values():
                container.terminate()
        return end_all(list(self._containers.values()), deadline)

    def _launch(self, container: Mapping[str, Any]) -> Launch:
        program, host = images.program(container["image"]), self._host
        if program is None or host is None:
            raise NotYetError("the pod has no node yet")
        _refuse(container, program)
        try:
            path = self._room.settings.tools(program.tool)
        except MissingProgramError as error:
            raise ImageError(str(error)) from error
        variables = self._surroundings(container, host, program)
        variables |= environment(container, source_of(self._room.kube, self._pod, host, self._ip))
        ports: dict[int, int] = {}
        for name in program.ports:
            if name in variables:
                ports[int(variables[name])] = free_port()
                variables[name] = str(ports[int(variables[name])])
        arguments = [expand(argument, variables) for argument in container.get("args", ())]
        return Launch([str(path), *arguments], variables, ports)

    def _surroundings(self, container: Mapping[str, Any], host: Host, program: images.Program) -> dict[str, str]:
        """What the node, and on EKS the admission webhook, give to a container."""
        room, meta, spec = self._room, self._pod["metadata"], self._pod["spec"]
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        variables = identity.isolation(room.aws_url, self._directory)
        if any(mount["mountPath"] == identity.MOUNT for mount in container.get("volumeMounts") or ()):
            path = self._directory / "kubeconfig"
            path.write_text(identity.kubeconfig(room.endpoint, room.ca, self._tokens.file()))
            variables |= {"KUBECONFIG": str(path), program.namespace: meta["namespace"]}
        associations = room.associations()
        key = (meta["namespace"], spec["serviceAccountName"])
        if key in associations and host.identity_agent == "coming":
            raise NotYetError("waiting for the node's eks-pod-identity-agent")
        account = room.kube.get("v1", "ServiceAccount", spec["serviceAccountName"], meta["namespace"])
        aws = identity.Aws(room.aws_url, room.region, associations, host.identity_agent == "running")
        return variables | identity.aws_environment(self._pod, account, aws, self._tokens.file)


def log_file(directory: Path, pod: Pod, container: str) -> Path:
    """Where the output of a container goes, named as on a node."""
    meta = pod["metadata"]
    return directory / "log" / "containers" / f"{meta['name']}_{meta['namespace']}_{container}.log"


def is_live(pod: Pod) -> bool:
    """Whether something of `pod` is really run."""
    return any(images.program(container["image"]) for container in pod["spec"]["containers"])


def _refuse(container: Mapping[str, Any], program: images.Program) -> None:
    """Refuse what a local process of this image could not honour."""
    image = container["image"]
    if images.tag(image) != program.tag:
        known = f"{images.repository(image)}:{program.tag}"
        raise ImageError(f'failed to resolve image "{image}": not found; the twin has {known}')
    if container.get("command"):
        raise ConfigError(f"container {container['name']}: command is not modelled by the twin, args are")
    mounts = [m["mountPath"] for m in container.get("volumeMounts") or () if m["mountPath"] != identity.MOUNT]
    if mounts:
        raise ConfigError(f"container {container['name']}: volume mounts ({', '.join(mounts)}) are not modelled")


def source_of(kube: Kube, pod: Pod, host: Host, pod_ip: str) -> Source:
    """Where references of the containers of `pod` lead."""
    namespace = pod["metadata"]["namespace"]
    return Source(pod, host.ip, pod_ip, host.allocatable, lambda kind, name: kube.find("v1", kind, name, namespace))


def missing_volume(kube: Kube, pod: Pod) -> str:
    """What the volumes of `pod` refer to and is not there, as a kubelet's event says it; empty when all is there."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        if volume["name"].startswith(PROJECTED_TOKEN):
            continue
        for kind, name in _volume_references(volume):
            found = kube.find("v1", kind, name, namespace)
            if found is None:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {kind.lower()} "{name}" not found'
            if kind == "PersistentVolumeClaim" and found.get("status", {}).get("phase") != "Bound":
                return f'persistentvolumeclaim "{name}" of volume "{volume["name"]}" is not bound'
    return ""


_VOLUME_NAMES: Final = {
    "configMap": ("ConfigMap", "name"),
    "secret": ("Secret", "secretName"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
}
"""Kind of volume → kind of object and the field with its name."""


def _volume_references(volume: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    sources = [volume, *(volume.get("projected") or {}).get("sources", ())]
    for source in sources:
        for key, (kind, name) in _VOLUME_NAMES.items():
            if key in source and not source[key].get("optional"):
                yield kind, source[key].get(name) or source[key]["name"]
