"""Writes into the pages what `accel` answers to the commands that they show.

A fenced block of kind `console` whose first line is `$ accel …` is followed by the answer of today.
"""

import contextlib
import re
import shlex
from pathlib import Path
from typing import Final

from eks_accelerators.cli.app import WIDTH, app
from eks_accelerators.model import catalogue
from typer.testing import CliRunner

ROOT: Final = Path(__file__).parents[1]
_BLOCK: Final = re.compile(r"^```console\n\$ accel (?P<arguments>[^\n]+)\n.*?^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Every page of the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def commands(text: str) -> list[str]:
    """Arguments of every `accel` that the page `text` shows."""
    return [found["arguments"] for found in _BLOCK.finditer(text)]


def refreshed(text: str) -> str:
    """The page `text` with today's answers."""
    return _BLOCK.sub(lambda found: f"```console\n$ accel {found['arguments']}\n{answer(found['arguments'])}```", text)


def answer(arguments: str) -> str:
    """What `accel` prints at the project's root from the packaged catalogue, as wide as where no terminal bounds it."""
    environment = {"COLUMNS": str(WIDTH), catalogue.VARIABLE: None}
    with contextlib.chdir(ROOT):
        printed = CliRunner().invoke(app, shlex.split(arguments), env=environment)
    if printed.exception and not isinstance(printed.exception, SystemExit):
        raise printed.exception
    return "\n".join(line.rstrip() for line in printed.output.splitlines()).strip("\n") + "\n"


if __name__ == "__main__":
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
