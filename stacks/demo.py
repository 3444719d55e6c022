"""`make demo` and `make demo-down`: one lab on a local twin of AWS, from nothing to pods on accelerators and back.

Everything here is a command that a person could type; each is shown before it runs.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml
from rich.console import Console
from rich.live import Live
from rich.table import Table

ROOT: Final = Path(__file__).resolve().parent.parent
TWIN: Final = str(Path(sys.executable).with_name("twin"))
WAIT_SECONDS: Final = 300
"""From pod to Running; the labs' own text allows 10 minutes on AWS, where images are pulled."""


WIDTH: Final = 140
"""Columns where the output is not a terminal, such as a log: the last table is that wide."""
PICTURE: Final = ROOT / "docs" / "pictures" / "demo.svg"
HINTS: Final = """
Look around:   .venv/bin/twin kubectl get nodeclaims
               .venv/bin/twin aws ec2 describe-instances
               .venv/bin/twin status
Take it down:  make demo-down"""

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH, record=True)
_steps: list[tuple[str, float]] = []


def main(action: str, stack: str) -> None:
    """Run `action` on the stack and its workload: up, down, or picture, which is an up kept as the README's picture."""
    {"up": up, "down": down, "picture": picture}[action](stack)


def up(stack: str) -> None:
    """The twin, the stack, the workload; then where each pod landed and what it costs."""
    workload = ROOT / "stacks" / "workloads" / f"{stack}.yaml"
    if not workload.exists():
        _fail(f"no stack {stack!r}; there are: {', '.join(sorted(p.stem for p in workload.parent.glob('*.yaml')))}")
    _step("twin", [TWIN, "up"])
    config = _config(stack)
    _step(
        "pulumi up",
        _pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack, "--config-file", str(config)),
    )
    _step("workload", [TWIN, "kubectl", "apply", "-f", str(workload.relative_to(ROOT))])
    started = time.monotonic()
    pods = _wait([(d["metadata"]["namespace"], d["metadata"]["name"]) for d in _pods(workload)])
    _steps.append(("pods running", time.monotonic() - started))
    console.line()
    console.print(_placement(pods))
    console.print("  ·  ".join(f"{name} {seconds:.0f} s" for name, seconds in _steps))
    console.print(HINTS, soft_wrap=True)


def picture(stack: str) -> None:
    """Bring the stack up and keep what the terminal showed."""
    up(stack)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(PICTURE), title=f"make demo STACK={stack}")


def down(stack: str) -> None:
    """Destroy the stack, prove the account empty, stop the twin."""
    _step(
        "pulumi destroy",
        _pulumi(
            "destroy",
            "--yes",
            "--skip-preview",
            "--suppress-outputs",
            "--stack",
            stack,
            "--config-file",
            str(_config(stack)),
        ),
    )
    _step("audit", [TWIN, "audit"])
    _step("down", [TWIN, "down"])
    console.print("  ·  ".join(f"{name} {seconds:.0f} s" for name, seconds in _steps))


def _pulumi(*arguments: str) -> list[str]:
    return [TWIN, "exec", "--", "pulumi", *arguments]


def _config(stack: str) -> Path:
    """A copy of the stack's configuration for the twin, with the stack created from it.

    Creating a stack writes an encryption salt into the configuration file; the one under version control is for AWS.
    """
    copy = Path(tempfile.gettempdir()) / f"eks-accelerators-{stack}-{_twin_id()}"
    config = copy / "stacks" / f"Pulumi.{stack}.yaml"
    if config.exists():
        return config
    config.parent.mkdir(parents=True)
    shutil.copy(ROOT / "Pulumi.yaml", copy)
    shutil.copy(ROOT / "stacks" / config.name, config)
    _step("stack", [TWIN, "exec", "--", "pulumi", "-C", str(copy), "stack", "select", "--create", stack])
    return config


def _twin_id() -> str:
    """Differs from one start of the twin to the next, because a new twin is an empty account."""
    answer = _output([TWIN, "exec", "--", "sh", "-c", 'printf %s "$AWS_ACCESS_KEY_ID"'])
    return hashlib.sha256(answer.encode()).hexdigest()[:8]


def _pods(workload: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(workload.read_text()) if document and document["kind"] == "Pod"]


def _step(name: str, command: list[str]) -> None:
    shown = " ".join("twin" if part == TWIN else part.replace(tempfile.gettempdir(), "$TMPDIR") for part in command)
    console.print(f"[bold cyan]$ {shown}[/]", soft_wrap=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    _steps.append((name, time.monotonic() - started))
    if code:
        _fail(f"`{shown}` ended with {code}")


def _output(command: list[str]) -> str:
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode:
        _fail(answer.stderr.strip() or f"{' '.join(command)} ended with {answer.returncode}")
    return answer.stdout


def _fail(message: str) -> NoReturn:
    console.print(f"[red]demo:[/] {message}")
    sys.exit(1)


def _kubectl(*arguments: str) -> dict[str, Any]:
    return json.loads(_output([TWIN, "kubectl", *arguments, "-o", "json"]))


def _wait(names: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The pods `names`, all Running; ends with the scheduler's own words when they do not get there."""
    deadline = time.monotonic() + WAIT_SECONDS
    with Live(console=console, refresh_per_second=4) as live:
        while True:
            pods = [_kubectl("get", "pod", name, "--namespace", namespace) for namespace, name in names]
            live.update(_progress(pods))
            if all(_ready(pod) for pod in pods):
                return pods
            if time.monotonic() > deadline:
                break
            time.sleep(1)
    for namespace, name in names:
        subprocess.run([TWIN, "kubectl", "describe", "pod", name, "--namespace", namespace], check=False)
    _fail(f"pods not Running after {WAIT_SECONDS} s; see the events above")


def _ready(pod: Mapping[str, Any]) -> bool:
    conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", ())}
    return pod["status"].get("phase") == "Running" and conditions.get("Ready") == "True"


def _progress(pods: list[dict[str, Any]]) -> Table:
    table = Table(box=None, show_header=False)
    for pod in pods:
        waiting = next(
            (c.get("message", "") for c in pod["status"].get("conditions", ()) if c["status"] == "False"), ""
        )
        table.add_row(pod["metadata"]["name"], pod["status"].get("phase", ""), waiting[:90])
    return table


def _placement(pods: list[dict[str, Any]]) -> Table:
    table = Table("pod", "node", "instance type", "pool", "zone", "capacity type", "USD per hour")
    for pod in pods:
        node = _kubectl("get", "node", pod["spec"]["nodeName"])
        labels = node["metadata"]["labels"]
        kind, zone = labels["node.kubernetes.io/instance-type"], labels["topology.kubernetes.io/zone"]
        capacity = labels["karpenter.sh/capacity-type"]
        table.add_row(
            pod["metadata"]["name"],
            node["metadata"]["name"],
            kind,
            labels["karpenter.sh/nodepool"],
            zone,
            capacity,
            _price(kind, zone, capacity),
        )
    return table


def _price(kind: str, zone: str, capacity: str) -> str:
    """What AWS asks for one hour, as its own price list or spot history says."""
    if capacity == "spot":
        command = ["describe-spot-price-history", "--instance-types", kind, "--availability-zone", zone]
        history = _aws("ec2", *command, "--product-descriptions", "Linux/UNIX", "--max-items", "1")
        return f"{float(history['SpotPriceHistory'][0]['SpotPrice']):.3f}"
    wanted = {"instanceType": kind, "regionCode": zone[:-1], "operatingSystem": "Linux", "tenancy": "Shared"}
    filters = [f"Type=TERM_MATCH,Field={field},Value={value}" for field, value in wanted.items()]
    found = _aws("pricing", "get-products", "--service-code", "AmazonEC2", "--filters", *filters)
    if not found["PriceList"]:
        return "not listed"
    offer = next(iter(json.loads(found["PriceList"][0])["terms"]["OnDemand"].values()))
    price = next(iter(offer["priceDimensions"].values()))
    return f"{float(price['pricePerUnit']['USD']):.3f}"


def _aws(*arguments: str) -> dict[str, Any]:
    return json.loads(_output([TWIN, "aws", *arguments, "--output", "json"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
