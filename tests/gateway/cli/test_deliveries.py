"""The outbox in an operator's hands, beside the gateway that works on it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.ports import DeliveryKind, NewDelivery, Recording
from tests.gateway.cli.installation import JINGZHOU, YUEYANG, Federation, Run
from trust.leaf import Leaf, LeafKind

DEAD, WAITING = "5a3d1d9a-0000-4000-8000-000000000001", "5a3d1d9a-0000-4000-8000-000000000002"
SECRET = "陈𠮷安".encode()


@pytest.fixture
def config(federation: Federation) -> Path:
    async def fill() -> None:
        deliveries = (
            NewDelivery(
                DEAD, DeliveryKind.PLATFORM_NOTICE, YUEYANG, "one", "1", payload=SECRET, dead_because="unreadable"
            ),
            NewDelivery(
                WAITING, DeliveryKind.PEER_EVENT, JINGZHOU, "two", "1", run_at=datetime(2026, 11, 21, tzinfo=UTC)
            ),
        )
        async with federation.store(YUEYANG) as store:
            await store.record(Recording(deliveries=deliveries))

    asyncio.run(fill())
    return federation.gateway_config(YUEYANG)


def test_what_waits_is_listed_without_what_it_carries(config: Path, run: Run) -> None:
    answer = run("delivery", "list", "--config", config)
    assert answer.exit_code == 0
    assert DEAD in answer.stdout
    assert "dead letter" in answer.stdout
    assert "2026-11-21 08:00:00 +08:00" in answer.stdout
    assert SECRET.decode() not in answer.stdout


def test_dead_letters_are_listed_alone(config: Path, run: Run) -> None:
    (listed,) = json.loads(run("delivery", "list", "--dead", "--json", "--config", config).stdout)
    assert (listed["delivery_id"], listed["dead"], listed["last_error"]) == (DEAD, True, "unreadable")
    assert "payload" not in listed


async def test_a_dead_letter_is_requeued_while_the_gateway_runs_and_the_log_tells_of_it(
    config: Path, run: Run, federation: Federation
) -> None:
    async with federation.store(YUEYANG) as store:
        answer = await asyncio.to_thread(run, "delivery", "requeue", DEAD, "--config", config)
        assert answer.exit_code == 0, answer.output
        assert await store.deliveries(dead_only=True) == []
        (waiting,) = await store.waiting_leaves(10)
    leaf = Leaf.from_bytes(waiting.data)
    assert (leaf.kind, leaf.member, leaf.subject) == (LeafKind.ADMIN, YUEYANG, f"delivery.requeue:{DEAD}")


def test_an_unknown_delivery_is_refused_and_leaves_no_trace(config: Path, run: Run, federation: Federation) -> None:
    answer = run("delivery", "requeue", "5a3d1d9a-0000-4000-8000-00000000000f", "--config", config)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("error: DELIVERY_UNKNOWN")
    assert "提示：没有找到该投递记录。" in answer.stderr

    async def waiting() -> int:
        async with federation.store(YUEYANG) as store:
            return len(await store.waiting_leaves(10))

    assert asyncio.run(waiting()) == 0
