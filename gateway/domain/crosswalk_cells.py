"""One row of a crosswalk as texts by column: the form that files and records share.

``CellReader`` reads what ``gateway.domain.crosswalk.cells_of`` writes, and what people write in a spreadsheet. Blanks
around a cell are nobody's content and are dropped, so that no row has any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gateway.domain.catalogue import MAX_LONG_TEXT_LENGTH, MAX_TEXT_LENGTH
from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.crosswalk import ALWAYS, NOTHING, CrosswalkRow, Relationship, record_of
from trust.errors import Malformed, Reason

CONTENT_COLUMNS: Final = (
    "id",
    "source_catalogue",
    "source_code",
    "source_name",
    "target_catalogue",
    "target_code",
    "target_name",
    "relationship",
    "conditions",
    "materials",
    "products",
    "valid_from",
    "valid_until",
    "version",
    "confidence",
    "justification",
)
"""What a row says; ``cells_of`` writes exactly these. In ``conditions``, ``materials`` and ``products`` entries are
``key=value`` joined by ``;``, and several allowed answers are joined by ``|``."""

MAX_ID_LENGTH: Final = 64
"""Longest id of a row, in characters."""

MAX_ENTRIES_LENGTH: Final = 2500
"""Longest cell of conditions, materials or products, in characters; all of them ASCII."""

MAX_RECORD_BYTES: Final = 16 * 1024
"""Longest record of a row. The bounds of the single cells stay below it."""

MAX_FAULTS_NAMED: Final = 500
"""Most faults that one error names. Whoever has more mends these first: they are mostly one mistake."""

_KEY: Final = re.compile(r"[a-z0-9_]+")
_PRODUCT: Final = re.compile(r"@?[a-z0-9_]+")
_REGION: Final = re.compile(r"[0-9]{6}")
_DAY: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_ROUNDED_BY_A_SPREADSHEET: Final = re.compile(r"[0-9.]+E\+?[0-9]+", re.IGNORECASE)
# Marks of direction are among them: a reviewer would see another order than what the signature is over.
_NO_TEXT: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL: Final = re.compile(f"[{_NO_TEXT}]")
_CONTROL_OR_BREAK: Final = re.compile(f"[{_NO_TEXT}\t\n\r\u2028\u2029]")


def row_of(record: bytes) -> CrosswalkRow:
    """Read the record of a row, as another gateway sent it or the store kept it.

    Raises ``Malformed`` with every fault, also when the bytes are not the row's own record: a hash must stand for one
    row only.
    """
    faults: list[str] = []
    try:
        cells = json.loads(record) if len(record) <= MAX_RECORD_BYTES else None
    except (ValueError, RecursionError):
        cells = None
    if not isinstance(cells, dict) or set(cells) != set(CONTENT_COLUMNS) or set(map(type, cells.values())) != {str}:
        raise malformed(
            "read the record of a crosswalk row",
            [f"it is not a JSON object of the columns' texts, at most {MAX_RECORD_BYTES} bytes"],
        )
    row = CellReader("record", cells, faults).row()
    if not faults and record_of(row) != record:
        faults.append("it is not in the one form that is hashed")
    if faults:
        raise malformed("read the record of a crosswalk row", faults)
    return row


class CellReader:
    """One row as cells: turns them into values and notes every fault under the row's place in its file.

    A cell with a fault yields a stand-in, so that the rest of the file is read too; any fault refuses the file.
    """

    def __init__(
        self, where: str, cells: Mapping[str, str], faults: list[str], titles: Mapping[str, str] = NOTHING
    ) -> None:
        """``titles`` says what a file calls a column, where that is not the column's own name."""
        self._where = where
        self._cells = {column: cell.strip() for column, cell in cells.items()}
        self._faults = faults
        self._titles = titles

    def row(self) -> CrosswalkRow:
        """Read the row; worth something only when no fault was noted."""
        relationship = self._relationship()
        absent = relationship is Relationship.NONE
        valid_from = self._day("valid_from") or date.min
        valid_until = self._day("valid_until") if self._cells["valid_until"] else None
        if valid_until is not None and valid_until < valid_from:
            self._fault("valid_until", "it is before valid_from")
        row = CrosswalkRow(
            id=self._line("id", MAX_ID_LENGTH),
            source_catalogue=self._region("source_catalogue"),
            source_code=self._code("source_code"),
            source_name=self._line("source_name", MAX_TEXT_LENGTH),
            target_catalogue=self._region("target_catalogue"),
            target_code=self._empty("target_code") if absent else self._code("target_code"),
            target_name=self._empty("target_name") if absent else self._line("target_name", MAX_TEXT_LENGTH),
            relationship=relationship,
            conditions=self._conditions(),
            materials=self._pairs("materials", _KEY),
            products=self._pairs("products", _PRODUCT),
            valid_from=valid_from,
            valid_until=valid_until,
            version=self._number_in("version", 1, 2**31 - 1),
            confidence=self._number_in("confidence", 0, 100),
            justification=self._text("justification", MAX_LONG_TEXT_LENGTH, _CONTROL),
        )
        if row.source_catalogue and row.source_catalogue == row.target_catalogue:
            self._fault("target_catalogue", "it is the source catalogue itself")
        return row

    def _fault(self, column: str, what: str) -> None:
        self._faults.append(f"{self._where}, {self._titles.get(column, column)}: {what}")

    def _text(self, column: str, longest: int, refused: re.Pattern[str]) -> str:
        text = self._cells[column]
        if not text:
            self._fault(column, "it is empty")
        elif len(text) > longest:
            self._fault(column, f"{len(text)} characters; {longest} are the most")
        elif refused.search(text):
            self._fault(column, "it holds control characters")
        else:
            return text
        return ""

    def _line(self, column: str, longest: int) -> str:
        return self._text(column, longest, _CONTROL_OR_BREAK)

    def _empty(self, column: str) -> str:
        if self._cells[column]:
            self._fault(column, "it must be empty where the relationship is none")
        return ""

    def _region(self, column: str) -> str:
        text = self._cells[column]
        if _REGION.fullmatch(text) is None:
            self._fault(column, f"{text[:20]!r} is not a region of six digits")
            return ""
        return text

    def _code(self, column: str) -> str:
        code = self._line(column, MAX_CODE_LENGTH)
        if _ROUNDED_BY_A_SPREADSHEET.fullmatch(code):
            self._fault(column, f"{code!r} is a code that a spreadsheet has rounded; format the column as text")
        return code

    def _relationship(self) -> Relationship:
        try:
            return Relationship(self._cells["relationship"])
        except ValueError:
            self._fault("relationship", f"{self._cells['relationship'][:40]!r} is not one of {', '.join(Relationship)}")
            return Relationship.RELATED

    def _day(self, column: str) -> date | None:
        """Read a day; with slashes and without zeros too, which is how a spreadsheet writes it back."""
        written = _DAY.fullmatch(self._cells[column])
        if written:
            with suppress(ValueError):  # the thirtieth of February
                return date(*map(int, written.groups()))
        self._fault(column, f"{self._cells[column][:20]!r} is not a day written yyyy-mm-dd")
        return None

    def _number_in(self, column: str, low: int, high: int) -> int:
        text = self._cells[column]
        if not (text.isascii() and text.isdecimal() and len(text) <= 10 and low <= int(text) <= high):
            self._fault(column, f"{text[:20]!r} is not a whole number of {low} to {high}")
            return low
        return int(text)

    def _conditions(self) -> Mapping[str, frozenset[str]]:
        entries, faults = _entries(self._cells["conditions"])
        for fault in faults:
            self._fault("conditions", fault)
        return entries

    def _pairs(self, column: str, value: re.Pattern[str]) -> Mapping[str, str]:
        pairs, faults = _single_entries(self._cells[column], value)
        for fault in faults:
            self._fault(column, fault)
        return pairs


# The same few texts stand in row after row; so they are read once, and the rows share what they say.


@lru_cache(maxsize=4096)
def _entries(text: str, value_form: re.Pattern[str] = _KEY) -> tuple[Mapping[str, frozenset[str]], tuple[str, ...]]:
    """Read ``key=value|value;key=value``, and say what is wrong with it."""
    if len(text) > MAX_ENTRIES_LENGTH:
        return ALWAYS, (f"{len(text)} characters; {MAX_ENTRIES_LENGTH} are the most",)
    entries: dict[str, frozenset[str]] = {}
    faults: list[str] = []
    for entry in filter(None, text.split(";")):
        key, _, value = entry.partition("=")
        alternatives = value.split("|")
        if not _KEY.fullmatch(key) or not all(value_form.fullmatch(part) for part in alternatives):
            faults.append(f"{entry!r} is not written key=value in lower-case letters, digits and underscores")
        elif key in entries:
            faults.append(f"{key!r} stands twice")
        else:
            entries[key] = frozenset(alternatives)
    return (MappingProxyType(entries) if entries else ALWAYS), tuple(faults)


@lru_cache(maxsize=4096)
def _single_entries(text: str, value_form: re.Pattern[str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Read ``key=value;key=value``, and say what is wrong with it."""
    entries, faults = _entries(text, value_form)
    several = tuple(f"{key!r} has more than one value" for key, values in entries.items() if len(values) > 1)
    pairs = {key: next(iter(values)) for key, values in entries.items()}
    return (MappingProxyType(pairs) if pairs else NOTHING), (*faults, *several)


def malformed(doing: str, faults: Sequence[str]) -> Malformed:
    """Make the error that names every fault at once, up to ``MAX_FAULTS_NAMED``."""
    said = "; ".join(faults[:MAX_FAULTS_NAMED])
    more = f"; and {len(faults) - MAX_FAULTS_NAMED} more" if len(faults) > MAX_FAULTS_NAMED else ""
    return Malformed(
        Reason.FIELD_INVALID,
        doing,
        got=f"{len(faults)} fault(s): {said}{more}",
        expected="none, since nothing is taken in part",
        mend="correct the rows named and load the file again",
    )
