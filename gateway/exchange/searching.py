"""Deciding about searches of the trail: what was done here, by whom, about which case or person.

So a person learns who looked at their data. Whoever searches leaves a trace like everybody else: that there was a
search and by which fields, never for what. A search about one case stands in that case's chain.

Which officers may search is the member's business; what the member may do is the directory's, best narrowed by purpose.
"""

from __future__ import annotations

from typing import Final

from gateway.domain import trail_commands
from gateway.exchange import cases, trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import Recording, TrailEntry, TrailSearch
from trust.errors import Forbidden, Reason
from trust.leaf import LeafKind

_FIELDS: Final = ("case", "officer", "member", "holder", "kinds", "since", "until")


async def search_trail(house: House, caller: Caller, asked: trail_commands.SearchTrail) -> Decided:
    """Search the trail.

    1. The call names an officer; a search for a person states its purpose too.
    2. What is found holds case numbers and pseudonyms, no names and no numbers of people.
    3. The search itself leaves a leaf, with an entry that the next search for the same person finds.
    """
    # 1
    caller.require_officer("searching the trail")
    if asked.holder and not caller.purpose:
        raise Forbidden(
            Reason.PURPOSE_MISSING,
            "a search for what concerns a person states its purpose",
            got="no purpose",
            expected="the purpose in the signed call",
            mend="sign the call with the purpose, for example subject-access when the person asked",
        )
    row = (await cases.look_up(house, asked.case)).row if asked.case else None
    holder = trails.person_term(house, asked.holder) if asked.holder else b""
    # 2
    search = TrailSearch(
        case_id=row.case_id if row else "",
        officer=asked.officer,
        member=asked.member,
        holder=holder,
        kinds=asked.kinds,
        since=asked.since,
        until=asked.until,
        after=asked.after,
        limit=asked.limit + 1,
    )
    found = await house.store.trail(search)
    page = found[: asked.limit]
    numbers = await house.store.case_numbers(list({entry.case_id for _, entry in page if entry.case_id}))
    answer = trail_commands.FoundTrail(
        entries=tuple(_shown(position, entry, numbers.get(entry.case_id, "")) for position, entry in page),
        next_after=page[-1][0] if len(found) > asked.limit else 0,
    )
    # 3
    act = caller.act(LeafKind.TRAIL_READ, "search:" + ".".join(name for name in _FIELDS if getattr(asked, name)))
    if row is None:
        return Decided(answer, trails.traced(Recording(), (trails.trace(act, caller, holder=holder),)))
    row, trace = trails.follow(row, act, caller, holder=holder)
    return Decided(answer, trails.traced(Recording(case=row), (trace,)))


def _shown(position: int, entry: TrailEntry, case_number: str) -> trail_commands.FoundEntry:
    return trail_commands.FoundEntry(
        position=position,
        at=entry.at,
        kind=entry.kind,
        member=entry.member,
        subject=entry.subject,
        officer=entry.officer,
        purpose=entry.purpose,
        case_number=case_number,
        leaf_hash=entry.leaf_hash,
    )
