"""The code on a 明白卡: what is written is read, what is misread is noticed."""

from __future__ import annotations

import hashlib
import string
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.scan_text import MAX_LENGTH, ScannedGuide, read_scan_text, write_scan_text
from trust.errors import Malformed, Reason

GUIDE = ScannedGuide("430600", "S-1", 1, "421000", "T 1/#", 2, date(2026, 11, 23), {"spouse": "no", "kind": "new"})
TEXT = "tongban:1/430600/S-1/1/421000/T%201%2F%23/2/20261123?kind=new&spouse=no#01c436c7"

keys = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=12)
codes = st.text(min_size=1, max_size=20).filter(lambda code: code.isprintable())
regions = st.from_regex(r"[0-9]{6}", fullmatch=True)
guides = st.builds(
    ScannedGuide,
    source=regions,
    code=codes,
    version=st.integers(1, 999_999),
    target=regions,
    target_code=codes,
    target_version=st.integers(1, 999_999),
    on=st.dates(date(1900, 1, 1), date(2999, 12, 31)),
    answers=st.dictionaries(keys, keys, max_size=4),
)


def signed(said: str) -> str:
    """A text with the right check, whatever it says."""
    return f"{said}#{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def test_the_form_does_not_change() -> None:
    assert write_scan_text(GUIDE) == TEXT
    assert read_scan_text(TEXT) == GUIDE


@given(guides)
def test_what_is_written_is_read(guide: ScannedGuide) -> None:
    text = write_scan_text(guide)
    assert text.isascii()
    assert text.isprintable()
    assert read_scan_text(text) == guide


@pytest.mark.parametrize("place", range(len(TEXT)))
def test_no_character_that_was_misread_goes_unnoticed(place: int) -> None:
    for wrong in {"0", "1", "O", "l", "a", "-", "_", "/", "", TEXT[place].swapcase(), TEXT[place] * 2} - {TEXT[place]}:
        with pytest.raises(Malformed):
            read_scan_text(TEXT[:place] + wrong + TEXT[place + 1 :])


@pytest.mark.parametrize(
    "misread",
    [TEXT.upper(), TEXT.swapcase(), TEXT.replace(":", "："), TEXT.replace("/", "-"), f"{TEXT}\n", f" {TEXT}", ""],
    ids=["capitals", "capitals lock", "Chinese input", "another layout", "return key", "blank", "nothing"],
)
def test_a_scanner_that_types_otherwise_is_noticed(misread: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_scan_text(misread)
    assert refused.value.reason is Reason.FIELD_INVALID
    assert "S-1" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        "tongban:2/430600/S-1/1/421000/T/2/20261123",
        "tongban:1/430600/S-1/0/421000/T/2/20261123",
        "tongban:1/430600/S-1/1/421000/T/2/20261131",
        "tongban:1/430600/S-1/1/421000/T/2/20261123?kind=new&kind=again",
        "tongban:1/430600/S-1/1/421000/T/2/20261123?spouse=no&kind=new",
        "tongban:1/430600/S-1/1/421000/T/2/20261123?kind",
        "tongban:1/430600/S-1/1/421000/T/2/20261123?",
        "tongban:1/430600/S%2D1/1/421000/T/2/20261123",
        f"tongban:1/430600/{'S' * 65}/1/421000/T/2/20261123",
        f"tongban:1/430600/S-1/1/421000/T/2/20261123?kind={'n' * MAX_LENGTH}",
    ],
    ids=[
        "another form", "version 0", "no such day", "two answers", "out of order", "no answer", "empty answers",
        "needlessly encoded", "long code", "too long",
    ],
)  # fmt: skip
def test_a_text_that_no_gateway_writes_is_refused_even_with_a_right_check(said: str) -> None:
    with pytest.raises(Malformed):
        read_scan_text(signed(said))


def test_a_version_that_a_platform_makes_of_the_day_and_a_number_is_read() -> None:
    guide = replace(GUIDE, version=2026112301, target_version=2**31 - 1)
    assert read_scan_text(write_scan_text(guide)) == guide


def test_a_text_that_would_not_fit_is_none() -> None:
    many = {f"question_{number:02}": "a" * 40 for number in range(20)}
    assert write_scan_text(replace(GUIDE, answers=many)) == ""
    few = dict(list(many.items())[:15])
    assert 800 < len(write_scan_text(replace(GUIDE, answers=few))) <= MAX_LENGTH
