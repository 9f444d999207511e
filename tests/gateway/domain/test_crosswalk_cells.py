from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from gateway.domain.crosswalk import CrosswalkRow, Relationship, cells_of, record_of
from gateway.domain.crosswalk_cells import CONTENT_COLUMNS, MAX_ENTRIES_LENGTH, MAX_RECORD_BYTES, row_of
from tests.gateway.domain.crosswalk_rows import rows
from trust.errors import Malformed, Reason

ROW = CrosswalkRow(
    "YJ-001", "430600", "A-1", "购房提取", "421000", "B-1", "购买新建商品房提取", Relationship.NARROWER,
    {"house": frozenset({"new", "planned"})}, {"id_card": "identity"}, {"kind": "new"},
    date(2026, 1, 1), date(2026, 12, 31), 2, 95, "两地材料一致",
)  # fmt: skip
CELLS = cells_of(ROW)


def record(**changes: object) -> bytes:
    cells = {key: value for key, value in {**CELLS, **changes}.items() if value is not None}
    return json.dumps(cells, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def faults(data: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        row_of(data)
    assert caught.value.reason is Reason.FIELD_INVALID
    caught.value.got.encode()  # whatever was sent, the error can be told
    return caught.value.got


@settings(max_examples=50)
@given(rows())
def test_a_row_is_its_record(row: CrosswalkRow) -> None:
    read = row_of(record_of(row))
    assert (read, read.hash) == (row.with_standing(read.standing), row.hash)
    assert len(record_of(row)) <= MAX_RECORD_BYTES
    assert tuple(cells_of(row)) == CONTENT_COLUMNS


def test_the_longest_row_is_within_the_bound_of_a_record() -> None:
    entries = {f"k{number}": "v" * 117 for number in range(10, 30)}
    longest = replace(
        ROW,
        id="\U00020000" * 64,
        source_code="\U00020000" * 64,
        target_code="\U00020000" * 64,
        source_name="\U00020000" * 200,
        target_name="\U00020000" * 200,
        conditions={key: frozenset({value}) for key, value in entries.items()},
        materials=entries,
        products=entries,
        justification="\U00020000" * 1000,
    )
    assert MAX_ENTRIES_LENGTH - 100 < len(cells_of(longest)["materials"]) <= MAX_ENTRIES_LENGTH
    assert len(record_of(longest)) <= MAX_RECORD_BYTES
    assert row_of(record_of(longest)) == longest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 10_000,
        record(id=None),
        record(more="x"),
        record(version=2),
        record(materials={}),
        record(justification="x" * MAX_RECORD_BYTES),
    ],
    ids=lambda data: str(data[:12]),
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    assert "it is not a JSON object of the columns' texts" in faults(data)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(CELLS, ensure_ascii=False, sort_keys=True).encode(),
        json.dumps(CELLS, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps(dict(sorted(CELLS.items(), reverse=True)), ensure_ascii=False, separators=(",", ":")).encode(),
        record()[:-1] + b',"version":"2"}',
        record(source_name=" 购房提取"),
        record(conditions="house=planned|new"),
        record(conditions="house=new|planned;"),
        record(valid_from="2026/1/1"),
        record(version="02"),
    ],
    ids=range(9),
)
def test_one_row_has_one_record(data: bytes) -> None:
    assert faults(data) == "1 fault(s): it is not in the one form that is hashed"


@pytest.mark.parametrize(
    "text", ["\ud800", "a\x00", "a\x1bb", "a\x7f", "a\x85b", "甲\u202e乙", "a\u2067b", "a\u200f."], ids=ascii
)
def test_no_row_holds_characters_that_are_none(text: str) -> None:
    for column in ("id", "source_code", "target_name", "justification"):
        assert f"record, {column}: it holds control characters" in faults(record(**{column: text}))
    assert "record, conditions" in faults(record(conditions=text))
