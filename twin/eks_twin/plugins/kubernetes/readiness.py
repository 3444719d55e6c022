"""When an object of a built-in kind is ready: one closed table (await/awaiters.go); other kinds are ready at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.kube import Kube, Object

Reasons = list[str]
"""Why an object is not ready yet; empty when it is."""
SETTLE_SECONDS: Final = 10
"""How long a Service's endpoints must not change (await/service.go)."""


class NeverReadyError(Exception):
    """The object has failed for good; waiting on is pointless."""


@dataclass
class View:
    """What a check may look at besides the object; kept for as long as one wait lasts."""

    kube: Kube
    previous: Object | None = None
    """The object before the update that is waited for."""
    settle: float = SETTLE_SECONDS
    """Zero where readiness is asked once and not waited for."""
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[Any, float]] = field(default_factory=dict)

    def unchanged_for(self, what: str, value: Any) -> float:
        """Seconds since `value` of `what` last changed."""
        now = self.clock()
        if what not in self._seen or self._seen[what][0] != value:
            self._seen[what] = value, now
        return now - self._seen[what][1]


@dataclass(frozen=True)
class Readiness:
    """How one kind becomes ready."""

    check: Callable[[Object, View], Reasons]
    seconds: float = 600
    """Default time to wait (10 minutes unless the kind has its own)."""


def condition(live: Object, kind: str) -> Object:
    """The status condition `kind`, {} when it is not there."""
    found = (live.get("status") or {}).get("conditions") or []
    return next((item for item in found if item.get("type") == kind), {})


def _holds(live: Object, kind: str) -> bool:
    return condition(live, kind).get("status") == "True"


def _observed(live: Object) -> Reasons:
    seen = (live.get("status") or {}).get("observedGeneration")
    return [] if seen == live["metadata"].get("generation") else ["waiting for the controller to observe the change"]


def _counts(live: Object, wanted: int, *fields: str) -> Reasons:
    status = live.get("status") or {}
    return [f"{name} is {status.get(name, 0)} of {wanted}" for name in fields if status.get(name, 0) < wanted]


REVISION: Final = "deployment.kubernetes.io/revision"


def deployment(live: Object, view: View) -> Reasons:
    """Available, and the ReplicaSet of its current revision has all its pods ready."""
    reasons = _observed(live)
    if not _holds(live, "Available"):
        reasons.append(
            f"minimum number of live Pods was not attained: {condition(live, 'Available').get('message', '')}"
        )
    revision = (live["metadata"].get("annotations") or {}).get(REVISION)
    if _template_changed(live, view.previous) and revision == _revision(view.previous):
        reasons.append("waiting for the rollout to start")
    progressing = condition(live, "Progressing")
    if revision not in (None, "1") and progressing.get("reason") != "NewReplicaSetAvailable":
        reasons.append(f"rollout not complete: {progressing.get('message', '')}")
    return reasons + _replica_set(live, revision, view)


def _replica_set(live: Object, revision: str | None, view: View) -> Reasons:
    own = [
        item
        for item in view.kube.list("apps/v1", "ReplicaSet", live["metadata"].get("namespace"))
        if any(owner["uid"] == live["metadata"]["uid"] for owner in item["metadata"].get("ownerReferences") or ())
        and (item["metadata"].get("annotations") or {}).get(REVISION) == revision
    ]
    if not own:
        return ["waiting for the ReplicaSet of the current revision"]
    wanted, ready = own[0]["spec"].get("replicas", 1), own[0]["status"].get("readyReplicas", 0)
    return [] if ready >= wanted else [f"{ready} of {wanted} Pods of the current revision are ready"]


def _revision(live: Object | None) -> str | None:
    return ((live or {"metadata": {}})["metadata"].get("annotations") or {}).get(REVISION)


def _template_changed(live: Object, previous: Object | None) -> bool:
    return previous is not None and previous["spec"]["template"] != live["spec"]["template"]


def stateful_set(live: Object, _: View) -> Reasons:
    """All replicas exist, are ready, and are of the current revision."""
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    reasons = _observed(live) + _counts(live, wanted, "replicas", "readyReplicas")
    on_delete = (live["spec"].get("updateStrategy") or {}).get("type") == "OnDelete"
    if not on_delete and status.get("currentRevision") != status.get("updateRevision"):
        reasons.append("rollout of the new revision is not complete")
    return reasons


def daemon_set(live: Object, _: View) -> Reasons:
    """Every node that matches runs the current pod and it is available; no matching node at all is ready."""
    wanted = (live.get("status") or {}).get("desiredNumberScheduled", 0)
    return _observed(live) + _counts(live, wanted, "updatedNumberScheduled", "numberAvailable", "numberReady")


def job(live: Object, _: View) -> Reasons:
    """Complete; a failed job never becomes so."""
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        raise NeverReadyError(f"job failed: {failed.get('reason', '')}: {failed.get('message', '')}")
    return [] if _holds(live, "Complete") else ["waiting for the job to complete"]


def pod(live: Object, _: View) -> Reasons:
    """Running and Ready, or ended well."""
    phase = (live.get("status") or {}).get("phase")
    if phase == "Succeeded":
        return []
    missing = [kind for kind in ("PodScheduled", "Initialized", "Ready") if not _holds(live, kind)]
    details = [f"{kind}: {condition(live, kind).get('message', 'not yet')}" for kind in missing]
    return details or ([] if phase == "Running" else [f"phase is {phase}"])


def service(live: Object, view: View) -> Reasons:
    """Its endpoints have settled without an address that is not ready, and a load balancer has its address.

    Endpoints that never get any address settle too, and so pass.
    """
    spec = live["spec"]
    reasons = []
    if spec.get("type") == "LoadBalancer" and not (live["status"].get("loadBalancer") or {}).get("ingress"):
        reasons.append("waiting for the load balancer's address")
    if not spec.get("selector") or spec.get("clusterIP") == "None" or spec.get("type") == "ExternalName":
        return reasons
    meta = live["metadata"]
    endpoints = view.kube.find("v1", "Endpoints", meta["name"], meta.get("namespace"))
    subsets = (endpoints or {}).get("subsets") or []
    if any(subset.get("notReadyAddresses") for subset in subsets):
        reasons.append("some endpoints are not ready")
    if view.unchanged_for("endpoints", subsets) < view.settle:
        reasons.append(f"waiting for the endpoints to stay unchanged for {view.settle:g} s")
    return reasons


def ingress(live: Object, _: View) -> Reasons:
    """It has a load balancer's address."""
    address = ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    return [] if address else ["waiting for the load balancer's address"]


def _phase(*wanted: str) -> Callable[[Object, View], Reasons]:
    def check(live: Object, _: View) -> Reasons:
        phase = (live.get("status") or {}).get("phase")
        return [] if phase in wanted else [f"phase is {phase}, not {' or '.join(wanted)}"]

    return check


def claim(live: Object, view: View) -> Reasons:
    """Bound, or pending because its class binds only once a pod uses it."""
    name = live["spec"].get("storageClassName")
    found = view.kube.find("storage.k8s.io/v1", "StorageClass", name) if name else None
    if found and found.get("volumeBindingMode") == "WaitForFirstConsumer":
        return []
    return _phase("Bound")(live, view)


def replication_controller(live: Object, _: View) -> Reasons:
    """All replicas are available."""
    return _counts(live, live["spec"].get("replicas", 1), "availableReplicas")


def quota(live: Object, _: View) -> Reasons:
    """The controller has taken over the limits."""
    same = (live.get("status") or {}).get("hard") == live["spec"].get("hard")
    return [] if same else ["waiting for the quota to be observed"]


def secret(live: Object, _: View) -> Reasons:
    """A service account token has been filled in."""
    token = live.get("type") == "kubernetes.io/service-account-token"
    return ["waiting for the token"] if token and not live.get("data") else []


TABLE: Final = {
    ("", "PersistentVolume"): Readiness(_phase("Available", "Bound"), 300),
    ("", "PersistentVolumeClaim"): Readiness(claim, 300),
    ("", "Pod"): Readiness(pod),
    ("", "ReplicationController"): Readiness(replication_controller),
    ("", "ResourceQuota"): Readiness(quota, 60),
    ("", "Secret"): Readiness(secret, 5),
    ("", "Service"): Readiness(service),
    ("apps", "DaemonSet"): Readiness(daemon_set),
    ("apps", "Deployment"): Readiness(deployment),
    ("apps", "StatefulSet"): Readiness(stateful_set),
    ("batch", "Job"): Readiness(job),
    ("networking.k8s.io", "Ingress"): Readiness(ingress),
}
"""(Group, kind) → its readiness."""
