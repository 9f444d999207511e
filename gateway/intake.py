"""What the local platform tells, taken in: first recorded, then believed.

The catalogue is pulled whole, and what it tells anew becomes the next edition. Notices come by polling or by callback.
Either way they are recorded as deliveries to ourselves before the bookmark moves or the callback is answered, so that
nothing told is lost, and a notice told twice is one by its id. The dispatcher then puts them through the same door as
everybody's calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import structlog

from gateway.domain.calendar import beijing_date
from gateway.domain.catalogue import Catalogue
from gateway.domain.editions import CatalogueDiff, digest_of, next_edition
from gateway.domain.platform import Notice, UnreadableNotice
from gateway.exchange import trails
from gateway.exchange.house import House
from gateway.holdings import accepted_bookmark, held_head, held_pull_snapshot, recording_of
from gateway.knowledge import StandingKnowledge
from gateway.ports import DeliveryKind, NewDelivery, Platform, Recording
from gateway.wire.notices import write_notice
from trust.errors import TongbanError
from trust.leaf import Leaf, LeafKind

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


def catalogue_wait(failures: int, every: float) -> float:
    """Seconds until the catalogue is pulled again after so many failures in a row. Each wait doubles the one before."""
    if not failures:
        return every
    return min(CATALOGUE_FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 20), CATALOGUE_LONGEST_RETRY_SECONDS)


class Poller:
    """Asks the platform for news, and for its catalogue."""

    def __init__(
        self, house: House, platform: Platform, knowledge: StandingKnowledge, every: float, catalogue_every: float
    ) -> None:
        """``every`` and ``catalogue_every`` are seconds between two polls and two pulls."""
        self._house = house
        self._platform = platform
        self._knowledge = knowledge
        self._every = every
        self._catalogue_every = catalogue_every
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
        """Pull the catalogue until cancelled. A pull that is held counts as one that failed: the next may be whole."""
        failures = 0
        while True:
            try:
                failures = 0 if await self.pull_catalogue() else failures + 1
            except TongbanError as error:
                failures += 1
                _log.warning("pulling the catalogue failed", platform=self._house.platform, error=str(error))
            await asyncio.sleep(catalogue_wait(failures, self._catalogue_every))

    async def pull_catalogue(self) -> bool:
        """Pull the whole catalogue and make the next edition of it, if it tells anything new.

        False when the pull is held, because it would retire so much that it is itself in doubt: what is held stays in
        force until a pull is whole again, or an operator accepts this one (``accepted_bookmark``).
        """
        store, knowledge = self._house.store, self._knowledge
        pulled = await self._platform.catalogue()
        known = knowledge.atlas.catalogues.get(pulled.id)
        head = await held_head(store, pulled.id)
        if head is None and known is not None:
            # The configuration's file stood in until now; peers may have it too, and editions only rise.
            pulled = replace(pulled, version=max(pulled.version, known.version))
        on = beijing_date(self._house.clock.now())
        edition, diff = await asyncio.to_thread(next_edition, known if head else None, pulled, on)
        if diff.shrinks and not await self._accepted(pulled, diff):
            return False
        if diff.is_empty:
            _log.info("catalogue pulled", catalogue=edition.id, edition=edition.version, changes=0)
            return True
        digest = await asyncio.to_thread(digest_of, edition.items)
        recording = await asyncio.to_thread(recording_of, edition, digest, diff.new_versions)
        act = Leaf(
            LeafKind.ADMIN,
            self._house.member_id,
            f"catalogue.edition:{edition.id}:{edition.version}",
            self._house.clock.now(),
        )
        # A crash before it leaves the edition before, and the next pull finds the same difference. A crash after it
        # leaves the new one, by which the next start goes.
        await store.record(
            replace(
                trails.traced(recording, (trails.trace(act),)),
                bookmarks={accepted_bookmark(edition.id): ""},
                dropped_snapshots=(held_pull_snapshot(edition.id),),
            )
        )
        knowledge.adopt(edition)
        self._house.wake()
        _log.info(
            "catalogue has a new edition",
            catalogue=edition.id,
            edition=edition.version,
            digest=digest.hex(),
            added=len(diff.added),
            changed=len(diff.changed),
            retired=len(diff.retired),
            without_version=len(diff.changed_without_version),
        )
        return True

    async def _accepted(self, pulled: Catalogue, diff: CatalogueDiff) -> bool:
        """Whether an operator has accepted exactly this pull; otherwise it is held, and that is told."""
        digest = (await asyncio.to_thread(digest_of, pulled.items)).hex()
        if await self._house.store.bookmark(accepted_bookmark(pulled.id)) == digest:
            return True
        await self._house.store.record(Recording(snapshots={held_pull_snapshot(pulled.id): digest.encode()}))
        _log.error(
            "a pull that lacks much of the catalogue is held",
            catalogue=pulled.id,
            in_force=diff.in_force,
            vanished=diff.vanished,
            digest=digest,
        )
        return False
