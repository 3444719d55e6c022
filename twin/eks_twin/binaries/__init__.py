"""Finds the real programs on the machine, downloads them where the network allows, or builds them from Go modules.

Go modules are pinned by hash; see `recipes` for versions and `modules/` for the sums.
"""

from collections.abc import Callable
from pathlib import Path

from .recipes import PROGRAMS, Recipe
from .sources import UnavailableError, build, download, named, on_path
from .store import ensure, entry

Progress = Callable[[Recipe, str], None]
"""Called with what is being done for which recipe; long work is never silent."""


class MissingProgramError(Exception):
    """A program can neither be found nor made; the message says what was tried and how to get it."""


def _silent(_recipe: Recipe, _what: str) -> None:
    pass


def tool(name: str, progress: Progress = _silent) -> Path:
    """Path of the program `name`; MissingProgramError if it cannot be had, KeyError if the twin does not use it."""
    recipe = PROGRAMS[name]
    try:
        if program := named(name):
            return program
    except UnavailableError as error:
        raise MissingProgramError(f"{name}: {error}") from error
    if (cached := entry(recipe) / name).exists():
        return cached
    return on_path(name, recipe) or _made(recipe, progress) / name


def _made(recipe: Recipe, progress: Progress) -> Path:
    reasons: list[str] = []

    def make(into: Path) -> None:
        progress(recipe, "asking for the official download")
        try:
            download(recipe, into)
        except UnavailableError as error:
            reasons.append(str(error))
            build(recipe, into, lambda what: progress(recipe, f"{what} (about {recipe.minutes:g} min cold)"))

    try:
        return ensure(recipe, make, lambda: progress(recipe, "waiting for another build of it"))
    except UnavailableError as error:
        programs = ", ".join(recipe.packages)
        raise MissingProgramError(
            f"{recipe.name} {recipe.version} ({programs}) is missing.\n"
            f"  not on this machine: no fitting version on PATH or in KUBEBUILDER_ASSETS\n"
            f"  not downloaded: {reasons[-1] if reasons else 'not tried'}\n"
            f"  not built: {error}\n"
            f"  To get it: install Go and allow the Go module proxy, or put {programs} on PATH."
        ) from error


def ensure_all(progress: Progress = _silent) -> dict[str, Path]:
    """Every program the twin runs, made where needed, one after another (each build uses all cores)."""
    return {name: tool(name, progress) for name in PROGRAMS}


def karpenter_source() -> Path:
    """Directory of the Karpenter module with `charts/` and `pkg/apis/crds/`; made with the program if need be."""
    return _made(PROGRAMS["karpenter"], _silent) / "source"


__all__ = ["PROGRAMS", "MissingProgramError", "Progress", "Recipe", "ensure_all", "karpenter_source", "tool"]
