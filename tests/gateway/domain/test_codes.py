from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.codes import CodeForm, ExerciseLevel, ItemCode, ItemType, uscc_flaw

JINING_HANDLING = "11370800MB28559184300011711200001"
JINING_LOCAL_PROVINCE = "11370800MB285591843370117002011"
SHANWEI = "12441500196720244T3442199806003"
SHANGHAI_HANDLING = "1131000068735121X0231010032700001"
SICHUAN = "511A0147300000-511602000000-000-11511300008778693M-1-00"


@pytest.mark.parametrize(
    ("text", "form", "segments"),
    [
        (JINING_HANDLING, CodeForm.HANDLING, ("11370800MB28559184", "3", "00", "01", "17112", "000", "01")),
        (JINING_LOCAL_PROVINCE, CodeForm.IMPLEMENTATION, ("11370800MB28559184", "3", "37", "01", "17002", "011", "")),
        (SHANGHAI_HANDLING, CodeForm.HANDLING, ("1131000068735121X0", "2", "31", "01", "00327", "000", "01")),
        ("000117112000", CodeForm.BASIC, ("", "", "00", "01", "17112", "000", "")),
    ],
)
def test_real_codes_fall_into_their_segments(text: str, form: CodeForm, segments: tuple[str, ...]) -> None:
    code = ItemCode.parse(text)
    assert code.form is form
    assert (
        code.agency,
        code.level,
        code.setting_region,
        code.item_type,
        code.main_item,
        code.sub_item,
        code.serial,
    ) == segments
    assert code.conforms
    assert code.text == text


def test_one_agency_may_use_a_national_and_a_provincial_basic_code() -> None:
    national, provincial = ItemCode.parse(JINING_HANDLING), ItemCode.parse(JINING_LOCAL_PROVINCE)
    assert national.agency == provincial.agency
    assert (national.basic, provincial.basic) == ("000117112000", "370117002011")
    assert national.implementation == JINING_HANDLING[:31]


def test_a_real_code_with_an_item_type_outside_the_national_table_keeps_its_segments_and_is_flagged() -> None:
    code = ItemCode.parse(SHANWEI)
    assert code.form is CodeForm.IMPLEMENTATION
    assert code.item_type == "21"
    assert not code.conforms
    assert "item type 21" in code.flaw


def test_a_wrong_check_character_flags_the_code_and_keeps_its_segments() -> None:
    code = ItemCode.parse("11511602008778183N3" + "000117112000")
    assert code.form is CodeForm.IMPLEMENTATION
    assert code.basic == "000117112000"
    assert not code.conforms
    assert "check character" in code.flaw


def test_an_exercise_level_outside_the_table_is_flagged() -> None:
    assert "exercise level 9" in ItemCode.parse(JINING_LOCAL_PROVINCE[:18] + "9" + "370117002011").flaw


@pytest.mark.parametrize(
    "text",
    [
        SICHUAN,
        "",
        "   ",
        "0001171120",
        "0001171120000",
        "00011711200001",  # a basic code with a serial and no agency
        "０00117112000",
        "00011711200a",
        "HBYX20190037",  # the length of a basic code by chance
        "户口迁移",
    ],
)
def test_what_follows_no_layout_is_kept_letter_for_letter_as_a_local_code(text: str) -> None:
    code = ItemCode.parse(text)
    assert code.form is CodeForm.LOCAL
    assert code.text == text.strip()
    assert code.flaw
    assert not code.conforms
    assert (code.basic, code.implementation) == ("", "")


@given(st.text())
def test_reading_never_fails_and_never_changes_the_text(text: str) -> None:
    assert ItemCode.parse(text).text == text.strip()


@given(st.text(alphabet="0123456789ABX", min_size=31, max_size=31))
def test_segments_always_join_to_the_text(text: str) -> None:
    code = ItemCode.parse(text)
    if code.form is not CodeForm.LOCAL:
        assert code.implementation + code.serial == text


@pytest.mark.parametrize("text", ["11370800MB28559184", "12441500196720244T", "1131000068735121X0"])
def test_genuine_credit_codes_have_no_flaw(text: str) -> None:
    assert uscc_flaw(text) == ""


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("11511602008778183N", "check character"),
        ("11370800MB2855918", "17 characters"),
        ("11370800MB2855918I", "cannot have"),
        ("A1370800MB28559184", "cannot have"),
        ("", "0 characters"),
    ],
)
def test_wrong_credit_codes_say_what_is_wrong(text: str, flaw: str) -> None:
    assert flaw in uscc_flaw(text)


def test_the_national_tables_are_complete() -> None:
    assert [kind.value for kind in ItemType] == [f"{n:02d}" for n in range(1, 11)] + ["20"]
    assert [level.value for level in ExerciseLevel] == list("123456")
