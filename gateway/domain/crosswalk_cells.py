"""One row of a crosswalk as texts by column: the form that files and records share.

``CellReader`` reads what ``gateway.domain.crosswalk.cells_of`` writes, and what people write in a spreadsheet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final, TypeVar

from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.crosswalk import ALWAYS, NOTHING, CrosswalkRow, Relationship, record_of
from trust.errors import Malformed, Reason

_T = TypeVar("_T")

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

_KEY: Final = re.compile(r"[a-z0-9_]+")
_REGION: Final = re.compile(r"[0-9]{6}")
_ROUNDED_BY_A_SPREADSHEET: Final = re.compile(r"[0-9.]+E\+?[0-9]+", re.IGNORECASE)


def row_of(record: bytes) -> CrosswalkRow:
    """Read the record of a row, as another gateway sent it or the store kept it.

    Raises ``Malformed`` with every fault, also when the bytes are not the row's own record: a hash must stand for one
    row only.
    """
    faults: list[str] = []
    try:
        cells = json.loads(record)
    except (ValueError, RecursionError):
        cells = None
    if not isinstance(cells, dict) or set(cells) != set(CONTENT_COLUMNS) or set(map(type, cells.values())) != {str}:
        raise malformed("read the record of a crosswalk row", ["it is not a JSON object of the columns' texts"])
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

    def __init__(self, where: str, cells: Mapping[str, str], faults: list[str]) -> None:
        self._where = where
        self._cells = {column: cell.strip() for column, cell in cells.items()}
        self._faults = faults

    def row(self) -> CrosswalkRow:
        """Read the row; worth something only when no fault was noted."""
        relationship = self._relationship()
        absent = relationship is Relationship.NONE
        valid_from = self._day("valid_from") or date.min
        valid_until = self._day("valid_until") if self._cells["valid_until"] else None
        if valid_until is not None and valid_until < valid_from:
            self._fault("valid_until", "it is before valid_from")
        row = CrosswalkRow(
            id=self._text("id"),
            source_catalogue=self._matching("source_catalogue", _REGION, "a region of six digits"),
            source_code=self._code("source_code"),
            source_name=self._text("source_name"),
            target_catalogue=self._matching("target_catalogue", _REGION, "a region of six digits"),
            target_code=self._empty("target_code") if absent else self._code("target_code"),
            target_name=self._empty("target_name") if absent else self._text("target_name"),
            relationship=relationship,
            conditions=self._conditions(),
            materials=self._pairs("materials"),
            products=self._pairs("products"),
            valid_from=valid_from,
            valid_until=valid_until,
            version=self._number_in("version", 1, 2**31 - 1),
            confidence=self._number_in("confidence", 0, 100),
            justification=self._text("justification"),
        )
        if row.source_catalogue and row.source_catalogue == row.target_catalogue:
            self._fault("target_catalogue", "it is the source catalogue itself")
        return row

    def _fault(self, column: str, what: str) -> None:
        self._faults.append(f"{self._where}, {column}: {what}")

    def _text(self, column: str) -> str:
        text = self._cells[column]
        if not text:
            self._fault(column, "it is empty")
        return text

    def _empty(self, column: str) -> str:
        if self._cells[column]:
            self._fault(column, "it must be empty where the relationship is none")
        return ""

    def _matching(self, column: str, pattern: re.Pattern[str], wanted: str) -> str:
        text = self._cells[column]
        if pattern.fullmatch(text) is None:
            self._fault(column, f"{text!r} is not {wanted}")
            return ""
        return text

    def _code(self, column: str) -> str:
        code = self._text(column)
        if _ROUNDED_BY_A_SPREADSHEET.fullmatch(code):
            self._fault(column, f"{code!r} is a code that a spreadsheet has rounded; format the column as text")
        elif len(code) > MAX_CODE_LENGTH:
            self._fault(column, f"{len(code)} characters; {MAX_CODE_LENGTH} are the most")
        return code

    def _relationship(self) -> Relationship:
        try:
            return Relationship(self._cells["relationship"])
        except ValueError:
            self._fault("relationship", f"{self._cells['relationship']!r} is not one of {', '.join(Relationship)}")
            return Relationship.RELATED

    def _day(self, column: str) -> date | None:
        try:
            return date.fromisoformat(self._cells[column])
        except ValueError:
            self._fault(column, f"{self._cells[column]!r} is not a day written yyyy-mm-dd")
            return None

    def _number_in(self, column: str, low: int, high: int) -> int:
        text = self._cells[column]
        if not (text.isascii() and text.isdecimal() and len(text) <= 10 and low <= int(text) <= high):
            self._fault(column, f"{text!r} is not a whole number of {low} to {high}")
            return low
        return int(text)

    def _conditions(self) -> Mapping[str, frozenset[str]]:
        if not self._cells["conditions"]:
            return ALWAYS
        return self._entries("conditions", lambda value: frozenset(value.split("|")), allows_alternatives=True)

    def _pairs(self, column: str) -> Mapping[str, str]:
        if not self._cells[column]:
            return NOTHING
        return self._entries(column, str, allows_alternatives=False)

    def _entries(self, column: str, read: Callable[[str], _T], *, allows_alternatives: bool) -> Mapping[str, _T]:
        entries: dict[str, _T] = {}
        for entry in filter(None, self._cells[column].split(";")):
            key, _, value = entry.partition("=")
            alternatives = value.split("|")
            if not all(_KEY.fullmatch(part) for part in (key, *alternatives)):
                self._fault(column, f"{entry!r} is not written key=value in lower-case letters, digits and underscores")
            elif len(alternatives) > 1 and not allows_alternatives:
                self._fault(column, f"{entry!r} has more than one value")
            elif key in entries:
                self._fault(column, f"{key!r} stands twice")
            else:
                entries[key] = read(value)
        return MappingProxyType(entries)


def malformed(doing: str, faults: Sequence[str]) -> Malformed:
    """Make the error that names every fault at once."""
    return Malformed(
        Reason.FIELD_INVALID,
        doing,
        got=f"{len(faults)} fault(s): " + "; ".join(faults),
        expected="none, since nothing is taken in part",
        mend="correct the rows named and load the file again",
    )
