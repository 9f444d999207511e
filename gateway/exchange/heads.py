"""Heads of logs, as they travel with deliveries: what is told to a peer, and what follows from what a peer tells.

Each message between provinces carries the sender's newest checkpoint and the newest one of the receiver's that it
knows. So each side holds what the other's log signed, and neither can rewrite its log unnoticed.

1. A new head of a peer leaves a leaf, in the transaction of the delivery that it came with.
2. A head of a size that the peer signed another root for is a contradiction: the alarm is recorded at once, with both
   notes as its proof.
3. Whether a larger head continues the smaller one, and why one is smaller than before, is asked outside the call
   (``gateway.watching``): two deliveries may overtake each other, and a proof takes a call to the peer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from gateway.exchange import trails
from gateway.exchange.alarms import AlarmKind, alarm, notes
from gateway.exchange.audit import root_at
from gateway.exchange.head_book import ToldHead
from gateway.exchange.house import House
from gateway.exchange.witnessing import origin
from gateway.ports import Alarm, Heads, Recording
from trust.audit_check import open_log_checkpoint
from trust.checkpoint import Checkpoint
from trust.errors import TongbanError
from trust.leaf import Leaf, LeafKind
from trust.witness import Contradiction

TOLD: Final = "head.told:"
"""Snapshot, with the member's id behind it: the newest head that the member told."""

PROVED: Final = "head:"
"""Snapshot, with the member's id behind it: the newest head that continues every one before it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What has to be recorded of the heads that came with a message."""

    traces: tuple[trails.Trace, ...] = ()
    snapshots: dict[str, bytes] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()

    def with_it(self, recording: Recording) -> Recording:
        """The recording with it."""
        if not (self.traces or self.snapshots or self.alarms):
            return recording
        recording = replace(
            recording,
            snapshots={**recording.snapshots, **self.snapshots},
            alarms=(*recording.alarms, *self.alarms),
        )
        return trails.traced(recording, self.traces)


_NOTHING: Final = Heard()


def open_head(house: House, member_id: str, note: str) -> Checkpoint:
    """Verify a checkpoint of a member's log. Raises as ``trust.audit_check.open_log_checkpoint``."""
    member = house.knowledge.directory.member(member_id)
    return open_log_checkpoint(note, origin(member_id), member, house.clock.now())


async def told_to(house: House, member_id: str) -> Heads:
    """What a member is told of our log and of its own."""
    head = await house.store.log_head()
    known = await newest_told(house, member_id)
    return Heads(own=head.checkpoint, yours=known.note if known else "")


async def newest_told(house: House, member_id: str) -> ToldHead | None:
    """The newest head that a member told; None when it told none."""
    told = house.heads.told
    if member_id not in told:
        note = (await house.store.snapshot(TOLD + member_id) or b"").decode()
        text = note.rpartition("\n\n")[0]
        told.setdefault(member_id, ToldHead(note, Checkpoint.from_text(text + "\n")) if note else None)
    return told[member_id]


async def heard(house: House, member_id: str, heads: Heads, call: str) -> Heard:
    """What follows from the heads that a member told with a call (SHA-256 of its request, in hex).

    Raises nothing for what the member tells: a head is no reason to refuse the case that it came with.
    """
    book = house.heads
    if heads.yours and book.said_of_us.get(member_id) != heads.yours:
        book.said_of_us[member_id] = heads.yours
        book.note_change(member_id)
    known = await newest_told(house, member_id)
    again = known is not None and known.note == heads.own and known.call == call  # decided anew, nothing recorded yet
    if not heads.own or (known is not None and known.note == heads.own and not again):
        return _NOTHING
    try:
        head = open_head(house, member_id, heads.own)
    except TongbanError:
        book.doubt(member_id, heads.own)
        return _NOTHING
    if known is not None and not again and head.size <= known.checkpoint.size:
        if (head.size, head.root) == (known.checkpoint.size, known.checkpoint.root):
            return _NOTHING  # signed anew
        book.doubt(member_id, heads.own)
        if head.size < known.checkpoint.size:
            return _NOTHING  # overtaken by a later one, or gone back: that is looked into
        return Heard(alarms=(contradiction_alarm(house, member_id, Contradiction(known.note, heads.own), head),))
    book.told[member_id] = ToldHead(heads.own, head, call)
    book.note_change(member_id)
    seen = Leaf(
        kind=LeafKind.HEAD_SEEN,
        member=member_id,
        subject=head.root.hex(),
        at=house.clock.now(),
        seq=head.size,
        call=call,
    )
    return Heard((trails.trace(seen),), {TOLD + member_id: heads.own.encode()})


def contradiction_alarm(house: House, member_id: str, proof: Contradiction, held: Checkpoint) -> Alarm:
    """The alarm that a member's log told two stories; ``held`` is the head that it no longer stands by."""
    return alarm(
        house,
        AlarmKind.LOG_CONTRADICTS_ITSELF,
        member_id,
        f"the log of {member_id} signed two checkpoints that can't both be true, about its first {held.size} leaves",
        f"{held.size}",
        proof=proof.to_json(),
    )


async def own_log_difference(house: House, said: Checkpoint, note: str) -> Alarm | None:
    """What is wrong between a checkpoint that our log key signed and our log; None when the log has it."""
    head = await house.store.log_head()
    if said.size > head.size:
        what = f"our log has {head.size} leaves, and our log key signed for {said.size}"
    elif await root_at(house, said.size) != said.root:
        what = f"our log key signed for other first {said.size} leaves than our log has"
    else:
        return None
    return alarm(
        house,
        AlarmKind.OWN_LOG_WENT_BACK,
        house.member_id,
        what,
        f"{said.size}",
        said.root.hex(),
        proof=notes(ours=head.checkpoint, said=note),
    )
