"""Witnessing the logs of the other gateways: cosigning only what continues what was cosigned before.

Rules:

1. One decision for every way in: the signed call and plain HTTP ask the same (``trust.witness.judge``).
2. What is cosigned is remembered before the cosignature is given out, in one step with the look at what was cosigned
   last: a crash in between leaves a witness that remembers more than it gave out, never less.
3. Cosigning leaves no leaf in our own log, or two logs would make each other grow for ever.
4. Only members' logs are witnessed, and never our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from gateway.domain import commands
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import Recording, StaleWitness, Witnessed
from trust.checkpoint import Checkpoint
from trust.directory import Directory, Member, MemberStatus, Role
from trust.errors import Conflict, NotFound, Reason, Unauthenticated
from trust.keys import KeyPurpose
from trust.note import NoteKey, OpenedNote, SignatureType, cosign, open_note, signature_lines
from trust.witness import AddCheckpoint, judge

ATTEMPTS: Final = 4
"""How often a request is judged anew because another for the same log came first."""

_LOG_NAME: Final = re.compile(r"tongban/([^/\s+]+)/log", re.ASCII)


def origin(member_id: str) -> str:
    """A log's name in its checkpoints (C2SP tlog-checkpoint): unique to the member, and no address."""
    return f"tongban/{member_id}/log"


def witness_name(member_id: str) -> str:
    """A member's name in the cosignatures that it makes."""
    return f"tongban/{member_id}/witness"


def peers_of(house: House) -> list[Member]:
    """The other gateways of the directory with whom the federation deals now."""
    now = house.clock.now()
    return [
        member
        for member in house.knowledge.directory.members
        if member.role is Role.GATEWAY
        and member.id != house.member_id
        and member.status is MemberStatus.ACTIVE
        and member.in_force(now)
    ]


def log_keys(member: Member, now: datetime) -> tuple[NoteKey, ...]:
    """The keys under which a member's checkpoints count.

    One whose time is over still counts, since the newest checkpoint of a quiet log is as old as its last leaf; a
    revoked one doesn't.
    """
    return tuple(
        NoteKey(origin(member.id), entry.key)
        for entry in member.keys
        if entry.purpose is KeyPurpose.LOG and (entry.revoked_at is None or now < entry.revoked_at)
    )


def witness_keys(member: Member, now: datetime) -> tuple[NoteKey, ...]:
    """The keys under which the cosignatures that a member makes now count."""
    return tuple(
        NoteKey(witness_name(member.id), entry.key, SignatureType.COSIGNATURE)
        for entry in member.keys
        if entry.purpose is KeyPurpose.WITNESS and entry.in_force(now)
    )


def keys_of_origin(directory: Directory, name: str, own: str, now: datetime) -> tuple[NoteKey, ...]:
    """The keys of a log by its name; none for a log that the gateway ``own`` does not witness."""
    matched = _LOG_NAME.fullmatch(name)
    if matched is None or matched[1] == own:
        return ()
    try:
        member = directory.member(matched[1])
    except NotFound:
        return ()
    return log_keys(member, now) if member.role is Role.GATEWAY else ()


def origin_of(note: str) -> str:
    """The log that a note says it is of; it may be lying, or be no checkpoint at all."""
    return note.partition("\n")[0]


def split_note(note: str) -> tuple[str, tuple[str, ...]]:
    """A note's text, and its signature lines. Raises ``Malformed(MESSAGE_MALFORMED)``."""
    text, _, lines = note.rpartition("\n\n")
    return text + "\n", signature_lines(lines)


def lines_by(text: str, lines: Iterable[str], keys: Sequence[NoteKey]) -> list[tuple[str, OpenedNote]]:
    """Those of the signature lines under a text that the keys made, each as opened; others are passed over.

    Raises ``Unauthenticated(SIGNATURE_WRONG)`` for one that names a key and is not made by it.
    """
    found = []
    for line in lines:
        try:
            found.append((line, open_note(f"{text}\n{line}", keys)))
        except Unauthenticated as error:
            if error.reason is not Reason.SIGNATURE_MISSING:
                raise
    return found


async def add_checkpoint(house: House, caller: Caller, asked: commands.AddCheckpoint) -> Decided:
    """Cosign a log's checkpoint, or refuse with the step that failed. Raises as ``trust.witness.judge``."""
    lines, witnessed, _ = await _judged(house, asked.request, caller.now)
    return Decided(commands.Token(lines), Recording(witnessed=witnessed))


async def cosigned(house: House, request: str, now: datetime) -> str:
    """The same for somebody who signed no call: judged, recorded, and the signature lines. Raises as ``judge``."""
    for _ in range(ATTEMPTS):
        lines, witnessed, size = await _judged(house, request, now)
        if witnessed is None:
            return lines
        try:
            await house.store.record(Recording(witnessed=witnessed))
        except StaleWitness:
            continue  # another request for this log was faster; what it left is judged against
        return lines
    raise Conflict(
        Reason.CHECKPOINT_STALE,
        "others ask for the same log's cosignature at this moment",
        expected="one request at a time for each log",
        mend="ask again in a moment",
        details={"size": str(size)},
    )


async def _judged(house: House, text: str, now: datetime) -> tuple[str, Witnessed | None, int]:
    """The cosignature line, what must be remembered before it is given out, and the size that was cosigned last.

    Nothing must be when this very line is remembered already: so whoever asks for the same again and again, which
    anybody can who has read the checkpoint, causes one write a second at most.
    """
    directory, request = house.knowledge.directory, AddCheckpoint.from_text(text)
    # Whether it is a log at all is judged afterwards.
    last = await house.store.witnessed(held_name := origin_of(request.note))
    held = Checkpoint(held_name, last.size, last.root) if last else None
    keys = keys_of_origin(directory, held_name, house.member_id, now)
    checkpoint = judge(request, held, lambda name: keys if name == held_name else ())
    line = cosign(request.note, house.signers.witness, witness_name(house.member_id), now)
    after = last.size if last else 0
    if last is not None and line in split_note(last.note)[1]:
        return line, None, after
    # What is handed on to monitors has the lines that were verified, and none that somebody put beside them.
    text, lines = split_note(request.note)
    note = "".join((text, "\n", *(each for each, _ in lines_by(text, lines, keys)), line))
    return line, Witnessed(checkpoint.origin, checkpoint.size, checkpoint.root, note, after), after


async def newest_witnessed(house: House, name: str) -> str | None:
    """The checkpoint of a log that was cosigned last, with our cosignature; None when none was."""
    witnessed = await house.store.witnessed(name)
    return witnessed.note if witnessed else None
