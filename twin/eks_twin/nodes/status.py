"""Pod status as a kubelet reports it."""

from collections.abc import Mapping
from typing import Any

from eks_twin.nodes.node import timestamp
from eks_twin.nodes.runner import Report, waiting

Pod = Mapping[str, Any]


def running() -> Report:
    """A container of which nothing is run: up and ready."""
    return Report({"running": {"startedAt": timestamp()}}, ready=True)


def stuck(reason: str, message: str) -> Report:
    """A container that does not start."""
    return Report(waiting(reason, message))


def host_network(pod: Pod) -> bool:
    """Whether `pod` uses its node's network, and so runs before the pod network works."""
    return bool(pod["spec"].get("hostNetwork"))


def pod_status(pod: Pod, reports: Mapping[str, Report], host_ip: str, pod_ip: str) -> dict[str, Any]:
    """The status of `pod` with its containers as `reports` says, to be merged strategically.

    Init containers are over once any container has started.
    """
    spec = pod["spec"]
    started = any("waiting" not in report.state or report.last for report in reports.values())
    ready = all(report.ready for report in reports.values())
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    inits = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") != "Always"]
    initialized = started or not inits
    return {
        "phase": "Running" if started else "Pending",
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "podIP": pod_ip,
        "podIPs": [{"ip": pod_ip}],
        "startTime": pod["status"].get("startTime") or timestamp(),
        "conditions": _conditions(pod, reports, initialized=initialized, ready=ready),
        "containerStatuses": [_container(c, reports[c["name"]]) for c in spec["containers"]],
        **(
            {"initContainerStatuses": [_init(c, over=started) for c in [*inits, *sidecars]]}
            if inits or sidecars
            else {}
        ),
    }


def _conditions(pod: Pod, reports: Mapping[str, Report], *, initialized: bool, ready: bool) -> list[dict[str, Any]]:
    unready = sorted(name for name, report in reports.items() if not report.ready)
    why = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(unready)}]"}
    values = {"PodReadyToStartContainers": True, "Initialized": initialized, "ContainersReady": ready, "Ready": ready}
    before = {condition["type"]: condition for condition in pod["status"].get("conditions") or ()}
    listed = []
    for kind, value in values.items():
        status = "True" if value else "False"
        old = before.get(kind, {})
        since = old.get("lastTransitionTime") if old.get("status") == status else timestamp()
        extra = why if kind.endswith("Ready") and not value else {"reason": None, "message": None}
        listed.append({"type": kind, "status": status, "lastTransitionTime": since, **extra})
    return listed


def _container(container: Mapping[str, Any], report: Report) -> dict[str, Any]:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"],
        "ready": report.ready,
        "started": "running" in report.state,
        "restartCount": report.restarts,
        "state": dict(report.state),
        "lastState": dict(report.last or {}),
        "containerID": f"containerd://{container['name']}" if "waiting" not in report.state else "",
    }


def _init(container: Mapping[str, Any], *, over: bool) -> dict[str, Any]:
    if not over:
        report = Report(waiting("PodInitializing"))
    elif container.get("restartPolicy") == "Always":
        report = running()
    else:
        now = timestamp()
        done = {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}
        report = Report({"terminated": done}, ready=True)
    return _container(container, report)
