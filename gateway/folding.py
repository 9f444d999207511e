"""The crosswalk that the gateway goes by, kept at what its journal says.

Rows and reviews come into the journal by calls, from peers and from files. Here they are read on from the last one
seen, verified against the directory in force, folded, and put in the old crosswalk's place as a whole. So whoever
writes into the store, this process or another one, is followed alike.

A review counts by the directory of the day: when that is renewed, all are verified again. One that is dated later than
our clock counts when its time has come.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Sequence
from typing import Final

import structlog

from gateway.domain.crosswalk import Crosswalk, CrosswalkRow
from gateway.domain.crosswalk_cells import row_of
from gateway.domain.reviews import fold
from gateway.knowledge import StandingKnowledge
from gateway.ports import Clock, CrosswalkEntry, Store
from trust.directory import Directory
from trust.errors import TongbanError
from trust.review import Review, open_review
from trust.signed_call import CLOCK_SKEW

PAGE: Final = 200
"""Entries that are read and verified at once: some ten milliseconds, and at most 64 MB."""

IDLE_SECONDS: Final = 1.0
"""How long to wait when nobody wakes it: another process may have written into the store."""

REST_SECONDS: Final = 0.05
"""Least time between two looks, so that a stream of calls does not become a stream of looks."""

NAMED: Final = 3
"""So many of the entries that do not count are named in the log."""

MAX_ERROR_TOLD: Final = 600
"""So many characters of what is wrong with each."""

_log = structlog.get_logger("gateway.folding")


class CrosswalkFolder:
    """Keeps ``knowledge.atlas.crosswalk`` at what the journal says, for as long as it runs."""

    def __init__(self, store: Store, knowledge: StandingKnowledge, clock: Clock, awake: asyncio.Event) -> None:
        self._store = store
        self._knowledge = knowledge
        self._clock = clock
        self._awake = awake
        self._directory: Directory | None = None
        self._position = 0
        self._rows: dict[bytes, CrosswalkRow] = {}
        self._reviews: list[Review] = []
        self._early: list[Review] = []
        """Not yet compared with the clock, or dated later."""
        self._behind = False
        """Whether something was taken that is not folded yet."""
        self._not_counting: list[tuple[str, str]] = []
        """Hash and fault of the entries that do not count, the first few of them."""
        self._not_counting_in_all = 0
        self._told = 0
        """How many of those the log knows of."""

    async def run(self) -> None:
        """Follow the journal until cancelled."""
        while True:
            self._awake.clear()
            began = time.monotonic()
            try:
                await self.catch_up()
            except TongbanError as error:
                _log.warning("the crosswalk's journal is not reachable", error=str(error))
            # As long a rest as there was work: a journal that grows all the time must not take all the time.
            await asyncio.sleep(max(REST_SECONDS, time.monotonic() - began))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._awake.wait()

    async def catch_up(self) -> None:
        """Go by everything that the journal holds by now."""
        directory = self._knowledge.directory
        if directory is not self._directory:
            # What is read again are the reviews; rows are known by their hashes.
            self._directory, self._position, self._reviews, self._early = directory, 0, [], []
            self._not_counting, self._not_counting_in_all = [], 0
            self._behind = True
        while page := await self._store.crosswalk_journal(self._position, PAGE):
            await asyncio.to_thread(self._take, [entry for _, entry in page], directory)
            self._position, self._behind = page[-1][0], True
        horizon = self._clock.now() + CLOCK_SKEW
        due = [review for review in self._early if review.at <= horizon]
        if due:
            self._early = [review for review in self._early if review.at > horizon]
            self._reviews += due
            self._behind = True
        if self._behind:
            self._knowledge.renew_crosswalk(await asyncio.to_thread(self._fold))
            self._behind = False
        self._tell()

    def _tell(self) -> None:
        """One line, however many entries there are: others write some of them, and must not fill the log."""
        if self._not_counting_in_all != self._told:
            self._told = self._not_counting_in_all
            _log.warning("entries of the crosswalk do not count", number=self._told, first=self._not_counting)

    # beside the event loop: 100,000 rows take a second or two

    def _fold(self) -> Crosswalk:
        crosswalk = fold(self._rows.values(), self._reviews)
        self._rows = {row.hash: row for row in crosswalk.rows}  # each row once in memory
        return crosswalk

    def _take(self, entries: Sequence[CrosswalkEntry], directory: Directory) -> None:
        for entry in entries:
            digest = hashlib.sha256(entry.record or entry.review.encode()).digest()
            try:
                if entry.review:
                    self._early.append(open_review(entry.review, directory))
                elif digest not in self._rows:
                    self._rows[digest] = row_of(entry.record)
            except TongbanError as error:
                self._not_counting_in_all += 1
                if len(self._not_counting) < NAMED:
                    self._not_counting.append((digest.hex(), str(error)[:MAX_ERROR_TOLD]))
