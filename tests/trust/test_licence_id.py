"""Licence identifiers: genuine ones pass, odd ones are kept and flagged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.errors import Malformed, Reason
from trust.licence_id import ROOT_OID, LicenceId

GENUINE = [
    f"{ROOT_OID}.11100000000013338W009.11330105002500287C.2025052201.002.0",
    f"{ROOT_OID}.11100000MB03271699022.340100.000000016.001.9",
    f"{ROOT_OID}.11100000000013338W011.11430000006122244L.20230000403.001.U",
]
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("text", GENUINE)
def test_a_genuine_identifier_conforms_and_is_written_again_alike(text: str) -> None:
    parsed = LicenceId.parse(text)
    assert parsed.conforms
    made = LicenceId.make(parsed.type_code, parsed.issuer_code, parsed.serial, int(parsed.version))
    assert made == parsed
    assert made.text == text


def test_the_parts_of_an_identifier_are_named() -> None:
    parsed = LicenceId.parse(GENUINE[1])
    assert parsed.type_code == "11100000MB03271699022"
    assert (parsed.issuer_code, parsed.serial) == ("340100", "000000016")
    assert (parsed.version, parsed.check) == ("001", "9")


def test_an_identifier_that_fails_its_check_is_kept_whole_and_flagged() -> None:
    text = GENUINE[2][:-1] + "0"
    parsed = LicenceId.parse(text)
    assert not parsed.conforms
    assert parsed.defect == "the check character is 0, not U"
    assert (parsed.text, parsed.issuer_code) == (text, "11430000006122244L")


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        ("", "does not begin with"),
        ("1.2.156.3005.20.1", "does not begin with"),
        (GENUINE[0].replace(".002", ""), "4 segments"),
        (GENUINE[0].replace("W009", "W09"), "type code"),
        (GENUINE[0].replace("W009", "w009"), "type code"),
        (GENUINE[1].replace("340100", "34010"), "issuer code"),
        (GENUINE[1].replace("000000016", "16"), "serial"),
        (GENUINE[1].replace(".001.", ".1.") , "version"),
        (GENUINE[1][:-1] + "九", "check character"),
        (GENUINE[1].replace("340100", "３４０１００"), "issuer code"),
    ],
)  # fmt: skip
def test_a_text_off_the_layout_is_kept_as_it_is_and_flagged(text: str, defect: str) -> None:
    parsed = LicenceId.parse(text)
    assert parsed.text == text
    assert defect in parsed.defect
    assert not parsed.type_code


@given(st.text(max_size=100) | st.text("0123456789.AW", max_size=80).map(f"{ROOT_OID}.".__add__))
def test_reading_never_fails(text: str) -> None:
    assert LicenceId.parse(text).text == text


@given(st.integers(0, len(GENUINE[0]) - len(ROOT_OID) - 2), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(place: int, character: str) -> None:
    at = len(ROOT_OID) + 1 + place
    changed = GENUINE[0][:at] + character + GENUINE[0][at + 1 :]
    assert LicenceId.parse(changed).conforms == (changed == GENUINE[0])


@pytest.mark.parametrize(
    ("type_code", "issuer_code", "serial", "version"),
    [
        ("11100000000013338W00", "340100", "000000016", 1),
        ("11100000000013338W009", "34010", "000000016", 1),
        ("11100000000013338W009", "340100", "16", 1),
        ("11100000000013338W009", "340100", "0" * 33, 1),
        ("11100000000013338W009", "340100", "000000016", 1000),
        ("11100000000013338W009", "340100", "000000016", -1),
    ],
)
def test_what_we_write_always_conforms(type_code: str, issuer_code: str, serial: str, version: int) -> None:
    with pytest.raises(Malformed) as caught:
        LicenceId.make(type_code, issuer_code, serial, version)
    assert caught.value.reason is Reason.FIELD_INVALID
