"""What must hold after every fault, whatever it was: ``check_everything``.

It looks from outside, at what everybody can see (both desks, both windows), and then at what the gateways keep: their
outboxes and their logs. It returns what it found wrong instead of stopping at the first, so that a failure shows all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from gateway.cli.beside import store_of
from gateway.cli.logs import CheckedLog, check_stored_log
from gateway.config import load
from sandbox.federation import CITIES, City
from sandbox.world import World
from tests.faults.carrying import Journey, People, steps_received, until
from trust.audit_check import compare

STEPS: Final = ("submitted", "accepted", "supplement_requested", "supplemented", "decided", "rated")
"""A case from the window to the rating, in the agreed order."""

HANDED_OVER: Final = ("submitted", "supplemented", "rated")
"""What the processing platform is given."""

ACTS: Final = ("accepted", "supplement_requested", "decided")
"""What the processing platform does."""


@dataclass
class Findings:
    """What is wrong. Empty when everything holds."""

    by_case: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Case number to faults."""
    elsewhere: list[str] = field(default_factory=list)
    """Faults of outboxes and logs."""

    def all(self) -> list[str]:
        return [f"{number}: {fault}" for number, faults in self.by_case.items() for fault in faults] + self.elsewhere


async def check_everything(world: World, people: People, journeys: Iterable[Journey]) -> Findings:
    """Check every invariant over carried cases.

    1. Each platform has exactly one copy of each case.
    2. Each step stands once and in order at each platform, and each platform was heard once for each act.
    3. Both gateways hold the same events in the same order, and the same state.
    4. The events of each side count 1, 2, 3, … without a gap.
    5. Nothing waits and nothing is dead, in either outbox.
    6. Both logs hold under their checkpoints, whole, with no leaf left waiting.
    7. The logs tell the same of every case, and tell of every event of it exactly once.
    """
    found, events = Findings(), 0
    carried = list(journeys)
    for journey in carried:
        if not journey.done:
            found.by_case[journey.number].append(f"it was never finished; it got as far as: {journey.stage}")
            continue
        events += await _check_case(world, people, journey, found.by_case[journey.number])
    for city in CITIES:
        found.elsewhere += await _outbox(world, city)  # 5
    found.elsewhere += await _logs(world, len(carried), events)
    return found


async def _check_case(world: World, people: People, journey: Journey, faults: list[str]) -> int:
    number = journey.number
    here = await world.desk(journey.accepting.region).case(number)
    there = await world.desk(journey.processing.region).case(number)
    # 1
    for city, shown in ((journey.accepting, here), (journey.processing, there)):
        if shown is None or shown["copies"] != 1:
            faults.append(f"{city.platform} has {shown['copies'] if shown else 0} copies")
    # 2
    if steps_received(here) != list(STEPS):
        faults.append(f"{journey.accepting.platform} was told {steps_received(here)}")
    if steps_received(there) != list(HANDED_OVER):
        faults.append(f"{journey.processing.platform} was told {steps_received(there)}")
    done = [act["step"] for act in there["done"]] if there else []
    if done != list(ACTS):
        faults.append(f"{journey.processing.platform} did {done}")
    # 3
    ours = await people.windows[journey.accepting].case(number)
    theirs = await people.windows[journey.processing].case(number)
    if list(ours.steps) != list(theirs.steps):
        faults.append("the gateways hold different events")
    if [step.event for step in ours.steps] != list(STEPS) or any(step.moot for step in ours.steps):
        faults.append(f"the gateways hold {[(step.event, step.moot) for step in ours.steps]}")
    if (ours.state, ours.due_date) != (theirs.state, theirs.due_date):
        faults.append("the gateways show different states")
    if not ours.result_licence:
        faults.append(f"{journey.accepting.gateway} has no licence of the result")
    known = (ours.local_number, ours.peer_local_number, theirs.local_number)
    told = (here and here["local_number"], there and there["local_number"], there and there["local_number"])
    if known != told:
        faults.append(f"the gateways know the local numbers {known}, the platforms gave {told}")
    # 4
    for emitter in {step.emitter for step in ours.steps}:
        numbers = [step.seq for step in ours.steps if step.emitter == emitter]
        if numbers != list(range(1, len(numbers) + 1)):
            faults.append(f"the events of {emitter} are numbered {numbers}")
    return len(ours.steps)


async def _outbox(world: World, city: City) -> list[str]:
    async with store_of(load(world.config(city.gateway))) as store:
        left = await store.deliveries()
    return [
        f"{city.gateway} still has {each.kind} {each.subject} for {each.destination}"
        f"{', dead' if each.dead else ''}: {each.last_error}"
        for each in left
    ]


async def _logs(world: World, cases: int, events: int) -> list[str]:
    first, second = [await until(partial(_placed, world, city), f"{city.gateway}'s leaves") for city in CITIES]
    # 6
    faults = [f"log of {log.member}: {finding.what}" for log in (first, second) for finding in log.report.findings]
    # 7
    compared = compare(first.trail, second.trail)
    faults += [f"log of {each.log}, {each.emitter} {each.seq}: {each.what}" for each in compared.differences]
    if (compared.shared_cases, compared.agreed_events, compared.unshared_cases) != (cases, events, (0, 0)):
        faults.append(
            f"the logs agree on {compared.agreed_events} events of {compared.shared_cases} cases, beside "
            f"{compared.unshared_cases} that they do not share; carried were {events} of {cases}"
        )
    return faults


async def _placed(world: World, city: City) -> CheckedLog | None:
    """A gateway's log, checked, once no leaf waits for its place."""
    config = load(world.config(city.gateway))
    async with store_of(config) as store:
        if await store.waiting_leaves(1):
            return None
    log = await check_stored_log(config, datetime.now(UTC))
    return None if log.waiting else log
