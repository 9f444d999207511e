"""The timestamps that a gateway keeps over its audit log, verified offline."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.x509 import Certificate

from gateway.app import read_directory, read_roots_of_time
from gateway.cli.beside import store_of
from gateway.config import Config
from gateway.exchange.witnessing import origin
from gateway.ports import Stamp, Store
from trust.audit_check import open_log_checkpoint
from trust.directory import Member
from trust.errors import Misconfigured, Reason, TongbanError
from trust.evidence_stamp import check_stamp

_PAGE: Final = 1000
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class WrongStamp:
    """A timestamp that does not hold."""

    stamp: Stamp
    what: str
    """What is wrong with it, without personal data."""


@dataclass(frozen=True, slots=True)
class CheckedStamps:
    """All timestamps of a gateway."""

    member: str
    log_size: int
    """Leaves in the log now."""
    count: int
    newest: Stamp | None
    """The one over the largest checkpoint; None when there is none."""
    authority: str
    """Whose the newest is, as far as it holds."""
    wrong: tuple[WrongStamp, ...]


async def check_stored_stamps(config: Config, now: datetime) -> CheckedStamps:
    """Verify every timestamp in a store, whether its gateway runs or not.

    1. The token is over the note's exact bytes, and its authority leads to a configured root.
    2. It has the size and the time under which it is kept.
    3. The note is a checkpoint of this gateway's log, under the log key that the directory lists.

    Whether the log still is what was stamped, is the check of the log. Misconfigured when no authority is configured.
    """
    section = config.audit.timestamps
    if section is None:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "no time-stamping authority is configured",
            expected="[audit.timestamps] with the roots that timestamps are held against",
            mend="add the section that the timestamps were fetched under",
        )
    roots = read_roots_of_time(section)
    directory, _ = read_directory(config.directory, now)
    member = directory.member(config.member.id)
    count, newest, authority, wrong = 0, None, "", list[WrongStamp]()
    async with store_of(config) as store:
        log_size = (await store.log_head()).size
        async for stamp in _all(store):
            count, newest, authority = count + 1, stamp, ""
            try:
                authority = _check(stamp, roots, member, now)
            except ValueError as error:
                wrong.append(WrongStamp(stamp, str(error)))
            except TongbanError as error:
                wrong.append(WrongStamp(stamp, error.sentence))
    return CheckedStamps(member.id, log_size, count, newest, authority, tuple(wrong))


async def _all(store: Store) -> AsyncIterator[Stamp]:
    after: Stamp | None = None
    while page := await store.stamps(after=after, limit=_PAGE):
        for stamp in page:
            yield stamp
        after = page[-1]


def _check(stamp: Stamp, roots: Sequence[Certificate], member: Member, now: datetime) -> str:
    """Whose timestamp it is. ValueError or TongbanError that says what does not hold."""
    # 1
    fact = check_stamp(stamp.token, stamp.note.encode(), roots)
    if not fact.rooted:
        raise ValueError("its authority leads to none of the configured roots")
    # 2, 3
    checkpoint = open_log_checkpoint(stamp.note, origin(member.id), member, now)
    if abs(fact.at - stamp.at) >= _SECOND:
        raise ValueError(f"it is kept under another time than its own, {fact.at.isoformat()}")
    if checkpoint.size != stamp.size:
        raise ValueError(f"it is kept under another size than its own, {checkpoint.size}")
    return fact.authority
