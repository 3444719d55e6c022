"""Makes the clusters that run be those that AWS says exist."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from eks_twin.cluster.aws import AwsProcess, AwsProcessError
from eks_twin.cluster.driver import ClusterDriver
from eks_twin.nodes.machine import Instance
from eks_twin.nodes.settings import Settings
from eks_twin.processes import Processes

TRANSIENT: Final = frozenset({"CREATING", "UPDATING", "DELETING"})
"""Statuses of clusters and their parts that this room is expected to end."""
LIVELY_SECONDS: Final = 5
"""For how long after a change the state is read at every tick: changes come in bursts."""
PAUSE_SECONDS: Final = 1
"""Pause of a cluster whose tick failed, so that a lasting error does not fill its log."""

_log = logging.getLogger(__name__)


class Reconciler:
    """Drives all clusters of a twin from the aws process's state."""

    def __init__(self, aws_url: str, run_dir: Path, processes: Processes, settings: Settings) -> None:
        self._aws = AwsProcess(aws_url, settings)
        self._run_dir = run_dir
        self._processes = processes
        self._settings = settings
        self._drivers: dict[str, ClusterDriver] = {}
        self._paused: dict[str, float] = {}
        self._seen: Mapping[str, Any] = {}
        self._changed = 0.0

    def tick(self) -> None:
        """One step for every cluster; trouble of one goes to its log and does not touch the others."""
        try:
            state = self._state()
        except AwsProcessError:
            _log.exception("the aws process does not answer")
            return
        instances = [Instance.of(record) for record in state["instances"]]
        clusters = {cluster["name"]: cluster for cluster in state["clusters"]}
        for name in set(self._drivers) - set(clusters):
            self._drivers.pop(name).close()
        for name, cluster in clusters.items():
            if name not in self._drivers:
                directory = self._run_dir / "clusters" / name
                self._drivers[name] = ClusterDriver(name, self._aws, directory, self._processes, self._settings)
            self._drive(name, cluster, instances)

    def close(self) -> None:
        """End every process this room started."""
        for driver in self._drivers.values():
            driver.close()
        self._drivers.clear()

    def _state(self) -> Mapping[str, Any]:
        now = time.monotonic()
        state = self._aws.state(steady=now - self._changed > LIVELY_SECONDS and not _in_motion(self._seen))
        if state != self._seen:
            self._seen, self._changed = state, now
        return state

    def _drive(self, name: str, cluster: Mapping[str, Any], instances: list[Instance]) -> None:
        if time.monotonic() < self._paused.get(name, 0):
            return
        try:
            self._drivers[name].tick(cluster, instances)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other clusters go on
            self._drivers[name].record(error)
            self._paused[name] = time.monotonic() + PAUSE_SECONDS


def _in_motion(state: Mapping[str, Any]) -> bool:
    """Whether a cluster or a part of one waits for this room."""
    return any(
        thing["status"] in TRANSIENT
        for cluster in state.get("clusters", ())
        for thing in (cluster, *cluster["addons"], *cluster["nodegroups"])
    )


__all__ = ["Reconciler", "Settings"]
