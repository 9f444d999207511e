"""Recordings that wait together, written with one statement for each table.

The rules of ``Recording`` are the same as when each is written alone, by ``gateway.store.units.record``. What may go
wrong with one of many (a call seen before, a key used before, a case written by somebody else) is rare, so it is not
looked for: the statement fails or writes fewer rows than it was given, everything written here is rolled back, and
each recording is written alone, where its own check names what is wrong with it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

from gateway.ports import NewDelivery, Recording
from gateway.store import statements as sql
from gateway.store import units
from gateway.store.rows import case_values, trail_values
from gateway.store.vault import Vault, general_owner
from gateway.store.writer import Apart, JointUnit


class RecordUnit(JointUnit):
    """A recording of the usual kind."""

    __slots__ = ("_recording", "_vault")

    def __init__(self, vault: Vault, recording: Recording) -> None:
        self._vault = vault
        self._recording = recording

    def __call__(self, cursor: sqlite3.Cursor) -> None:
        """Write it alone."""
        units.record(cursor, self._vault, self._recording)

    @staticmethod
    def together(cursor: sqlite3.Cursor, neighbours: Sequence[RecordUnit]) -> None:
        """Write several; all are of one store, and so of one vault."""
        record_together(cursor, neighbours[0]._vault, [each._recording for each in neighbours])


def may_go_together(recording: Recording) -> bool:
    """Whether it is of the usual kind: a call's effect, without what is rare or depends on the order of writing."""
    return not (
        recording.settled
        or recording.licences
        or recording.bookmarks
        or recording.snapshots
        or recording.dropped_snapshots
        or recording.dropped_catalogues
        or recording.catalogue_records
        or recording.crosswalk_entries
        or recording.witnessed
        or recording.alarms
        or recording.acknowledged
        or recording.stamps
        or recording.erased
    )


def record_together(cursor: sqlite3.Cursor, vault: Vault, recordings: Sequence[Recording]) -> None:
    """Write recordings that may go together. Apart or sqlite3.IntegrityError when they don't after all."""
    keys = units.Keys(cursor, vault)
    keys.hold([owner for recording in recordings for owner in _owners(recording)])
    units.insert(cursor, sql.add_seen, [units.seen_values(each.seen) for each in recordings if each.seen is not None])
    units.insert(
        cursor,
        sql.add_replies,
        [units.reply_values(keys, each.reply, each.case) for each in recordings if each.reply is not None],
    )
    cases = [(each.case.case_id, *case_values(each.case)) for each in recordings if each.case is not None]
    if units.insert(cursor, sql.put_cases, cases) != len(cases):
        raise Apart
    units.insert(
        cursor, sql.add_events, [units.event_values(keys, event) for each in recordings for event in each.events]
    )
    _add_deliveries(cursor, keys, [delivery for each in recordings for delivery in each.deliveries])
    units.insert(cursor, sql.add_leaves, [(leaf,) for each in recordings for leaf in each.leaves])
    units.insert(cursor, sql.add_trail, [trail_values(entry) for each in recordings for entry in each.trail])
    units.insert(
        cursor, sql.add_evidence, [units.evidence_values(keys, call) for each in recordings for call in each.evidence]
    )


def _owners(recording: Recording) -> Iterable[str]:
    """Whose keys a recording is sealed with."""
    if recording.reply is not None:
        yield units.reply_owner(recording.reply, recording.case)
    for recorded in recording.events:
        yield recorded.event.case_id
    for delivery in recording.deliveries:
        if delivery.payload:
            yield general_owner(delivery.delivery_id)
    for call in recording.evidence:
        yield units.evidence_owner(call.case_id, call.call_digest)


def _add_deliveries(cursor: sqlite3.Cursor, keys: units.Keys, deliveries: Sequence[NewDelivery]) -> None:
    """Deliveries of a stream that stands here more than once are written one by one: only the first is its head."""
    times = Counter((each.destination, each.stream) for each in deliveries)
    single = [each for each in deliveries if times[each.destination, each.stream] == 1]
    units.insert(cursor, sql.add_deliveries, [units.delivery_values(keys, each) for each in single])
    for each in deliveries:
        if times[each.destination, each.stream] > 1:
            cursor.execute(sql.ADD_DELIVERY, units.delivery_values(keys, each))
