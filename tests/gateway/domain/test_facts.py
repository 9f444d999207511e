"""Products of a row: constants, and the applicant's own answers that a row passes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.crosswalk import CrosswalkRow, cells_of, facts_of, record_of
from gateway.domain.crosswalk_cells import CellReader, row_of
from gateway.domain.crosswalk_faults import faults_against

PRODUCTS = {"married": "@spouse", "kind": "full"}


def test_an_answer_is_passed_on_as_it_was_given() -> None:
    assert facts_of(PRODUCTS, {"spouse": "no", "kind": "other"}) == {"married": "no", "kind": "full"}
    assert facts_of(PRODUCTS, {}) == {"kind": "full"}
    assert facts_of({}, {"spouse": "no"}) == {}


def test_a_record_with_an_answer_passed_on_is_read_as_it_was_written(make_row: Callable[..., CrosswalkRow]) -> None:
    row = make_row("1", "A", "B", products=PRODUCTS)
    assert row_of(record_of(row)).products == PRODUCTS


@pytest.mark.parametrize("column", ["conditions", "materials"])
def test_only_products_pass_anything_on(make_row: Callable[..., CrosswalkRow], column: str) -> None:
    faults: list[str] = []
    CellReader("row 2", {**cells_of(make_row("1", "A", "B")), column: "key=@other"}, faults).row()
    assert any(fault.startswith(f"row 2, {column}") for fault in faults)


def test_what_is_passed_on_must_be_asked_here_and_offered_there(
    make_row: Callable[..., CrosswalkRow],
    make_item: Callable[..., Item],
    make_catalogue: Callable[..., Catalogue],
) -> None:
    row = make_row("1", "A", "B", products={"married": "@spouse"})
    asking = make_item("430600", "A", {"spouse": ("yes", "no")})
    offering = make_item("421000", "B", {"married": ("yes", "no")})
    row = replace(row, source_name=asking.name, target_name=offering.name)

    def faults(source: Item, target: Item) -> list[str]:
        catalogues = {each.catalogue: make_catalogue(each.catalogue, each) for each in (source, target)}
        return list(faults_against((row,), catalogues))

    assert faults(asking, offering) == []
    (unasked,) = faults(make_item("430600", "A"), offering)
    assert "'spouse'" in unasked
    (unoffered,) = faults(make_item("430600", "A", {"spouse": ("yes", "no", "late")}), offering)
    assert "married=late" in unoffered
