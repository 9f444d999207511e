"""What an act leaves behind: a leaf in the audit log, and an entry by which searches find it.

The leaf is for ever and says nothing about anybody. The entry says who acted, about which case and whom; it goes when
the case is erased. The leaves of one case form a chain in this gateway's log, whose end the case's row holds: a leaf
about a case is therefore always recorded together with the row, and two who write at once can't both have its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.domain.case import RecordedEvent, Submitted
from gateway.exchange.caller import Caller
from gateway.ports import CaseRow, Recording, Store, TrailEntry
from trust.leaf import Leaf
from trust.merkle import leaf_hash


class HasStore(Protocol):
    """Whoever keeps a store: a gateway's house, or what works beside one."""

    @property
    def store(self) -> Store:
        """Its store."""
        ...


@dataclass(frozen=True, slots=True)
class Trace:
    """One leaf with its entry."""

    leaf: bytes
    """The leaf's exact bytes."""
    entry: TrailEntry

    @property
    def leaf_hash(self) -> bytes:
        """RFC 6962 hash of the leaf."""
        return self.entry.leaf_hash


def trace(leaf: Leaf, caller: Caller | None = None, *, case_id: str = "", holder: bytes = b"") -> Trace:
    """What an act leaves that is about no case, or whose place in its case ``follow`` has given. No caller: our own."""
    officer = caller.officer.id if caller is not None and caller.officer is not None else ""
    written = leaf.to_bytes()
    return Trace(
        written,
        TrailEntry(
            leaf_hash=leaf_hash(written),
            at=leaf.at,
            kind=leaf.kind,
            member=leaf.member,
            subject=leaf.subject,
            officer=officer,
            purpose=caller.purpose if caller is not None else "",
            case_id=case_id,
            holder=holder,
        ),
    )


def follow(row: CaseRow, leaf: Leaf, caller: Caller | None = None, *, holder: bytes = b"") -> tuple[CaseRow, Trace]:
    """What an act leaves that is about a case: the leaf at the case's next place, and the row that ends with it."""
    leaf = replace(leaf, case=row.commitment, place=row.trail + 1, previous=row.trail_head)
    made = trace(leaf, caller, case_id=row.case_id, holder=holder)
    return replace(row, trail=leaf.place, trail_head=made.leaf_hash), made


def traced(recording: Recording, traces: Iterable[Trace]) -> Recording:
    """The recording with what is left behind."""
    traces = tuple(traces)
    return replace(
        recording,
        leaves=(*recording.leaves, *(each.leaf for each in traces)),
        trail=(*recording.trail, *(each.entry for each in traces)),
    )


def person_term(house: HasStore, number: str) -> bytes:
    """Under which a search finds what concerns the person with this number, however its letters were typed."""
    return house.store.term(number.strip().upper())


def applicant_term(house: HasStore, events: Iterable[RecordedEvent]) -> bytes:
    """Under which a search finds what concerns the applicant of a case; empty when the case says of nobody."""
    for recorded in events:
        if isinstance(recorded.event.body, Submitted):
            return person_term(house, recorded.event.body.applicant.id_number)
    return b""
