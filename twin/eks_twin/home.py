"""Where the twin keeps things: programs in a cache shared by all checkouts, a running twin's files in one directory."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CACHE_VARIABLE: Final = "EKS_TWIN_CACHE"
"""Environment variable that moves the program cache; default `$XDG_CACHE_HOME/eks-twin` (XDG Base Directory)."""
HOME_VARIABLE: Final = "EKS_TWIN_HOME"
"""Environment variable that names a twin's directory; two twins with different homes run side by side."""


def cache_dir() -> Path:
    """Directory of the built programs, outside every checkout."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "eks-twin"


@dataclass(frozen=True)
class Home:
    """The files of one twin."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The home that `EKS_TWIN_HOME` names, else one beside the cache."""
        named = os.environ.get(HOME_VARIABLE)
        return cls(Path(named).expanduser() if named else cache_dir() / "twin")

    @property
    def run(self) -> Path:
        """What a running twin writes; emptied by each start."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One file per process; kept after a stop, replaced by the next start."""
        return self.path / "log"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: the engine's plugins and workspaces."""
        return self.path / "pulumi"

    @property
    def pulumi_state(self) -> Path:
        """The engine's file backend; part of `run`, because it describes resources that end with this twin."""
        return self.run / "state"

    @property
    def shims(self) -> Path:
        """Put first on PATH by `twin exec`: the programs and the language host under their usual names."""
        return self.path / "bin"

    @property
    def ledger(self) -> Path:
        """The processes of this twin (see `eks_twin.processes`); survives a crash."""
        return self.path / "processes.jsonl"

    @property
    def lock(self) -> Path:
        """Held for as long as a supervisor lives."""
        return self.path / "lock"

    @property
    def status(self) -> Path:
        """Written by the supervisor once AWS answers: where it is and with which credentials."""
        return self.run / "twin.json"
