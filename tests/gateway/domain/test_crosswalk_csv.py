from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.crosswalk import CrosswalkRow, Relationship
from gateway.domain.crosswalk_cells import CONTENT_COLUMNS
from gateway.domain.crosswalk_csv import (
    APPROVED_BY,
    decode_csv,
    parse_crosswalk_bytes,
    parse_csv,
    read_claims,
    write_csv,
)
from tests.gateway.domain.crosswalk_rows import rows
from trust.errors import Malformed, Reason

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
}


def file(*changes: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, CONTENT_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**CELLS, **row} for row in changes)
    return out.getvalue()


def faults(text: str) -> str:
    with pytest.raises(Malformed) as caught:
        parse_csv(text)
    assert caught.value.reason is Reason.FIELD_INVALID
    return caught.value.got


def test_a_row_is_read_from_its_cells() -> None:
    assert parse_csv(file({})) == (
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
        ),
    )


def test_what_a_spreadsheet_does_to_a_file_is_no_fault() -> None:
    wanted = parse_csv(file({}))
    assert parse_csv("\ufeff" + file({}).replace("\n", "\r\n") + "\r\n") == wanted
    assert parse_csv(file({}) + "," * (len(CONTENT_COLUMNS) - 1) + "\n") == wanted
    assert parse_csv(file({"valid_from": "2026/1/1", "valid_until": "2026/12/31", "id": " YJ-001 "})) == wanted


def test_columns_may_stand_in_any_order() -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted(CELLS))
    writer.writeheader()
    writer.writerow(CELLS)
    assert parse_csv(out.getvalue()) == parse_csv(file({}))


def test_an_open_end_and_empty_mappings_are_allowed() -> None:
    (row,) = parse_csv(
        file({"valid_until": "", "conditions": "", "materials": "", "products": "", "relationship": "equivalent"})
    )
    assert row.valid_until is None
    assert (row.conditions, row.materials, row.products) == ({}, {}, {})


def test_equal_conditions_and_materials_are_held_once() -> None:
    one, other = parse_csv(file({}, {"id": "YJ-002"}))
    assert one.conditions is other.conditions
    assert one.materials is other.materials


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"id": ""}, "row 2, id: it is empty"),
        ({"id": "x" * 65}, "row 2, id: 65 characters; 64 are the most"),
        ({"id": "a\nb"}, "row 2, id: it holds control characters"),
        ({"source_catalogue": "4306"}, "row 2, source_catalogue: '4306' is not a region"),
        ({"target_catalogue": "0"}, "row 2, target_catalogue: '0' is not a region of six digits"),
        ({"target_catalogue": "430600"}, "row 2, target_catalogue: it is the source catalogue itself"),
        ({"source_code": "1.24306E+30"}, "row 2, source_code: '1.24306E+30' is a code that a spreadsheet has rounded"),
        ({"source_code": "9" * 65}, "row 2, source_code: 65 characters"),
        ({"source_name": "名" * 201}, "row 2, source_name: 201 characters; 200 are the most"),
        ({"target_code": ""}, "row 2, target_code: it is empty"),
        ({"target_name": ""}, "row 2, target_name: it is empty"),
        ({"relationship": "none"}, "row 2, target_code: it must be empty"),
        ({"relationship": "same"}, "row 2, relationship: 'same' is not one of equivalent,"),
        ({"conditions": "house"}, "row 2, conditions: 'house' is not written key=value"),
        ({"conditions": "house=新房"}, "row 2, conditions: 'house=新房' is not written"),
        ({"conditions": "house=new|"}, "row 2, conditions: 'house=new|' is not written"),
        ({"conditions": "house=new;house=used"}, "row 2, conditions: 'house' stands twice"),
        ({"conditions": f"house={'x' * 2500}"}, "row 2, conditions: 2506 characters; 2500 are the most"),
        ({"materials": "a=b|c"}, "row 2, materials: 'a' has more than one value"),
        ({"products": "=b"}, "row 2, products: '=b' is not written"),
        ({"valid_from": "01.01.2026"}, "row 2, valid_from: '01.01.2026' is not a day"),
        ({"valid_from": "2026-02-30"}, "row 2, valid_from: '2026-02-30' is not a day"),
        ({"valid_until": "2025-12-31"}, "row 2, valid_until: it is before valid_from"),
        ({"version": "0"}, "row 2, version: '0' is not a whole number of 1"),
        ({"version": "２"}, "row 2, version"),
        ({"confidence": "101"}, "row 2, confidence: '101' is not a whole number of 0 to 100"),
        ({"justification": " "}, "row 2, justification: it is empty"),
        ({"justification": "x" * 1001}, "row 2, justification: 1001 characters"),
        ({"justification": "a\x00b"}, "row 2, justification: it holds control characters"),
    ],
)
def test_a_fault_is_named_by_row_and_column(cells: dict[str, str], message: str) -> None:
    assert message in faults(file(cells))


def test_all_faults_of_all_rows_are_named_at_once_by_the_numbers_a_spreadsheet_shows() -> None:
    text = file({"version": "x"}, {"id": "YJ-002"}, {"id": "", "confidence": ""})
    lines = text.splitlines()
    lines.insert(2, "")  # an empty line is a row in a spreadsheet too
    said = faults("\n".join(lines))
    assert said.startswith("3 fault(s)")
    for message in ("row 2, version", "row 5, id", "row 5, confidence"):
        assert message in said


def test_of_very_many_faults_the_first_are_named_and_all_are_counted() -> None:
    said = faults(file(*({"id": str(number), "version": "x"} for number in range(600))))
    assert said.startswith("600 fault(s): row 2, version")
    assert said.endswith("and 100 more")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1 fault(s): row 1: it is not the heading"),
        ("id;source_catalogue;source_code", "1 fault(s): row 1: it is not the heading"),
        ("id,source_catalogue", "row 1: column 'source_code' is missing"),
        (file({}).replace("confidence", "sureness", 1), "row 1: column 'sureness' is not one of this file"),
        (file({}).replace("version,", "version,id,", 1), "row 1: column 'id' stands twice"),
        (file({}) + "YJ-009,430600\n", "row 3: 2 cells; 16 are wanted"),
        (file({}) + '"YJ-009', "row 3: neither this row nor what follows is a table"),
        (file({}, {}), "row 3: id 'YJ-001', version 2 stands in row 2 already"),
    ],
)
def test_what_is_no_table_of_these_columns_is_refused(text: str, message: str) -> None:
    assert message in faults(text)


def test_history_may_stand_in_a_file() -> None:
    assert [row.version for row in parse_csv(file({}, {"version": "3"}))] == [2, 3]
    assert len(parse_csv(file({}, {"id": "YJ-002"}))) == 2  # whether they contradict is not the file's business


# what a file says of reviews


def test_what_a_file_says_of_reviews_is_told_and_not_believed() -> None:
    text = file({}).replace("justification\n", f"justification,{APPROVED_BY}\n", 1)
    text = text.replace("经核对\n", "经核对,430600.gateway;421000.gateway\n")
    ((row, members),) = read_claims(text)
    assert members == ("430600.gateway", "421000.gateway")
    assert row.standing.approved_by == ()


# round trip


@settings(max_examples=40)
@given(st.lists(rows(), max_size=4, unique_by=lambda row: (row.id, row.version)))
def test_what_is_written_comes_back_as_it_was(written: list[CrosswalkRow]) -> None:
    text = write_csv(written)
    claims = read_claims(text)
    assert [row.hash for row, _ in claims] == [row.hash for row in written]
    assert [members for _, members in claims] == [row.standing.approved_by for row in written]
    assert parse_crosswalk_bytes(text.encode()) == parse_csv(text)
    assert write_csv(row.with_standing(there.standing) for (row, _), there in zip(claims, written, strict=True)) == text


@settings(max_examples=40)
@given(rows())
def test_no_cell_of_a_written_file_is_a_formula(row: CrosswalkRow) -> None:
    _, record = csv.reader(io.StringIO(write_csv([row]).removeprefix("\ufeff"), newline=""))
    assert not [cell for cell in record if cell.startswith(tuple("=+-@\t\r＝＋－＠"))]


def test_a_name_that_looks_like_a_formula_is_written_with_an_apostrophe_and_read_without() -> None:
    (row,) = parse_csv(file({"source_name": "=HYPERLINK(1)", "target_name": "'=1", "justification": "'quoted'"}))
    assert (row.source_name, row.target_name, row.justification) == ("=HYPERLINK(1)", "=1", "'quoted'")
    text = write_csv([row])
    assert ",'=HYPERLINK(1)," in text
    assert parse_csv(text) == (row,)


# encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_file_is_read_as_chinese_spreadsheets_save_it(encoding: str) -> None:
    assert parse_crosswalk_bytes(file({}).encode(encoding)) == parse_csv(file({}))


def test_rare_characters_survive_gb18030() -> None:
    text = file({"source_name": "\U00020000㐂é"})
    assert parse_crosswalk_bytes(text.encode("gb18030")) == parse_csv(text)


@pytest.mark.parametrize(
    "content",
    [
        file({}, {"id": "YJ-002"}).encode()[:-1] + b"\xff",
        file({}, {"id": "YJ-002"}).encode().replace("提取".encode(), b"\xe6\x8f", 1),
        file({}).encode("utf-8-sig") + b"\xb9\xfa",
        file({}).encode() + "国".encode("gbk"),
        b"\xff\xfe" + file({}).encode("utf-16-le"),
        b"\xff\xff\xff",
    ],
    ids=["last byte", "half a character", "after a byte order mark", "pasted", "UTF-16", "no text"],
)
def test_damaged_text_is_not_taken_for_another_encoding(content: bytes) -> None:
    with pytest.raises(Malformed, match="neither UTF-8 nor GB18030"):
        decode_csv(content)


def test_the_row_of_the_damage_is_named() -> None:
    with pytest.raises(Malformed, match="row 2: it is neither"):
        decode_csv("\ufeffid\n".encode() + b"\xff")
