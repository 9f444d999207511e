"""What the local platform tells, taken in: first recorded, then believed.

Notices come by polling or by callback. Either way they are recorded as deliveries to ourselves before the bookmark
moves or the callback is answered, so that nothing told is lost, and a notice told twice is one by its id. The
dispatcher then puts them through the same door as everybody's calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import structlog

from gateway.domain.catalogue_file import dump_catalogue
from gateway.domain.platform import Notice, UnreadableNotice
from gateway.exchange.house import House
from gateway.knowledge import StandingKnowledge, catalogue_snapshot
from gateway.ports import DeliveryKind, NewDelivery, Platform, Recording
from gateway.wire.notices import write_notice
from trust.errors import TongbanError

CATALOGUE_SECONDS: Final = 3600.0
"""How often the local catalogue is pulled."""

CATALOGUE_FIRST_RETRY_SECONDS: Final = 5.0
CATALOGUE_LONGEST_RETRY_SECONDS: Final = 300.0
"""A pull is hundreds of requests, so that a catalogue that never comes right must not be pulled without a pause."""

_log = structlog.get_logger("gateway.intake")


async def take_notices(
    house: House, notices: Iterable[Notice | UnreadableNotice], bookmarks: dict[str, str] | None = None
) -> None:
    """Record notices, with the bookmark that comes after them. Durable on return."""
    deliveries = tuple(_delivery(house, notice) for notice in notices)
    house.failpoint("notices.before_record")
    await house.store.record(Recording(deliveries=deliveries, bookmarks=bookmarks or {}))
    house.failpoint("notices.after_record")
    house.wake()


def _delivery(house: House, notice: Notice | UnreadableNotice) -> NewDelivery:
    base = NewDelivery(
        delivery_id=house.new_id(),
        kind=DeliveryKind.PLATFORM_NOTICE,
        destination=house.platform,
        stream=f"aside:{notice.notice_id}",
        subject=notice.notice_id,
    )
    if isinstance(notice, UnreadableNotice):
        return replace(base, dead_because=f"unreadable: {notice.because}")
    return replace(base, stream=notice.case_number, payload=write_notice(notice))


def catalogue_wait(failures: int) -> float:
    """Seconds until the catalogue is pulled again after so many failures in a row. Each wait doubles the one before."""
    if not failures:
        return CATALOGUE_SECONDS
    return min(CATALOGUE_FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 20), CATALOGUE_LONGEST_RETRY_SECONDS)


class Poller:
    """Asks the platform for news, and for its catalogue."""

    def __init__(self, house: House, platform: Platform, knowledge: StandingKnowledge, every: float) -> None:
        self._house = house
        self._platform = platform
        self._knowledge = knowledge
        self._every = every
        self._bookmark = f"notices:{house.platform}"

    async def run_notices(self) -> None:
        """Poll until cancelled. A platform that doesn't answer is asked again at the next turn."""
        while True:
            try:
                await self.poll()
            except TongbanError as error:
                _log.warning("polling failed", platform=self._house.platform, error=str(error))
            await asyncio.sleep(self._every)

    async def poll(self) -> None:
        """One poll, recorded."""
        since = await self._house.store.bookmark(self._bookmark)
        page = await self._platform.notices(since)
        if page.notices or page.bookmark != since:
            await take_notices(self._house, page.notices, {self._bookmark: page.bookmark})

    async def run_catalogue(self) -> None:
        """Pull the catalogue until cancelled."""
        failures = 0
        while True:
            try:
                await self.pull_catalogue()
                failures = 0
            except TongbanError as error:
                failures += 1
                _log.warning("pulling the catalogue failed", platform=self._house.platform, error=str(error))
            await asyncio.sleep(catalogue_wait(failures))

    async def pull_catalogue(self) -> None:
        """Pull the whole catalogue, keep it, and go by it from now on."""
        catalogue = await self._platform.catalogue()
        snapshot = {catalogue_snapshot(catalogue.id): dump_catalogue(catalogue)}
        await self._house.store.record(Recording(snapshots=snapshot))
        self._knowledge.adopt(catalogue)
        _log.info("catalogue pulled", catalogue=catalogue.id, items=len(catalogue.items))
