"""Others fail: the peer, the platform, the line between, the trustees' consent. Cases wait, visibly, and then go on.

Faults come in pairs: it failed; it failed, but it happened. After every one of them everything is checked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from tongban.case.v1 import case_pb2

from gateway.cli.deliveries import requeue
from gateway.dispatch import FIRST_WAIT, LONGEST_WAIT, MAX_ATTEMPTS, GiveUp, Retry, after_failure
from sandbox.configuration import HOST
from sandbox.federation import JINGZHOU, YUEYANG, City
from sandbox.world import World
from tests.faults.carrying import FORMS, Journey, People, until
from tests.faults.invariants import check_everything
from tests.faults.proxy import line_to
from tests.faults.trustees import Trustees
from trust.directory import Action, Member, MemberStatus
from trust.errors import (
    Forbidden,
    InFlight,
    Internal,
    Malformed,
    Misconfigured,
    NotFound,
    Reason,
    TongbanError,
    Unauthenticated,
    Unavailable,
    WrongState,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

# --------------------------------------------------------------------------------------------------------------------
# When to try again
# --------------------------------------------------------------------------------------------------------------------

DOWN = Unavailable(Reason.PEER_UNAVAILABLE, "calling")


@pytest.mark.parametrize(
    ("attempts", "longest"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 64), (8, 128), (9, 256), (10, 300), (11, 300), (1999, 300)],
)
def test_the_wait_doubles_from_a_second_to_five_minutes_and_half_of_it_is_drawn_by_lot(
    attempts: int, longest: int
) -> None:
    assert after_failure(DOWN, attempts, NOW, 0.0) == Retry(NOW + longest * SECOND / 2)
    assert after_failure(DOWN, attempts, NOW, 0.5) == Retry(NOW + longest * SECOND * 3 / 4)
    assert after_failure(DOWN, attempts, NOW, 1.0) == Retry(NOW + longest * SECOND)


def test_the_patience_of_the_outbox_is_about_a_week() -> None:
    assert after_failure(DOWN, MAX_ATTEMPTS - 1, NOW, 1.0) == Retry(NOW + LONGEST_WAIT)
    assert after_failure(DOWN, MAX_ATTEMPTS, NOW, 1.0) == GiveUp()
    assert FIRST_WAIT == SECOND
    assert timedelta(days=5) < MAX_ATTEMPTS * LONGEST_WAIT * 3 / 4 < timedelta(days=9)


@pytest.mark.parametrize(
    "error",
    [
        DOWN,
        Unavailable(Reason.PLATFORM_UNAVAILABLE, "calling"),
        InFlight(Reason.CALL_IN_FLIGHT, "calling"),
        Internal(Reason.INTERNAL, "calling"),
        Misconfigured(Reason.CERTIFICATE_EXPIRED, "calling"),
        Unauthenticated(Reason.CALL_BEFORE_BOOT, "calling"),
        Unauthenticated(Reason.CALL_EXPIRED, "calling"),
        Unauthenticated(Reason.CALL_FROM_FUTURE, "calling"),
        Unauthenticated(Reason.CALL_REPLAYED, "calling"),
        Forbidden(Reason.MEMBER_SUSPENDED, "calling"),
        Forbidden(Reason.MEMBER_NOT_IN_FORCE, "calling"),
    ],
    ids=lambda error: str(error.reason),
)
def test_what_may_pass_is_tried_again(error: TongbanError) -> None:
    assert isinstance(after_failure(error, 1, NOW, 0.0), Retry)


@pytest.mark.parametrize(
    "error",
    [
        Forbidden(Reason.ITEM_NOT_GRANTED, "calling"),
        WrongState(Reason.PLATFORM_REFUSED, "calling"),
        WrongState(Reason.CASE_STATE_WRONG, "calling"),
        Malformed(Reason.FIELD_INVALID, "calling"),
        Unauthenticated(Reason.SIGNATURE_WRONG, "calling"),
    ],
    ids=lambda error: str(error.reason),
)
def test_what_will_not_change_becomes_a_dead_letter_at_once(error: TongbanError) -> None:
    assert after_failure(error, 1, NOW, 0.0) == GiveUp()


# --------------------------------------------------------------------------------------------------------------------
# A world in which it happens
# --------------------------------------------------------------------------------------------------------------------

in_the_world = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def all_well_in_the_end(world: World, people: People) -> AsyncIterator[None]:
    """Whatever a test does: in the end every case is complete and everything holds."""
    yield
    assert (await check_everything(world, people, people.journeys)).all() == []


async def waiting(
    people: People, city: City, journey: Journey, reason: Reason, attempts: int
) -> case_pb2.PendingDelivery:
    """A delivery of the case that has been tried so often and failed for that reason, as the window is shown it."""

    async def look() -> case_pb2.PendingDelivery | None:
        with contextlib.suppress(NotFound):  # the case is on its way
            for each in await people.pending(city, journey.number):
                if each.attempts >= attempts and each.last_error.startswith(f"{reason}: "):
                    return each
        return None

    return await until(look, f"{city.gateway} to show {reason} for {journey.number}", 20.0)


async def bring_back(world: World, city: City, delivery: case_pb2.PendingDelivery) -> None:
    """``tongban delivery requeue``, beside the running gateway."""
    await asyncio.to_thread(requeue, world.config(city.gateway), delivery.delivery_id)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_while_the_peer_is_down_deliveries_wait_visibly_and_then_go_on(world: World, people: People) -> None:
    await people.carry(YUEYANG)
    await world.kill(JINGZHOU.region)
    journey = await people.open(YUEYANG)
    first = await waiting(people, YUEYANG, journey, Reason.PEER_UNAVAILABLE, 1)
    second = await waiting(people, YUEYANG, journey, Reason.PEER_UNAVAILABLE, 2)
    assert first.delivery_id == second.delivery_id
    assert second.destination == JINGZHOU.gateway
    assert second.next_attempt_at.ToDatetime(UTC) > first.next_attempt_at.ToDatetime(UTC)
    assert not second.dead
    assert "look whether the member's gateway runs" in second.last_error
    await world.start(JINGZHOU.region)
    await people.finish(journey)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_a_callback_that_met_nobody_is_told_again_and_taken_once(world: World, people: People) -> None:
    journey = await people.open(YUEYANG)
    await people.platform_got(JINGZHOU, journey.number, "submitted")
    await world.kill(JINGZHOU.region)
    desk = world.desk(JINGZHOU.region)
    await desk.act(journey.number, "accept", promised_days=3)
    await asyncio.sleep(0.2)
    unheard = await desk.case(journey.number)
    assert unheard is not None
    assert [act["told"] for act in unheard["done"]] == [False]
    await world.start(JINGZHOU.region)
    await people.finish(journey, accepted=True)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
@pytest.mark.parametrize(
    ("city", "kind", "times"),
    [
        (YUEYANG, "http_500", 12),
        (YUEYANG, "busy_inside", 12),
        (JINGZHOU, "http_500", 4),
        (JINGZHOU, "busy_inside", 4),
        (JINGZHOU, "nonsense", 4),
        (JINGZHOU, "reset", 4),
    ],
    ids=lambda value: value.dialect if isinstance(value, City) else str(value),
)
async def test_a_platform_that_fails_is_tried_again_and_gets_everything_once(
    world: World, people: People, city: City, kind: str, times: int
) -> None:
    # The adapter's own three tries fail, so that it shows; then the outbox's next attempt meets one failure more.
    # Where the platform is polled, polls meet some of them too.
    await world.desk(city.region).plan_fault(kind, times=times)
    journey = await people.open(YUEYANG)
    await waiting(people, city, journey, Reason.PLATFORM_UNAVAILABLE, 1)
    await people.finish(journey)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
@pytest.mark.parametrize("kind", ["http_500", "reset"])
@pytest.mark.parametrize("city", [YUEYANG, JINGZHOU], ids=lambda city: city.dialect)
async def test_a_platform_that_fails_after_it_took_a_case_still_has_it_once(
    world: World, people: People, city: City, kind: str
) -> None:
    await world.desk(city.region).plan_fault(kind, times=1, after_taken=True)
    await people.carry(YUEYANG)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_a_platform_that_refuses_leaves_a_dead_letter_until_an_operator_requeues_it(
    world: World, people: People
) -> None:
    await world.desk(JINGZHOU.region).plan_fault("refused_inside")
    journey = await people.open(YUEYANG)
    dead = await waiting(people, JINGZHOU, journey, Reason.PLATFORM_REFUSED, 1)
    assert dead.dead
    assert not dead.HasField("next_attempt_at")
    assert dead.destination == JINGZHOU.platform
    await asyncio.sleep(1.5)  # longer than the dispatcher's longest sleep: nobody tries a dead letter again
    assert await people.pending(JINGZHOU, journey.number) == [dead]
    assert await world.desk(JINGZHOU.region).case(journey.number) is None
    await bring_back(world, JINGZHOU, dead)
    await people.finish(journey)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_a_gateway_starts_and_takes_cases_while_its_platform_is_down(world: World, people: People) -> None:
    await world.stop_platform(JINGZHOU.region)
    await world.kill(JINGZHOU.region)
    await world.start(JINGZHOU.region)
    journey = await people.open(YUEYANG)
    await waiting(people, JINGZHOU, journey, Reason.PLATFORM_UNAVAILABLE, 1)
    assert await people.pending(YUEYANG, journey.number) == []
    await world.start_platform(JINGZHOU.region)
    await people.finish(journey)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_an_item_right_withdrawn_while_running_makes_a_dead_letter_and_its_return_lets_the_case_go_on(
    world: World, people: People, trustees: Trustees
) -> None:
    withdrawn = FORMS[JINGZHOU].item

    def narrow(member: Member) -> Member:
        rights = tuple(
            replace(right, items=tuple(item for item in right.items if item != withdrawn))
            if right.action is Action.EXCHANGE_DELIVER
            else right
            for right in member.rights
        )
        return replace(member, rights=rights)

    await trustees.publish(YUEYANG.gateway, narrow)
    journey = await people.open(YUEYANG)
    dead = await waiting(people, YUEYANG, journey, Reason.ITEM_NOT_GRANTED, 1)
    assert dead.dead
    assert dead.destination == JINGZHOU.gateway
    assert await world.desk(JINGZHOU.region).case(journey.number) is None
    await trustees.restore()
    await bring_back(world, YUEYANG, dead)
    await people.finish(journey)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_a_platform_that_is_suspended_while_running_is_refused_without_a_restart(
    people: People, trustees: Trustees
) -> None:
    journey = await people.open(YUEYANG)
    await trustees.publish(YUEYANG.platform, lambda member: replace(member, status=MemberStatus.SUSPENDED))
    with pytest.raises(TongbanError) as refused:
        await people.windows[YUEYANG].cases()
    assert refused.value.reason is Reason.MEMBER_SUSPENDED
    await trustees.restore()
    await people.finish(journey)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_a_gateway_that_is_suspended_while_running_reaches_nobody_until_it_is_restored(
    people: People, trustees: Trustees
) -> None:
    await trustees.publish(YUEYANG.gateway, lambda member: replace(member, status=MemberStatus.SUSPENDED))
    journey = await people.open(YUEYANG)
    refused = await waiting(people, YUEYANG, journey, Reason.MEMBER_SUSPENDED, 1)
    assert not refused.dead  # members come back
    await trustees.restore()
    await people.finish(journey)


@in_the_world
@pytest.mark.usefixtures("all_well_in_the_end")
async def test_an_answer_that_is_lost_after_the_events_were_taken_doubles_nothing(
    world: World, people: People, trustees: Trustees
) -> None:
    async with line_to(HOST, world.ports[JINGZHOU.gateway]) as line:
        await trustees.publish(JINGZHOU.gateway, lambda member: replace(member, endpoint=line.address))
        await people.carry(YUEYANG)  # the connection stands, through the line
        line.hold()
        journey = await people.open(YUEYANG)
        await people.platform_got(JINGZHOU, journey.number, "submitted")
        (sent,) = await people.pending(YUEYANG, journey.number)
        assert (sent.destination, sent.attempts) == (JINGZHOU.gateway, 0)  # it happened, and 岳阳 doesn't know
        await line.cut()
        await waiting(people, YUEYANG, journey, Reason.PEER_UNAVAILABLE, 1)  # it failed
        await people.finish(journey)
        await trustees.restore()
