"""Three ways to a program: found on the machine, downloaded from its makers, built from pinned Go modules."""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import requests

from .recipes import PATH_PROBES, Recipe
from .store import module_files

CONNECT_SECONDS: Final = 3
"""How long to try to reach a download host before building instead."""
READ_SECONDS: Final = 120
BUILD_FLAGS: Final = ("-mod=readonly", "-trimpath", "-buildvcs=false")


class UnavailableError(Exception):
    """A way that does not lead to the program; the message says why."""


def named(program: str) -> Path | None:
    """The file that EKS_TWIN_<PROGRAM> names, used as it is; UnavailableError when it cannot be run."""
    variable = f"EKS_TWIN_{program.upper().replace('-', '_')}"
    path = os.environ.get(variable)
    if path and not os.access(path, os.X_OK):
        raise UnavailableError(f"{variable}={path} is not an executable file")
    return Path(path) if path else None


def on_path(program: str, recipe: Recipe) -> Path | None:
    """A program of a fitting version in KUBEBUILDER_ASSETS or on PATH, or None."""
    folders = [folder for folder in (os.environ.get("KUBEBUILDER_ASSETS"), os.environ.get("PATH")) if folder]
    path = shutil.which(program, path=os.pathsep.join(folders))
    return Path(path) if path and _fits(path, program, recipe) else None


def _fits(path: str, program: str, recipe: Recipe) -> bool:
    question = PATH_PROBES.get(program, recipe.probe)
    if not question:
        return False
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run([path, *question], capture_output=True, text=True, timeout=10, check=False)
        return re.search(recipe.accepts, answer.stdout, re.MULTILINE) is not None
    return False


def _platform() -> tuple[str, str]:
    arch = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), platform.machine())
    return platform.system().lower(), arch


def download(recipe: Recipe, into: Path) -> None:
    """Put all programs of `recipe` into `into` from their makers' own servers, checked against the published sums."""
    if set(recipe.download) != set(recipe.packages):
        raise UnavailableError(f"{recipe.name} publishes no binaries, only container images")
    system, arch = _platform()
    for program, template in recipe.download.items():
        url = template.replace("{arch:x64}", "x64" if arch == "amd64" else arch).format(os=system, arch=arch)
        content = _fetch(url)
        _verify(url, content)
        _unpack(content, program, into / program) if url.endswith(".tar.gz") else (into / program).write_bytes(content)
        (into / program).chmod(0o755)


def _fetch(url: str) -> bytes:
    try:
        answer = requests.get(url, timeout=(CONNECT_SECONDS, READ_SECONDS))
        answer.raise_for_status()
    except requests.RequestException as error:
        raise UnavailableError(f"{url}: {type(error).__name__}") from error
    return answer.content


def _verify(url: str, content: bytes) -> None:
    """Compare with the SHA-256 that stands beside the file (`<file>.sha256`, `<file>.sha256sum` or SHA256SUMS)."""
    name = url.rsplit("/", 1)[1]
    digest = hashlib.sha256(content).hexdigest()
    for published in (f"{url}.sha256", f"{url}.sha256sum", f"{url.rsplit('/', 1)[0]}/SHA256SUMS"):
        with contextlib.suppress(UnavailableError):
            lines = _fetch(published).decode().splitlines()
            sums = {line.split()[0] for line in lines if line.strip() and (len(line.split()) == 1 or name in line)}
            if digest in sums:
                return
            raise RuntimeError(f"{url}: SHA-256 {digest} is not the one published in {published}")
    raise UnavailableError(f"{url}: no published SHA-256 to check it against")


def _unpack(content: bytes, program: str, target: Path) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            for member in archive:
                if member.isfile() and Path(member.name).name == program:
                    stream = archive.extractfile(member)
                    if stream is not None:
                        target.write_bytes(stream.read())
                        return
    raise RuntimeError(f"the archive of {program} does not hold it")


def build(recipe: Recipe, into: Path, progress: Callable[[str], None]) -> None:
    """Compile all programs of `recipe` into `into` from the module proxy; UnavailableError without Go or network."""
    go = shutil.which("go")
    if go is None:
        raise UnavailableError("Go is not installed (1.26 or later, https://go.dev/dl)")
    with tempfile.TemporaryDirectory(prefix="eks-twin-") as scratch:
        for name, content in module_files(recipe).items():
            Path(scratch, name).write_bytes(content)
        progress("downloading modules")
        _go([go, "mod", "download"], scratch)
        flags = " ".join(["-s", "-w", *(f"-X {key}={value}" for key, value in recipe.stamp.items())])
        for program, package in recipe.packages.items():
            progress(f"compiling {program}")
            _go([go, "build", *BUILD_FLAGS, f"-ldflags={flags}", "-o", str(into / program), package], scratch)
        if recipe.source:
            _keep_source(recipe, go, scratch, into)


def _go(command: list[str], cwd: str) -> str:
    answer = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if answer.returncode:
        last = [line for line in answer.stderr.splitlines() if line.strip()][-3:]
        raise UnavailableError(f"`go {' '.join(command[1:3])}` failed: {' / '.join(last)}")
    return answer.stdout


def _keep_source(recipe: Recipe, go: str, scratch: str, into: Path) -> None:
    directory = json.loads(_go([go, "list", "-m", "-json", recipe.module], scratch))["Dir"]
    for part in recipe.source:
        shutil.copytree(Path(directory, part), into / "source" / part)
    for path in (into / "source").rglob("*"):  # the module cache is read-only; ours must be removable
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
