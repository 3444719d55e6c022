"""The commands."""

import json
import os
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
import yaml
from rich.console import Console
from rich.markup import escape

from ..model import catalogue, manifests
from ..model.feasibility import ManifestError, Place, PodReport, PoolReport, PoolView, explain_pod, explain_pool
from ..model.feasibility.configured import place, views
from ..model.feasibility.pod import TEMPLATES
from ..model.parse import ConfigError, one_of
from . import refreshing, screens
from .stack import StackError, documents, load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="What a configuration of eks-accelerators means, before it costs anything.")  # fmt: skip
catalogue_app = typer.Typer(no_args_is_help=True, help="The instance types that answers are based on.")
app.add_typer(catalogue_app, name="catalogue")
WIDTH: Final = 100
"""Columns of a table that nobody's terminal bounds, as in a pipe or a pull request's comment."""
out = Console(width=None if sys.stdout.isatty() else WIDTH)
err = Console(stderr=True)


class Format(StrEnum):
    """How an answer is printed."""

    table = "table"
    text = "text"
    json = "json"


StackName = Annotated[str, typer.Option("--stack", "-s", help="Environment: the ENV of stacks/Pulumi.ENV.yaml.")]


@app.callback()
def common(
    cwd: Annotated[Path, typer.Option("--cwd", "-C", help="Run as if started in this directory.")] = Path(),
    catalogue_file: Annotated[
        Path | None,
        typer.Option("--catalogue", envvar=catalogue.VARIABLE, help="Catalogue file in place of the packaged one."),
    ] = None,
) -> None:
    """Make directory and catalogue hold for the whole process."""
    if catalogue_file is not None:
        os.environ[catalogue.VARIABLE] = str(catalogue_file.resolve())
    with refusals():
        try:
            os.chdir(cwd)
        except OSError as error:
            raise StackError(f"--cwd {cwd}: {error.strerror}; name a directory") from error


@contextmanager
def refusals() -> Generator[None, None, None]:
    """What is wrong with the user's input, as one message and exit code 2."""
    try:
        yield
    except (StackError, ConfigError, catalogue.CatalogueError, refreshing.RefreshError, ManifestError) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """End with one message and exit code 2."""
    err.print(f"[red]accel:[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(2)


@app.command()
def explain(
    stack: StackName,
    pool: Annotated[str | None, typer.Option(help="One pool in full instead of all in short.")] = None,
    pod: Annotated[
        str | None, typer.Option(help="Manifests of pods or workloads, and of storage they name; - reads stdin.")
    ] = None,
    daemons: Annotated[str, typer.Option(help="What a node's DaemonSets request: cpu=200m,memory=500Mi,pods=6.")] = "",
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to print it.")] = Format.table,
) -> None:
    """Which instance types each pool launches, or which pools can take a pod, and why not the others.

    Exits with 1 if a pool launches nothing or a pod fits no pool.
    """
    with refusals():
        loaded = load(stack, Path())
        where = place(loaded.config, loaded.region, _daemons(daemons))
        chosen = _named(views(loaded.config), pool)
        if pod is None:
            reports = [explain_pool(view, where) for view in chosen]
            _print_pools(reports, format_, in_full=pool is not None)
            fine = all(report.choices for report in reports)
        else:
            answers = list(_pods(pod, chosen, where))
            _print_pods(answers, format_)
            fine = all(answer.fits for answer in answers)
    raise typer.Exit(0 if fine else 1)


def _named(pools: tuple[PoolView, ...], name: str | None) -> list[PoolView]:
    found = [view for view in pools if name in (None, view.name)]
    if not found:
        raise StackError(f"--pool {name}: no such pool; {one_of(str(name), [view.name for view in pools])}")
    return found


def _daemons(said: str) -> dict[str, str]:
    parts = [part.partition("=") for part in said.split(",") if part]
    for name, _, amount in parts:
        if not name or not amount:
            raise StackError(
                f"--daemons {said}: write resource=amount, separated by commas, e.g. cpu=200m,memory=500Mi"
            )
    return {name.strip(): amount.strip() for name, _, amount in parts}


def _pods(path: str, pools: list[PoolView], where: Place) -> Iterator[PodReport]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise StackError(f"--pod {path}: {error.strerror}; name a file, or - for standard input") from error
    objects = documents(text, path)
    pods = [each for each in objects if each.get("kind") in TEMPLATES]
    if not pods:
        raise StackError(f"--pod {path}: holds no pod; give one of {', '.join(TEMPLATES)}")
    beside = [each for each in objects if each.get("kind") not in TEMPLATES]
    yield from (explain_pod(each, pools, where, beside) for each in pods)


def _print_pools(reports: list[PoolReport], format_: Format, *, in_full: bool) -> None:
    if format_ is Format.json:
        _json({"pools": [report.wire() for report in reports]})
    elif format_ is Format.text:
        _lines(line for report in reports for line in screens.pool_lines(report))
    elif in_full:
        out.print(screens.pool_screen(reports[0]))
    else:
        out.print(screens.pools_table(reports))


def _print_pods(reports: list[PodReport], format_: Format) -> None:
    if format_ is Format.json:
        _json({"pods": [report.wire() for report in reports]})
    elif format_ is Format.text:
        _lines(line for report in reports for line in screens.pod_lines(report))
    else:
        for report in reports:
            out.print(screens.pod_screen(report))


def _json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, indent=2) + "\n")


def _lines(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


@app.command()
def render(stack: StackName) -> None:
    """Print the manifests of a stack's pools as YAML.

    Names that exist only once they are created (role, subnets, security group, placement group) are placeholders.
    """
    with refusals():
        plan = load(stack, Path()).config.plan
    objects = [
        *(_object(_NODE_CLASS, each.name, manifests.node_class(each)) for each in plan.classes),
        *(_object(_NODE_POOL, each.name, manifests.node_pool(each)) for each in plan.pools),
        *(_object(_NODE_OVERLAY, name, manifests.node_overlay(each)) for name, each in plan.overlays.items()),
    ]
    sys.stdout.write(yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True, width=120))


_NODE_CLASS: Final = (manifests.NODE_CLASS_API, manifests.NODE_CLASS_KIND)
_NODE_POOL: Final = (manifests.NODE_POOL_API, manifests.NODE_POOL_KIND)
_NODE_OVERLAY: Final = (manifests.NODE_OVERLAY_API, manifests.NODE_OVERLAY_KIND)


def _object(kind: tuple[str, str], name: str, spec: manifests.Manifest) -> dict[str, Any]:
    return {"apiVersion": kind[0], "kind": kind[1], "metadata": {"name": name}, "spec": spec}


Region = Annotated[str, typer.Option(help="AWS region.")]


@catalogue_app.command()
def show(
    name: Annotated[str, typer.Argument(help="Instance type such as inf2.48xlarge, or family such as inf2.")],
    region: Region = "us-west-2",
) -> None:
    """Show an instance type in full, or the types of a family."""
    with refusals():
        found = catalogue.current()
        if name in found.families:
            out.print(screens.family_table(found.families[name], region))
        elif name in found.types:
            out.print(screens.type_screen(found.types[name], region))
        else:
            fix = one_of(name, found.types if "." in name else found.families)
            raise catalogue.CatalogueError(f"{name}: no such instance type or family; {fix}")


@catalogue_app.command()
def refresh(
    output: Annotated[Path, typer.Argument(help="File to write.")],
    region: Region,
    prices: Annotated[bool, typer.Option(help="Ask for prices too; it needs pricing:GetProducts.")] = True,  # noqa: FBT002
) -> None:
    """Ask AWS what REGION offers now, and write a catalogue with it: types, zones and on-demand prices.

    Other regions stay as they are in the catalogue that was used. Set EKS_ACCELERATORS_CATALOGUE to the file to use it.
    """
    with refusals():
        found = refreshing.refreshed(catalogue.current(), region, refreshing.clients(region, prices=prices))
        output.write_bytes(catalogue.encode(found))
    out.print(f"{output}: {len(found.types)} types, {region} as of now; {catalogue.VARIABLE}={output} uses it",
              highlight=False, soft_wrap=True)  # fmt: skip
