"""What a file of crosswalk rows would change, told before anything is taken in.

Rules:

1. A row that is here letter for letter is unchanged, whichever version of its id it is: so a file that was given out
   can always be read in again.
2. Any other row is a proposal: of a new id, or a version higher than every one of its id that is here. One version
   never means two things.
3. Between two catalogues an id stays with the source item that it was given to. The target may change, for that is
   what a row says of its source; a mapping of another item takes an id of its own, else people would take it for a
   newer version of the older one's. What others call their rows stands in nobody's way.
4. Nothing is proposed that could apply to one case together with another proposed row, or with a row that its places
   have signed for (rule 4 of ``gateway.domain.crosswalk``). On days before a row was withdrawn or superseded, it did
   apply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.catalogue import NATIONAL
from gateway.domain.commands import RowChange
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, cells_of, contradictions, may_coincide, route_of
from gateway.domain.crosswalk_cells import malformed

MAX_ROWS_OF_A_ROUTE: Final = 500
"""Most rows that one file may have from one item to one catalogue: every two of them are compared."""

_DOING: Final = "take rows into the crosswalk"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a file differs from what is here."""

    changes: tuple[RowChange, ...]
    """The rows that are not here, in the order of the file: those to propose."""
    unchanged: int
    """How many rows are here letter for letter."""

    @property
    def added(self) -> int:
        """How many rows have an id that was not here."""
        return sum(not change.columns for change in self.changes)

    @property
    def changed(self) -> int:
        """How many rows are a new version of one that was here."""
        return len(self.changes) - self.added


def compare(rows: Sequence[CrosswalkRow], there: Crosswalk) -> Comparison:
    """Compare the rows of a file, each id and version once, with the crosswalk that is here.

    Raises ``Malformed`` (FIELD_INVALID) with every fault, each named by the id of its row.
    """
    here = {row.hash for row in there.rows}
    proposed = [row for row in rows if row.hash not in here]
    highest: dict[tuple[str, str, str], CrosswalkRow] = {}
    for row in there.rows:
        known = highest.get(_name_of(row))
        if known is None or known.version < row.version:
            highest[_name_of(row)] = row
    before: dict[bytes, CrosswalkRow] = {}
    faults: list[str] = []
    for row in sorted(proposed, key=lambda row: row.version):
        known = highest.get(_name_of(row))
        if known is not None:
            before[row.hash] = known
            faults += _faults_of_version(row, known)
        highest[_name_of(row)] = row
    last = [row for row in proposed if highest[_name_of(row)] is row]
    crowded = [route for route, count in Counter(map(route_of, last)).items() if count > MAX_ROWS_OF_A_ROUTE]
    if crowded:
        faults += [
            f"item {code} of {source} has more than {MAX_ROWS_OF_A_ROUTE} rows towards {target}"
            for source, code, target in crowded
        ]
        raise malformed(_DOING, faults)
    faults += [_clash(one, other) for one, other in contradictions(last)]
    faults += [f"{_clash(row, other)}, which is signed for" for row in last for other in _in_its_way(row, there)]
    if faults:
        raise malformed(_DOING, faults)
    return Comparison(_changes(proposed, before), len(rows) - len(proposed))


def _name_of(row: CrosswalkRow) -> tuple[str, str, str]:
    """Return what names a row through all its versions."""
    return row.id, row.source_catalogue, row.target_catalogue


def _faults_of_version(row: CrosswalkRow, known: CrosswalkRow) -> Iterator[str]:
    if row.version <= known.version:
        yield (
            f"row {row.id!r}, version {row.version}: version {known.version} is here and says something else; a row "
            f"that is changed takes version {known.version + 1} or more"
        )
    if row.source_code != known.source_code:
        yield (
            f"row {row.id!r}, version {row.version}: the id is that of item {known.source_code} of "
            f"{known.source_catalogue} towards {known.target_catalogue}; another mapping takes another id"
        )


def _in_its_way(row: CrosswalkRow, there: Crosswalk) -> Iterator[CrosswalkRow]:
    """Yield the rows here that their places signed for and that could apply to one case together with a new one."""
    if not row.decides:
        return
    places = [place for place in (row.source_catalogue, row.target_catalogue) if place != NATIONAL]
    one, other = places[0], places[-1]
    for known in there.rows_from(row.source_catalogue, row.source_code, row.target_catalogue):
        if known.decides and known.counts(one, other) and may_coincide(row, known):
            first_common_day = max(row.valid_from, known.valid_from)
            withdrawn = known.withdrawn_between(one, other, first_common_day)
            if not withdrawn and not there.superseded_by(known, one, other, first_common_day):
                yield known


def _clash(one: CrosswalkRow, other: CrosswalkRow) -> str:
    return f"rows {one.id!r} and {other.id!r} could both apply to one case of item {one.source_code}"


def _changes(proposed: Iterable[CrosswalkRow], before: Mapping[bytes, CrosswalkRow]) -> tuple[RowChange, ...]:
    return tuple(RowChange(row, _columns(before[row.hash], row) if row.hash in before else ()) for row in proposed)


def _columns(before: CrosswalkRow, after: CrosswalkRow) -> tuple[tuple[str, str, str], ...]:
    cells = cells_of(after)
    return tuple((column, cell, cells[column]) for column, cell in cells_of(before).items() if cell != cells[column])
