"""Alarms: what only a person can settle, kept with what proves it until somebody has taken note of it.

docs/audit.md says for each kind what it means and what to do.
"""

from __future__ import annotations

import json
from enum import StrEnum
from hashlib import sha256
from typing import Final

import structlog

from gateway.domain import commands
from gateway.exchange import trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import Alarm, Recording
from trust.errors import Forbidden, NotFound, Reason
from trust.leaf import LeafKind

_SHOWN: Final = 200

_log = structlog.get_logger("gateway.alarms")


class AlarmKind(StrEnum):
    """What is wrong."""

    LOG_CONTRADICTS_ITSELF = "log_contradicts_itself"
    """A member's log signed two checkpoints that can't both be true."""
    LOG_CANNOT_PROVE = "log_cannot_prove"
    """A member's log gives no proof that it only grew, and nothing that convicts it either."""
    LOG_WENT_BACK = "log_went_back"
    """A member's log is shorter than it was."""
    OWN_LOG_WENT_BACK = "own_log_went_back"
    """Others hold a checkpoint that our log key signed and our log does not lead to."""
    WITNESS_WENT_BACK = "witness_went_back"
    """A witness has forgotten what it cosigned."""


def alarm(house: House, kind: AlarmKind, member: str, text: str, *about: str, proof: bytes = b"") -> Alarm:
    """Make an alarm. The same kind, member and ``about`` (the notes, the sizes) is the same alarm, whenever found."""
    name = "\x00".join((kind, member, *about))
    alarm_id = sha256(name.encode()).hexdigest()[:32]
    return Alarm(alarm_id, kind, member, house.clock.now(), text, proof)


def notes(**named: str) -> bytes:
    """Notes as a proof, by what they are; where nothing more is needed to see what they show."""
    return json.dumps(named, ensure_ascii=False, indent=1).encode()


class Bell:
    """Records alarms and tells the operator, each once for as long as the gateway runs."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rung: set[str] = set()

    async def ring(self, raised: Alarm) -> None:
        """Keep the alarm; one that is kept already stays as it is."""
        if raised.alarm_id in self._rung:
            return
        await self._house.store.record(Recording(alarms=(raised,)))
        self._rung.add(raised.alarm_id)
        _log.error("alarm", alarm=raised.alarm_id, kind=raised.kind, member=raised.member, what=raised.text)


async def list_alarms(house: House, _: Caller, asked: commands.ListAlarms) -> Decided:
    """Alarms, newest first."""
    found = await house.store.alarms(open_only=asked.open_only, limit=_SHOWN)
    shown = (
        commands.ShownAlarm(each.alarm_id, each.kind, each.member, each.at, each.text, each.proof, each.acknowledged_by)
        for each in found
    )
    return Decided(commands.Alarms(tuple(shown)))


async def acknowledge(house: House, caller: Caller, asked: commands.AcknowledgeAlarm) -> Decided:
    """Take note of an alarm, on behalf of the officer of the call, with a leaf. Whoever took note first stays.

    Raises ``Forbidden(OFFICER_MISSING)`` and ``NotFound(FIELD_INVALID)``.
    """
    if caller.officer is None:
        raise Forbidden(
            Reason.OFFICER_MISSING,
            "an alarm is taken note of on behalf of an officer",
            expected="the officer in the signed call",
            mend="sign the call with the officer who answers for it",
        )
    open_ones = {each.alarm_id: each for each in await house.store.alarms(limit=_SHOWN)}
    found = open_ones.get(asked.alarm_id)
    if found is None:
        raise NotFound(
            Reason.FIELD_INVALID,
            "field alarm_id is not valid",
            got="an id that no alarm here has",
            expected=f"an id of the newest {_SHOWN} alarms, as ListAlarms shows them",
            details={"field": "alarm_id"},
        )
    if found.acknowledged_by:
        return Decided(commands.Done())
    act = caller.act(LeafKind.ADMIN, f"alarm:{asked.alarm_id}")
    recording = Recording(acknowledged={asked.alarm_id: caller.officer.id})
    return Decided(commands.Done(), trails.traced(recording, (trails.trace(act, caller),)))
