"""The `twin` command: a local AWS + EKS to run Pulumi programs against."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import psutil
import requests
import typer
from rich.console import Console
from rich.table import Table

from eks_twin.audit import left_over
from eks_twin.binaries import PROGRAMS, MissingProgramError, Recipe, ensure_all, tool
from eks_twin.environment import Status, install_shims, kubeconfig, stand_ins, variables
from eks_twin.home import Home
from eks_twin.processes import Processes

REGION: Final = "us-west-2"
START_SECONDS: Final = 90
"""The supervisor's own deadline for AWS is 60 s."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
out = Console()
err = Console(stderr=True)


def fail(message: str) -> NoReturn:
    """End with one message and exit code 1."""
    err.print(f"[red]twin:[/] {message}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def running() -> tuple[Home, Status]:
    """The twin that is up; ends the command when none is."""
    home = Home.from_environment()
    status = Status.read(home)
    if status is None:
        fail("no twin is up; start one with `twin up`")
    return home, status


@app.command()
def up(
    region: Annotated[str, typer.Option(help="AWS region that the twin plays.")] = REGION,
    port: Annotated[int, typer.Option(help="Port of AWS on loopback; 0 takes a free one.")] = 0,
) -> None:
    """Start the twin, building its programs first where the machine lacks them."""
    home = Home.from_environment()
    _programs()
    install_shims(home)
    if status := Status.read(home):
        out.print(f"twin is up already: AWS at {status.aws_url} ({status.region})")
        return
    home.logs.mkdir(parents=True, exist_ok=True)
    log = home.path / "supervisor.log"
    command = [sys.executable, "-m", "eks_twin.daemon", "--region", region, "--port", str(port)]
    with log.open("wb") as output:
        supervisor = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    with out.status("starting AWS"):
        status = _wait_until_up(home, supervisor)
    if status is None:
        fail(log.read_text().strip().removeprefix("twin: ") or f"the supervisor ended; see {log}")
    out.print(f"twin is up: AWS at [bold]{status.aws_url}[/] ({status.region})")
    if missing := stand_ins(home):
        out.print(f"stand-ins in place of the official Pulumi plugins: {', '.join(missing)}")


def _wait_until_up(home: Home, supervisor: subprocess.Popen[bytes]) -> Status | None:
    """The status once published; also when another `twin up` won the race for the lock."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if status := Status.read(home):
            return status
        if supervisor.poll() not in (None, 0) and "another twin is up" not in _supervisor_log(home):
            return None
        time.sleep(0.1)
    return None


def _supervisor_log(home: Home) -> str:
    return (home.path / "supervisor.log").read_text(errors="replace")


@app.command()
def programs() -> None:
    """Make sure that every program is there, building what is missing, and list them."""
    table = Table("program", "version", "path")
    for name, path in _programs().items():
        table.add_row(name, PROGRAMS[name].version, str(path))
    out.print(table)


def _programs() -> dict[str, Path]:
    started = time.monotonic()
    steps: list[str] = []
    with out.status("looking for programs") as spinner:

        def progress(recipe: Recipe, what: str) -> None:
            line = f"{recipe.name} {recipe.version}: {what}"
            spinner.update(line)
            steps.append(line)
            if not out.is_terminal:
                out.print(f"{time.monotonic() - started:6.0f} s  {line}", highlight=False, soft_wrap=True)

        try:
            found = ensure_all(progress)
        except MissingProgramError as error:
            fail(str(error))
    if steps:
        out.print(f"programs made in {time.monotonic() - started:.0f} s; kept for every later start")
    return found


@app.command()
def down() -> None:
    """Stop everything that `twin up` started; also what a killed twin left behind."""
    home = Home.from_environment()
    status = Status.read(home)
    if status and (supervisor := status.supervisor.process()):
        supervisor.terminate()
        with out.status("stopping"):
            psutil.wait_procs([supervisor], timeout=60)
    ended = Processes(home.ledger).sweep()
    home.status.unlink(missing_ok=True)
    out.print("twin is down" + (f"; ended what was left: {', '.join(ended)}" if ended else ""))


@app.command()
def status() -> None:
    """Show where the twin is, its clusters, and what each process uses."""
    home, current = running()
    since = datetime.fromtimestamp(current.started, UTC).astimezone().strftime("%H:%M:%S")
    out.print(f"AWS at {current.aws_url} ({current.region}) since {since}; files in {home.path}", highlight=False)
    state = _private(current, "state")
    for cluster in state["clusters"]:
        out.print(f"cluster {cluster['name']} {cluster['version']} {cluster['status']}", highlight=False)
    table = Table("process", "pid", "memory MiB")
    total = 0.0
    for record in Processes(home.ledger).records():
        if process := record.process():
            memory = process.memory_info().rss / 2**20
            total += memory
            table.add_row(record.name, str(record.pid), f"{memory:.0f}")
    table.add_section()
    table.add_row("total", "", f"{total:.0f}")
    out.print(table)


def _private(current: Status, what: str) -> Any:
    try:
        answer = requests.get(f"{current.aws_url}/_twin/{what}", timeout=60)
        answer.raise_for_status()
    except requests.RequestException as error:
        fail(f"AWS at {current.aws_url} does not answer: {error}")
    return answer.json()


PASS_THROUGH: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command("exec", context_settings=PASS_THROUGH)
def execute(context: typer.Context) -> None:
    """Run a command that sees the twin as AWS: `twin exec -- pulumi up`."""
    home, current = running()
    arguments = context.args[1:] if context.args[:1] == ["--"] else context.args
    if not arguments:
        fail("name a command: twin exec -- pulumi up")
    _become(arguments, variables(home, current))


@app.command("aws", context_settings=PASS_THROUGH)
def aws(context: typer.Context) -> None:
    """Run the AWS CLI against the twin: `twin aws ec2 describe-instances`."""
    home, current = running()
    _become([sys.executable, "-m", "awscli", *context.args], variables(home, current))


@app.command("kubectl", context_settings=PASS_THROUGH)
def kubectl(context: typer.Context) -> None:
    """Run kubectl as administrator of the twin's cluster: `twin kubectl get nodes`."""
    home, current = running()
    config = kubeconfig(home)
    if config is None:
        names = [cluster["name"] for cluster in _private(current, "state")["clusters"]]
        fail(f"name the cluster with --kubeconfig {home.run}/clusters/NAME/kubeconfig; clusters: {names or 'none'}")
    _become([str(tool("kubectl")), *context.args], variables(home, current) | {"KUBECONFIG": str(config)})


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - the user's own command line
    except OSError as error:
        fail(f"{command[0]}: {error.strerror}")


@app.command()
def audit() -> None:
    """List everything that an empty account would not have; exit 1 if there is anything."""
    home, current = running()
    try:
        left = left_over(home, current)
    except requests.RequestException as error:
        fail(f"AWS at {current.aws_url} does not answer: {error}")
    if not left:
        out.print("the account is empty")
        return
    table = Table("service", "type", "id", "name")
    for item in left:
        table.add_row(item["service"], item["type"], item["id"], item["name"])
    out.print(table)
    raise typer.Exit(1)


def main() -> None:
    """Entry point of the `twin` command."""
    app()
