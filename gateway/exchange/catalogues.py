"""Deciding about catalogues: translating a code, showing an item. Reads only."""

from __future__ import annotations

from gateway.domain import commands
from gateway.domain.calendar import beijing_date
from gateway.domain.translation import Query, translate
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from trust.errors import NotFound, Reason


async def translate_code(house: House, caller: Caller, asked: commands.Translate) -> Decided:
    """What a code comes to in another catalogue. A code that does not translate is an outcome, not an error."""
    query = Query(asked.source, asked.target, asked.code, asked.as_of or beijing_date(caller.now), asked.answers)
    return Decided(commands.Translated(translate(house.knowledge.atlas, query), query.on))


async def show_item(house: House, _: Caller, asked: commands.GetItem) -> Decided:
    """One item as its catalogue has it, in force or not."""
    item = house.knowledge.catalogue(asked.catalogue).find(asked.code)
    if item is None:
        raise NotFound(
            Reason.ITEM_UNKNOWN,
            f"catalogue {asked.catalogue} has no such item",
            expected="a code as that catalogue writes it, letter for letter",
        )
    return Decided(commands.ShownItem(item))
