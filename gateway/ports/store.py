"""Durable memory of one gateway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gateway.domain.case import CaseState
from gateway.ports.recording import (
    Alarm,
    CaseRow,
    CatalogueRecord,
    CrosswalkEntry,
    Evidence,
    Lease,
    LicenceEntry,
    Recording,
    Stamp,
    StoredReply,
    TrailEntry,
    TrailSearch,
    Witnessed,
)
from gateway.ports.stored import (
    CaseRecord,
    Delivery,
    LogHead,
    PlacedBatch,
    WaitingLeaf,
)


class Store(Protocol):
    """Durable memory of one gateway. Every method may raise Unavailable(STORE_UNAVAILABLE) or (STORE_FULL)."""

    async def record(self, recording: Recording) -> None:
        """Write everything or nothing; durable on return. Raises what ``Recording`` lists."""
        ...

    async def reply(self, member: str, key: str) -> StoredReply | None:
        """The stored answer to an idempotency key."""
        ...

    async def case(self, *, case_id: str = "", number: str = "") -> CaseRecord | None:
        """A case with its events, by id or by number. Of an erased one only the row is left."""
        ...

    async def cases(self, *, states: Sequence[CaseState], limit: int, before: str = "") -> list[CaseRow]:
        """Case rows, newest first; ``before`` is the case_id that the previous page ended with."""
        ...

    async def next_serial(self, series: str) -> int:
        """The next number of a series, from 1. Durable when returned; numbers may be lost, never given twice."""
        ...

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
        """Take deliveries that are due, not dead, not leased, and first of their (destination, stream).

        Leases of a process that died run out; a store that serves a single process clears them when opened.
        """
        ...

    async def postpone(self, lease: Lease, *, run_at: datetime, error: str, dead: bool) -> None:
        """An attempt failed: count it, say why, set when to try again, or make it a dead letter. StaleLease."""
        ...

    async def requeue(self, delivery_id: str, *, now: datetime) -> None:
        """Bring a delivery back to be tried at once, with all its attempts before it. NotFound(DELIVERY_UNKNOWN)."""
        ...

    async def deliveries(self, *, stream: str = "", dead_only: bool = False, limit: int = 200) -> list[Delivery]:
        """What is waiting, oldest first."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next claimable delivery is due; None when nothing waits."""
        ...

    async def bookmark(self, name: str) -> str:
        """A bookmark; empty when never set."""
        ...

    async def snapshot(self, name: str) -> bytes | None:
        """A snapshot; None when never taken."""
        ...

    async def catalogue_records(
        self, catalogue: str, *, since_edition: int = 0, after: tuple[str, int] = ("", 0), limit: int
    ) -> list[CatalogueRecord]:
        """Records of a catalogue that later editions brought, by (code, version), behind the one named ``after``."""
        ...

    async def crosswalk_journal(self, after: int, limit: int) -> list[tuple[int, CrosswalkEntry]]:
        """Entries of the crosswalk journal behind a position, each with its own; positions grow from 1."""
        ...

    async def licence(self, licence_id: str) -> LicenceEntry | None:
        """An issued licence."""
        ...

    async def licence_statuses(self, list_uri: str) -> dict[int, int]:
        """Index to status of the entries of a status list that are not valid."""
        ...

    async def evidence(self, case_id: str) -> list[Evidence]:
        """The signed calls of a case, oldest first."""
        ...

    # audit log

    async def take_log(self) -> LogHead:
        """Become the log's only sequencer: raise the epoch and return the head. Earlier sequencers are fenced off."""
        ...

    async def log_head(self) -> LogHead:
        """The head, without becoming its sequencer."""
        ...

    async def waiting_leaves(self, limit: int) -> list[WaitingLeaf]:
        """Leaves without an index, in order of insertion."""
        ...

    async def place(self, batch: PlacedBatch) -> None:
        """Write a sequencer step. WrongState(LOG_INCONSISTENT) when the epoch is not the newest."""
        ...

    async def leaves(self, start: int, limit: int) -> list[bytes]:
        """Exact bytes of placed leaves from an index."""
        ...

    async def leaf_index(self, leaf_hash: bytes) -> int | None:
        """Index of the first placed leaf with this hash."""
        ...

    async def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Hashes of complete subtrees by (level, index)."""
        ...

    async def witnessed(self, origin: str) -> Witnessed | None:
        """The checkpoint of a log that was cosigned last; None when none was."""
        ...

    async def alarms(self, *, open_only: bool = False, limit: int = 200) -> list[Alarm]:
        """Alarms, newest first."""
        ...

    async def stamp_over(self, size: int) -> Stamp | None:
        """The earliest timestamp over a checkpoint of at least that size; None when there is none."""
        ...

    async def newest_stamp(self) -> Stamp | None:
        """The timestamp over the largest checkpoint; None when there is none."""
        ...

    async def stamps(self, *, after: Stamp | None = None, limit: int) -> list[Stamp]:
        """Timestamps by size and time, behind the one that the previous page ended with."""
        ...

    async def trail(self, search: TrailSearch) -> list[tuple[int, TrailEntry]]:
        """Entries of the trail, oldest first, each with its position."""
        ...

    async def cases_over(self, before: datetime, limit: int, behind: CaseRow | None = None) -> list[CaseRow]:
        """Cases that are over, last changed before then and not erased; the oldest first, from behind one of them."""
        ...

    async def case_numbers(self, case_ids: Sequence[str]) -> dict[str, str]:
        """The numbers of cases by their ids, erased or not; those that are not stored are left out."""
        ...

    def term(self, text: str) -> bytes:
        """A keyed hash under which a person's number is found again, 32 bytes; worthless without the store's key."""
        ...

    async def boot(self, now: datetime) -> bool:
        """Note that a process starts; True when the last one did not stop cleanly (``close``)."""
        ...

    async def prune(self, now: datetime) -> int:
        """Forget seen calls whose time is over; how many."""
        ...

    async def close(self, *, clean: bool = True) -> None:
        """Finish what is under way and stop.

        ``clean`` is False for a process that failed to start: after a crash, the last stop must not pass for a clean
        one.
        """
        ...
