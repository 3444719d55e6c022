"""The versioned program cache: complete entries only, one builder at a time."""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

from eks_twin.home import cache_dir

from .recipes import Recipe


def module_files(recipe: Recipe) -> dict[str, bytes]:
    """go.mod and go.sum of `recipe`."""
    folder = resources.files("eks_twin.binaries") / "modules" / recipe.name
    return {name: (folder / name).read_bytes() for name in ("go.mod", "go.sum")}


def entry(recipe: Recipe) -> Path:
    """Directory of `recipe`'s programs; its name changes with anything that changes what is built."""
    digest = hashlib.sha256(repr(recipe).encode())
    for content in module_files(recipe).values():
        digest.update(content)
    system = f"{platform.system()}-{platform.machine()}".lower()
    return cache_dir() / "programs" / f"{recipe.name}-{recipe.version}-{system}-{digest.hexdigest()[:12]}"


@contextlib.contextmanager
def _locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock on `path`; the system releases it when the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure(recipe: Recipe, make: Callable[[Path], None], waiting: Callable[[], None]) -> Path:
    """The complete entry of `recipe`, made by `make(directory)` if it is not there.

    What `make` leaves half-finished is never used: it works in a temporary directory that is renamed at the end.
    """
    target = entry(recipe)
    if target.is_dir():
        return target
    with _locked(target.with_suffix(".lock"), waiting):
        if target.is_dir():
            return target
        for stale in target.parent.glob(f".{target.name}.*"):
            shutil.rmtree(stale, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            make(staging)
            os.replace(staging, target)  # noqa: PTH105 - Path.replace cannot rename a directory onto nothing in one word
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return target
