from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.people import ApplicantType, id_number_flaw, mask_id_number, mask_name

SAMPLE = "11010519491231002X"  # the sample printed in GB 11643


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("", ""),
        ("张", "*"),
        ("张三", "张*"),
        ("张小明", "张**"),
        ("欧阳", "欧*"),
        ("欧阳小荷", "欧阳**"),
        ("诸葛亮", "诸葛*"),
        ("陈𠮷安", "陈**"),
        ("𬱖𠮷", "𬱖*"),
        ("葛\U000e0100城", "葛\U000e0100*"),  # an ideographic variation sequence is one character
        ("阿依古丽·买买提", "阿***·***"),
        ("  李四 ", "李*"),
    ],
)
def test_a_name_keeps_its_surname(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(alphabet="张王李欧阳司马𠮷䶮㻏𬱖", min_size=2))
def test_a_masked_name_always_hides_something(name: str) -> None:
    assert mask_name(name).endswith("*")


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        (SAMPLE, "110105********002X"),
        ("E12345678", "E******78"),
        ("H1234567", "H*****67"),
        ("123456", "******"),
        ("", ""),
    ],
)
def test_an_id_number_keeps_its_region_and_last_four(number: str, masked: str) -> None:
    assert mask_id_number(number) == masked


@given(st.text(alphabet="0123456789-+ X", max_size=30))
def test_a_mask_never_shows_more_than_ten_characters_of_a_number(text: str) -> None:
    assert len(mask_id_number(text).replace("*", "")) <= 10


def test_the_standards_own_sample_has_no_flaw() -> None:
    assert id_number_flaw(SAMPLE) == ""


def test_someone_older_than_their_county_code_has_no_flaw() -> None:
    # 421002 exists since 1994; whoever was born before got it with their first card.
    assert id_number_flaw("421002196603129970") == ""


@pytest.mark.parametrize(
    ("number", "flaw"),
    [
        ("110105194912310021", "check character"),
        ("1101051949123100", "16 characters"),
        ("11010519491231002x", "cannot have"),
        ("1101051949123100２X", "cannot have"),
        ("110105194902300020", "birth date"),
        ("990105194912310023", "province"),
    ],
)
def test_a_wrong_number_says_what_is_wrong_without_repeating_it(number: str, flaw: str) -> None:
    sentence = id_number_flaw(number)
    assert flaw in sentence
    assert number not in sentence


@pytest.mark.parametrize("position", range(18))
def test_any_single_wrong_digit_is_found(position: int) -> None:
    wrong = "7" if SAMPLE[position] != "7" else "8"
    assert id_number_flaw(SAMPLE[:position] + wrong + SAMPLE[position + 1 :])


def test_applicant_types_have_the_national_numbers() -> None:
    assert [kind.value for kind in ApplicantType] == [1, 2, 3, 4, 5, 6, 9]
