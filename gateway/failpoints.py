"""Places where a crash is worth trying, and the way to try it.

``TONGBAN_FAILPOINT=name`` kills the process with SIGKILL the first time it reaches that place; ``name:n`` the n-th
time. Only the environment of the process sets it, so nobody can reach it from outside. Without the variable the places
cost a call to a function that does nothing.

Each name stands before or after something durable or visible to others; what a crash there leaves, and who picks it up:

    store.before_commit      nothing of the batch; callers got no answer and try again
    store.after_commit       everything; callers got no answer, and their next attempt is answered from the store
    exchange.before_record   nothing; as store.before_commit
    exchange.after_record    everything; as store.after_commit
    dispatch.before_send     the delivery, leased; the lease is cleared at the next start
    dispatch.after_send      the peer has it; it is sent again and the peer passes over what it holds
    dispatch.before_platform the delivery, leased; as dispatch.before_send
    dispatch.after_platform  the platform has it; the adapter asks before it writes again
    dispatch.before_settle   the outcome is known and not written; done again, as after_send and after_platform
    dispatch.after_settle    everything
    notices.before_record    the platform's notices; the poll begins at the old bookmark, the callback is repeated
    notices.after_record     everything; told again, they are passed over by their ids
    sequencer.before_place   leaves without index; placed at the next start, in the same order
    sequencer.after_place    everything
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import Final

VARIABLE: Final = "TONGBAN_FAILPOINT"

NAMES: Final = (
    "store.before_commit",
    "store.after_commit",
    "exchange.before_record",
    "exchange.after_record",
    "dispatch.before_send",
    "dispatch.after_send",
    "dispatch.before_platform",
    "dispatch.after_platform",
    "dispatch.before_settle",
    "dispatch.after_settle",
    "notices.before_record",
    "notices.after_record",
    "sequencer.before_place",
    "sequencer.after_place",
)


def from_environment(environment: Mapping[str, str]) -> Callable[[str], None]:
    """What to call at each place. ValueError for a name that is no place, so that a test can't miss by a typo."""
    armed = environment.get(VARIABLE, "")
    if not armed:
        return lambda _: None
    name, _, count = armed.partition(":")
    if name not in NAMES:
        message = f"{VARIABLE} names no place to crash: got {name!r}, expected one of {', '.join(NAMES)}"
        raise ValueError(message)
    left = int(count or "1")

    def reach(place: str) -> None:
        nonlocal left
        if place == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reach
