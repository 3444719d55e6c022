"""What the pages show is true: configurations parse, refused ones are refused in those words, links lead somewhere."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from eks_accelerators.model.parse import ConfigError, parse
from eks_accelerators.model.placements import placement
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.pool_set import PoolSet

from tools import examples

ROOT = Path(__file__).parents[2]
PAGES = examples.pages()
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
KEY = "eks-accelerators:platform"
SURROUNDINGS = {
    "network": {"zones": ["us-west-2a", "us-west-2b", "us-west-2c"]},
    "cluster": {"name": "lab", "public_access_cidrs": []},
}
"""What an example leaves out that is about pools only."""


@dataclass(frozen=True)
class Block:
    """A fenced block, and where it stands."""

    page: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, found.start()) + 1, found["kind"], found["text"])


ALL = [block for page in PAGES for block in blocks(page)]
SHOWN = [block for block in ALL if block.kind == "yaml" and "pools:" in block.text]
REFUSED = [pair for page in PAGES for pair in pairwise(blocks(page)) if pair[0].kind == "yaml refused"]
ANSWERS = [page for page in PAGES if examples.commands(page.read_text(encoding="utf-8"))]


def configuration(text: str) -> tuple[type[PoolSet], Any]:
    """The part that is parsed: of a whole stack file its platform, of a few pools those."""
    said = yaml.safe_load(text)
    said = said.get("config", said)
    said = said.get(KEY, said)
    return (PlatformConfig if said.keys() - PoolSet.model_fields.keys() else PoolSet), said


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_a_configuration_that_a_page_shows_is_accepted(block):
    kind, said = configuration(block.text)
    assert parse(PlatformConfig, {**SURROUNDINGS, **said}, at="platform").plan.pools
    assert parse(kind, said if kind is PoolSet else {**SURROUNDINGS, **said}, at="platform").plan.pools


@pytest.mark.parametrize(("block", "message"), REFUSED, ids=str)
def test_a_configuration_that_a_page_shows_as_refused_is_refused_in_these_words(block, message):
    _, said = configuration(block.text)
    with pytest.raises(ConfigError, match="in the configuration") as refusal:
        parse(PlatformConfig, {**SURROUNDINGS, **said}, at="platform")
    assert str(refusal.value).splitlines() == message.text.rstrip().removeprefix("error: ").splitlines()


def test_the_guide_shows_the_placement_that_a_stack_exports():
    guide = [*blocks(ROOT / "docs" / "pools.md")]
    shown = json.loads(next(block.text for block in guide if block.kind == "json"))
    name = shown["nodeSelector"]["karpenter.sh/nodepool"]
    _, said = next(
        configuration(block.text) for block in guide if block.kind == "yaml" and f"name: {name}\n" in block.text
    )
    plans = parse(PlatformConfig, {**SURROUNDINGS, **said}, at="platform").plan.pools
    assert [placement(plan) for plan in plans if plan.name == name] == [shown]


@pytest.mark.parametrize("page", ANSWERS, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_answer_what_the_page_shows(page):
    """`make reference` writes the answers of today into the pages."""
    text = page.read_text(encoding="utf-8")
    assert examples.refreshed(text) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_to_something(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [found["target"] for found in LINK.finditer(text)]
    broken = [target for target in targets if not target.startswith("http") and not leads_somewhere(page, target)]
    assert broken == []


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether the file, and the heading in it, exist."""
    file, _, anchor = target.partition("#")
    there = (page.parent / file).resolve() if file else page
    return there.exists() and (not anchor or anchor in headings(there))


def headings(page: Path) -> set[str]:
    """Anchors as GitHub makes them from headings."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_pages_show_each_kind_of_example():
    """Otherwise a changed fence would switch the checks above off."""
    assert SHOWN
    assert REFUSED
    assert ANSWERS
