"""docs/reference says what the code says."""

from pathlib import Path

import pytest

from tools import pictures, reference

MADE = reference.pages()


@pytest.mark.parametrize("name", MADE)
def test_the_page_is_made_from_the_model_as_it_is_now(name):
    """`make reference` writes it."""
    assert (reference.TARGET / name).read_text(encoding="utf-8") == MADE[name]


def test_no_page_is_left_from_an_earlier_model():
    assert {path.name for path in Path(reference.TARGET).glob("*.md")} == MADE.keys()


@pytest.mark.parametrize("page", reference.FIELD_PAGES)
def test_every_type_below_the_root_stands_on_one_page_with_all_its_fields(page):
    root, _ = reference.FIELD_PAGES[page]
    for kind in reference.below(root):
        there = MADE[f"{reference.page_of(kind)}.md"]
        assert there.count(f"\n## {kind.__name__}\n") == 1
        section = there.split(f"\n## {kind.__name__}\n")[1].split("\n## ")[0]
        assert [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")] == [*kind.model_fields]


def test_every_cell_of_a_table_has_words():
    empty = [line for content in MADE.values() for line in content.splitlines() if "|  |" in line]
    assert empty == []


def test_the_picture_of_explain_shows_what_it_answers_now():
    """`make reference` draws it."""
    assert pictures.TARGET.read_text(encoding="utf-8") == pictures.svg()
