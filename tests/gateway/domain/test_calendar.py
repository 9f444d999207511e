from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from gateway.domain.calendar import WorkingCalendar, beijing_date
from trust.errors import Malformed, Reason, WrongState

CALENDAR = WorkingCalendar.published()
UNPUBLISHED = max(CALENDAR.years) + 1


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 20), True),  # Friday
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 10, 10), True),  # a Saturday worked in exchange
        (date(2026, 2, 16), False),  # the eve of the lunar new year, a Monday
        (date(2026, 2, 28), True),  # a Saturday worked in exchange
    ],
)
def test_statutory_holidays_are_off_and_exchanged_weekends_on(day: date, working: bool) -> None:
    assert CALENDAR.is_working_day(day) is working


@pytest.mark.parametrize("year", [2003, UNPUBLISHED])
def test_a_year_that_is_not_published_is_not_guessed_at(year: int) -> None:
    day = date(year, 3, 5)
    assert not CALENDAR.covers(day)
    with pytest.raises(WrongState, match=str(year)) as caught:
        CALENDAR.is_working_day(day)
    assert caught.value.reason is Reason.CALENDAR_UNPUBLISHED


def calendar_file(**changes: object) -> str:
    content: dict[str, object] = {
        "year": UNPUBLISHED,
        "source": "test",
        "days_off": [f"{UNPUBLISHED}-01-01"],
        "working_weekends": [],
    }
    return json.dumps({**content, **changes})


def test_a_calendar_file_publishes_a_year_and_leaves_the_others() -> None:
    calendar = CALENDAR.with_year(calendar_file())
    assert not calendar.is_working_day(date(UNPUBLISHED, 1, 1))
    assert calendar.is_working_day(date(2026, 10, 10))
    assert not CALENDAR.covers(date(UNPUBLISHED, 1, 1))


def test_a_calendar_file_replaces_a_published_year_as_a_whole() -> None:
    calendar = CALENDAR.with_year('{"year": 2026, "days_off": [], "working_weekends": ["2026-11-21"]}')
    assert calendar.is_working_day(date(2026, 10, 1))
    assert calendar.is_working_day(date(2026, 11, 21))
    assert not calendar.is_working_day(date(2026, 10, 10))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "JSON list"),
        (calendar_file(year="2027"), "'year'"),
        (calendar_file(year=True), "'year'"),
        (calendar_file(holidays=[]), "unknown field 'holidays'"),
        (calendar_file(days_off=None), "'days_off'"),
        (calendar_file(days_off=[1]), "'days_off'"),
        (calendar_file(days_off=["2027-02-30"]), "2027-02-30"),
        (calendar_file(days_off=["1999-01-01"]), "1999-01-01"),
        (calendar_file(year=2026, days_off=[], working_weekends=["2026-11-20"]), "Saturdays and Sundays"),
        (calendar_file(year=2026, days_off=["2026-11-21"], working_weekends=["2026-11-21"]), "both in"),
    ],
)
def test_a_wrong_calendar_file_is_refused_by_field(text: str, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        CALENDAR.with_year(text)
    assert message in str(caught.value)


def test_the_beijing_day_begins_eight_hours_before_the_utc_day() -> None:
    assert beijing_date(datetime(2026, 11, 20, 15, 59, tzinfo=UTC)) == date(2026, 11, 20)
    assert beijing_date(datetime(2026, 11, 20, 16, 0, tzinfo=UTC)) == date(2026, 11, 21)


def test_a_moment_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="zone"):
        beijing_date(datetime(2026, 11, 20, 12, 0))  # noqa: DTZ001
