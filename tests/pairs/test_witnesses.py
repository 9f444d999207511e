"""Two real gateways that witness each other's logs, and whose stores are changed behind their backs."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from tongban.audit.v1 import audit_service_pb2

from gateway import cosigning, sequencer, watching
from gateway.app import Gateway
from gateway.config import load
from gateway.cosigning import Cosigner
from gateway.exchange.alarms import AlarmKind
from gateway.exchange.audit import newest_cosigned
from gateway.exchange.witnessing import log_keys, origin, split_note, witness_keys, witness_name
from gateway.ports import Alarm, Recording, Store
from gateway.rpc.peers import GrpcPeers
from gateway.store.rows import frontier_text
from gateway.wire import routes
from sandbox.federation import CITIES, JINGZHOU, YUEYANG, City
from sandbox.window import Person, Window, sample_scan, scanned
from tests.pairs.ground import Ground, two_gateways
from trust.checkpoint import Checkpoint
from trust.leaf import Leaf, LeafKind
from trust.merkle import CompactRange, leaf_hash
from trust.note import NoteKey, open_note
from trust.signed_call import Officer
from trust.witness import Contradiction, verify_contradiction

PATIENCE_SECONDS: Final = 60.0
ITEM: Final = "12430600TB4306016C3432090011000"


@dataclass
class Pair:
    """Both gateways, which can be stopped, changed and started again."""

    ground: Ground
    started: list[Gateway] = field(default_factory=list)

    def store(self, city: City) -> Store:
        return self.ground.gateways[city.gateway].house.store

    def file(self, city: City) -> Path:
        return load(self.ground.folder / f"{city.gateway}.toml").store.path

    async def stop(self, city: City) -> None:
        await self.ground.gateways[city.gateway].close()

    async def start(self, city: City) -> None:
        gateway = await Gateway.start(load(self.ground.folder / f"{city.gateway}.toml"))
        self.ground.gateways[city.gateway] = gateway
        self.started.append(gateway)

    def keep(self, city: City) -> Path:
        """A backup of a store that is not open."""
        return Path(shutil.copy(self.file(city), self.ground.folder / f"{city.region}.backup"))

    def restore(self, city: City, backup: Path) -> None:
        shutil.copy(backup, self.file(city))
        for beside in ("-wal", "-shm"):
            self.file(city).with_name(self.file(city).name + beside).unlink(missing_ok=True)

    async def grow(self, city: City, *texts: str) -> None:
        leaves = tuple(Leaf(LeafKind.ADMIN, city.gateway, text, datetime.now(UTC)).to_bytes() for text in texts)
        await self.store(city).record(Recording(leaves=leaves))

    def log_keys(self, city: City) -> tuple[NoteKey, ...]:
        return log_keys(self.ground.federation.directory.member(city.gateway), datetime.now(UTC))

    async def cosigned_size(self, city: City) -> int:
        note = await newest_cosigned(self.ground.gateways[city.gateway].house)
        return Checkpoint.from_text(split_note(note)[0]).size if note else 0

    async def until_cosigned(self, city: City) -> int:
        """Wait until all that is in the city's log now is cosigned; how much that is."""
        size = 0

        async def all_of_it() -> bool:
            nonlocal size
            waiting, size = await self.store(city).waiting_leaves(1), (await self.store(city).log_head()).size
            return not waiting and size > 0 and await self.cosigned_size(city) >= size

        await until(all_of_it, f"{city.name}'s log to be cosigned")
        return size

    async def alarm(self, city: City, kind: AlarmKind) -> Alarm:
        """Wait for an alarm of that kind at the city's gateway."""
        found: list[Alarm] = []

        async def raised() -> bool:
            found[:] = [each for each in await self.store(city).alarms() if each.kind == kind]
            return bool(found)

        await until(raised, f"{kind} at {city.name}")
        return found[-1]


async def until(look: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await look():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s for {what}"
        await asyncio.sleep(0.02)


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    """Everything that takes a minute takes a moment."""
    monkeypatch.setenv("TONGBAN_AUDIT__COSIGN_SECONDS", "0.1")
    monkeypatch.setattr(sequencer, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(watching, "EVERY_SECONDS", 0.5)
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.1)
    async with two_gateways(tmp_path) as ground:
        made = Pair(ground)
        yield made
        for gateway in made.started:
            await gateway.close()


def rewrite(file: Path, index: int, leaf: bytes) -> None:
    """Put another leaf into a stored log, and every hash over it right, as somebody would who has the file."""
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE leaves SET data = ? WHERE leaf_index = ?", (leaf, index))
        tree = CompactRange()
        rows = connection.execute("SELECT leaf_id, data FROM leaves WHERE leaf_index >= 0 ORDER BY leaf_index")
        for leaf_id, data in rows.fetchall():
            hashed = leaf_hash(data)
            tree, finished = tree.append(hashed)
            connection.execute("UPDATE leaves SET leaf_hash = ? WHERE leaf_id = ?", (hashed, leaf_id))
            for node in finished:
                values = (node.hash, node.level, node.index)
                connection.execute("UPDATE log_nodes SET hash = ? WHERE level = ? AND node_index = ?", values)
        levels = [level for level in reversed(range(64)) if tree.size >> level & 1]
        frontier = frontier_text(tuple(zip(levels, tree.hashes, strict=True)))
        connection.execute("UPDATE log_head SET frontier = ?", (frontier,))


async def test_both_cosign_and_each_message_carries_the_heads(pair: Pair) -> None:
    clients = {city: pair.ground.client(city.platform) for city in CITIES}
    windows = {city: Window(client, city, Officer("w1", "window", "1")) for city, client in clients.items()}
    papers = [scanned("id_card", "居民身份证", sample_scan("identity card"))]
    case = await windows[YUEYANG].open_case(ITEM, JINGZHOU.region, Person.named("resident"), papers, answers={})

    async def settled() -> bool:
        return not any([(await windows[city].case(case.case_number)).pending for city in CITIES])

    await until(settled, "the case to be delivered")
    for city in CITIES:
        await pair.until_cosigned(city)
    second = await windows[YUEYANG].open_case(ITEM, JINGZHOU.region, Person.named("resident"), papers, answers={})
    case = second
    await until(settled, "the second case to be delivered")
    for ours, theirs in ((YUEYANG, JINGZHOU), (JINGZHOU, YUEYANG)):
        seen = [leaf for leaf in await pair.ground.leaves(ours) if leaf.kind is LeafKind.HEAD_SEEN]
        assert {leaf.member for leaf in seen} == {theirs.gateway}
        assert len({leaf.seq for leaf in seen}) == len(seen)
        await pair.until_cosigned(ours)
        note = await newest_cosigned(pair.ground.gateways[ours.gateway].house)
        member = pair.ground.federation.directory.member(theirs.gateway)
        opened = open_note(note, [*witness_keys(member, datetime.now(UTC)), *pair.log_keys(ours)])
        assert set(opened.cosigned) == {witness_name(theirs.gateway)}
        assert await pair.store(ours).alarms() == []
    # Neither log grows because the other one is witnessed.
    sizes = [await pair.until_cosigned(city) for city in CITIES]
    await asyncio.sleep(0.5)
    assert [(await pair.store(city).log_head()).size for city in CITIES] == sizes
    for client in clients.values():
        await client.close()


async def test_a_rewritten_leaf_convicts_the_log_and_nobody_cosigns_it(pair: Pair) -> None:
    await pair.grow(JINGZHOU, *(f"act-{number}" for number in range(11)))
    size = await pair.until_cosigned(JINGZHOU)
    await pair.stop(JINGZHOU)
    rewrite(pair.file(JINGZHOU), 3, Leaf(LeafKind.ADMIN, JINGZHOU.gateway, "innocent", datetime.now(UTC)).to_bytes())
    await pair.start(JINGZHOU)
    await pair.grow(JINGZHOU, "life-goes-on")
    alarm = await pair.alarm(YUEYANG, AlarmKind.LOG_CONTRADICTS_ITSELF)
    assert alarm.member == JINGZHOU.gateway
    first, second = verify_contradiction(Contradiction.from_json(alarm.proof), pair.log_keys(JINGZHOU))
    assert first.size <= size < second.size
    # 荆州 is told as well, by its witness.
    assert (await pair.alarm(JINGZHOU, AlarmKind.OWN_LOG_WENT_BACK)).member == JINGZHOU.gateway
    assert await pair.cosigned_size(JINGZHOU) <= size


async def test_a_log_that_was_rolled_back_is_found_by_both(pair: Pair) -> None:
    await pair.grow(JINGZHOU, "early")
    await pair.until_cosigned(JINGZHOU)
    await pair.stop(JINGZHOU)
    backup = pair.keep(JINGZHOU)
    await pair.start(JINGZHOU)
    await pair.grow(JINGZHOU, *(f"late-{number}" for number in range(9)))
    size = await pair.until_cosigned(JINGZHOU)
    await pair.stop(JINGZHOU)
    pair.restore(JINGZHOU, backup)
    await pair.start(JINGZHOU)
    alarm = await pair.alarm(YUEYANG, AlarmKind.LOG_WENT_BACK)
    assert alarm.member == JINGZHOU.gateway
    assert f"\\n{size}\\n".encode() in alarm.proof
    await pair.grow(JINGZHOU, "another-story")
    await pair.alarm(JINGZHOU, AlarmKind.OWN_LOG_WENT_BACK)


async def test_a_fork_is_found_when_both_sides_of_it_have_been_shown(pair: Pair) -> None:
    """荆州 goes on from one moment twice, and signs both."""
    await pair.grow(JINGZHOU, *(f"act-{number}" for number in range(4)))
    await pair.until_cosigned(JINGZHOU)
    await pair.stop(JINGZHOU)
    before = pair.keep(JINGZHOU)
    await pair.start(JINGZHOU)
    await pair.grow(JINGZHOU, "one-story", "and-more", "and-more-of-it")
    await pair.until_cosigned(JINGZHOU)
    await pair.stop(JINGZHOU)
    pair.restore(JINGZHOU, before)
    await pair.start(JINGZHOU)
    await pair.grow(JINGZHOU, *(f"another-story-{number}" for number in range(40)))
    alarm = await pair.alarm(YUEYANG, AlarmKind.LOG_CONTRADICTS_ITSELF)
    verify_contradiction(Contradiction.from_json(alarm.proof), pair.log_keys(JINGZHOU))


async def test_a_witness_restored_from_a_backup_is_told_of_and_goes_on(pair: Pair) -> None:
    await pair.grow(YUEYANG, "early")
    await pair.until_cosigned(YUEYANG)
    await pair.stop(JINGZHOU)
    backup = pair.keep(JINGZHOU)
    await pair.start(JINGZHOU)
    await pair.grow(YUEYANG, *(f"late-{number}" for number in range(6)))
    size = await pair.until_cosigned(YUEYANG)
    await pair.stop(JINGZHOU)
    pair.restore(JINGZHOU, backup)
    await pair.start(JINGZHOU)
    await pair.grow(YUEYANG, "next")
    alarm = await pair.alarm(YUEYANG, AlarmKind.WITNESS_WENT_BACK)
    assert alarm.member == JINGZHOU.gateway
    assert f"\\n{size}\\n".encode() in alarm.proof
    assert await pair.until_cosigned(YUEYANG) > size


async def test_an_alarm_is_shown_to_the_citys_staff_and_taken_note_of_by_an_officer(pair: Pair) -> None:
    house = pair.ground.gateways[YUEYANG.gateway].house
    raised = Alarm("a-1", AlarmKind.LOG_CANNOT_PROVE, JINGZHOU.gateway, datetime.now(UTC), "it does not prove", b"{}")
    await house.store.record(Recording(alarms=(raised,)))
    client = pair.ground.client(YUEYANG.platform)
    wanted = audit_service_pb2.ListAlarmsRequest(open_only=True).SerializeToString()

    async def open_ones() -> list[str]:
        answer = await client.call(YUEYANG.gateway, routes.LIST_ALARMS, wanted)
        return [each.alarm_id for each in audit_service_pb2.ListAlarmsResponse.FromString(answer.body).alarms]

    assert await open_ones() == ["a-1"]
    note = audit_service_pb2.AcknowledgeAlarmRequest(idempotency_key="note-0001", alarm_id="a-1").SerializeToString()
    await client.call(YUEYANG.gateway, routes.ACKNOWLEDGE_ALARM, note, officer=Officer("o-7", "audit", ""))
    assert await open_ones() == []
    assert (await house.store.alarms())[0].acknowledged_by == "o-7"
    acts = [leaf.subject for leaf in await pair.ground.leaves(YUEYANG) if leaf.kind is LeafKind.ADMIN]
    assert "alarm:a-1" in acts
    await client.close()


async def test_a_round_between_two_gateways_takes_a_moment(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the measure itself, which ``make bench`` takes; only that a round is no long business."""
    house = pair.ground.gateways[YUEYANG.gateway].house
    await pair.grow(YUEYANG, "one")
    await pair.until_cosigned(YUEYANG)
    monkeypatch.setattr(cosigning, "HEARTBEAT_SECONDS", 0.0)
    client = pair.ground.client(YUEYANG.gateway)
    cosigner = Cosigner(house, GrpcPeers(client), every=5.0)
    times = []
    for _ in range(40):
        began = time.perf_counter()
        await asyncio.gather(*await cosigner.begin_round())
        times.append(time.perf_counter() - began)
    await client.close()
    times.sort()
    assert times[20] < 0.05, f"p50 {times[20] * 1000:.1f} ms, p95 {times[38] * 1000:.1f} ms"
    print(f"p50 {times[20] * 1000:.2f} ms, p95 {times[38] * 1000:.2f} ms")  # noqa: T201
    witnessed = await pair.store(JINGZHOU).witnessed(origin(YUEYANG.gateway))
    assert witnessed is not None
