from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from gateway.domain.case_number import MAX_SERIAL, CaseNumber
from trust.errors import Malformed, Reason

DAY = date(2026, 11, 21)
NUMBER = CaseNumber.make("430600", DAY, 1)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

numbers = st.builds(CaseNumber.make, st.from_regex(r"[0-9]{6}", fullmatch=True), st.dates(), st.integers(1, MAX_SERIAL))


def test_a_number_is_written_in_four_groups() -> None:
    text = str(NUMBER)
    assert text.startswith("430600-20261121-000001-")
    assert mod_37_36.is_valid(text.replace("-", ""))


@given(numbers)
def test_what_is_written_is_read_back(number: CaseNumber) -> None:
    assert CaseNumber.parse(str(number)) == number


@pytest.mark.parametrize(
    "rewrite",
    [
        str.lower,
        lambda text: text.replace("-", ""),
        lambda text: text.replace("-", " "),
        lambda text: text.replace("-", "—"),
        lambda text: text.replace("-", "－"),
        lambda text: f"  {text}\n",
        lambda text: "".join(chr(ord(letter) + 0xFEE0) if letter != "-" else letter for letter in text),
    ],
    ids=["lower case", "no hyphens", "blanks", "dashes", "full-width hyphens", "padding", "full-width digits"],
)
def test_a_number_is_read_however_a_person_types_it(rewrite: Callable[[str], str]) -> None:
    assert CaseNumber.parse(rewrite(str(NUMBER))) == NUMBER


@given(numbers, st.integers(0, 20), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(number: CaseNumber, position: int, character: str) -> None:
    compact = str(number).replace("-", "")
    wrong = compact[:position] + character + compact[position + 1 :]
    if wrong != compact:
        with pytest.raises(Malformed):
            CaseNumber.parse(wrong)


def test_most_swaps_of_neighbours_are_found() -> None:
    compact = str(CaseNumber.make("430681", date(2026, 10, 29), 384_756)).replace("-", "")
    swapped = [compact[:i] + compact[i + 1] + compact[i] + compact[i + 2 :] for i in range(20)]
    for wrong in (text for text in swapped if text != compact):
        with pytest.raises(Malformed):
            CaseNumber.parse(wrong)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 characters"),
        ("430600-20261121-000001", "20 characters"),
        (f"{NUMBER}0", "22 characters"),
        ("43O600-20261121-000001-K", "region '43O600'"),
        ("430600-2026112l-000001-K", "day '2026112L'"),
        ("430600-20261121-00000?-K", "serial"),
        ("430600-20260230-000001-K", "day 20260230"),
        ("430600-20261121-000000-K", "serial 0"),
        ("430600-20261121-000001-京", "check character"),
        ("430600-20261121-000002-" + NUMBER.check, "does not agree with the digits"),
    ],
)
def test_a_wrong_number_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(Malformed, match="read") as caught:
        CaseNumber.parse(text)
    assert message in str(caught.value)
    assert caught.value.reason is Reason.FIELD_INVALID


@pytest.mark.parametrize(
    ("region", "serial"), [("4306", 1), ("43060x", 1), ("430600", 0), ("430600", -1), ("430600", MAX_SERIAL + 1)]
)
def test_a_number_is_made_only_within_its_bounds(region: str, serial: int) -> None:
    with pytest.raises(Malformed):
        CaseNumber.make(region, DAY, serial)


def test_numbers_are_ordered_by_region_day_and_serial() -> None:
    later = CaseNumber.make("430600", date(2026, 11, 22), 1)
    assert NUMBER < CaseNumber.make("430600", DAY, 2) < later
