"""Deciding about the crosswalk: proposing rows from a file, signing for them, giving them out.

What is decided is put behind the journal; what translation goes by is folded from the journal a moment later and
replaced as a whole. A decision may therefore see a crosswalk that is a moment old, and nothing wrong follows from it:

- A row or review that is in the journal already is passed over there.
- A row proposed twice at once with different words under one id and version is two rows. Nobody can sign for both.
- Two reviews that cross and let two contradictory rows count route nothing: translation says so and chooses neither.

An officer of this side signs here and one of the other side signs there, each under the key of their own gateway and a
pseudonym that only that gateway can resolve. That it takes two people follows from that; nothing compares pseudonyms.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gateway.domain import commands
from gateway.domain.calendar import beijing_date
from gateway.domain.catalogue import NATIONAL
from gateway.domain.commands import FileFormat
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, may_coincide, record_of
from gateway.domain.crosswalk_csv import parse_crosswalk_bytes, write_csv
from gateway.domain.crosswalk_faults import faults_against
from gateway.domain.crosswalk_import import compare
from gateway.domain.sssom import decode_sssom, parse_sssom, write_sssom
from gateway.domain.translation import Atlas
from gateway.exchange import trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import CrosswalkEntry, Recording
from trust.errors import Forbidden, Malformed, NotFound, Reason, WrongState
from trust.leaf import LeafKind
from trust.review import Review, Verdict, sign_review
from trust.signed_claims import Officer

PIECE_BYTES: Final = 3 * 1024 * 1024
"""Largest piece of a file or of the journal in one message, which with all around it stays below 4 MiB."""

MAX_PARTS: Final = 32
"""Most parts of a file."""

MAX_CHANGES: Final = 1_000
"""Most entries of the journal in one message."""

MAX_TOLD: Final = 1_000
"""Most changes, and most remarks, that the outcome of an import names."""

_ENTRIES_AT_ONCE: Final = 100
_ROWS_AT_ONCE: Final = 50
"""However long they are, so many rows go into one piece of a file."""

_FAULTS_BYTES: Final = 3_000
"""How much of a file's faults an error tells in its details; its sentence tells how many there are. A refusal travels
in headers, in base64 beside its signature, and transports give up on headers of more than 8 KiB."""

_NAMED: Final = 5
"""How many rows an error names."""


# proposing ----------------------------------------------------------------------------------------------------------


async def import_crosswalk(house: House, caller: Caller, asked: commands.ImportCrosswalk) -> Decided:
    """Keep a part of a file; with the last one that was missing, propose its rows, or tell what they would change.

    Parts wait as snapshots in ``MAX_PARTS`` slots that all uploads of a member share, and are dropped with the file's
    outcome; those of a file with faults lie there until the member's next upload. Two parts that arrive at the very
    same moment may each find the other missing: whoever gets no complete answer sends one part again under a new key.
    """
    parts = await _gather(house, caller, asked)
    if parts is None:
        waiting = {_slot(caller, asked.part): _label(asked) + asked.content}
        return Decided(commands.Imported(complete=False), Recording(snapshots=waiting))
    imported, entries = await asyncio.to_thread(
        _compare, b"".join(parts), asked.format, house.knowledge.atlas, house.region
    )
    dropped = tuple(_slot(caller, part) for part in range(1, MAX_PARTS + 1))
    if asked.dry_run:
        return Decided(imported, Recording(dropped_snapshots=dropped))
    trace = trails.trace(caller.act(LeafKind.ADMIN, f"crosswalk.import:{len(entries)}"), caller)
    recording = Recording(crosswalk_entries=entries, dropped_snapshots=dropped)
    return Decided(imported, trails.traced(recording, (trace,)))


async def _gather(house: House, caller: Caller, asked: commands.ImportCrosswalk) -> list[bytes] | None:
    """Return all parts in order; None while one is missing.

    Looked for from the last, since who sends them in order has that one missing until the end: what has come is not
    read again with every part.
    """
    label = _label(asked)
    parts = []
    for part in range(asked.parts, 0, -1):
        if part == asked.part:
            parts.append(asked.content)
            continue
        kept = await house.store.snapshot(_slot(caller, part))
        if kept is None or not kept.startswith(label):
            return None
        parts.append(kept[len(label) :])
    return parts[::-1]


def _slot(caller: Caller, part: int) -> str:
    """Name of the snapshot in which a part waits."""
    return f"upload:{caller.member.id}:{part}"


def _label(asked: commands.ImportCrosswalk) -> bytes:
    """What stands before a waiting part: which file it is of, so that never two are put together."""
    return json.dumps([asked.upload, asked.parts, asked.format, asked.dry_run]).encode() + b"\n"


def _compare(
    content: bytes, form: FileFormat, atlas: Atlas, region: str
) -> tuple[commands.Imported, tuple[CrosswalkEntry, ...]]:
    """Say what a file changes, and the entries that make it so. Malformed with the faults of the file."""
    try:
        rows = _FORMS[form].read(content)
        comparison = compare(rows, atlas.crosswalk)
    except Malformed as error:
        raise _told_shortly(error) from error
    imported = commands.Imported(
        complete=True,
        added=comparison.added,
        changed=comparison.changed,
        unchanged=comparison.unchanged,
        changes=tuple(_as_many_as_fit(comparison.changes)),
        remarks=tuple(islice(_remarks(rows, atlas, region), MAX_TOLD)),
    )
    return imported, tuple(CrosswalkEntry(record_of(change.row)) for change in comparison.changes)


def _remarks(rows: Sequence[CrosswalkRow], atlas: Atlas, region: str) -> Iterator[str]:
    """Yield what the proposer should know, though nothing of it stands in the way."""
    for end in sorted({end for row in rows for end in (row.source_catalogue, row.target_catalogue)}):
        if end not in atlas.catalogues:
            yield f"no catalogue of region {end} is here: nothing was compared with it"
    given = {row.hash for row in rows}
    for row in atlas.crosswalk.rows:
        if row.standing.withdrawals and row.hash in given:
            by = ", ".join(row.standing.withdrawn_by)
            yield f"{row.id}: version {row.version} was withdrawn by {by}, for good; a higher version is wanted"
    for one, other in sorted({(row.source_catalogue, row.target_catalogue) for row in rows}):
        if region not in {one, other}:
            yield f"rows from {one} to {other}: no other gateway takes them from this one; one of theirs is to propose"
    yield from faults_against(rows, atlas.catalogues)


def _as_many_as_fit(changes: Iterable[commands.RowChange]) -> Iterator[commands.RowChange]:
    """Yield the first changes, as far as one message holds them."""
    size = 0
    for change in islice(changes, MAX_TOLD):
        size += sum(len(text.encode()) for column in change.columns for text in column)
        if size > PIECE_BYTES:
            return
        yield change


@dataclass(frozen=True, slots=True)
class _Form:
    """How a file is read and written."""

    read: Callable[[bytes], Sequence[CrosswalkRow]]
    """Raises ``Malformed`` with every fault."""
    write: Callable[[Iterable[CrosswalkRow]], str]
    """Writes a heading, the same for all rows, and then each row for itself."""


_FORMS: Final[Mapping[FileFormat, _Form]] = {
    FileFormat.CSV: _Form(parse_crosswalk_bytes, write_csv),
    FileFormat.SSSOM: _Form(lambda content: parse_sssom(decode_sssom(content)), write_sssom),
}


def _told_shortly(error: Malformed) -> Malformed:
    """Return the error of a file as far as the headers of an answer carry it: its first faults, in the details."""
    return Malformed(
        error.reason,
        error.failed,
        got=error.got.partition(":")[0],
        expected=error.expected,
        mend=error.mend,
        details={"faults": _cut(error.got, _FAULTS_BYTES)},
    )


def _cut(faults: str, longest: int) -> str:
    """Cut behind the last fault that goes into so many bytes."""
    if len(faults.encode()) <= longest:
        return faults
    kept = faults.encode()[:longest].decode(errors="ignore")
    return (kept.rpartition("; ")[0] or kept) + "; and more"


# signing ------------------------------------------------------------------------------------------------------------


async def review_rows(house: House, caller: Caller, asked: commands.ReviewRows) -> Decided:
    """Sign for rows or withdraw them, on behalf of the officer of the call. All of them, or none.

    1. The call names an officer. OFFICER_MISSING
    2. All rows are known. ROW_UNKNOWN
    3. This gateway's region is one of the places that each row is between. RIGHT_MISSING
    4. To approve: nobody on the two sides withdrew a row, for that is for good. ROW_WITHDRAWN
    5. To approve: no row contradicts another that this side signed for, or is to sign for. ROW_CONTRADICTS

    Rows of which this side has said the same before are not signed for again; when that is all of them, there is
    nothing to record and the answer carries no review.
    """
    officer = caller.officer
    if officer is None:  # 1
        raise Forbidden(
            Reason.OFFICER_MISSING,
            "rows are reviewed on behalf of an officer",
            expected="the officer in the signed call",
            mend="sign the call with the officer who answers for the review",
        )
    rows, said_before = await asyncio.to_thread(_judge, house, asked)
    said = frozenset(asked.rows) - said_before
    if not said:
        return Decided(_reviewed(house, caller, asked.verdict, rows, ""))
    text = _signed(house, caller, officer, asked, said)
    trace = trails.trace(caller.act(LeafKind.ADMIN, hashlib.sha256(text.encode()).hexdigest()), caller)
    recording = Recording(crosswalk_entries=(CrosswalkEntry(review=text),))
    return Decided(_reviewed(house, caller, asked.verdict, rows, text), trails.traced(recording, (trace,)))


def _judge(house: House, asked: commands.ReviewRows) -> tuple[list[CrosswalkRow], frozenset[bytes]]:
    """Return the rows, and the hashes of those of which this side has said the same before."""
    crosswalk = house.knowledge.atlas.crosswalk
    wanted = frozenset(asked.rows)
    rows = [row for row in crosswalk.rows if row.hash in wanted]
    if missing := wanted - {row.hash for row in rows}:  # 2
        raise _unknown([digest for digest in asked.rows if digest in missing])
    foreign = [row.id for row in rows if not _is_between(row, house.region)]
    if foreign:  # 3
        raise Forbidden(
            Reason.RIGHT_MISSING,
            "a row is reviewed by the two places that it is between",
            got=f"{len(foreign)} row(s) between others: {_named(foreign)}",
            expected=f"rows from or to catalogue {house.region}",
            mend="leave them to the gateways of those places",
        )
    if asked.verdict is Verdict.WITHDRAW:
        return rows, frozenset(row.hash for row in rows if house.member_id in row.standing.withdrawn_by)
    withdrawn = [row.id for row in rows if row.standing.withdrawn_by and _has_been_withdrawn(house, row)]
    if withdrawn:  # 4
        raise WrongState(
            Reason.ROW_WITHDRAWN,
            "a row that a side has withdrawn stays withdrawn",
            got=f"{len(withdrawn)} row(s) withdrawn: {_named(withdrawn)}",
            expected="rows that both sides stand by",
            mend="propose a new version of the row",
        )
    contradictory = [
        f"{row.id} and {other.id}" for row in rows for other in _contradicting(house, crosswalk, row, wanted)
    ]
    if contradictory:  # 5
        raise WrongState(
            Reason.ROW_CONTRADICTS,
            "rows could both apply to one case",
            got=f"{len(contradictory)} pair(s): {_named(contradictory)}",
            expected="rows that differ in their days or in a question whose allowed answers don't overlap",
            mend="withdraw one row, or propose a version with other days or conditions",
        )
    return rows, frozenset(row.hash for row in rows if house.member_id in row.standing.approved_by)


def _is_between(row: CrosswalkRow, region: str) -> bool:
    """Whether a region may review a row: one of its own, or one with the national list, which chains of any use."""
    return not {region, NATIONAL}.isdisjoint((row.source_catalogue, row.target_catalogue))


def _other_side(house: House, row: CrosswalkRow) -> str:
    """The end of a row that is not this region's; ``NATIONAL`` when anybody may be at that end."""
    ours_or_nobodys = row.source_catalogue in {house.region, NATIONAL}
    return row.target_catalogue if ours_or_nobodys else row.source_catalogue


def _has_been_withdrawn(house: House, row: CrosswalkRow) -> bool:
    sides = {house.region, _other_side(house, row)}
    return any(member.partition(".")[0] in sides for member in row.standing.withdrawn_by)


def _contradicting(
    house: House, crosswalk: Crosswalk, row: CrosswalkRow, wanted: frozenset[bytes]
) -> Iterable[CrosswalkRow]:
    """Yield the rows that this side has signed for, or is to sign for, and that would contradict a row.

    A row that is only signed for by the other side is theirs to look at: they have refused this row, or will.
    """
    for other in crosswalk.rows_from(row.source_catalogue, row.source_code, row.target_catalogue):
        # Of two rows of one call, the first names the pair.
        ours = row.hash < other.hash if other.hash in wanted else house.member_id in other.standing.approved_by
        if ours and _would_contradict(house, crosswalk, row, other):
            yield other


def _would_contradict(house: House, crosswalk: Crosswalk, row: CrosswalkRow, other: CrosswalkRow) -> bool:
    if row.id == other.id:
        return row.version == other.version  # proposed at once in different words
    if not (row.decides and other.decides and may_coincide(row, other)):
        return False
    # A withdrawn or superseded row is gone from a day on, and not before: earlier days keep their answers.
    first_common_day = max(row.valid_from, other.valid_from)
    sides = house.region, _other_side(house, row)
    return not any(
        each.withdrawn_between(*sides, first_common_day) or crosswalk.superseded_by(each, *sides, first_common_day)
        for each in (row, other)
    )


def _unknown(missing: Sequence[bytes]) -> NotFound:
    return NotFound(
        Reason.ROW_UNKNOWN,
        "no such row is here",
        got=f"{len(missing)} unknown hash(es): {_named([digest.hex() for digest in missing])}",
        expected="the SHA-256 of a row's record, as ListRows gives it",
        mend="list the rows again; one that was proposed just now is there in a moment",
    )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _signed(house: House, caller: Caller, officer: Officer, asked: commands.ReviewRows, rows: frozenset[bytes]) -> str:
    review = Review(house.member_id, officer, asked.verdict, rows, caller.now, asked.reason)
    return sign_review(review, house.signers.message, random_bytes=house.random)


def _reviewed(
    house: House, caller: Caller, verdict: Verdict, rows: Sequence[CrosswalkRow], review: str
) -> commands.Reviewed:
    """Count what stands once the review is recorded."""
    if verdict is Verdict.WITHDRAW:
        return commands.Reviewed(0, 0, review)
    in_force = sum(_others_stand_by(house, caller, row) for row in rows)
    return commands.Reviewed(in_force, len(rows) - in_force, review)


def _others_stand_by(house: House, caller: Caller, row: CrosswalkRow) -> bool:
    """Whether the other side has signed for a row: at a row of ours with the national list, any other region."""
    other_side = _other_side(house, row)
    today = beijing_date(caller.now)
    regions = {member.partition(".")[0] for member in row.standing.approved_by} - {house.region}
    return any(
        other_side in {region, NATIONAL} and not row.withdrawn_between(house.region, region, today)
        for region in regions
    )


# listing and giving out ---------------------------------------------------------------------------------------------


async def list_rows(house: House, _: Caller, asked: commands.ListRows) -> Decided:
    """A page of rows with their standing, by id and version."""
    return Decided(await asyncio.to_thread(_page_of_rows, house, asked))


def _page_of_rows(house: House, asked: commands.ListRows) -> commands.Rows:
    after = _read_row_page(asked.page)
    page: list[CrosswalkRow] = []
    size = 0
    for row in _in_order(house.knowledge.atlas.crosswalk.rows, asked.regions):
        if _place(row) <= after or not _is_wanted(house, row, asked):
            continue
        size += len(record_of(row))
        if page and (len(page) == asked.limit or size > PIECE_BYTES):
            last = page[-1]
            return commands.Rows(tuple(page), f"{last.version}.{last.hash.hex()}.{last.id}")
        page.append(row)
    return commands.Rows(tuple(page), "")


_Place = tuple[str, int, bytes]


def _place(row: CrosswalkRow) -> _Place:
    """Where a row stands among all. Two rows may claim one id and version until one is signed for; the hash is last."""
    return row.id, row.version, row.hash


def _read_row_page(page: str) -> _Place:
    if not page:
        return "", 0, b""
    version, _, rest = page.partition(".")
    digest, _, row_id = rest.partition(".")
    try:
        return row_id, int(version), bytes.fromhex(digest)
    except ValueError:
        raise _no_page("next_page of the page before") from None


def _is_wanted(house: House, row: CrosswalkRow, asked: commands.ListRows) -> bool:
    if asked.code and asked.code not in {row.source_code, row.target_code}:
        return False
    said = (*row.standing.approved_by, *row.standing.withdrawn_by)
    return not asked.awaiting_us or (_is_between(row, house.region) and house.member_id not in said)


def _in_order(rows: Iterable[CrosswalkRow], regions: tuple[str, str] | None) -> list[CrosswalkRow]:
    """Sort the rows, or those between two regions, by their places."""
    if regions is not None:
        ends = {regions, regions[::-1]}
        rows = (row for row in rows if (row.source_catalogue, row.target_catalogue) in ends)
    return sorted(rows, key=_place)


def _no_page(expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        "the page can't be continued",
        got="a page of something else, or of what has changed since",
        expected=expected,
        mend="begin again with an empty page",
        details={"field": "page"},
    )


async def export_crosswalk(house: House, _: Caller, asked: commands.ExportCrosswalk) -> Decided:
    """A piece of the crosswalk as a file. All pieces are of one state of the crosswalk, or the page is refused."""
    return Decided(await asyncio.to_thread(_file_part, house.knowledge.atlas.crosswalk, asked))


def _file_part(crosswalk: Crosswalk, asked: commands.ExportCrosswalk) -> commands.FilePart:
    rows = _in_order(crosswalk.rows, asked.regions)
    state = _state_of(asked.format, rows)
    start = _read_file_page(asked.page, state)
    write = _FORMS[asked.format].write
    heading = write(())
    pieces = [] if start else [heading.encode()]
    size = len(heading.encode())
    for first in range(start, len(rows), _ROWS_AT_ONCE):
        piece = write(rows[first : first + _ROWS_AT_ONCE]).removeprefix(heading).encode()
        size += len(piece)
        if size > PIECE_BYTES:
            return commands.FilePart(b"".join(pieces), f"{state}.{first}")
        pieces.append(piece)
    return commands.FilePart(b"".join(pieces), "")


def _state_of(form: FileFormat, rows: Iterable[CrosswalkRow]) -> str:
    """Name the content of a file by a hash over what it is made of, so that no piece of another is put behind it."""
    digest = hashlib.sha256(form.encode())
    for row in rows:
        digest.update(row.hash)
        digest.update(repr(row.standing.approved_by).encode())
    return digest.hexdigest()[:32]


def _read_file_page(page: str, state: str) -> int:
    if not page:
        return 0
    named, _, first = page.partition(".")
    if named != state or not (first.isascii() and first.isdecimal()):
        raise _no_page("next_page of the part before, of a crosswalk that has not changed since")
    return int(first)


async def list_changes(house: House, _: Caller, asked: commands.ListChanges) -> Decided:
    """What the journal has behind a position, as much as goes into one message."""
    entries: list[tuple[int, bytes, str]] = []
    size, after = 0, asked.after
    while limit := min(_ENTRIES_AT_ONCE, MAX_CHANGES - len(entries)):
        found = await house.store.crosswalk_journal(after, limit)
        for position, entry in found:
            size += len(entry.record) + len(entry.review)
            if size > PIECE_BYTES:
                return Decided(commands.JournalPiece(tuple(entries)))
            entries.append((position, entry.record, entry.review))
            after = position
        if len(found) < limit:
            break
    return Decided(commands.JournalPiece(tuple(entries)))
