"""When a case is due: working days from acceptance, with the clock stopped in between.

The rules, with Beijing days throughout:

1. The day of acceptance does not count. Day one is the first working day after it.
2. Only working days count: holidays are off, weekends worked in exchange (调休) are on.
3. While the clock is stopped (补正, 挂起) no day counts, and neither does the day on which it stops nor the day on
   which it starts again. So a pause is the closed interval from ``first`` to ``last``. As on the day of acceptance, the
   office never has to use a broken day; and a clock stopped on the last day leaves one whole day after it starts
   again, so that no case is late because its applicant was asked for something.
4. Pauses may overlap, lie before acceptance or after the deadline; a day is skipped once at most.
5. A clock that is still stopped has no deadline. Pass today as ``last``: the answer is the earliest day possible.
6. Zero working days (即办件) is due on the day of acceptance itself; if that day lies in a pause, on the first
   working day that does not.
7. Where a year's calendar is not published (日历未发布), Monday to Friday stand in for it and the deadline is
   provisional: it is worked out again when the calendar appears.

It follows that more pause never brings a deadline forward, and the tests hold it to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.calendar import WorkingCalendar, is_weekday
from trust.errors import Malformed, Reason

MAX_WORKING_DAYS: Final = 1000
"""Longest time limit, in working days: about four years, more than any item in any catalogue has."""

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """An interval in which the clock stood still; both ends belong to it (rule 3)."""

    first: date
    """Beijing day on which the clock stopped."""
    last: date
    """Beijing day on which it started again, or today while it has not; never before ``first``."""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Malformed(
                Reason.FIELD_INVALID,
                "read a pause",
                got=f"one that ends on {self.last} and begins on {self.first}",
                expected="an end that is not before the beginning",
            )


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last Beijing day on which a case may be finished in time."""

    day: date
    """The last day that is in time."""
    provisional: bool
    """Whether a year on the way is not published (日历未发布), so that the day may still move."""


def due(accepted_on: date, working_days: int, pauses: Sequence[Pause], calendar: WorkingCalendar) -> Deadline:
    """Work out the deadline by the rules of the module.

    Raises ``Malformed`` when ``working_days`` is negative or more than ``MAX_WORKING_DAYS``.
    """
    if not 0 <= working_days <= MAX_WORKING_DAYS:
        raise Malformed(
            Reason.FIELD_INVALID,
            "work out a deadline",
            got=f"{working_days} working days",
            expected=f"0 to {MAX_WORKING_DAYS}",
        )
    if working_days == 0 and not _paused(accepted_on, pauses):
        return Deadline(accepted_on, provisional=False)  # rule 6
    day, counted, provisional = accepted_on, 0, False
    while counted < max(working_days, 1):
        day += _ONE_DAY  # rule 1: the day of acceptance itself is never counted
        if last := _paused(day, pauses):  # rules 3 and 4; by whole pauses, since a peer says how long they are
            day = last
            continue
        if calendar.covers(day):
            counted += calendar.is_working_day(day)  # rule 2
        else:
            counted += is_weekday(day)
            provisional = True  # rule 7
    return Deadline(day, provisional)


def _paused(day: date, pauses: Sequence[Pause]) -> date | None:
    """The last day of the longest pause that the day lies in; None on a day on which the clock runs."""
    return max((pause.last for pause in pauses if pause.first <= day <= pause.last), default=None)
