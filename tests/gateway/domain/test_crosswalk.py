from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest

from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.crosswalk import (
    COLUMNS,
    Crosswalk,
    CrosswalkRow,
    Relationship,
    faults_against,
    may_coincide,
    parse_crosswalk,
)
from trust.errors import Malformed, Reason

Make = Callable[..., CrosswalkRow]

CELLS = {
    "id": "YJ-001",
    "source_catalogue": "430600",
    "source_code": "A-1",
    "source_name": "购房提取",
    "target_catalogue": "421000",
    "target_code": "B-1",
    "target_name": "购买新建商品房提取",
    "relationship": "narrower",
    "conditions": "house=new|planned;spouse=no",
    "materials": "id_card=identity;contract=house_contract",
    "products": "kind=new",
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "version": "2",
    "confidence": "95",
    "justification": "两地材料一致，经核对",
    "reviewed_by": "430600.gateway;421000.gateway",
}


def file(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**CELLS, **row} for row in rows)
    return out.getvalue()


def test_a_row_is_read_from_its_cells() -> None:
    assert parse_crosswalk(file({})).rows == (
        CrosswalkRow(
            id="YJ-001",
            source_catalogue="430600",
            source_code="A-1",
            source_name="购房提取",
            target_catalogue="421000",
            target_code="B-1",
            target_name="购买新建商品房提取",
            relationship=Relationship.NARROWER,
            conditions={"house": frozenset({"new", "planned"}), "spouse": frozenset({"no"})},
            materials={"id_card": "identity", "contract": "house_contract"},
            products={"kind": "new"},
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            version=2,
            confidence=95,
            justification="两地材料一致，经核对",
            reviewed_by=("430600.gateway", "421000.gateway"),
        ),
    )


def test_what_a_spreadsheet_does_to_a_file_is_no_fault() -> None:
    text = "\ufeff" + file({}).replace("\n", "\r\n") + "\r\n"
    assert parse_crosswalk(text) == parse_crosswalk(file({}))


def test_columns_may_stand_in_any_order() -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted(COLUMNS))
    writer.writeheader()
    writer.writerow(CELLS)
    assert parse_crosswalk(out.getvalue()) == parse_crosswalk(file({}))


def test_an_open_end_and_empty_mappings_are_allowed() -> None:
    row = parse_crosswalk(
        file({"valid_until": "", "conditions": "", "materials": "", "products": "", "relationship": "equivalent"})
    ).rows[0]
    assert row.valid_until is None
    assert (row.conditions, row.materials, row.products) == ({}, {}, {})


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"id": ""}, "row 2, id: it is empty"),
        ({"source_catalogue": "4306"}, "row 2, source_catalogue: '4306' is not a region"),
        ({"target_catalogue": "430600"}, "row 2, target_catalogue: it is the source catalogue itself"),
        ({"source_code": "1.24306E+30"}, "row 2, source_code: '1.24306E+30' is a code that a spreadsheet has rounded"),
        ({"source_code": "9" * 65}, "row 2, source_code: 65 characters"),
        ({"target_code": ""}, "row 2, target_code: it is empty"),
        ({"target_name": ""}, "row 2, target_name: it is empty"),
        ({"relationship": "none"}, "row 2, target_code: it must be empty"),
        ({"relationship": "same"}, "row 2, relationship: 'same' is not one of equivalent,"),
        ({"conditions": "house"}, "row 2, conditions: 'house' is not written key=value"),
        ({"conditions": "house=新房"}, "row 2, conditions: 'house=新房' is not written"),
        ({"conditions": "house=new|"}, "row 2, conditions: 'house=new|' is not written"),
        ({"conditions": "house=new;house=used"}, "row 2, conditions: 'house' stands twice"),
        ({"materials": "a=b|c"}, "row 2, materials: 'a=b|c' has more than one value"),
        ({"products": "=b"}, "row 2, products: '=b' is not written"),
        ({"valid_from": "2026/1/1"}, "row 2, valid_from: '2026/1/1' is not a day"),
        ({"valid_until": "2025-12-31"}, "row 2, valid_until: it is before valid_from"),
        ({"version": "0"}, "row 2, version: '0' is not a whole number of 1"),
        ({"version": "２"}, "row 2, version"),
        ({"confidence": "101"}, "row 2, confidence: '101' is not a whole number of 0 to 100"),
        ({"justification": " "}, "row 2, justification: it is empty"),
        ({"reviewed_by": "430600"}, "row 2, reviewed_by: '430600' is not a member's id"),
    ],
)
def test_a_fault_is_named_by_row_and_column(cells: dict[str, str], message: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_crosswalk(file(cells))
    assert message in str(caught.value)
    assert caught.value.reason is Reason.FIELD_INVALID


def test_all_faults_of_all_rows_are_named_at_once_by_the_numbers_a_spreadsheet_shows() -> None:
    text = file({"version": "x"}, {"id": "YJ-002"}, {"id": "", "confidence": ""})
    lines = text.splitlines()
    lines.insert(2, "")  # an empty line is a row in a spreadsheet too
    with pytest.raises(Malformed) as caught:
        parse_crosswalk("\n".join(lines))
    assert "3 fault(s)" in str(caught.value)
    for message in ("row 2, version", "row 5, id", "row 5, confidence"):
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "row 1: column 'id' is missing"),
        (file({}).replace("confidence", "sureness", 1), "row 1: column 'sureness' is not one of this file"),
        (file({}).replace("reviewed_by", "reviewed_by,id", 1), "row 1: column 'id' stands twice"),
        (file({}) + "YJ-009,430600\n", "row 3: 2 cells; 17 are wanted"),
        (file({}) + '"YJ-009', "row 3: not CSV"),
    ],
)
def test_what_is_no_table_of_these_columns_is_refused(text: str, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_crosswalk(text)
    assert message in str(caught.value)


def test_two_rows_that_could_both_apply_are_refused_by_the_file_and_by_the_value(make_row: Make) -> None:
    with pytest.raises(Malformed, match="'YJ-001' and 'YJ-002' could both apply"):
        parse_crosswalk(file({}, {"id": "YJ-002", "conditions": "house=planned"}))
    with pytest.raises(Malformed, match="'1' and '2' could both apply"):
        Crosswalk((make_row("1", "A", "B"), make_row("2", "A")))


def test_an_id_stands_once(make_row: Make) -> None:
    with pytest.raises(Malformed, match="id '1' stands twice"):
        Crosswalk((make_row("1", "A", "B"), make_row("1", "C", "D")))


@pytest.mark.parametrize(
    ("changes", "coincide"),
    [
        ({}, True),
        ({"valid_from": date(2027, 1, 1), "valid_until": None}, False),
        ({"valid_from": date(2026, 12, 31), "valid_until": None}, True),
        ({"conditions": {"house": {"used"}}}, False),
        ({"conditions": {"house": {"used", "new"}}}, True),
        ({"conditions": {"spouse": {"yes"}}}, True),
    ],
)
def test_rows_exclude_one_another_by_their_days_or_by_a_question(
    make_row: Make, changes: dict[str, object], coincide: bool
) -> None:
    one = make_row("1", "A", "B", conditions={"house": {"new"}})
    other = make_row("2", "A", "C", **changes)
    assert may_coincide(one, other) is coincide
    assert may_coincide(other, one) is coincide


def test_proposals_and_hints_may_stand_beside_a_row_that_decides(make_row: Make) -> None:
    Crosswalk(
        (
            make_row("1", "A", "B"),
            make_row("2", "A", "C", reviewed_by=("430600.gateway",)),
            make_row("3", "A", "D", relationship=Relationship.RELATED),
            make_row("4", "A", "E", relationship=Relationship.NARROWER),
        )
    )


@pytest.mark.parametrize(
    ("reviewers", "both"),
    [
        (("430600.gateway", "421000.gateway"), True),
        (("430600.platform", "421000.gateway", "440300.gateway"), True),
        (("430600.gateway",), False),
        (("430600.gateway", "430600.platform"), False),
        (("430600.gateway", "440300.gateway"), False),
        ((), False),
    ],
)
def test_a_row_counts_when_a_member_of_each_side_has_signed(
    make_row: Make, reviewers: tuple[str, ...], both: bool
) -> None:
    assert make_row("1", "A", "B", reviewed_by=reviewers).reviewed_by_both is both


@pytest.mark.parametrize(
    ("relationship", "conditions", "decides"),
    [
        (Relationship.EQUIVALENT, {}, True),
        (Relationship.BROADER, {}, True),
        (Relationship.NONE, {}, True),
        (Relationship.NARROWER, {}, False),
        (Relationship.NARROWER, {"house": {"new"}}, True),
        (Relationship.RELATED, {}, False),
        (Relationship.RELATED, {"house": {"new"}}, False),
    ],
)
def test_narrower_decides_only_under_conditions_and_related_never(
    make_row: Make, relationship: Relationship, conditions: dict[str, set[str]], decides: bool
) -> None:
    assert make_row("1", "A", "B", relationship=relationship, conditions=conditions).decides is decides


def test_rows_are_found_by_item_and_direction(make_row: Make) -> None:
    crosswalk = Crosswalk((make_row("1", "A", "B"), make_row("2", "C", "B")))
    assert [row.id for row in crosswalk.rows_from("430600", "A", "421000")] == ["1"]
    assert crosswalk.rows_from("421000", "A", "430600") == ()
    assert crosswalk.rows_from("430600", "B", "421000") == ()


def test_rows_are_compared_with_what_the_catalogues_say(
    make_item: Callable[..., Item], make_catalogue: Callable[..., Catalogue], make_row: Make
) -> None:
    source = make_catalogue("430600", make_item("430600", "A", {"house": ("new", "used")}), make_item("430600", "C"))
    target = make_catalogue("421000", make_item("421000", "B", {"kind": ("new", "used")}))
    right = make_row(
        "right",
        "A",
        "B",
        conditions={"house": {"new"}},
        products={"kind": "new"},
        materials={"identity": "identity"},
    )
    assert faults_against(Crosswalk((right, make_row("none", "C"))), source, target) == ()
    wrong = Crosswalk(
        (
            make_row("gone", "X", "Y"),
            make_row("renamed", "C", "B", target_name="旧名"),
            make_row("question", "A", "B", conditions={"age": {"old"}}, products={"age": "old"}),
            make_row("answer", "C", "B", reviewed_by=(), products={"kind": "odd"}),
            make_row("material", "C", "B", reviewed_by=(), materials={"a": "b"}),
            make_row("backwards", "P", "Q", source_catalogue="421000", target_catalogue="430600"),
        )
    )
    assert faults_against(wrong, source, target) == (
        "gone: the source item is not in its catalogue",
        "gone: the target item is not in its catalogue",
        "renamed: the target item is now called 事项B, and the reviewers saw 旧名",
        "question: conditions name question 'age', which 事项A does not ask",
        "question: products name question 'age', which 事项B does not ask",
        "answer: products name answer kind=odd, which 事项B does not offer",
        "material: material 'a' is not one of the source item",
        "material: material 'b' is not one of the target item",
    )
