"""Having our own log witnessed: the other gateways, and third parties over plain HTTP, cosign its checkpoints.

Rules:

1. Each witness is asked by itself, so that one that is slow or dead never holds up the others: when the log has grown,
   and each ``HEARTBEAT_SECONDS`` anew, since a cosignature also says until when there was no other story.
2. Every cosignature is verified with the key that the directory, or the configuration, names for the witness.
3. The newest checkpoint that enough witnesses cosigned is kept with their lines (``gateway.exchange.audit.COSIGNED``),
   and of each witness the last one that it cosigned: what a witness once signed it can't unsay.
4. A crash loses lines that are not kept yet; the witnesses are asked again and say what they cosigned last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from gateway.exchange.alarms import AlarmKind, Bell, alarm, notes
from gateway.exchange.audit import COSIGNED, consistency, newest_cosigned
from gateway.exchange.heads import open_head, own_log_difference
from gateway.exchange.house import House
from gateway.exchange.witnessing import lines_by, peers_of, split_note, witness_keys, witness_name
from gateway.ports import Alarm, Peer, Recording
from trust.checkpoint import Checkpoint
from trust.errors import Conflict, Fault, Reason, TongbanError, Unauthenticated, Unavailable
from trust.note import NoteKey, signature_lines
from trust.witness import AddCheckpoint, enough_witnesses

HEARTBEAT_SECONDS: Final = 60.0
"""How often the newest checkpoint is cosigned anew while the log does not grow."""

ASK_SECONDS: Final = 10.0
"""Longest time for asking one witness."""

ASK_ATTEMPTS: Final = 3
"""How often a witness that names another size is asked with the proof from there."""

KEPT: Final = "cosigned:"
"""Snapshot, with the witness's name behind it: the newest checkpoint that it cosigned, with its line."""

_NOTES: Final = 8
"""Checkpoints whose lines are gathered at the same time, for witnesses that are slow."""

_log = structlog.get_logger("gateway.cosigning")


class Witness(Protocol):
    """Somebody who may cosign."""

    @property
    def name(self) -> str:
        """Its name in its cosignatures."""
        ...

    @property
    def keys(self) -> Sequence[NoteKey]:
        """The keys under which its cosignatures count now."""
        ...

    async def add_checkpoint(self, request: str) -> str:
        """Its signature lines. Conflict(CHECKPOINT_STALE) with ``size``; Unavailable, or another refusal of its own."""
        ...


@dataclass(frozen=True, slots=True)
class PeerWitness:
    """Another gateway, asked by signed call."""

    member: str
    name: str
    keys: Sequence[NoteKey]
    peer: Peer = field(repr=False)

    async def add_checkpoint(self, request: str) -> str:
        """AddCheckpoint."""
        return await self.peer.cosign(self.member, request)


@dataclass(slots=True)
class _Held:
    """What a witness cosigned last, as far as we know."""

    note: str = ""
    """With its line; empty when it never cosigned."""
    size: int = 0
    asked_at: float = float("-inf")
    """When it answered last, by the loop's clock."""
    text: str = ""
    """The checkpoint that it cosigned last since the start."""
    failures: int = 0
    """Times in a row that it did not cosign."""
    not_before: float = float("-inf")
    """When it is asked again after a failure, by the loop's clock: a refusal leaves a leaf in its log each time."""


@dataclass(frozen=True, slots=True)
class _Newest:
    """Our newest checkpoint."""

    note: str
    text: str
    checkpoint: Checkpoint


class Cosigner:
    """Has the log witnessed for as long as it runs."""

    def __init__(
        self,
        house: House,
        peer: Peer,
        third_parties: Sequence[Witness] = (),
        *,
        every: float,
        closed_after: timedelta | None = None,
    ) -> None:
        """``every``: seconds between two rounds; ``closed_after``: how old what is cosigned may become, if bounded."""
        self._house = house
        self._peer = peer
        self._third_parties = tuple(third_parties)
        self._every = every
        self._bell = Bell(house)
        self._held: dict[str, _Held] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._lines: dict[str, dict[str, str]] = {}
        self._trouble: dict[str, str] = {}
        self._age = WitnessedAge(house, closed_after)

    async def run(self) -> None:
        """Ask, round after round, until cancelled."""
        try:
            while True:
                try:
                    await self.begin_round()
                except TongbanError as error:
                    _log.warning("the log could not be read for its witnesses", error=str(error))
                await asyncio.sleep(self._every)
        finally:
            for task in self._asking.values():
                task.cancel()
            await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def require_witnessed(self) -> None:
        """Refuse what changes cases while the log goes unwitnessed. Raises ``Unavailable(LOG_UNWITNESSED)``."""
        self._age.require()

    async def begin_round(self) -> list[asyncio.Task[None]]:
        """Ask every witness that has not cosigned the newest checkpoint lately, and is not being asked."""
        head = await self._house.store.log_head()
        if not head.checkpoint:
            return []
        text, _ = split_note(head.checkpoint)
        newest = _Newest(head.checkpoint, text, Checkpoint.from_text(text))
        await self._age.look(newest.checkpoint.size)
        witnesses = self._witnesses()
        if not witnesses:
            await self._keep(newest, {}, "")  # alone in the federation: nobody has to agree
        now = asyncio.get_running_loop().time()
        begun = []
        for witness in witnesses:
            task, held = self._asking.get(witness.name), await self._held_by(witness)
            due = held.text != newest.text or now - held.asked_at >= HEARTBEAT_SECONDS
            if due and now >= held.not_before and (task is None or task.done()):
                self._asking[witness.name] = task = asyncio.create_task(self._ask(witness, held, newest))
                begun.append(task)
        return begun

    def _witnesses(self) -> list[Witness]:
        now = self._house.clock.now()
        peers: list[Witness] = [
            PeerWitness(member.id, witness_name(member.id), witness_keys(member, now), self._peer)
            for member in peers_of(self._house)
        ]
        return [*peers, *self._third_parties]

    async def _held_by(self, witness: Witness) -> _Held:
        held = self._held.get(witness.name)
        if held is None:
            note = (await self._house.store.snapshot(KEPT + witness.name) or b"").decode()
            size = Checkpoint.from_text(split_note(note)[0]).size if note else 0
            held = self._held.setdefault(witness.name, _Held(note, size))
        return held

    # one witness ----------------------------------------------------------------------------------------------------

    async def _ask(self, witness: Witness, held: _Held, newest: _Newest) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                lines = await self._add_checkpoint(witness, held, newest)
            if lines:
                await self._take(witness, held, newest, lines)
        except TimeoutError:
            self._failed(witness, held, f"no answer within {ASK_SECONDS:g} seconds")
        except TongbanError as error:
            self._failed(witness, held, str(error))
        except Exception as defect:  # noqa: BLE001 - one witness's answers must not end the asking of the others
            self._house.report_defect(defect)
            self._failed(witness, held, "our own defect")
        else:
            held.failures = 0
            self._trouble.pop(witness.name, None)

    def _failed(self, witness: Witness, held: _Held, error: str) -> None:
        """Ask ever more seldom, at last each ``HEARTBEAT_SECONDS``; tell once while the reason stays the same."""
        held.failures += 1
        wait = min(self._every * 2.0 ** min(held.failures - 1, 20), HEARTBEAT_SECONDS)
        held.not_before = asyncio.get_running_loop().time() + wait
        if self._trouble.get(witness.name) != error:
            self._trouble[witness.name] = error
            _log.warning("a witness did not cosign", witness=witness.name, error=error)

    async def _add_checkpoint(self, witness: Witness, held: _Held, newest: _Newest) -> str:
        """Ask with the proof from what it cosigned last, as it says itself; its lines, or none for now."""
        old = held.size
        for _ in range(ASK_ATTEMPTS):
            proof = await consistency(self._house, old, newest.checkpoint.size)
            try:
                return await witness.add_checkpoint(AddCheckpoint(old, proof, newest.note).to_text())
            except Conflict as error:
                if error.reason is not Reason.CHECKPOINT_STALE:
                    await self._refused(witness, old, error)
                    raise
                size = int(error.details.get("size", "-1"))
            if size < held.size:
                await self._bell.ring(self._forgotten(witness, held, size))
            if not 0 <= size <= newest.checkpoint.size:
                await self._beyond(witness, size)
                return ""
            old = size
        raise Conflict(
            Reason.CHECKPOINT_STALE,
            f"{witness.name} names another size each time",
            expected="the size that it cosigned last",
            mend="nothing yet: it is asked again; if it stays so, ask its operator",
            fault=Fault.PEER,
        )

    def _forgotten(self, witness: Witness, held: _Held, size: int) -> Alarm:
        return alarm(
            self._house,
            AlarmKind.WITNESS_WENT_BACK,
            _member_of(witness),
            f"{witness.name} says that it cosigned {size} leaves of our log last, and it cosigned {held.size}",
            *self._today(witness),
            proof=notes(cosigned=held.note),
        )

    async def _beyond(self, witness: Witness, size: int) -> None:
        """A witness cosigned more than we asked for: somebody else showed it a checkpoint, newer than ours or not."""
        head = await self._house.store.log_head()
        if size > head.size:
            await self._bell.ring(
                alarm(
                    self._house,
                    AlarmKind.OWN_LOG_WENT_BACK,
                    self._house.member_id,
                    f"{witness.name} cosigned {size} leaves of our log, and it has {head.size}",
                    *self._today(witness),
                )
            )

    async def _refused(self, witness: Witness, old: int, error: Conflict) -> None:
        """A witness that finds our proof wrong: our log is not the one that it cosigned."""
        held = self._held[witness.name]
        if held.note and held.size == old:
            said = open_head(self._house, self._house.member_id, held.note)
            found = await own_log_difference(self._house, said, held.note)
            if found is not None:
                await self._bell.ring(found)
                return
        await self._bell.ring(
            alarm(
                self._house,
                AlarmKind.OWN_LOG_WENT_BACK,
                self._house.member_id,
                f"{witness.name} does not find our log to continue the {old} leaves that it cosigned: {error.reason}",
                *self._today(witness),
            )
        )

    def _today(self, witness: Witness) -> tuple[str, str]:
        """What such an alarm is about: one a day, since a witness that lies may name another size each second."""
        return witness.name, f"{self._house.clock.now():%Y-%m-%d}"

    # what it cosigned -----------------------------------------------------------------------------------------------

    async def _take(self, witness: Witness, held: _Held, newest: _Newest, answer: str) -> None:
        """Verify a witness's lines, join them to the others', and keep what is enough."""
        made = lines_by(newest.text, signature_lines(answer), witness.keys)
        if not made:
            raise Unauthenticated(
                Reason.SIGNATURE_MISSING,
                f"{witness.name} answered without a cosignature that counts",
                expected="a line by the key that the directory, or [audit] witnesses, names for it",
                mend="compare its key with the directory's, or with the verifier key that its operator gave",
                fault=Fault.PEER,
            )
        line = made[-1][0]
        held.note, held.size, held.text = newest.note + line, newest.checkpoint.size, newest.text
        held.asked_at = asyncio.get_running_loop().time()
        lines = self._lines.setdefault(newest.text, {})
        lines[witness.name] = line
        while len(self._lines) > _NOTES:
            self._lines.pop(next(iter(self._lines)))
        await self._keep(newest, lines, witness.name)

    async def _keep(self, newest: _Newest, lines: dict[str, str], from_whom: str) -> None:
        """Keep what a witness cosigned; and as ours what enough of those who count now cosigned."""
        witnesses = {witness.name for witness in self._witnesses()}
        counted = [line for name, line in lines.items() if name in witnesses]
        snapshots = {KEPT + from_whom: self._held[from_whom].note.encode()} if from_whom else {}
        enough = len(counted) >= enough_witnesses(len(witnesses) + 1)
        if enough and self._age.is_news(newest.checkpoint.size, lines):
            snapshots[COSIGNED] = "".join((newest.note, *counted)).encode()
        if snapshots:
            await self._house.store.record(Recording(snapshots=snapshots))
        if enough:
            self._age.cosigned(newest.checkpoint.size)


def _member_of(witness: Witness) -> str:
    return witness.member if isinstance(witness, PeerWitness) else witness.name


class WitnessedAge:
    """How long ago enough witnesses cosigned the log, and whether that is too long to go on."""

    def __init__(self, house: House, closed_after: timedelta | None) -> None:
        self._house = house
        self._closed_after = closed_after
        self._began = house.clock.now()
        self._at: datetime | None = None
        self._size = 0
        self._log_size = 0
        self._loaded = False

    async def look(self, log_size: int) -> None:
        """Note how large the log is; what was cosigned before this start is read once."""
        self._log_size = log_size
        if not self._loaded:
            note = await newest_cosigned(self._house)
            self._loaded = True
            if note:
                self._size = Checkpoint.from_text(split_note(note)[0]).size

    def is_news(self, size: int, lines: dict[str, str]) -> bool:
        """Whether a checkpoint of that size replaces the one that is kept; one that nobody has to cosign only once."""
        return size > self._size or (size == self._size and bool(lines))

    def cosigned(self, size: int) -> None:
        """Enough have cosigned."""
        if size >= self._size:
            self._size, self._at = size, self._house.clock.now()

    def require(self) -> None:
        """Raises ``Unavailable(LOG_UNWITNESSED)`` when what is cosigned is too old, and the log has grown since."""
        if self._closed_after is None or self._log_size <= self._size:
            return
        age = self._house.clock.now() - (self._at or self._began)
        if age > self._closed_after:
            raise Unavailable(
                Reason.LOG_UNWITNESSED,
                "the audit log has not been witnessed for too long, and this gateway is set to stop then",
                got=f"{age.total_seconds():.0f} seconds since enough witnesses cosigned it",
                expected=f"at most {self._closed_after.total_seconds():.0f}",
                mend="look in the log which witness does not cosign, and mend the way to it or have it taken out",
                fault=Fault.OPERATOR,
            )
