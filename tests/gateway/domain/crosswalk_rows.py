"""Rows of every kind that a crosswalk may hold, for the tests of its files."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from hypothesis import strategies as st

from gateway.domain.crosswalk import CrosswalkRow, Relationship, Standing

ODD = st.sampled_from("=+-@'\"`,;|#%:/\\ \t\n\r＝＋－＠　岳阳é\U00020000\ufeff\u200b\xa0\u2028{}[]&*!<>?")
"""Characters that some format, spreadsheet or encoding takes for something."""

CHARACTERS = st.one_of(ODD, st.characters(exclude_categories=["Cc", "Cs"]))
IN_LINE = CHARACTERS.filter(lambda character: character not in "\t\n\r\u2028\u2029")


def texts(characters: st.SearchStrategy[str], longest: int) -> st.SearchStrategy[str]:
    """Texts as rows hold them: with no blanks around."""
    return st.text(characters, min_size=1, max_size=longest).map(str.strip).filter(bool)


def _codes() -> st.SearchStrategy[str]:
    return texts(IN_LINE, 64).filter(lambda code: not code[0].isdigit())


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
        id=draw(texts(IN_LINE, 64)),
        source_catalogue=source,
        source_code=draw(_codes()),
        source_name=draw(texts(IN_LINE, 20)),
        target_catalogue=draw(REGIONS.filter(lambda region: region != source)),
        target_code="" if absent else draw(_codes()),
        target_name="" if absent else draw(texts(IN_LINE, 20)),
        relationship=relationship,
        conditions=draw(_frozen(st.frozensets(KEYS, min_size=1, max_size=3))),
        materials=draw(_frozen(KEYS)),
        products=draw(_frozen(KEYS)),
        valid_from=valid_from,
        valid_until=draw(st.one_of(st.none(), st.dates(valid_from))),
        version=draw(st.integers(1, 2**31 - 1)),
        confidence=draw(st.integers(0, 100)),
        justification=draw(texts(CHARACTERS, 40)),
        standing=Standing(draw(st.sampled_from([(), ("430600.gateway",), ("421000.gateway", "430600.gateway")]))),
    )


def _frozen(values: st.SearchStrategy[object]) -> st.SearchStrategy[MappingProxyType[str, object]]:
    return st.dictionaries(KEYS, values, max_size=3).map(MappingProxyType)
