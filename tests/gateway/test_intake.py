"""How patient the gateway is with a platform's catalogue."""

from __future__ import annotations

from gateway.intake import CATALOGUE_LONGEST_RETRY_SECONDS, CATALOGUE_SECONDS, catalogue_wait


def test_a_catalogue_that_never_comes_right_is_pulled_ever_more_seldom() -> None:
    waits = [catalogue_wait(failures) for failures in range(1, 9)]
    assert waits == [5, 10, 20, 40, 80, 160, CATALOGUE_LONGEST_RETRY_SECONDS, CATALOGUE_LONGEST_RETRY_SECONDS]
    assert catalogue_wait(10**6) == CATALOGUE_LONGEST_RETRY_SECONDS


def test_a_catalogue_that_was_pulled_rests() -> None:
    assert catalogue_wait(0) == CATALOGUE_SECONDS
