"""Both gateways killed at every failpoint in the middle of cases, started again: nothing lost, doubled or disagreed.

One world for all of it. While cases are carried by patient people (``carrying``), several at once and one after the
other, one gateway dies by SIGKILL at one failpoint after the other: whenever it is dead, it is started again, armed
with the next. What a restart finds is therefore always the middle of somebody's case. In the end it is started sound,
the cases are finished, and everything is checked (``invariants``).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from gateway import failpoints
from gateway.cli.beside import store_of
from gateway.config import load
from sandbox.federation import CITIES, JINGZHOU, YUEYANG, City, city_of
from sandbox.processes import NotRunning
from sandbox.world import World
from tests.faults.carrying import Journey, People
from tests.faults.invariants import Findings, check_everything
from trust.errors import TongbanError

AT_ONCE: Final = 3
"""Cases under way at the same time."""

BOUND_SECONDS: Final = 180.0
"""A failpoint that was not reached by then is never reached: the people stop opening cases."""


LONGEST_WAIT: Final = timedelta(seconds=1)
"""With a crash every two seconds, backoff would soon be all that is tried here."""


@dataclass(frozen=True)
class Place:
    """Where a gateway is killed."""

    gateway: str
    """Its region."""
    name: str
    hit: int
    """At the how-manieth hit since the process started."""

    @property
    def armed(self) -> str:
        return f"{self.name}:{self.hit}"

    def __str__(self) -> str:
        return f"{self.gateway}-{self.armed}"


def places(gateway: str, hits: dict[str, tuple[int, ...]]) -> list[Place]:
    return [Place(gateway, name, hit) for name, several in hits.items() for hit in several]


# The hits are spread so that the kill comes at different moments of a case. What a start itself reaches (the store's
# commits, the sequencer's first step) is passed over by higher numbers.

ACCEPTING: Final = places(
    "430600",
    {
        "store.before_commit": (9, 31),
        "store.after_commit": (12,),
        "exchange.before_record": (2,),
        "exchange.after_record": (1, 8),
        "dispatch.before_send": (1,),
        "dispatch.after_send": (1, 3),
        "dispatch.before_platform": (2,),
        "dispatch.after_platform": (5,),
        "dispatch.before_settle": (3,),
        "dispatch.after_settle": (4,),
        "sequencer.before_place": (2,),
        "sequencer.after_place": (2,),
    },
)
"""岳阳, where the cases are opened. Its platform has nothing to tell of them."""

PROCESSING: Final = places(
    "421000",
    {
        "store.before_commit": (10,),
        "store.after_commit": (13, 36),
        "exchange.before_record": (1,),
        "exchange.after_record": (1, 3),
        "dispatch.before_send": (1,),
        "dispatch.after_send": (1,),
        "dispatch.before_platform": (1,),
        "dispatch.after_platform": (1,),
        "dispatch.before_settle": (2,),
        "dispatch.after_settle": (3,),
        "notices.before_record": (1,),
        "notices.after_record": (1, 2),
        "sequencer.before_place": (2,),
        "sequencer.after_place": (2,),
    },
)
"""荆州, where they are handled, and whose platform calls back."""

POLLING: Final = places("430600", {"notices.before_record": (1,), "notices.after_record": (2,)})
"""岳阳 once more, now as the place that handles: so its platform has something to tell, and is polled for it."""

SIEGES: Final = ((YUEYANG, ACCEPTING), (YUEYANG, PROCESSING), (JINGZHOU, POLLING))
"""Where the cases are opened, and where a gateway is killed meanwhile."""

PLACES: Final = [place for _, sequence in SIEGES for place in sequence]


@dataclass(frozen=True)
class Crash:
    """A gateway died."""

    place: Place
    status: int
    """Exit status; minus the number of the signal that killed it."""
    under_way: tuple[Journey, ...]
    """Cases that people were carrying at that moment."""
    stages: tuple[str, ...]
    """And how far each of them had come."""


@dataclass
class Campaign:
    """What happened."""

    crashes: dict[Place, Crash] = field(default_factory=dict)
    journeys: list[Journey] = field(default_factory=list)
    found: Findings = field(default_factory=Findings)
    failures: list[str] = field(default_factory=list)
    """People who gave up."""


async def kill_at_each(world: World, people: People, sequence: Sequence[Place], campaign: Campaign) -> None:
    """Kill one gateway at one place after the other, and leave it running, sound."""
    gateway = sequence[0].gateway
    await world.kill(gateway)
    for place in sequence:
        with contextlib.suppress(NotRunning):  # so early: it found work that the last crash left
            await world.start(gateway, place.armed)
        status = await world.ended(city_of(gateway).gateway)
        under_way = tuple(journey for journey in people.journeys if not journey.done)
        stages = tuple(journey.stage for journey in under_way)
        campaign.crashes[place] = Crash(place, status, under_way, stages)
    await world.start(gateway)


async def hurry(world: World) -> None:
    """Be an operator without patience: requeue what waits long because attempt after attempt met a dead peer."""
    while True:
        for city in CITIES:
            async with store_of(load(world.config(city.gateway))) as store:
                now = datetime.now(UTC)
                for delivery in await store.deliveries():
                    if delivery.run_at > now + LONGEST_WAIT:
                        await store.requeue(delivery.delivery_id, now=now)
        await asyncio.sleep(LONGEST_WAIT.total_seconds() / 2)


async def carry_cases(people: People, accepting: City, siege: asyncio.Task[None]) -> None:
    """Carry case after case until the siege is over; at least one."""
    while not people.journeys or not siege.done():
        await people.carry(accepting)


async def stop(*under_way: asyncio.Task[None]) -> None:
    for each in under_way:
        each.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


async def wage(folder: Path) -> Campaign:
    campaign = Campaign()
    async with World(folder) as world:
        people = People.of(world)
        operator = asyncio.create_task(hurry(world))
        try:
            for accepting, sequence in SIEGES:
                siege = asyncio.create_task(kill_at_each(world, people, sequence, campaign))
                carriers = [asyncio.create_task(carry_cases(people, accepting, siege)) for _ in range(AT_ONCE)]
                try:
                    async with asyncio.timeout(BOUND_SECONDS):
                        await asyncio.gather(siege, *carriers)
                except (TimeoutError, AssertionError, TongbanError) as error:
                    campaign.failures.append(f"{type(error).__name__}: {error}")
                    await stop(siege, *carriers)
                    break
            campaign.failures += [repr(operator.exception())] if operator.done() else []
            campaign.journeys = people.journeys
            if not campaign.failures:
                campaign.found = await check_everything(world, people, people.journeys)
        finally:
            await stop(operator)
            await people.close()
    return campaign


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return asyncio.run(wage(tmp_path_factory.mktemp("crashes")))


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_case_survives_a_gateway_killed_in_its_middle(campaign: Campaign, place: Place) -> None:
    crash = campaign.crashes.get(place)
    assert crash is not None, f"never reached; {campaign.failures}"
    assert crash.status == -signal.SIGKILL
    assert crash.under_way
    assert [fault for journey in crash.under_way for fault in campaign.found.by_case[journey.number]] == []


def test_every_failpoint_kills_both_gateways() -> None:
    reached = {(place.gateway, place.name) for place in PLACES}
    assert reached == {(city.region, name) for city in CITIES for name in failpoints.NAMES}


def test_after_all_of_it_nothing_is_lost_doubled_or_disagreed(campaign: Campaign) -> None:
    assert campaign.failures == []
    assert len(campaign.journeys) >= AT_ONCE
    assert campaign.found.all() == []


def test_the_kills_come_at_every_stage_of_a_case(campaign: Campaign) -> None:
    stages = {stage for crash in campaign.crashes.values() for stage in crash.stages}
    assert stages >= {"opened", "to be accepted", "to be supplemented", "to be decided", "to be rated"}
