"""Taking a large crosswalk in, as the gateway does with an uploaded file: read, compared, its records made ready."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gateway.domain.crosswalk import PROPOSED, Crosswalk, record_of
from gateway.domain.crosswalk_csv import parse_crosswalk_bytes, write_csv
from gateway.domain.crosswalk_faults import faults_against
from gateway.domain.crosswalk_import import compare
from gateway.ports import CrosswalkEntry
from tests.bench.large import FULL, Size, make


@dataclass(frozen=True)
class Imported:
    """How long it took."""

    rows: int
    seconds: float
    """Of the whole."""

    @property
    def per_second(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def measure(size: Size = FULL) -> Imported:
    """Take a file of all rows into an empty crosswalk. Raises ValueError when a row got lost or changed."""
    large = make(size)
    written = [row.with_standing(PROPOSED) for row in large.atlas.crosswalk.rows]
    content = write_csv(written).encode()
    started = time.perf_counter()
    rows = parse_crosswalk_bytes(content)
    compared = compare(rows, Crosswalk(()))
    faults = list(faults_against((change.row for change in compared.changes), large.atlas.catalogues))
    entries = tuple(CrosswalkEntry(record=record_of(change.row)) for change in compared.changes)
    seconds = time.perf_counter() - started
    if (
        len(entries) != len(written)
        or compared.unchanged
        or {row.hash for row in rows} != {row.hash for row in written}
    ):
        raise ValueError("what was taken in is not what the file says")
    if any("does not exist" in fault for fault in faults):
        raise ValueError("a row names an item that is not there")
    return Imported(len(rows), seconds)
