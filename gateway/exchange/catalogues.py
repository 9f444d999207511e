"""Deciding about catalogues: translating codes, showing items, counting what is mapped. Reads only.

Each answer is made from one ``Atlas``, taken once, so that a renewal in the middle of it changes nothing.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Final

from gateway.domain import commands
from gateway.domain.atlas import Query
from gateway.domain.calendar import beijing_date
from gateway.domain.coverage import coverage
from gateway.domain.suggestions import Suggestion, suggest
from gateway.domain.translation import Translation, Unmapped, translate, translate_batch
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from trust.errors import NotFound, Reason

BATCH_SLICE: Final = 100
"""Codes that are translated before other calls have their turn: a few milliseconds."""


async def translate_code(house: House, caller: Caller, asked: commands.Translate) -> Decided:
    """What a code comes to in another catalogue. A code that does not translate is an outcome, not an error."""
    query = Query(
        source=asked.source,
        target=asked.target,
        code=asked.code,
        on=asked.as_of or beijing_date(caller.now),
        answers=asked.answers,
        version=asked.version,
        direction=asked.direction,
        minimum_review=asked.minimum_review,
        allow_chain=asked.allow_chain,
    )
    atlas = house.knowledge.atlas
    translation = translate(atlas, query)
    suggestions: tuple[Suggestion, ...] = ()
    if asked.suggestions and isinstance(translation, Unmapped):
        # Beside the event loop: every name of a catalogue is compared.
        wanted = (atlas, translation.source, query.target, query.on, asked.suggestions)
        suggestions = await asyncio.to_thread(suggest, *wanted)
    source = atlas.catalogue(query.source)
    item = source.find_on(query.code, query.on) if query.version is None else source.find(query.code, query.version)
    return Decided(commands.Translated(translation, query.on, item, suggestions))


async def translate_codes(house: House, caller: Caller, asked: commands.TranslateBatch) -> Decided:
    """What many codes come to on one day. A question that is not right spoils its own answer only."""
    query = Query(
        source=asked.source,
        target=asked.target,
        code="",
        on=asked.as_of or beijing_date(caller.now),
        minimum_review=asked.minimum_review,
        allow_chain=asked.allow_chain,
    )
    atlas = house.knowledge.atlas
    outcomes: list[Translation | str] = []
    translated = translate_batch(atlas, query, asked.questions)
    while some := list(islice(translated, BATCH_SLICE)):
        outcomes += some
        await asyncio.sleep(0)
    return Decided(commands.TranslatedBatch(query.on, tuple(outcomes)))


async def show_item(house: House, _: Caller, asked: commands.GetItem) -> Decided:
    """One item as its catalogue has it, in force or not."""
    item = house.knowledge.catalogue(asked.catalogue).find(asked.code, asked.version)
    if item is None:
        raise NotFound(
            Reason.ITEM_UNKNOWN,
            f"catalogue {asked.catalogue} has no such item" + (f" of version {asked.version}" if asked.version else ""),
            expected="a code as that catalogue writes it, letter for letter, and a version that it had",
        )
    return Decided(commands.ShownItem(item))


async def show_coverage(house: House, caller: Caller, asked: commands.GetCoverage) -> Decided:
    """How far one catalogue is mapped to another. Counted beside the event loop: a province's catalogue is large."""
    on = asked.as_of or beijing_date(caller.now)
    counted = await asyncio.to_thread(coverage, house.knowledge.atlas, asked.source, asked.target, on)
    return Decided(commands.ShownCoverage(counted))
