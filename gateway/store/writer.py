"""The writer: one thread, one connection, one commit for everything that waits (group commit).

Rules:

1. Units are taken in the order of ``run``. Those that queued while the last commit ran share the next one. Under load
   the next one also waits ``GATHER_SECONDS`` for more; a caller that writes alone never waits.
2. Each unit has a savepoint. One that raises is rolled back to it and fails alone. Neighbours of one ``JointUnit``
   class share one, and are run again one by one when anything is wrong with any of them.
3. A failure of the file or the disk rolls the whole transaction back and fails every unit of it; the next begins
   afresh.
4. A unit's future is resolved after the COMMIT, so what is acknowledged is on the disk. One hop to the event loop
   resolves all units of a commit.

A crash before COMMIT leaves nothing, and nobody was told otherwise. A crash after COMMIT leaves units that were written
but not acknowledged: callers repeat them under the same idempotency key.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeAlias, TypeVar

from gateway.store import failures

Result = TypeVar("Result")
Unit: TypeAlias = Callable[[sqlite3.Cursor], Result]
Failpoint: TypeAlias = Callable[[str], None]
_Waiting: TypeAlias = "tuple[Unit[Any], asyncio.Future[Any]]"
_Outcome: TypeAlias = "tuple[asyncio.Future[Any], Any, Exception | None]"

MAX_UNITS_PER_COMMIT: Final = 256
"""Bounds how long the first of a commit waits for the last."""

GATHER_SECONDS: Final = 0.002
"""How long a commit waits for more units when the one before it had several.

A commit costs much the same for any number of units. On a fast disk commits would take two or three each; waiting makes
that fifteen to thirty, measured -10% to -25% processor time for a whole call.
"""


class Apart(Exception):
    """One of several units does not go with the others."""


class JointUnit(ABC):
    """A unit without a result of which several can be written with the same statements."""

    @abstractmethod
    def __call__(self, cursor: sqlite3.Cursor) -> None:
        """Run it alone."""

    @staticmethod
    @abstractmethod
    def together(cursor: sqlite3.Cursor, neighbours: Sequence[Any]) -> None:
        """Run several of this class. Apart, or an error of their own, when they must be run one by one after all."""


def _kind_of_joint(unit: Unit[Any]) -> type[JointUnit] | None:
    return type(unit) if isinstance(unit, JointUnit) else None


class Writer:
    """Runs units of work on its own thread; owns its connection from now on."""

    def __init__(self, connection: sqlite3.Connection, failpoint: Failpoint) -> None:
        """Start the thread. To be called in the event loop that will await ``run``.

        ``failpoint`` is called on the writer's thread with ``store.before_commit`` and ``store.after_commit`` around
        each COMMIT that wrote something. What it raises fails the units of that commit, before or after the fact.
        """
        self._connection = connection
        self._cursor = connection.cursor()
        self._failpoint = failpoint
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._stopped = False
        self._under_load = False
        self._thread = Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def run(self, unit: Unit[Result]) -> Result:
        """Run a unit; durable on return. Raises what the unit raises, named; or Unavailable."""
        if self._stopped:
            raise failures.closed()
        future: asyncio.Future[Result] = self._loop.create_future()
        self._queue.put((unit, future))
        return await future

    async def stop(self) -> None:
        """Finish what was given, then close the connection. Nothing is taken from now on."""
        if not self._stopped:
            self._stopped = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # on the writer's thread

    def _work(self) -> None:
        stopping = False
        while not stopping:
            batch, stopping = self._take()
            self._under_load = len(batch) > 1
            if batch:
                outcomes = self._commit(batch)
                try:
                    self._loop.call_soon_threadsafe(_resolve, outcomes)
                except RuntimeError:  # the loop is closed: nobody waits for an answer any more
                    stopping = True
        self._connection.close()

    def _take(self) -> tuple[list[_Waiting], bool]:
        """Wait for a unit and take all that queued behind it; True when there will be no more."""
        waiting = self._queue.get()
        if self._under_load:
            time.sleep(GATHER_SECONDS)
        batch: list[_Waiting] = []
        while waiting is not None:
            batch.append(waiting)
            if len(batch) == MAX_UNITS_PER_COMMIT:
                return batch, False
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: list[_Waiting]) -> list[_Outcome]:
        cursor, before = self._cursor, self._connection.total_changes
        try:
            cursor.execute("BEGIN IMMEDIATE")
            outcomes = list(self._run_batch(batch))
            wrote = self._connection.total_changes != before
            if wrote:
                self._failpoint("store.before_commit")
            cursor.execute("COMMIT")
            if wrote:
                self._failpoint("store.after_commit")
        except Exception as error:  # noqa: BLE001 - whatever it is, the units must hear of it and the thread go on
            self._roll_back()
            return [(future, None, failures.of_commit(error)) for _, future in batch]
        return outcomes

    def _run_batch(self, batch: list[_Waiting]) -> Iterator[_Outcome]:
        """Units in their order; neighbours that can be written together are."""
        for kind, neighbours in groupby(batch, key=lambda waiting: _kind_of_joint(waiting[0])):
            group = list(neighbours)
            if kind is not None and len(group) > 1 and self._run_together(kind, group):
                yield from ((future, None, None) for _, future in group)
            else:
                yield from (self._run_alone(unit, future) for unit, future in group)

    def _run_together(self, kind: type[JointUnit], group: list[_Waiting]) -> bool:
        """True when all were written; otherwise nothing was."""
        self._cursor.execute("SAVEPOINT units")
        try:
            kind.together(self._cursor, [unit for unit, _ in group])
        except Exception as error:
            if _is_of_the_file(error):
                raise
            self._cursor.execute("ROLLBACK TO units")
            self._cursor.execute("RELEASE units")
            return False
        self._cursor.execute("RELEASE units")
        return True

    def _run_alone(self, unit: Unit[Any], future: asyncio.Future[Any]) -> _Outcome:
        self._cursor.execute("SAVEPOINT unit")
        try:
            result = unit(self._cursor)
        except Exception as error:
            if _is_of_the_file(error):
                raise
            self._cursor.execute("ROLLBACK TO unit")
            self._cursor.execute("RELEASE unit")
            return future, None, failures.of_unit(error)
        self._cursor.execute("RELEASE unit")
        return future, result, None

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after some failures, and after a COMMIT there is nothing to roll back.
        if self._connection.in_transaction:
            try:
                self._cursor.execute("ROLLBACK")
            except sqlite3.Error:  # the disk is worse than we thought; BEGIN will say so to the next batch
                return


_UNITS_OWN = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.InterfaceError)


def _is_of_the_file(error: Exception) -> bool:
    """Whether it is the file or the disk that failed, and with it the whole transaction."""
    return isinstance(error, sqlite3.Error) and not isinstance(error, _UNITS_OWN)


def _resolve(outcomes: list[_Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():  # the caller was cancelled; what it asked for is written all the same
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
