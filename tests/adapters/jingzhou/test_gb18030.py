"""Rare characters through GB 18030, in both directions."""

from __future__ import annotations

import pytest

from adapters.jingzhou import gb18030


@pytest.mark.parametrize("character", "𠮷䶮㻏𬱖㵲龴龻︐︙𠂇")
def test_a_rare_character_survives_the_way_there_and_back(character: str) -> None:
    assert gb18030.decode(gb18030.encode(character)) == character


@pytest.mark.parametrize(
    ("code", "character"),
    [
        ("a6d9", "\ufe10"),
        ("a6da", "\ufe12"),
        ("a6db", "\ufe11"),
        ("a6f3", "\ufe19"),
        ("fe59", "龴"),
        ("fe61", "龵"),
        ("fe6d", "龸"),
        ("fea0", "龻"),
        ("fe51", "\U00020087"),
        ("fe91", "\U000241fe"),
    ],
)
def test_the_codes_that_python_takes_for_private_use_become_real(code: str, character: str) -> None:
    assert 0xE000 <= ord(bytes.fromhex(code).decode("gb18030")) <= 0xF8FF
    assert gb18030.decode(bytes.fromhex(code)) == character


@pytest.mark.parametrize(("character", "code"), [("\ufe10", "a6d9"), ("龴", "fe59"), ("龻", "fea0")])
def test_what_changed_between_the_editions_is_written_in_two_bytes(character: str, code: str) -> None:
    assert gb18030.encode(character).hex() == code


def test_every_private_character_that_stands_for_a_real_one_is_replaced() -> None:
    assert len(gb18030.TO_REAL) == len(set(gb18030.TO_REAL.values())) == 24
    assert all(0xE000 <= private <= 0xF8FF for private in gb18030.TO_REAL)
    assert not any(0xE000 <= real <= 0xF8FF for real in gb18030.TO_REAL.values())


def test_gbk_alone_could_not_carry_these_names() -> None:
    for character in "𠮷䶮㻏𬱖":
        with pytest.raises(UnicodeEncodeError):
            character.encode("gbk")
