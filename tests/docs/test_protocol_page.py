"""The two tables of docs/protocol.md are the code's, row by row."""

from __future__ import annotations

from gateway.domain.case import TRANSITIONS
from gateway.wire.routes import ROUTES
from tests.docs.pages import rows_after


def test_the_table_of_what_may_follow_what_is_the_codes_own() -> None:
    expected = [[state.value, kind.value, kind.side.value, after.value] for (state, kind), after in TRANSITIONS.items()]
    assert rows_after("protocol.md", "transitions") == expected


def test_the_table_of_methods_is_the_codes_own() -> None:
    expected = [
        [f"`{method}`", f"`{route.action.value}`", "members of the region" if route.local else "any member"]
        for method, route in ROUTES.items()
    ]
    assert rows_after("protocol.md", "methods") == expected
