"""The tables of docs/mapping.md, in both languages, against the program that they describe."""

from __future__ import annotations

import itertools
import re

import pytest

from gateway.domain.coverage import Count
from gateway.domain.crosswalk import COMPOSITIONS, Relationship
from gateway.domain.crosswalk_cells import CONTENT_COLUMNS, CellReader
from tests.docs.pages import ROOT, plain, rows_after
from trust.errors import Reason

EACH = pytest.mark.parametrize("page", ["mapping.md", "mapping.zh-CN.md"])


def named_in(page: str, marker: str) -> list[str]:
    """Every name in the first cells of a table."""
    return [name for cell, *_ in rows_after(page, marker) for name in re.findall(r"`([a-z_]+)`", cell)]


@EACH
def test_every_column_is_explained_and_no_other(page: str) -> None:
    assert named_in(page, "columns") == list(CONTENT_COLUMNS)


@EACH
def test_every_relationship_is_explained(page: str) -> None:
    assert named_in(page, "relationships") == [relationship.value for relationship in Relationship]


@EACH
def test_every_count_has_something_to_do(page: str) -> None:
    assert sorted(named_in(page, "counts")) == sorted(Count)


@EACH
def test_the_table_of_chains_is_the_one_that_is_gone_by(page: str) -> None:
    rules = [[plain(cell) for cell in row] for row in rows_after(page, "chains")]
    for first, second in itertools.product(Relationship, repeat=2):
        assert composed(rules, first, second) == COMPOSITIONS.get((first, second)), (first, second)


def composed(rules: list[list[str]], first: Relationship, second: Relationship) -> Relationship | None:
    """What the table says: the first rule that fits, of which those without a name are by their place."""
    (equivalent, _, _), (_, then, _), *named, _ = rules
    if first == equivalent:
        return second
    if second == then:
        return None if first is Relationship.NONE else first
    return next((Relationship(made) for one, other, made in named if (first, second) == (one, other)), None)


@EACH
@pytest.mark.parametrize("column", ["conditions", "products", "materials"])
def test_every_cell_shown_can_be_read(page: str, column: str) -> None:
    shown = [row[1] for row in rows_after(page, "cells") if plain(row[0]) == column]
    assert shown
    for cell in shown:
        faults: list[str] = []
        cells = dict.fromkeys(CONTENT_COLUMNS, "x") | {column: plain(cell)}
        CellReader("here", cells, faults).row()
        assert not [fault for fault in faults if fault.startswith(f"here, {column}")]


@EACH
def test_the_refusals_are_the_programs_words(page: str) -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "gateway" / "domain").glob("crosswalk*.py"))
    for cell, _ in rows_after(page, "refusals"):
        for words in re.findall(r"`([^`]+)`", cell):
            fixed = re.sub(r"^'.*?' is |^version 1|…$", "", words).strip()
            assert fixed in sources, words
        for reason in re.findall(r"[A-Z]+_[A-Z_]+", re.sub(r"`[^`]*`", "", cell)):
            assert reason in set(Reason)
