"""Both languages say the same."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from sandbox.story_texts import CHINESE, ENGLISH, TEXTS


def test_both_tables_have_the_same_keys_in_the_same_order() -> None:
    assert list(CHINESE) == list(ENGLISH)


@pytest.mark.parametrize("key", CHINESE)
def test_both_texts_have_the_same_blanks(key: str) -> None:
    blanks = [{name for _, name, _, _ in Formatter().parse(table[key]) if name} for table in TEXTS.values()]
    # A name that one language needs for its grammar, the other may do without.
    assert blanks[0] - {"applicant"} == blanks[1] - {"applicant"}


def test_the_chinese_story_has_no_english_sentence() -> None:
    assert [text for text in CHINESE.values() if re.search(r"[A-Za-z]{4,} [a-z]+ [a-z]+", text)] == []
