"""Deciding about guides: the 明白卡 for one situation. Reads only."""

from __future__ import annotations

from gateway.domain import commands
from gateway.domain.calendar import beijing_date
from gateway.domain.guide import make_guide
from gateway.domain.translation import Query, require_match, translate
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House


async def show_guide(house: House, caller: Caller, asked: commands.GetGuide) -> Decided:
    """All that an applicant in this situation needs to know. What does not translate, has no guide."""
    atlas = house.knowledge.atlas  # once, so that the match and both catalogues are of one moment
    on = asked.as_of or beijing_date(caller.now)
    matched = require_match(translate(atlas, Query(asked.source, asked.target, asked.code, on, asked.answers)))
    guide = make_guide(
        matched,
        asked.answers,
        accepting=atlas.catalogue(asked.source),
        processing=atlas.catalogue(asked.target),
        calendar=house.knowledge.calendar,
        on=on,
    )
    return Decided(commands.ShownGuide(guide))
