"""One sign-on for all who need it at the same time, whatever comes of it."""

from __future__ import annotations

import asyncio

import pytest

from adapters.failures import TokenExpired, unavailable
from adapters.session_token import SessionToken
from trust.errors import Unavailable


async def echo(token: str) -> str:
    return token


async def test_calls_at_once_share_one_sign_on() -> None:
    signed_on = 0

    async def sign_on() -> str:
        nonlocal signed_on
        signed_on += 1
        await asyncio.sleep(0)
        return f"token-{signed_on}"

    session = SessionToken(sign_on)
    assert await asyncio.gather(*(session.use(echo) for _ in range(5))) == ["token-1"] * 5


async def test_calls_at_once_share_one_failure_instead_of_waiting_in_turn() -> None:
    tries = 0

    async def sign_on() -> str:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        raise unavailable("sign on", got="no answer")

    session = SessionToken(sign_on)
    outcomes = await asyncio.gather(*(session.use(echo) for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 5
    assert tries == 1
    with pytest.raises(Unavailable):
        await session.use(echo)
    assert tries == 2  # the failure is nobody's who comes later


async def test_a_caller_who_gives_up_does_not_take_the_sign_on_from_the_others() -> None:
    may_answer = asyncio.Event()

    async def sign_on() -> str:
        await may_answer.wait()
        return "token"

    session = SessionToken(sign_on)
    first, second = (asyncio.create_task(session.use(echo)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    may_answer.set()
    assert await second == "token"


async def test_a_forgotten_token_is_renewed_once_for_all() -> None:
    given = iter(("old", "new"))

    async def sign_on() -> str:
        return next(given)

    async def call(token: str) -> str:
        await asyncio.sleep(0)
        if token == "old":
            raise TokenExpired
        return token

    session = SessionToken(sign_on)
    assert await asyncio.gather(*(session.use(call) for _ in range(5))) == ["new"] * 5
