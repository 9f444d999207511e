"""The crosswalk: which item of one catalogue answers to which item of another, as agreed by both places.

A row maps one source item, under conditions, to one target item. It is made by people, reviewed by both sides, dated,
and kept in a CSV file that people read and correct. ``gateway.domain.translation`` applies it.

What the relationship says, always seen from the source and within the row's conditions:

    equivalent   the target does the same                                          may route a case
    broader      the target does all that the source does, and more                may route a case
    narrower     the target does only part of what the source does                 may route only under conditions
    related      something near it, for a person to look at                        never routes
    none         the other place asserts that it has nothing of the kind           never routes, and is an answer

Why so: a case may go only where everything that the applicant asks for is sure to be handled. That holds for
equivalent and broader targets. A narrower target leaves part of the source outside, and only conditions that the
applicant's own answers meet, signed for by both sides, show the case to be inside. Whatever does not route is shown to
staff and never guessed from.

Rules:

1. A row counts when both sides have reviewed it; until then it is a proposal.
2. A row holds from ``valid_from`` to ``valid_until``, both included (Beijing days).
3. Of the rows that count and decide, no two may ever apply to one case. They must differ in their days or in a
   question whose allowed answers don't overlap. A crosswalk that breaks this can't be made, so translation never has
   to choose.
4. A file with a fault is refused as a whole, with every fault named by its row.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.codes import MAX_CODE_LENGTH
from trust.errors import Malformed, Reason

_T = TypeVar("_T")


class Relationship(StrEnum):
    """What the target is to the source; the table in the module's docstring says what each may do."""

    EQUIVALENT = "equivalent"
    BROADER = "broader"
    NARROWER = "narrower"
    RELATED = "related"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """One agreed mapping of a source item, under conditions, to a target item."""

    id: str
    """Name of the row, unique in the file."""
    source_catalogue: str
    """Region of the source catalogue, six digits."""
    source_code: str
    """Code of the source item, letter for letter."""
    source_name: str
    """Name of the source item as the reviewers saw it, so that a person can read the file."""
    target_catalogue: str
    """Region of the target catalogue, six digits."""
    target_code: str
    """Code of the target item, letter for letter; empty exactly when the relationship is none."""
    target_name: str
    """Name of the target item as the reviewers saw it; empty exactly when the relationship is none."""
    relationship: Relationship
    """What the target is to the source."""
    conditions: Mapping[str, frozenset[str]]
    """Question of the source item → the answers under which the row applies; every question must agree."""
    materials: Mapping[str, str]
    """Material of the source item → material of the target item that it serves as."""
    products: Mapping[str, str]
    """Facts that follow from the mapping: question of the target item → the answer this row gives to it."""
    valid_from: date
    """First Beijing day on which the row holds."""
    valid_until: date | None
    """Last Beijing day on which it holds; ``None`` when open."""
    version: int
    """Version of the row, 1 or more; rises whenever it is changed."""
    confidence: int
    """How sure the reviewers are, in percent, 0 to 100. For people: it never decides."""
    justification: str
    """Why the two are taken as they are, in words."""
    reviewed_by: tuple[str, ...]
    """Ids of the members whose reviewers signed for it, for example 430600.gateway."""

    @property
    def reviewed_by_both(self) -> bool:
        """Whether a member of each side's region signed for it (rule 1)."""
        regions = {member.partition(".")[0] for member in self.reviewed_by}
        return self.source_catalogue in regions and self.target_catalogue in regions

    @property
    def decides(self) -> bool:
        """Whether the relationship, if the row applies, is an answer: where to route, or that there is nothing."""
        if self.relationship is Relationship.NARROWER:
            return bool(self.conditions)
        return self.relationship is not Relationship.RELATED

    def begun_by(self, on: date) -> bool:
        """Whether the row's days have begun."""
        return self.valid_from <= on

    def over_by(self, on: date) -> bool:
        """Whether the row's days are over."""
        return self.valid_until is not None and on > self.valid_until


def may_coincide(one: CrosswalkRow, other: CrosswalkRow) -> bool:
    """Whether some case on some day could meet both rows (rule 3)."""
    if one.over_by(other.valid_from) or other.over_by(one.valid_from):
        return False
    shared = one.conditions.keys() & other.conditions.keys()
    return all(one.conditions[question] & other.conditions[question] for question in shared)


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """The rows, found by source item and target catalogue in constant time."""

    rows: tuple[CrosswalkRow, ...]
    """All rows, in the order of the file."""
    _from_source: Mapping[tuple[str, str, str], tuple[CrosswalkRow, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if faults := _contradictions(self.rows):
            raise _malformed("make a crosswalk", faults)
        grouped: defaultdict[tuple[str, str, str], list[CrosswalkRow]] = defaultdict(list)
        for row in self.rows:
            grouped[row.source_catalogue, row.source_code, row.target_catalogue].append(row)
        object.__setattr__(self, "_from_source", {key: tuple(rows) for key, rows in grouped.items()})

    def rows_from(self, source_catalogue: str, source_code: str, target_catalogue: str) -> tuple[CrosswalkRow, ...]:
        """Return every row that leads from one item to one catalogue, whatever its state."""
        return self._from_source.get((source_catalogue, source_code, target_catalogue), ())


def _contradictions(rows: Sequence[CrosswalkRow]) -> list[str]:
    """Name every pair of rows that breaks rule 3, and every id that stands twice."""
    faults = [f"id {row_id!r} stands twice" for row_id in _repeated(row.id for row in rows)]
    deciding = [row for row in rows if row.decides and row.reviewed_by_both]
    deciding.sort(key=_route)
    for _, group in itertools.groupby(deciding, key=_route):
        faults += [
            f"rows {one.id!r} and {other.id!r} could both apply to one case of item {one.source_code}"
            for one, other in itertools.combinations(group, 2)
            if may_coincide(one, other)
        ]
    return faults


def _route(row: CrosswalkRow) -> tuple[str, str, str]:
    return row.source_catalogue, row.source_code, row.target_catalogue


def _repeated(values: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for value in values:
        if value in seen:
            repeated[value] = None
        seen.add(value)
    return list(repeated)


def faults_against(crosswalk: Crosswalk, source: Catalogue, target: Catalogue) -> tuple[str, ...]:
    """Compare the rows from one catalogue to the other with what the two catalogues say; empty when all agrees.

    Each sentence begins with the row's id. Named are items, questions, answers and materials that don't exist, and
    names that have changed since the reviewers saw them. ``tongban config check`` shows these to the operator. A row
    whose item or question is gone never matches; the other faults change no match, and the two places settle them.
    """
    faults: list[str] = []
    for row in crosswalk.rows:
        if (row.source_catalogue, row.target_catalogue) != (source.id, target.id):
            continue
        source_item = source.find(row.source_code)
        faults += _side_faults(row, "source", source_item, row.source_name)
        if source_item:
            faults += _answer_faults(row, "conditions", source_item, row.conditions)
            faults += _material_faults(row, "source", source_item, row.materials.keys())
        if row.relationship is Relationship.NONE:
            continue
        target_item = target.find(row.target_code)
        faults += _side_faults(row, "target", target_item, row.target_name)
        if target_item:
            products = {question: frozenset({answer}) for question, answer in row.products.items()}
            faults += _answer_faults(row, "products", target_item, products)
            faults += _material_faults(row, "target", target_item, row.materials.values())
    return tuple(faults)


def _side_faults(row: CrosswalkRow, side: str, item: Item | None, name_seen: str) -> list[str]:
    if item is None:
        return [f"{row.id}: the {side} item is not in its catalogue"]
    if item.name != name_seen:
        return [f"{row.id}: the {side} item is now called {item.name}, and the reviewers saw {name_seen}"]
    return []


def _answer_faults(row: CrosswalkRow, column: str, item: Item, answers: Mapping[str, frozenset[str]]) -> list[str]:
    faults = []
    for key, allowed in answers.items():
        question = item.question(key)
        if question is None:
            faults.append(f"{row.id}: {column} name question {key!r}, which {item.name} does not ask")
            continue
        faults += [
            f"{row.id}: {column} name answer {key}={answer}, which {item.name} does not offer"
            for answer in sorted(allowed)
            if question.option(answer) is None
        ]
    return faults


def _material_faults(row: CrosswalkRow, side: str, item: Item, keys: Iterable[str]) -> list[str]:
    known = {material.key for material in item.materials}
    return [f"{row.id}: material {key!r} is not one of the {side} item" for key in keys if key not in known]


# --- The file: CSV, UTF-8, one row a mapping ------------------------------------------------------------------------

COLUMNS: Final = (
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
    "reviewed_by",
)
"""The columns, in any order. In ``conditions``, ``materials`` and ``products`` entries are ``key=value`` joined by
``;``, and several allowed answers are joined by ``|``. Members in ``reviewed_by`` are joined by ``;``."""

_KEY: Final = re.compile(r"[a-z0-9_]+")
_REGION: Final = re.compile(r"[0-9]{6}")
_MEMBER: Final = re.compile(r"[0-9]{6}\.[a-z][a-z0-9-]*")
_ROUNDED_BY_A_SPREADSHEET: Final = re.compile(r"[0-9.]+E\+?[0-9]+", re.IGNORECASE)


def parse_crosswalk(text: str) -> Crosswalk:
    """Read a crosswalk file.

    Raises ``Malformed`` with every fault of the file at once, each named by its row as a spreadsheet numbers it (the
    heading is row 1); nothing is imported in part.
    """
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True):
            records.append(record)  # noqa: PERF402 (the count of those read names the row of an error)
    except csv.Error as error:
        raise _malformed("read a crosswalk file", [f"row {len(records) + 1}: not CSV: {error}"]) from None
    headings = [heading.strip() for heading in records[0]] if records else []
    faults = [f"row 1: column {name!r} is missing" for name in COLUMNS if name not in headings]
    faults += [f"row 1: column {name!r} is not one of this file" for name in headings if name not in COLUMNS]
    faults += [f"row 1: column {name!r} stands twice" for name in _repeated(headings)]
    if faults:  # without the right columns every cell would be one more
        raise _malformed("read a crosswalk file", faults)
    rows: list[CrosswalkRow] = []
    for number, record in enumerate(records[1:], start=2):
        if len(record) == len(headings):
            rows.append(_RowReader(number, dict(zip(headings, record, strict=True)), faults).row())
        elif record:  # an empty line is none
            faults.append(f"row {number}: {len(record)} cells; {len(headings)} are wanted")
    faults = faults or _contradictions(rows)
    if faults:
        raise _malformed("read a crosswalk file", faults)
    return Crosswalk(tuple(rows))


class _RowReader:
    """One row of the file: turns cells into values and notes every fault under the row's number.

    A cell with a fault yields a stand-in, so that the rest of the file is read too; any fault refuses the file.
    """

    def __init__(self, number: int, cells: Mapping[str, str], faults: list[str]) -> None:
        self._number = number
        self._cells = {column: cell.strip() for column, cell in cells.items()}
        self._faults = faults

    def row(self) -> CrosswalkRow:
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
            reviewed_by=self._members(),
        )
        if row.source_catalogue and row.source_catalogue == row.target_catalogue:
            self._fault("target_catalogue", "it is the source catalogue itself")
        return row

    def _fault(self, column: str, what: str) -> None:
        self._faults.append(f"row {self._number}, {column}: {what}")

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
        return self._entries("conditions", lambda value: frozenset(value.split("|")), allows_alternatives=True)

    def _pairs(self, column: str) -> Mapping[str, str]:
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

    def _members(self) -> tuple[str, ...]:
        members = tuple(filter(None, self._cells["reviewed_by"].split(";")))
        for member in members:
            if _MEMBER.fullmatch(member) is None:
                self._fault("reviewed_by", f"{member!r} is not a member's id, for example 430600.gateway")
        return members


def _malformed(doing: str, faults: Sequence[str]) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        doing,
        got=f"{len(faults)} fault(s): " + "; ".join(faults),
        expected="none, since nothing is taken in part",
        mend="correct the rows named and load the file again",
    )
