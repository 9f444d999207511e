"""The file in which people with spreadsheets keep a crosswalk: CSV, one row a mapping.

Rules:

1. A file with a fault is refused as a whole, with every fault named by its row as a spreadsheet numbers it (the
   heading is row 1). Rows that would contradict one another are no fault of the file, which may hold history; what
   contradicts is found when it is compared with what is there (``gateway.domain.crosswalk_import``).
2. Files are written in UTF-8 with a byte order mark, which spreadsheets go by. They are read in UTF-8 with or without
   one, and else in GB18030, in which Chinese spreadsheets save what they call CSV.
3. No cell of a file that is written can become a formula. Whatever begins with a character that a spreadsheet would
   calculate with, or with an apostrophe, is written with an apostrophe before it; one such apostrophe is dropped when
   it is read. So everything comes back as it was.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from gateway.domain.crosswalk import CrosswalkRow, cells_of
from gateway.domain.crosswalk_cells import CONTENT_COLUMNS, malformed
from gateway.domain.crosswalk_table import RowReader, records

APPROVED_BY: Final = "approved_by"
"""Column that an export adds for people: the gateways whose officers signed for the row, joined by ``;``. A file says
nothing about reviews that counts, so on import it is passed over and may be absent."""

_DOING: Final = "read a crosswalk file"
_CALCULATED: Final = "=+-@\t\r＝＋－＠"  # the wide ones too: a Chinese spreadsheet calculates with them as well
_ESCAPED: Final = re.compile(f"'[{re.escape(_CALCULATED)}']")


def parse_crosswalk_bytes(content: bytes) -> tuple[CrosswalkRow, ...]:
    """Read a crosswalk file as a spreadsheet saved it (rule 2). Raises as ``parse_csv``."""
    return parse_csv(decode_csv(content))


def decode_csv(content: bytes) -> str:
    """Tell in which encoding a file was saved, and read its text.

    Raises ``Malformed`` when it is neither UTF-8 nor GB18030.
    """
    try:
        return content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = error.start
    # Nearly any bytes can be read as GB18030. So damaged UTF-8, in which most characters are still whole, is not.
    lenient = content.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    whole = sum(character > "\x7f" for character in lenient) - broken
    if not content.startswith(BOM_UTF8) and broken > whole:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError as error:
            place = error.start
    row = content.count(b"\n", 0, place) + 1
    raise malformed(_DOING, [f"row {row}: it is neither UTF-8 nor GB18030; save the file as UTF-8 CSV"])


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
    reader = RowReader(faults)
    claims = [
        (
            reader.read(number, {column: cells[column] for column in CONTENT_COLUMNS}),
            tuple(filter(None, cells.get(APPROVED_BY, "").split(";"))),
        )
        for number, cells in _records(text, faults)
    ]
    if faults:
        raise malformed(_DOING, faults)
    return tuple(claims)


def write_csv(rows: Iterable[CrosswalkRow]) -> str:
    """Write a crosswalk file, with a byte order mark so that spreadsheets take it for UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*CONTENT_COLUMNS, APPROVED_BY))
    for row in rows:
        writer.writerow(map(_harmless, (*cells_of(row).values(), ";".join(row.standing.approved_by))))
    return "\ufeff" + out.getvalue()


def _harmless(cell: str) -> str:
    """Write a cell so that no spreadsheet calculates it (rule 3)."""
    return f"'{cell}" if cell.startswith((*_CALCULATED, "'")) else cell


def _records(text: str, faults: list[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each record by column with its number; the heading's faults are raised, a record's are noted."""
    table = records(text.removeprefix("\ufeff"), ",", faults)
    _, heading = next(table, (1, []))
    columns = [column.strip() for column in heading]
    if set(columns).isdisjoint(CONTENT_COLUMNS):  # another file, or one that another character parts
        begins = ",".join(CONTENT_COLUMNS[:3])
        raise malformed(_DOING, [*faults, f"row 1: it is not the heading, which begins with {begins}"])
    wrong = [f"row 1: column {name!r} is missing" for name in CONTENT_COLUMNS if name not in columns]
    wrong += [
        f"row 1: column {name!r} is not one of this file"
        for name in columns
        if name not in CONTENT_COLUMNS and name != APPROVED_BY
    ]
    wrong += [f"row 1: column {name!r} stands twice" for name in dict.fromkeys(columns) if columns.count(name) > 1]
    if wrong:  # without the right columns every cell would be one more
        raise malformed(_DOING, faults + wrong)
    for number, record in table:
        if len(record) == len(columns):
            yield number, dict(zip(columns, map(_plain, record), strict=True))
        else:
            faults.append(f"row {number}: {len(record)} cells; {len(columns)} are wanted")


def _plain(cell: str) -> str:
    """Read a cell that was perhaps written by ``_harmless``."""
    return cell[1:] if _ESCAPED.match(cell) else cell
