from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.domain.catalogue import (
    Catalogue,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Option,
    Question,
)
from gateway.domain.crosswalk import CrosswalkRow, Standing
from gateway.domain.crosswalk_faults import faults_against

Make = Callable[..., Any]


@pytest.fixture
def catalogues(make_item: Make, make_catalogue: Make) -> dict[str, Catalogue]:
    a = make_item("430600", "A", {"house": ("new", "used")})
    loan = Question("loan", "贷款？", (Option("yes", "是"), Option("no", "否")), {"house": frozenset({"new"})})
    return {
        "430600": make_catalogue(
            "430600",
            replace(a, situations=(*a.situations, loan)),
            make_item("430600", "C"),
            make_item("430600", "retired", state=ItemState.RETIRED),
            make_item("430600", "two", name="旧名"),
            make_item("430600", "two", version=2),
        ),
        "421000": make_catalogue(
            "421000",
            make_item("421000", "B", {"kind": ("new", "used")}),
            make_item("421000", "over", valid_from=date(2020, 1, 1), valid_until=date(2025, 12, 31)),
        ),
    }


def test_a_row_that_agrees_with_both_catalogues_has_no_fault(make_row: Make, catalogues: dict[str, Catalogue]) -> None:
    right = make_row(
        "right",
        "A",
        "B",
        conditions={"loan": {"yes"}},
        products={"kind": "new"},
        materials={"identity": "identity"},
    )
    assert list(faults_against([right, make_row("none", "C"), make_row("two", "two", "B")], catalogues)) == []


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        (("X", "Y"), ["the source item is not in its catalogue", "the target item is not in its catalogue"]),
        (
            ("C", "B", {"target_name": "旧名"}),
            ["the target item is now called 事项B, and the reviewers saw 旧名"],
        ),
        (
            ("two", "B", {"source_name": "旧名"}),
            ["the source item is now called 事项two, and the reviewers saw 旧名"],
        ),
        (
            ("A", "B", {"conditions": {"age": {"old"}}, "products": {"age": "old"}}),
            [
                "conditions name question 'age', which 事项A does not ask",
                "no answers to the questions of 事项A meet its conditions",
                "products name question 'age', which 事项B does not ask",
            ],
        ),
        (
            ("A", "B", {"conditions": {"house": {"new", "odd"}}}),
            ["conditions name answer house=odd, which 事项A does not offer"],
        ),
        (
            ("A", "B", {"conditions": {"house": {"used"}, "loan": {"yes"}}}),
            ["no answers to the questions of 事项A meet its conditions"],
        ),
        (("C", "B", {"products": {"kind": "odd"}}), ["products name answer kind=odd, which 事项B does not offer"]),
        (
            ("C", "B", {"materials": {"a": "b"}}),
            ["material 'a' is not one of the source item", "material 'b' is not one of the target item"],
        ),
        (("retired", "B"), ["the source item is retired"]),
        (("C", "over"), ["the target item was valid until 2025-12-31, before the row begins"]),
    ],
    ids=lambda value: value[0][:40] if isinstance(value, list) else "",
)
def test_what_does_not_fit_is_named(
    make_row: Make, catalogues: dict[str, Catalogue], row: tuple[Any, ...], faults: list[str]
) -> None:
    source, target, *changes = row
    made: CrosswalkRow = make_row("R", source, target, **(changes[0] if changes else {}))
    assert list(faults_against([made], catalogues)) == [f"R: {fault}" for fault in faults]


def test_each_side_is_compared_as_far_as_its_catalogue_is_here(
    make_row: Make, catalogues: dict[str, Catalogue]
) -> None:
    gone = make_row("gone", "X", "Y")
    assert list(faults_against([gone], {})) == []
    assert list(faults_against([gone], {"430600": catalogues["430600"]})) == [
        "gone: the source item is not in its catalogue"
    ]


def test_history_and_withdrawn_rows_are_passed_over(make_row: Make, catalogues: dict[str, Catalogue]) -> None:
    wrong, right = make_row("R", "X", "B"), make_row("R", "C", "B", version=2)
    withdrawn = make_row("W", "X", "B").with_standing(Standing((), (("421000.gateway", date(2026, 1, 1)),)))
    assert list(faults_against([right, wrong, withdrawn], catalogues)) == []
    assert len(list(faults_against([replace(right, version=1), replace(wrong, version=2)], catalogues))) == 1


def test_a_row_of_others_under_the_same_id_hides_nothing(make_row: Make, catalogues: dict[str, Catalogue]) -> None:
    wrong = make_row("R", "X", "B")
    others = replace(make_row("R", "A", "B"), version=9, target_catalogue="440300")
    assert len(list(faults_against([wrong, others], catalogues))) == 1


def test_a_material_that_the_source_does_not_collect_and_the_target_wants_is_named(
    make_row: Make, make_item: Make, make_catalogue: Make
) -> None:
    def catalogue(region: str, code: str, **changes: Any) -> Catalogue:
        material = MaterialRequirement("book", "户口簿", True, MaterialSource.GOVERNMENT, MaterialForm.COPY, **changes)
        item: Item = make_item(region, code, materials=(material,))
        made: Catalogue = make_catalogue(region, item)
        return made

    row = make_row("R", "A", "B", materials={"book": "book"})
    source = catalogue("430600", "A", exempt_by_sharing="公安厅")
    wants = catalogue("421000", "B")
    assert list(faults_against([row], {"430600": source, "421000": wants})) == [
        "R: material 'book' is not handed in, data of 公安厅 replace it; the target wants 'book'"
    ]
    for exempt in ({"exempt_by_sharing": "省厅"}, {"by_promise": True}, {"exempt_by_licence": "1" * 21}):
        there = catalogue("421000", "B", **exempt)
        assert list(faults_against([row], {"430600": source, "421000": there})) == []
