"""What a machine's user data says, whatever its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eks_twin.nodes.capacity import Kubelet
from eks_twin.nodes.sharing import PluginConfig

Taint = dict[str, str]


class UserDataError(ValueError):
    """A machine with this user data would not become a node, or not the one that is described."""


@dataclass(frozen=True)
class Bootstrap:
    """What the user data says."""

    cluster: str = ""
    """Cluster to join; empty where nothing says so."""
    endpoint: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Taint] = ()
    kubelet: Kubelet = field(default_factory=Kubelet)
    nvidia: PluginConfig = field(default_factory=PluginConfig)
    """Of the device plugin that is part of the machine's system; without meaning where none is."""


def refuse_unknown(path: str, table: Mapping[str, Any], known: frozenset[str]) -> None:
    """UserDataError for the first key of `table` that is not in `known`."""
    unknown = sorted(set(table) - known)
    if unknown:
        where = f"{path}.{unknown[0]}" if path else unknown[0]
        raise UserDataError(f"user data {where}: not modelled; known: {', '.join(sorted(known))}")


def refuse_soft_without_grace(soft: Mapping[str, str], grace: Mapping[str, str]) -> None:
    """UserDataError for a soft eviction threshold with which a kubelet would not start (kubelet, eviction/helpers.go).

    Thresholds as such change nothing: only hard ones are taken from what a node offers.
    """
    for signal in soft:
        if signal not in grace:
            raise UserDataError(
                f"user data evictionSoft {signal}: grace period must be specified for the soft eviction threshold; "
                f"add it to evictionSoftGracePeriod"
            )
