from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import deadline as rules
from gateway.domain.calendar import WorkingCalendar
from gateway.domain.deadline import MAX_WORKING_DAYS, Deadline, Pause, due
from trust.errors import Malformed

CALENDAR = WorkingCalendar.published()


def nov(day: int) -> date:
    """A day of November 2026; the 2nd is a Monday, and there is no holiday."""
    return date(2026, 11, day)


@pytest.mark.parametrize(
    ("accepted_on", "working_days", "deadline"),
    [
        (nov(2), 1, nov(3)),
        (nov(2), 5, nov(9)),  # over a weekend
        (nov(6), 1, nov(9)),  # from Friday to Monday
        (nov(7), 1, nov(9)),  # accepted on a Saturday
        (nov(2), 0, nov(2)),  # 即办件
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # over the National Day week
        (date(2026, 10, 8), 2, date(2026, 10, 10)),  # a Saturday worked in exchange counts
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # so does the one before the lunar new year
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
    ],
)
def test_the_day_of_acceptance_does_not_count_and_only_working_days_do(
    accepted_on: date, working_days: int, deadline: date
) -> None:
    assert due(accepted_on, working_days, (), CALENDAR) == Deadline(deadline, provisional=False)


@pytest.mark.parametrize(
    ("pauses", "deadline"),
    [
        ([Pause(nov(4), nov(5))], nov(11)),  # both ends belong to it: two days
        ([Pause(nov(4), nov(4))], nov(10)),  # stopped and started on one day: that day
        ([Pause(nov(7), nov(8))], nov(9)),  # a weekend costs nothing
        ([Pause(nov(4), nov(5)), Pause(nov(5), nov(6))], nov(12)),  # what overlaps counts once
        ([Pause(nov(1), nov(2))], nov(9)),  # up to the day of acceptance: nothing
        ([Pause(nov(9), nov(10))], nov(11)),  # stopped on the last day: one whole day is left
        ([Pause(nov(10), nov(30))], nov(9)),  # after the deadline: nothing
    ],
)
def test_a_pause_moves_the_deadline_by_its_working_days(pauses: list[Pause], deadline: date) -> None:
    assert due(nov(2), 5, pauses, CALENDAR).day == deadline


def test_a_pause_of_two_centuries_is_passed_over_in_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer says when its pauses begin and end, and whoever reads the case works out its deadline."""
    looked_at: list[date] = []

    def paused(day: date, pauses: Sequence[Pause]) -> date | None:
        looked_at.append(day)
        return genuine(day, pauses)

    genuine = rules._paused
    monkeypatch.setattr(rules, "_paused", paused)
    assert due(nov(2), 1, [Pause(nov(3), date(2199, 12, 31))], CALENDAR).day == date(2200, 1, 1)
    assert looked_at == [nov(3), date(2200, 1, 1)]


def test_a_case_decided_on_the_spot_and_paused_that_day_is_due_on_the_next_free_day() -> None:
    assert due(nov(2), 0, [Pause(nov(2), nov(4))], CALENDAR).day == nov(5)


def test_a_deadline_in_an_unpublished_year_is_provisional_and_settled_by_the_calendar_file() -> None:
    year = max(CALENDAR.years) + 1
    accepted_on = date(year - 1, 12, 31)
    provisional = due(accepted_on, 1, (), CALENDAR)
    assert provisional.provisional
    assert provisional.day.weekday() < 5
    calendar = CALENDAR.with_year(f'{{"year": {year}, "days_off": ["{provisional.day}"], "working_weekends": []}}')
    settled = due(accepted_on, 1, (), calendar)
    assert not settled.provisional
    assert settled.day > provisional.day


def test_a_deadline_before_the_unpublished_year_is_certain() -> None:
    assert not due(date(2026, 12, 30), 1, (), CALENDAR).provisional


@pytest.mark.parametrize("working_days", [-1, MAX_WORKING_DAYS + 1])
def test_a_time_limit_out_of_bounds_is_refused(working_days: int) -> None:
    with pytest.raises(Malformed, match="working days"):
        due(nov(2), working_days, (), CALENDAR)


def test_a_pause_cannot_end_before_it_begins() -> None:
    with pytest.raises(Malformed, match="ends on"):
        Pause(nov(3), nov(2))


days = st.dates(date(2025, 1, 1), date(2026, 6, 30))
pauses = st.builds(lambda first, length: Pause(first, first + timedelta(length)), days, st.integers(0, 40))
limits = st.integers(0, 60)


@given(days, limits, st.lists(pauses, max_size=4), pauses)
def test_more_pause_never_brings_the_deadline_forward(
    accepted_on: date, working_days: int, some: list[Pause], more: Pause
) -> None:
    assert (
        due(accepted_on, working_days, [*some, more], CALENDAR).day
        >= due(accepted_on, working_days, some, CALENDAR).day
    )


@given(days, limits, st.lists(pauses, max_size=4))
def test_the_deadline_of_a_longer_limit_is_never_earlier(
    accepted_on: date, working_days: int, some: list[Pause]
) -> None:
    assert due(accepted_on, working_days + 1, some, CALENDAR).day >= due(accepted_on, working_days, some, CALENDAR).day


@given(days, st.integers(1, 60), st.lists(pauses, max_size=4))
def test_exactly_the_promised_number_of_running_working_days_lies_up_to_the_deadline(
    accepted_on: date, working_days: int, some: list[Pause]
) -> None:
    deadline = due(accepted_on, working_days, some, CALENDAR).day
    between = (accepted_on + timedelta(n) for n in range(1, (deadline - accepted_on).days + 1))
    running = [day for day in between if not any(pause.first <= day <= pause.last for pause in some)]
    assert sum(CALENDAR.is_working_day(day) for day in running) == working_days
    assert running[-1] == deadline
