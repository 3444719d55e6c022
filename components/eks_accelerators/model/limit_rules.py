"""Limits that let no node through, or limit nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from . import catalogue, labels
from .accelerators import Accelerator
from .parse import one_of
from .pool_types import efa_types, types_of
from .quantities import amount
from .values import Location, Problem

if TYPE_CHECKING:
    from .pools import Pool

_GIB: Final = 1024**3
_DEVICES: Final = (labels.NVIDIA_GPU, labels.NEURON, labels.NEURON_CORE)


def limit_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    """What is wrong with the limits of `pool`."""
    limits = pool.limits
    if limits is None:
        return
    if limits == type(limits)():
        fix = "give cpu, memory, nodes, accelerators or extended; or leave it out"
        yield Problem(at=("limits",), value=limits, rule="limits nothing", fix=fix)
    types = types_of(pool, accelerator)
    types = (efa_types(types) or types) if pool.efa else types
    if not types:
        return
    smallest = types[0]
    memory = min(_memory(instance) for instance in types)
    if limits.cpu is not None and amount(limits.cpu) < smallest.vcpus:
        yield _below(("limits", "cpu"), limits.cpu, f"the smallest type, {smallest.name}, has {smallest.vcpus} vCPU")
    if limits.memory is not None and amount(limits.memory) < memory:
        least = f"{memory / _GIB:.1f}Gi (7.5% are the hypervisor's)"
        yield _below(("limits", "memory"), limits.memory, f"no type has less than {least}")
    if limits.nodes == 0:
        yield _below(("limits", "nodes"), "0", "nodes come one by one")
    yield from _device_problems(pool, accelerator, smallest)


def _device_problems(
    pool: "Pool", accelerator: Accelerator | None, smallest: catalogue.InstanceType
) -> Iterator[Problem]:
    limits = pool.limits
    if limits is None:
        return
    if limits.accelerators is not None and accelerator is None:
        yield Problem(at=("limits", "accelerators"), value=limits.accelerators, rule="a CPU pool has none", fix="cpu")
    elif limits.accelerators is not None and accelerator is not None:
        least = accelerator.resources_of(smallest)[accelerator.resource]
        if limits.accelerators < least:
            yield _below(("limits", "accelerators"), str(limits.accelerators), f"{smallest.name} has {least}")
    resources = {} if accelerator is None else accelerator.resources_of(smallest)
    for key, limit in limits.extended.items():
        if accelerator is not None and key == accelerator.resource and limits.accelerators is not None:
            rule = "limits.accelerators says this already"
            yield Problem(at=("limits", "extended", key), value=limit, rule=rule, fix="give one of the two")
        elif key in _DEVICES and key not in resources:
            what = "a CPU pool" if accelerator is None else accelerator.name
            rule = f"no node of {what} has this resource, so it limits nothing"
            fix = one_of(key, resources) if resources else "name the accelerator, or leave it out"
            yield Problem(at=("limits", "extended", key), value=limit, rule=rule, fix=fix)
        elif key in resources and amount(limit) < resources[key]:
            yield _below(("limits", "extended", key), limit, f"{smallest.name} has {resources[key]}")


def _memory(instance: catalogue.InstanceType) -> int:
    """Bytes that Karpenter counts against a pool's memory limit."""
    return int(catalogue.capacity(instance, catalogue.CapacitySettings())["memory"])


def _below(at: Location, limit: str, what: str) -> Problem:
    return Problem(at=at, value=limit, rule=f"below one node: {what}; Karpenter would launch nothing", fix="raise it")
