"""A gateway's stored audit log, read and checked from its first leaf to its last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.app import read_directory
from gateway.cli.beside import store_of
from gateway.config import Config
from gateway.exchange.witnessing import origin
from gateway.ports import Store
from trust.audit_check import CaseTrail, LogCheck, LogReport, finished_nodes, open_log_checkpoint
from trust.checkpoint import Checkpoint
from trust.merkle import EMPTY_ROOT

_PAGE: Final = 1000
_COUNTED_WAITING: Final = 100_000


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A log that was read whole."""

    member: str
    """Member id of the gateway whose log it is."""
    report: LogReport
    """How it stands against its newest checkpoint."""
    trail: CaseTrail
    """What it tells of case events."""
    waiting: int
    """Leaves that are recorded and not in the log yet."""


async def check_stored_log(config: Config, now: datetime) -> CheckedLog:
    """Read a stored log under its newest checkpoint, whether its gateway runs or not.

    1. The checkpoint is signed by the log key that the directory lists for this gateway. A log without leaves has none.
    2. Every leaf is read and checked (``trust.audit_check.LogCheck``).

    Raises what step 1 finds: the directory's errors, Malformed, Unauthenticated.
    """
    member = config.member.id
    directory, _ = read_directory(config.directory, now)
    async with store_of(config) as store:
        # 1. The head is read first: leaves that are placed meanwhile belong to a later checkpoint.
        head = await store.log_head()
        if head.checkpoint:
            checkpoint = open_log_checkpoint(head.checkpoint, origin(member), directory.member(member), now)
        else:
            checkpoint = Checkpoint(origin(member), 0, EMPTY_ROOT)
        # 2
        check, trail = LogCheck(), CaseTrail(member)
        for start in range(0, checkpoint.size, _PAGE):
            await _read_page(store, start, min(_PAGE, checkpoint.size - start), check, trail)
        waiting = len(await store.waiting_leaves(_COUNTED_WAITING))
    return CheckedLog(member, check.against(checkpoint), trail, waiting)


async def _read_page(store: Store, start: int, count: int, check: LogCheck, trail: CaseTrail) -> None:
    kept = await store.nodes(list(finished_nodes(start, count)))
    for leaf in await store.leaves(start, count):
        read = check.add(leaf, kept)
        if read is not None:
            trail.add(read)
