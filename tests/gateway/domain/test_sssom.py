from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.crosswalk import CrosswalkRow, Relationship
from gateway.domain.sssom import decode_sssom, parse_sssom, write_sssom
from tests.gateway.domain.crosswalk_rows import rows
from trust.errors import Malformed, Reason

BLOCK = """\
curie_map:
  item: "urn:tongban:item:"
  catalogue: "urn:tongban:catalogue:"
  yy: https://yueyang.example/items/
mapping_set_id: https://example.org/set
license: https://w3id.org/sssom/license/unspecified
comment: of the whole set
"""
LINE = {
    "subject_id": "item:430600.A-1",
    "subject_label": "购房提取",
    "predicate_id": "skos:exactMatch",
    "object_id": "item:421000.B-1",
    "object_label": "购买新建商品房提取",
    "mapping_justification": "semapv:ManualMappingCuration",
    "confidence": "0.95",
    "comment": "经核对",
    "tongban_id": "YJ-001",
    "tongban_version": "1",
    "tongban_valid_from": "2026-01-01",
}
NOTHING_THERE = {"object_id": "sssom:NoTermFound", "object_label": "", "object_source": "catalogue:421000"}


def file(*changes: dict[str, str], block: str = BLOCK, without: tuple[str, ...] = ()) -> str:
    lines = [{**LINE, **change} for change in changes]
    names = [name for name in dict.fromkeys(name for line in lines for name in line) if name not in without]
    table = [names, *([line.get(name, "") for name in names] for line in lines)]
    return "".join(f"#{line}\n" for line in block.splitlines()) + "".join("\t".join(row) + "\n" for row in table)


def read(change: dict[str, str], block: str = BLOCK) -> CrosswalkRow:
    (row,) = parse_sssom(file(change, block=block))
    return row


def faults(text: str) -> str:
    with pytest.raises(Malformed) as caught:
        parse_sssom(text)
    assert caught.value.reason is Reason.FIELD_INVALID
    return caught.value.got


# round trip


@settings(max_examples=40)
@given(st.lists(rows(), max_size=4, unique_by=lambda row: (row.id, row.version)))
def test_what_is_written_comes_back_as_it_was(written: list[CrosswalkRow]) -> None:
    assert [row.hash for row in parse_sssom(write_sssom(written))] == [row.hash for row in written]


@settings(max_examples=20)
@given(st.lists(rows(), max_size=3), st.lists(rows(), max_size=3))
def test_a_file_may_be_written_piece_by_piece(one: list[CrosswalkRow], other: list[CrosswalkRow]) -> None:
    heading = write_sssom([])
    assert write_sssom(one) + write_sssom(other).removeprefix(heading) == write_sssom([*one, *other])


def test_a_file_is_as_the_standard_says() -> None:
    row = read({"subject_id": "item:430600.A%2F1%3A%20x", "tongban_conditions": "house=new|used"})
    assert row.source_code == "A/1: x"
    lines = write_sssom([row]).splitlines()
    block = yaml.safe_load("\n".join(line[1:] for line in lines if line.startswith("#")))
    assert block["curie_map"]["item"] == "urn:tongban:item:"
    columns, cells = (line.split("\t") for line in lines if not line.startswith("#"))
    line = dict(zip(columns, cells, strict=True))
    assert {name for name in columns if name.startswith("tongban_")} == {
        definition["slot_name"] for definition in block["extension_definitions"]
    }
    assert {
        "subject_id": "item:430600.A%2F1%3A%20x",
        "predicate_id": "skos:exactMatch",
        "mapping_justification": "semapv:ManualMappingCuration",
        "object_source": "catalogue:421000",
        "confidence": "0.95",
        "tongban_conditions": "house=new|used",
    }.items() <= line.items()


@pytest.mark.parametrize(
    ("predicate", "relationship"),
    [
        ("exactMatch", Relationship.EQUIVALENT),
        ("broadMatch", Relationship.BROADER),  # A skos:broadMatch B: B is the broader one, and B is our target
        ("narrowMatch", Relationship.NARROWER),
        ("relatedMatch", Relationship.RELATED),
    ],
)
def test_a_predicate_says_what_the_object_is_to_the_subject(predicate: str, relationship: Relationship) -> None:
    row = read({"predicate_id": f"skos:{predicate}"})
    assert row.relationship is relationship
    assert f"\tskos:{predicate}\t" in write_sssom([row])


def test_that_there_is_nothing_is_a_mapping_to_no_term() -> None:
    row = read(NOTHING_THERE)
    assert (row.relationship, row.target_catalogue, row.target_code) == (Relationship.NONE, "421000", "")
    assert "\tskos:exactMatch\tsssom:NoTermFound\t" in write_sssom([row])


# files of other tools


def test_prefixes_and_column_names_are_the_files_own() -> None:
    block = BLOCK.replace("  item:", "  s: http://www.w3.org/2004/02/skos/core#\n  t: 'urn:tongban:crosswalk:'\n  i:")
    block += "extension_definitions:\n- slot_name: when\n  property: t:conditions\n- nonsense\n- slot_name: 7\n"
    change = {"subject_id": "i:430600.A-1", "object_id": "i:421000.B-1", "predicate_id": "s:broadMatch", "when": "a=b"}
    row = read(change, block)
    assert row.relationship is Relationship.BROADER
    assert row.conditions == {"a": frozenset({"b"})}


def test_anothers_code_belongs_to_the_catalogue_that_the_source_names() -> None:
    by_line = read({"subject_id": "yy:A%2F1", "subject_source": "catalogue:430600"})
    assert (by_line.source_catalogue, by_line.source_code) == ("430600", "A/1")
    assert read({"subject_id": "yy:A%2F1"}, BLOCK + "subject_source: catalogue:430600\n") == by_line


def test_bytes_are_utf_8_and_else_the_row_is_named() -> None:
    assert decode_sssom("\ufeff岳阳".encode()) == "岳阳"
    with pytest.raises(Malformed, match="row 2: it is not UTF-8"):
        decode_sssom(b"\xef\xbb\xbfa\n\xd4\xc0")


def test_what_a_tool_adds_and_we_do_not_need_is_passed_over() -> None:
    assert read({"reviewer_id": "orcid:0000", "other": "x", "tongban_approved": "y"}) == read({})
    assert parse_sssom("\ufeff" + file({}).replace("\n", "\r\n")) == (read({}),)
    assert parse_sssom(file({}, without=("mapping_justification",))) == (read({}),)


@pytest.mark.parametrize(("text", "percent"), [("1", 100), ("0", 0), ("0.950", 95), ("0.8333", 83), ("1e-1", 10)])
def test_confidence_is_a_percentage(text: str, percent: int) -> None:
    assert read({"confidence": text}).confidence == percent


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subject_id": "zz:A"}, "subject_id: it is no CURIE of a prefix"),
        ({"subject_id": "urn:tongban:item:430600.A"}, "subject_id: it is no CURIE of a prefix"),
        ({"subject_id": ""}, "subject_id: it is no CURIE of a prefix"),
        ({"subject_id": "yy:A"}, "subject_source: '' is not a region of six digits"),
        ({"subject_id": "item:430600."}, "subject_id: it is empty"),
        ({"subject_id": "item:430600.%ff"}, "subject_id: it is percent-encoded, and not in UTF-8"),
        ({"subject_id": "sssom:NoTermFound"}, "subject_source: '' is not a region"),
        ({"subject_source": "catalogue:440300"}, "subject_source: it is not the catalogue of subject_id"),
        ({"predicate_id": "skos:closeMatch"}, "predicate_id: skos:exactMatch, broadMatch, narrowMatch or relatedMatch"),
        ({"predicate_id": "exactMatch"}, "predicate_id: skos:exactMatch, broadMatch"),
        ({"predicate_modifier": "Not"}, "predicate_modifier: it says that something is not so"),
        (
            {**NOTHING_THERE, "predicate_id": "skos:broadMatch"},
            "predicate_id: where no term was found, skos:exactMatch is wanted",
        ),
        ({**NOTHING_THERE, "object_source": ""}, "object_source: '' is not a region"),
        ({"subject_label": ""}, "subject_label: it is empty"),
        ({"comment": ""}, "comment: it is empty"),
        ({"confidence": ""}, "confidence: '' is not a number of 0 to 1"),
        ({"confidence": "95"}, "confidence: '95' is not a number of 0 to 1"),
        ({"confidence": "NaN"}, "confidence: 'NaN' is not a number of 0 to 1"),
        ({"tongban_version": ""}, "tongban_version: '' is not a whole number"),
        ({"tongban_conditions": "a"}, "tongban_conditions: 'a' is not written key=value"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_a_line_does_not_say_is_a_fault_of_its_row(change: dict[str, str], message: str) -> None:
    said = faults(file({"tongban_id": "other"}, change))
    assert f"row {len(BLOCK.splitlines()) + 3}, {message}" in said
    assert said.startswith("1 fault(s)")


def test_a_file_that_lost_our_columns_says_too_little_in_every_row() -> None:
    lost = ("tongban_id", "tongban_version", "tongban_valid_from")
    said = faults(file({}, {}, without=lost))
    assert said.startswith("6 fault(s)")
    assert all(said.count(name) == 2 for name in lost)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "row 1: column 'subject_id' is missing"),
        (file({}, without=("object_id",)), "column 'object_id' is missing"),
        (file({}).replace("object_label", "subject_label"), "column 'subject_label' stands twice"),
        (file({}) + "item:430600.A\n", "row 10: 1 cells; 11 are wanted"),
        (file({}) + '"', "row 10: neither this row nor what follows is a table"),
        (file({}, {}), "row 10: id 'YJ-001', version 1 stands in row 9 already"),
        (file({}, block="a: [\n"), "the metadata are not YAML"),
        (file({}, block="- a\n"), "the metadata, or their curie_map, are no mapping"),
        (file({}, block="curie_map: x\n"), "the metadata, or their curie_map, are no mapping"),
        (file({}, block="a: !!python/object/apply:os.getcwd []\n"), "the metadata are not YAML"),
        (file({}, block="a: 2026-99-99\n"), "the metadata are not YAML"),
        (file({}, block="[" * 5000), "the metadata are not YAML"),
        (file({}, block="a: " + "x" * 300_000), "characters of metadata; 262144 are the most"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_such_file_is_refused(text: str, message: str) -> None:
    assert message in faults(text)
