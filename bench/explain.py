"""`python -m bench.explain`: what explaining one pod costs, beside a bare scan of the catalogue in the same run.

The floor looks at every instance type once with everything worked out beforehand: two labels and three resources. It
decides nothing else (no zones, taints, limits, preferences) and explains nothing.
"""

import statistics
import time
from collections.abc import Callable

from eks_accelerators.model import catalogue
from eks_accelerators.model.feasibility import Place, PoolView, explain_pod, explain_pool

ROUNDS = 200
ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
TARGET_MS = 10


def pool(name: str) -> PoolView:
    """A pool that admits the whole catalogue, the worst case for a scan."""
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name}
    spec = {"requirements": [], "nodeClassRef": reference}
    return PoolView(name, {"template": {"spec": spec}}, {"amiSelectorTerms": [{"alias": "al2023@v20260724"}]})


def pod(requests: dict[str, str], **spec: object) -> dict[str, object]:
    """A pod of one container."""
    containers = [{"name": "main", "resources": {"requests": requests}}]
    return {"kind": "Pod", "metadata": {"name": "bench"}, "spec": {"containers": containers, **spec}}


PODS = {
    "plain: 1 CPU, 1Gi": pod({"cpu": "1", "memory": "1Gi"}),
    "amd64 with one GPU": pod({"cpu": "4", "nvidia.com/gpu": "1"}, nodeSelector={"kubernetes.io/arch": "amd64"}),
    "twelve Neuron devices": pod({"cpu": "180", "memory": "700G", "aws.amazon.com/neuron": "12"}),
    "fits nowhere: 1000 CPUs": pod({"cpu": "1000"}),
    "fits nowhere: a shared GPU": pod({"nvidia.com/gpu.shared": "1"}),
}


def floor() -> Callable[[], object]:
    """The bare scan."""
    rows = [(catalogue.labels(each), catalogue.allocatable(each)) for each in catalogue.instance_types().values()]

    def scan() -> int:
        return sum(
            labels["kubernetes.io/arch"] == "amd64"
            and labels["karpenter.k8s.aws/instance-hypervisor"] == "nitro"
            and offer["cpu"] >= 1
            and offer["memory"] >= 2**30
            and offer["pods"] >= 1
            for labels, offer in rows
        )

    return scan


def milliseconds(call: Callable[[], object]) -> float:
    """The median of many calls."""
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def cold(call: Callable[[], object]) -> float:
    """One call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Print the table."""
    reading = cold(catalogue.instance_types)
    place, view = Place("us-west-2", ZONES), pool("everything")
    first = cold(lambda: explain_pod(PODS["plain: 1 CPU, 1Gi"], [view], place))
    scan = milliseconds(floor())
    print(f"{len(catalogue.instance_types())} types, median of {ROUNDS} calls, one pool that admits everything\n")
    print(f"{'read the catalogue, once':34} {reading:8.2f} ms")
    print(f"{'first explain of a pool, once':34} {first:8.2f} ms")
    print(f"{'floor: bare scan':34} {scan:8.2f} ms   1.00")
    for name, manifest in PODS.items():
        took = milliseconds(lambda manifest=manifest: explain_pod(manifest, [view], place))
        print(
            f"{name:34} {took:8.2f} ms   {took / scan:.2f}   {'within' if took <= TARGET_MS else 'OVER'} {TARGET_MS} ms"
        )
    ten = [pool(f"pool-{i}") for i in range(10)]
    took = milliseconds(lambda: explain_pod(PODS["plain: 1 CPU, 1Gi"], ten, place))
    print(f"{'the first, against ten such pools':34} {took:8.2f} ms   {took / scan:.2f}")
    took = milliseconds(lambda: explain_pool(view, place))
    print(f"{'explain_pool, 1,300 choices':34} {took:8.2f} ms   {took / scan:.2f}")


if __name__ == "__main__":
    main()
