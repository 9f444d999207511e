"""Which days are working days 工作日, and what "today" is.

Statutory holidays are off and the weekends worked in exchange (调休) are on, as the State Council publishes them year
by year, late in the year before. A year that is not published is not guessed at: ``is_working_day`` raises, and
``gateway.domain.deadline`` says what it does about that.

All days are Beijing days.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final, Self

from chinese_calendar.constants import holidays, workdays

from trust.errors import Malformed, Reason, WrongState

BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The legal time of China, without daylight saving since 1991."""

_SATURDAY: Final = 5


def beijing_date(moment: datetime) -> date:
    """Return the Beijing day on which an aware moment falls. Raises ``ValueError`` when it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone has no Beijing day")
    return moment.astimezone(BEIJING).date()


def is_weekday(day: date) -> bool:
    """Whether a day is Monday to Friday, holidays not considered."""
    return day.weekday() < _SATURDAY


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The published years and, inside them, the days that differ from Monday to Friday."""

    years: frozenset[int]
    """Years that have been published."""
    days_off: frozenset[date]
    """Statutory days off; weekends need not be listed."""
    days_on: frozenset[date]
    """Weekend days worked in exchange (调休)."""

    @classmethod
    def published(cls) -> Self:
        """Return the calendar of all years that the installed ``chinesecalendar`` knows (2004 to 2026 at writing)."""
        years = range(min(holidays).year, max(holidays).year + 1)
        return cls(frozenset(years), frozenset(holidays), frozenset(workdays))

    def covers(self, day: date) -> bool:
        """Whether the day's year is published."""
        return day.year in self.years

    def is_working_day(self, day: date) -> bool:
        """Whether government offices work on that day.

        Raises ``WrongState`` (CALENDAR_UNPUBLISHED) when its year is not published.
        """
        if day.year not in self.years:
            raise WrongState(
                Reason.CALENDAR_UNPUBLISHED,
                "tell a working day",
                got=f"a day in {day.year}",
                expected="a year whose holidays are published",
                mend="have the operator load that year's calendar file",
                details={"year": str(day.year)},
            )
        return day in self.days_on or (is_weekday(day) and day not in self.days_off)

    def with_year(self, text: str) -> WorkingCalendar:
        """Return this calendar with one year added or replaced by a calendar file.

        The file is a JSON object: ``year``, ``days_off`` and ``working_weekends`` (lists of yyyy-mm-dd), and
        optionally ``source``, the notice it was copied from. A year already known is replaced as a whole, since the
        State Council has amended published years. Raises ``Malformed``, naming the field.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise _malformed("text that is not JSON", "a JSON object") from None
        if not isinstance(content, dict):
            raise _malformed(f"a JSON {type(content).__name__}", "a JSON object")
        if unknown := sorted(content.keys() - {"year", "days_off", "working_weekends", "source"}):
            raise _malformed(f"unknown field {unknown[0]!r}", "year, days_off, working_weekends and source only")
        year = content.get("year")
        if not isinstance(year, int) or isinstance(year, bool) or not 1949 <= year <= 2999:
            raise _malformed("no field 'year' with a year in it", "a whole number, for example 2027")
        off = _days(content, "days_off", year)
        on = _days(content, "working_weekends", year)
        if weekdays := sorted(day for day in on if is_weekday(day)):
            raise _malformed(f"{weekdays[0]} in 'working_weekends'", "only Saturdays and Sundays there")
        if both := sorted(on & off):
            raise _malformed(f"{both[0]} both in 'days_off' and in 'working_weekends'", "each day in one of them")
        return WorkingCalendar(
            self.years | {year}, _without(self.days_off, year) | off, _without(self.days_on, year) | on
        )


def _without(days: Iterable[date], year: int) -> frozenset[date]:
    return frozenset(day for day in days if day.year != year)


def _days(content: dict[str, object], field: str, year: int) -> frozenset[date]:
    """Read one list of days of the calendar file."""
    values = content.get(field)
    if not isinstance(values, list):
        raise _malformed(f"no list in field {field!r}", "a list of days, written yyyy-mm-dd")
    days = set()
    for value in values:
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            raise _malformed(f"{value!r} in field {field!r}", "days that exist, written yyyy-mm-dd") from None
        if day.year != year:
            raise _malformed(f"{day} in field {field!r}", f"days of {year} only")
        days.add(day)
    return frozenset(days)


def _malformed(got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        "read a calendar file",
        got=got,
        expected=expected,
        mend="correct the file and load it again",
    )
