"""Watching the logs of the other gateways: that each only grows, and is one and the same to everybody.

Rules:

1. What is known of a peer's log are checkpoints that it signed: the newest head that it told, the newest that continues
   all before it, the newest that it asked us to cosign, and what it told that did not fit. Each is held against the
   newest that it gives out when asked now.
2. A log that only grows proves it. One that can't is convicted by its own proofs where they show another beginning,
   and not to be trusted further where they show nothing.
3. Each peer is asked in turns of its own, when it told something new and at least each ``EVERY_SECONDS``.
4. What peers say of our own log is held against it: who restores an older copy of the store hears of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.exchange.alarms import AlarmKind, Bell, alarm, notes
from gateway.exchange.heads import PROVED, TOLD, contradiction_alarm, open_head, own_log_difference
from gateway.exchange.house import House
from gateway.exchange.witnessing import log_keys, origin, peers_of
from gateway.ports import Alarm, Peer, Recording
from trust.checkpoint import Checkpoint
from trust.errors import Conflict, Malformed, NotFound, Reason, TongbanError, Unauthenticated, Unavailable
from trust.merkle import leaf_hash, verify_consistency
from trust.note import NoteKey
from trust.witness import find_contradiction

EVERY_SECONDS: Final = 60.0
"""How often a peer is looked at that tells nothing new."""

LOOK_SECONDS: Final = 1.0
"""A peer is looked at this often at most, however often its head moves."""

TURN_SECONDS: Final = 60.0
"""Longest time for one look at a peer."""

_log = structlog.get_logger("gateway.watching")


@dataclass(frozen=True, slots=True)
class Held:
    """A checkpoint that a peer's log signed."""

    note: str
    checkpoint: Checkpoint


class Watcher:
    """Watches the peers' logs for as long as it runs."""

    def __init__(self, house: House, peer: Peer) -> None:
        self._house = house
        self._peer = peer
        self._bell = Bell(house)
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._looked_at: dict[str, float] = {}
        self._said_of_us: dict[str, str] = {}
        self._trouble: dict[str, str] = {}

    async def run(self) -> None:
        """Watch whoever the directory lists until cancelled."""
        news = self._house.heads.news
        try:
            while True:
                news.clear()
                for member_id in self._due():
                    self._looking[member_id] = asyncio.create_task(self._look(member_id))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK_SECONDS)
                await asyncio.sleep(LOOK_SECONDS / 10)  # deliveries come in bursts
        finally:
            for task in self._looking.values():
                task.cancel()
            await asyncio.gather(*self._looking.values(), return_exceptions=True)

    def _due(self) -> list[str]:
        now, changed = asyncio.get_running_loop().time(), self._house.heads.changed
        due = []
        for member in peers_of(self._house):
            task = self._looking.get(member.id)
            since = now - self._looked_at.get(member.id, -EVERY_SECONDS)
            # A look that failed is not repeated at once: a refusal leaves a leaf in the peer's log each time.
            soon = member.id in changed and member.id not in self._trouble
            if (task is None or task.done()) and since >= (LOOK_SECONDS if soon else EVERY_SECONDS):
                self._looked_at[member.id] = now
                due.append(member.id)
        return due

    async def _look(self, member_id: str) -> None:
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self.turn(member_id)
        except TimeoutError:
            self._tell(member_id, f"no end within {TURN_SECONDS:g} seconds")
        except TongbanError as error:
            self._tell(member_id, str(error))
        except Exception as defect:  # noqa: BLE001 - one peer's answers must not end the watching of it
            self._house.report_defect(defect)
        else:
            self._trouble.pop(member_id, None)

    def _tell(self, member_id: str, error: str) -> None:
        if self._trouble.get(member_id) != error:
            self._trouble[member_id] = error
            _log.warning("watching a peer's log failed", peer=member_id, error=error)

    async def turn(self, member_id: str) -> None:
        """Look at one peer: what it said of our log, then its own. Raises what asking it raises.

        Whatever fails is looked into again: the peer stays changed until a turn comes to its end.
        """
        book = self._house.heads
        await self._hear_of_us(member_id)
        doubts = list(book.doubts.get(member_id, ()))
        held = await self._held(member_id, doubts)
        if not held or await self._convicted_by_word(member_id, held):
            return self._done(member_id, doubts)
        try:
            # Asked last: an honest log is no shorter than what it told before.
            note = await self._peer.checkpoint(member_id)
        except NotFound:
            await self._bell.ring(self._went_back(member_id, held[0], 0, ""))
            return self._done(member_id, doubts)
        newest = Held(note, open_head(self._house, member_id, note))
        for each in held:
            found = await self._difference(member_id, each, newest)
            if found is not None:
                await self._bell.ring(found)
                return self._done(member_id, doubts)
        store = self._house.store
        if await store.snapshot(PROVED + member_id) != note.encode():
            await store.record(Recording(snapshots={PROVED + member_id: note.encode()}))
        return self._done(member_id, doubts)

    def _done(self, member_id: str, doubts: list[str]) -> None:
        book = self._house.heads
        left = [note for note in book.doubts.get(member_id, ()) if note not in doubts]
        if left:
            book.doubts[member_id] = left
        else:
            book.doubts.pop(member_id, None)
            book.changed.discard(member_id)

    async def _held(self, member_id: str, doubts: list[str]) -> list[Held]:
        """What the peer's log signed before, as far as it is known here; the newest that was proved first."""
        store = self._house.store
        kept = [(await store.snapshot(name + member_id) or b"").decode() for name in (PROVED, TOLD)]
        witnessed = await store.witnessed(origin(member_id))
        held = []
        for note in dict.fromkeys([*kept, witnessed.note if witnessed else "", *doubts]):
            if not note:
                continue
            try:
                held.append(Held(note, open_head(self._house, member_id, note)))
            except (Malformed, Unauthenticated) as error:
                _log.warning("a peer told a head that is not its log's", peer=member_id, error=str(error))
        return held

    async def _convicted_by_word(self, member_id: str, held: list[Held]) -> bool:
        """Whether two of the notes held contradict each other as they stand, without asking anybody."""
        keys = self._keys(member_id)
        for place, one in enumerate(held):
            for other in held[place + 1 :]:
                if one.checkpoint.size == other.checkpoint.size:
                    found = find_contradiction(one.note, other.note, keys)
                    if found is not None:
                        await self._bell.ring(contradiction_alarm(self._house, member_id, found, one.checkpoint))
                        return True
        return False

    # one checkpoint against a later one -----------------------------------------------------------------------------

    async def _difference(self, member_id: str, held: Held, newest: Held) -> Alarm | None:
        """What is wrong between a checkpoint and what the log gives out now; None when the one continues the other."""
        before, now = held.checkpoint, newest.checkpoint
        if before.size > now.size:
            return self._went_back(member_id, held, now.size, newest.note)
        if before.size == now.size:
            found = find_contradiction(held.note, newest.note, self._keys(member_id))
            return contradiction_alarm(self._house, member_id, found, before) if found else None
        if before.size == 0:
            return None
        path: tuple[bytes, ...] = ()
        try:
            path = await self._peer.consistency(member_id, before.size, now.size)
            verify_consistency(before.size, before.root, now.size, now.root, path)
        except Unavailable:
            raise
        except TongbanError:
            return await self._convict(member_id, held, newest, path)
        return None

    def _went_back(self, member_id: str, held: Held, size: int, note: str) -> Alarm:
        before = held.checkpoint
        return alarm(
            self._house,
            AlarmKind.LOG_WENT_BACK,
            member_id,
            f"the log of {member_id} has {size} leaves now and signed for {before.size} before",
            f"{before.size}",
            before.root.hex(),
            proof=notes(now=note, before=held.note),
        )

    async def _convict(self, member_id: str, held: Held, newest: Held, path: tuple[bytes, ...]) -> Alarm:
        """The alarm about a log that did not prove that it grew: with its own proofs against it, if they are."""
        before, keys = held.checkpoint, self._keys(member_id)
        claimed = b""
        if before.size.bit_count() == 1:  # the proof has not the smaller root in it
            with contextlib.suppress(Malformed, NotFound, Conflict, Unauthenticated):
                newest, claimed, path = await self._claimed_root(member_id, before.size)
        found = find_contradiction(held.note, newest.note, keys, path=path, claimed=claimed)
        if found is not None:
            return contradiction_alarm(self._house, member_id, found, before)
        return alarm(
            self._house,
            AlarmKind.LOG_CANNOT_PROVE,
            member_id,
            f"the log of {member_id} does not prove that it continues its first {before.size} leaves",
            f"{before.size}",
            before.root.hex(),
            proof=notes(now=newest.note, before=held.note),
        )

    async def _claimed_root(self, member_id: str, size: int) -> tuple[Held, bytes, tuple[bytes, ...]]:
        """What the log makes of its first ``size`` leaves (a power of two), under which checkpoint, proved how.

        The path of the leaf behind them has the hash of the node over them, as the sibling on that level.
        """
        leaf = leaf_hash(await self._peer.leaf(member_id, size))
        proof = await self._peer.inclusion(member_id, leaf)
        newest = Held(proof.checkpoint, open_head(self._house, member_id, proof.checkpoint))
        above, end = 0, newest.checkpoint.size
        while (middle := 1 << (end - 1).bit_length() - 1) > size:
            above, end = above + 1, middle
        if proof.index != size or above >= len(proof.path):
            raise Conflict(Reason.LOG_INCONSISTENT, "a log gave the proof of another leaf")
        path = await self._peer.consistency(member_id, size, newest.checkpoint.size)
        return newest, proof.path[len(proof.path) - 1 - above], path

    # our own log ----------------------------------------------------------------------------------------------------

    async def _hear_of_us(self, member_id: str) -> None:
        """Hold what a peer knows of our log against our log."""
        note = self._house.heads.said_of_us.get(member_id, "")
        if not note or self._said_of_us.get(member_id) == note:
            return
        own = self._house.member_id
        try:
            said = open_head(self._house, own, note)
        except (Malformed, Unauthenticated) as error:
            _log.warning("a peer tells of a head that is not our log's", peer=member_id, error=str(error))
        else:
            found = await own_log_difference(self._house, said, note)
            if found is not None:
                await self._bell.ring(found)
        self._said_of_us[member_id] = note

    def _keys(self, member_id: str) -> tuple[NoteKey, ...]:
        return log_keys(self._house.knowledge.directory.member(member_id), self._house.clock.now())
