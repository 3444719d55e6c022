"""What a pod copies to run on a pool, and how much of it it may ask for."""

from typing import Final, NotRequired, TypedDict

from . import labels
from .accelerators import Accelerator, devices_of
from .parse import ConfigError
from .pool_plan import PoolPlan
from .values import Problem

MY_SCHEDULER: Final = "my-scheduler"
"""The Neuron chart's own scheduler, which keeps the devices of one pod next to one another."""


class Toleration(TypedDict):
    """A toleration of a pod."""

    key: NotRequired[str]
    operator: str
    effect: NotRequired[str]


class Placement(TypedDict):
    """What a pod copies to run on a pool."""

    nodeSelector: dict[str, str]
    tolerations: list[Toleration]
    resources: list[str]


class PodPlacement(TypedDict):
    """The part of a pod's spec that puts it on a pool with its devices."""

    nodeSelector: dict[str, str]
    tolerations: list[Toleration]
    schedulerName: NotRequired[str]
    resources: dict[str, dict[str, str]]
    """Of the container that uses them."""


def placement(plan: PoolPlan) -> Placement:
    """Selector, tolerations and resource names of the pool of `plan`."""
    accelerator = plan.accelerator
    resources: list[str] = []
    if accelerator is not None:
        resources = [accelerator.resource, *([accelerator.core_resource] if accelerator.core_resource else [])]
    if plan.efa:
        resources.append(labels.EFA)
    return {
        "nodeSelector": {labels.NODE_POOL: plan.name},
        "tolerations": tolerations([plan]),
        "resources": resources,
    }


def pod_placement(plan: PoolPlan, devices: int, *, neuron_scheduler: bool = False) -> PodPlacement:
    """Everything that puts a pod with `devices` accelerators on the pool of `plan`.

    Raises ConfigError when no node has so many, or when that part of a Neuron node cannot be contiguous: devices of one
    pod must be neighbours, and Karpenter does not know it, so parts of a node are powers of two.
    https://awsdocs-neuron.readthedocs-hosted.com/en/latest/containers/kubernetes-getting-started.html
    """
    accelerator = plan.accelerator
    if accelerator is None:
        raise ConfigError(
            [_refusal(plan, devices, "a CPU pool has no devices", "use a pool with an accelerator")], at="pod"
        )
    sizes = sorted({devices_of(instance, accelerator) for instance in plan.types})
    if devices < 1 or devices > sizes[-1]:
        rule = f"nodes of {plan.name} have {', '.join(str(size) for size in sizes)} devices"
        raise ConfigError([_refusal(plan, devices, rule, f"at most {sizes[-1]}; more pods for more")], at="pod")
    partial = accelerator.vendor == "neuron" and devices not in sizes
    if partial and devices & (devices - 1):
        lower = 1 << (devices.bit_length() - 1)
        rule = "a part of a Neuron node is a power of two, since devices of one pod must be neighbours"
        raise ConfigError([_refusal(plan, devices, rule, f"{lower}, {2 * lower}, or a whole node")], at="pod")
    amounts = {accelerator.resource: str(devices), **_fabric(plan, devices, accelerator)}
    made: PodPlacement = {
        "nodeSelector": {labels.NODE_POOL: plan.name},
        "tolerations": tolerations([plan]),
        "resources": {"requests": amounts, "limits": amounts},
    }
    if partial and neuron_scheduler and devices > 1:
        made["schedulerName"] = MY_SCHEDULER
    return made


def tolerations(plans: list[PoolPlan]) -> list[Toleration]:
    """Tolerations of every taint of `plans`."""
    keys = dict.fromkeys((taint.key, taint.effect) for plan in plans for taint in plan.final_taints)
    return [{"key": key, "operator": "Exists", "effect": effect} for key, effect in keys]


def _fabric(plan: PoolPlan, devices: int, accelerator: Accelerator) -> dict[str, str]:
    """The pod's part of the adapters: as large as its part of the devices."""
    if not plan.efa:
        return {}
    machine = next(i for i in plan.types if devices_of(i, accelerator) >= devices)
    return {labels.EFA: str(max(1, machine.efa_interfaces * devices // devices_of(machine, accelerator)))}


def _refusal(plan: PoolPlan, devices: int, rule: str, fix: str) -> Problem:
    return Problem(at=(plan.name, "devices"), value=devices, rule=rule, fix=fix)
