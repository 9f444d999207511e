"""Deciding about erasure: the personal data of a case that is over go, here and for good; the audit log stays whole.

Everything personal of a case (events, evidence, replies) is sealed with the case's own key, so that destroying the key
erases all of it at once. What stays is the row, which names nobody, and the leaves, whose commitment to the case says
nothing any more without its salt. The other place's copy is the other place's to erase.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain import trail_commands
from gateway.exchange import cases, records, trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import CaseRow, Recording
from trust.directory import Action
from trust.errors import Reason, WrongState
from trust.leaf import Leaf, LeafKind


async def erase_case(house: House, caller: Caller, asked: trail_commands.EraseCase) -> Decided:
    """Erase a case on behalf of the officer of the call."""
    caller.require_officer("erasing personal data")
    row = (await cases.find(house, asked.case)).row
    caller.require(Action.CASE_ERASE, item=records.own_item(row))
    await require_erasable(house, row)
    act = caller.act(LeafKind.ERASED, asked.ground)
    return Decided(trail_commands.Erased(caller.now), erasure(row, act, caller))


async def erase_by_retention(house: House, row: CaseRow, now: datetime) -> None:
    """Erase a case whose time is over, as this gateway itself. WrongState as ``require_erasable``, or StaleCase."""
    await require_erasable(house, row)
    await house.store.record(erasure(row, Leaf(LeafKind.ERASED, house.member_id, trail_commands.Ground.RETENTION, now)))


async def require_erasable(house: House, row: CaseRow) -> None:
    """The case is over, and nothing of it is still on its way. WrongState(CASE_STATE_WRONG) names what is.

    Dead letters don't count: nobody sends them any more unless an operator says so, and they go with the case.
    """
    if not row.state.is_over:
        raise WrongState(
            Reason.CASE_STATE_WRONG,
            "only a case that is over can be erased",
            got=f"a case that is {row.state}",
            expected="decided, refused or withdrawn",
            mend="wait for its end, or withdraw it",
        )
    for stream in (row.case_id, row.number):
        waiting = [one for one in await house.store.deliveries(stream=stream) if not one.dead]
        if waiting:
            raise WrongState(
                Reason.CASE_STATE_WRONG,
                "something of the case is still on its way",
                got=f"{waiting[0].kind} to {waiting[0].destination}, delivery {waiting[0].delivery_id}",
                expected="nothing that waits to be delivered",
                mend="erase it when `tongban case show` lists nothing as waiting",
                details={"delivery_id": waiting[0].delivery_id},
            )


def erasure(row: CaseRow, act: Leaf, caller: Caller | None = None) -> Recording:
    """Everything that erasing a case changes, with the leaf that says so at the case's next place."""
    row, trace = trails.follow(replace(row, erased_at=act.at), act, caller)
    return trails.traced(Recording(case=row, erased=(row.case_id,)), (trace,))
