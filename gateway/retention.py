"""Retention: cases that are over are erased when the time is up for which the agreement between both places keeps them.

Once a day. What can't be erased yet, because something of it still waits to be delivered, is looked at again the next
day. Where no time is set, everything is kept, and nothing is erased but at somebody's word.
"""

from __future__ import annotations

import asyncio
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from gateway.domain.case import Side
from gateway.exchange.erasing import erase_by_retention
from gateway.exchange.house import House
from gateway.ports import CaseRow, StaleCase
from trust.errors import TongbanError, WrongState

EVERY_SECONDS: Final = 86_400.0
BATCH: Final = 100
"""Cases between two pauses, so that calls don't wait behind a backlog of years."""
PAUSE_SECONDS: Final = 1.0

_log = structlog.get_logger("gateway.retention")


@dataclass(frozen=True, slots=True)
class Terms:
    """For how many months a case is kept after it last changed; 0 means for ever."""

    months: int = 0
    regions: Mapping[str, int] = field(default_factory=dict)
    """Otherwise, by the region of the other place."""

    def kept_since(self, row: CaseRow, now: datetime) -> datetime | None:
        """Which moment a case must have changed after to be kept; None when it is kept for ever."""
        other = row.processing_region if row.side is Side.ACCEPTING else row.accepting_region
        months = self.regions.get(other, self.months)
        return months_before(now, months) if months else None

    def all_kept_since(self, now: datetime) -> datetime | None:
        """Which moment a case must have changed after to be kept whatever its region; None when all are for ever."""
        shortest = min((months for months in (self.months, *self.regions.values()) if months), default=0)
        return months_before(now, shortest) if shortest else None


def months_before(now: datetime, months: int) -> datetime:
    """The same day so many months earlier, or that month's last when it is shorter."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


class Retention:
    """Erases what is over and older than it may be."""

    def __init__(self, house: House, terms: Terms) -> None:
        self._house = house
        self._terms = terms

    async def run(self) -> None:
        """Erase until cancelled, a turn a day, the first at once."""
        while True:
            try:
                await self.turn()
            except TongbanError as error:
                _log.warning("erasing by retention failed; the next turn goes on", error=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def turn(self) -> None:
        """Erase everything whose time is up."""
        now = self._house.clock.now()
        before = self._terms.all_kept_since(now)
        if before is None:
            return
        erased, left, last = 0, 0, None
        while rows := await self._house.store.cases_over(before, BATCH, last):
            for row in rows:
                since = self._terms.kept_since(row, now)
                if since is None or row.updated_at >= since:
                    continue
                try:
                    await erase_by_retention(self._house, row, now)
                    erased += 1
                except (WrongState, StaleCase):  # something waits, or somebody looks at it this moment
                    left += 1
            last = rows[-1]
            self._house.wake()
            await asyncio.sleep(PAUSE_SECONDS)
        if erased or left:
            _log.info("cases erased after their time", erased=erased, left_for_tomorrow=left)
