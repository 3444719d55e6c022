"""Writes docs/pictures/explain.svg: what `accel explain` answers, as a terminal shows it."""

import io
from pathlib import Path
from typing import Final

from eks_accelerators.cli import screens
from eks_accelerators.cli.stack import documents, load
from eks_accelerators.model.feasibility import explain_pod, explain_pool
from eks_accelerators.model.feasibility.configured import place, views
from rich.console import Console

ROOT: Final = Path(__file__).parents[1]
TARGET: Final = ROOT / "docs" / "pictures" / "explain.svg"
POOLS: Final = "accelerators"
"""The stack whose pools are shown."""
POD: Final = "inferentia"
"""The stack whose workload is shown on its pools."""
WIDTH: Final = 116


def svg() -> str:
    """Two questions and their answers."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    shown = load(POOLS, ROOT)
    where = place(shown.config, shown.region, {})
    _ask(console, f"accel explain --stack {POOLS}")
    console.print(screens.pools_table([explain_pool(view, where) for view in views(shown.config)]))
    shown = load(POD, ROOT)
    where = place(shown.config, shown.region, {})
    workload = f"stacks/workloads/{POD}.yaml"
    _ask(console, f"accel explain --stack {POD} --pod {workload}")
    for each in documents((ROOT / workload).read_text(encoding="utf-8"), workload):
        if each["kind"] == "Pod":
            console.print(screens.pod_screen(explain_pod(each, views(shown.config), where, [])))
    return console.export_svg(title="accel explain", unique_id="explain")


def _ask(console: Console, command: str) -> None:
    console.print(f"[bold cyan]$ {command}[/]", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    TARGET.write_text(svg(), encoding="utf-8")
