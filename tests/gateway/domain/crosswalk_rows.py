"""Rows of every kind that a crosswalk may hold, for the tests of its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from hypothesis import strategies as st

from gateway.domain.crosswalk import CrosswalkRow, Relationship, Standing

_Value = TypeVar("_Value")

ODD = "=+-@'\"`,;|#%:/\\ ＝＋－＠　岳阳é\U00020000\ufeff\u200b\xa0{}[]&*!<>?"
"""Characters that some format, spreadsheet or encoding takes for something."""

BREAKS = "\t\n\r\u2028\u2029"
"""What only a justification may hold."""


def texts(longest: int, odd: str = ODD) -> st.SearchStrategy[str]:
    """Texts as rows hold them: with no blanks around."""
    usual = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
    return st.one_of(st.text(odd, min_size=1, max_size=longest), st.text(usual, min_size=1, max_size=longest)).map(
        lambda text: text.strip() or "x"
    )


CODES = texts(64).map(lambda code: code if not code[0].isdigit() else f"c{code}"[:64])  # never as if rounded
KEYS = st.from_regex("[a-z0-9_]{1,6}", fullmatch=True)
REGIONS = st.sampled_from(["430600", "421000", "440300", "000000"])


@st.composite
def rows(draw: st.DrawFn) -> CrosswalkRow:
    """Any row at all."""
    relationship = draw(st.sampled_from(Relationship))
    absent = relationship is Relationship.NONE
    source = draw(REGIONS)
    valid_from = draw(st.dates(date(1990, 1, 1)))
    return CrosswalkRow(
        id=draw(texts(64)),
        source_catalogue=source,
        source_code=draw(CODES),
        source_name=draw(texts(20)),
        target_catalogue=draw(REGIONS.filter(lambda region: region != source)),
        target_code="" if absent else draw(CODES),
        target_name="" if absent else draw(texts(20)),
        relationship=relationship,
        conditions=draw(_frozen(st.frozensets(KEYS, min_size=1, max_size=3))),
        materials=draw(_frozen(KEYS)),
        products=draw(_frozen(KEYS)),
        valid_from=valid_from,
        valid_until=draw(st.one_of(st.none(), st.dates(valid_from))),
        version=draw(st.integers(1, 2**31 - 1)),
        confidence=draw(st.integers(0, 100)),
        justification=draw(texts(40, ODD + BREAKS)),
        standing=Standing(draw(st.sampled_from([(), ("430600.gateway",), ("421000.gateway", "430600.gateway")]))),
    )


def _frozen(values: st.SearchStrategy[_Value]) -> st.SearchStrategy[Mapping[str, _Value]]:
    return st.dictionaries(KEYS, values, max_size=3).map(MappingProxyType)
