"""The file in which people with spreadsheets keep a crosswalk: CSV, UTF-8, one row a mapping.

A file with a fault is refused as a whole, with every fault named by its row as a spreadsheet numbers it (the heading is
row 1).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.domain.crosswalk import CrosswalkRow, cells_of, contradictions
from gateway.domain.crosswalk_cells import CONTENT_COLUMNS, CellReader, malformed

APPROVED_BY: Final = "approved_by"
"""Column that an export adds for people: the gateways whose officers signed for the row, joined by ``;``. A file says
nothing about reviews that counts, so on import it is passed over and may be absent."""


def parse_csv(text: str) -> tuple[CrosswalkRow, ...]:
    """Read a crosswalk file: proposals, whatever the file says of reviews.

    Raises ``Malformed`` with every fault of the file at once; nothing is read in part.
    """
    return tuple(row for row, _ in read_claims(text))


def read_claims(text: str) -> tuple[tuple[CrosswalkRow, tuple[str, ...]], ...]:
    """Read a crosswalk file with what it says of reviews: each row with the members in its ``approved_by``.

    For whoever makes the signatures that such a file merely tells of. Raises as ``parse_csv``.
    """
    faults: list[str] = []
    rows: list[tuple[CrosswalkRow, tuple[str, ...]]] = []
    for number, cells in _records(text, faults):
        row = CellReader(f"row {number}", {column: cells[column] for column in CONTENT_COLUMNS}, faults).row()
        rows.append((row, tuple(filter(None, cells.get(APPROVED_BY, "").split(";")))))
    faults = faults or _faults_between([row for row, _ in rows])
    if faults:
        raise malformed("read a crosswalk file", faults)
    return tuple(rows)


def write_csv(rows: Iterable[CrosswalkRow]) -> str:
    """Write a crosswalk file, with a byte order mark so that spreadsheets take it for UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, (*CONTENT_COLUMNS, APPROVED_BY), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**cells_of(row), APPROVED_BY: ";".join(row.standing.approved_by)})
    return "\ufeff" + out.getvalue()


def _records(text: str, faults: list[str]) -> Iterable[tuple[int, Mapping[str, str]]]:
    """Yield each record with its number; the heading's faults are raised, a record's are noted."""
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True):
            records.append(record)  # noqa: PERF402 (the count of those read names the row of an error)
    except csv.Error as error:
        raise malformed("read a crosswalk file", [f"row {len(records) + 1}: not CSV: {error}"]) from None
    headings = [heading.strip() for heading in records[0]] if records else []
    wrong = [f"row 1: column {name!r} is missing" for name in CONTENT_COLUMNS if name not in headings]
    wrong += [
        f"row 1: column {name!r} is not one of this file"
        for name in headings
        if name not in CONTENT_COLUMNS and name != APPROVED_BY
    ]
    wrong += [f"row 1: column {name!r} stands twice" for name in dict.fromkeys(headings) if headings.count(name) > 1]
    if wrong:  # without the right columns every cell would be one more
        raise malformed("read a crosswalk file", wrong)
    for number, record in enumerate(records[1:], start=2):
        if len(record) == len(headings):
            yield number, dict(zip(headings, record, strict=True))
        elif record:  # an empty line is none
            faults.append(f"row {number}: {len(record)} cells; {len(headings)} are wanted")


def _faults_between(rows: list[CrosswalkRow]) -> list[str]:
    """Name what is wrong between rows that are right one by one."""
    seen: set[tuple[str, int]] = set()
    faults = []
    for row in rows:
        if (row.id, row.version) in seen:
            faults.append(f"id {row.id!r}, version {row.version} stands twice")
        seen.add((row.id, row.version))
    return faults + [
        f"rows {one.id!r} and {other.id!r} could both apply to one case of item {one.source_code}"
        for one, other in contradictions(rows)
    ]
