"""A table with one crosswalk row a record: what the files that people write have in common.

A fault of one record is noted and the rest is read too, so that all faults are told at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from gateway.domain.crosswalk import NOTHING, CrosswalkRow
from gateway.domain.crosswalk_cells import CellReader


def records(text: str, delimiter: str, faults: list[str], first: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that say anything, each with its number as a spreadsheet shows it; the first is ``first``."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = first
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            faults.append(f"row {number}: neither this row nor what follows is a table: {error}")
            return
        if record is None:
            return
        if any(map(str.strip, record)):  # an empty line, or what a spreadsheet leaves of a row that was cleared
            yield number, record
        number += 1


class RowReader:
    """Reads the rows of one table. ``titles`` is for ``CellReader``."""

    def __init__(self, faults: list[str], titles: Mapping[str, str] = NOTHING) -> None:
        self._faults = faults
        self._titles = titles
        self._places: dict[tuple[str, int, str, str], int] = {}

    def read(self, number: int, cells: Mapping[str, str]) -> CrosswalkRow:
        """Read one record; worth something only when no fault was noted."""
        row = CellReader(f"row {number}", cells, self._faults, self._titles).row()
        # Between two other catalogues it is another row.
        place = self._places.setdefault((row.id, row.version, row.source_catalogue, row.target_catalogue), number)
        if place != number and row.id:
            self._faults.append(f"row {number}: id {row.id!r}, version {row.version} stands in row {place} already")
        return row
