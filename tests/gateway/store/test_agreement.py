"""The outbox in SQLite keeps heads and due times in columns; the one in memory computes both. They always agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from gateway.ports import Delivery, Lease, Recording, StaleLease, Store
from gateway.store.memory import MemoryStore
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault
from tests.contract.store_samples import NOW, SECOND, JsonCodec, delivery
from trust.errors import NotFound


class Side:
    """One of the two stores, and the newest lease that it gave on each delivery, tried again when it is stale too."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.leases: dict[str, Lease] = {}

    async def claim(self, seconds: int, limit: int) -> list[Delivery]:
        now = NOW + seconds * SECOND
        claimed = await self.store.claim(now=now, limit=limit, lease=20 * SECOND)
        self.leases |= {taken.delivery_id: taken.lease for taken in claimed if taken.lease}
        return [replace(taken, lease=None) for taken in claimed]

    async def settle(self, delivery_id: str) -> str:
        lease = self.leases.get(delivery_id, Lease(delivery_id, "none"))
        try:
            await self.store.record(Recording(settled=(lease,)))
        except StaleLease:
            return "stale"
        return "settled"

    async def postpone(self, delivery_id: str, seconds: int, *, dead: bool) -> str:
        lease = self.leases.get(delivery_id, Lease(delivery_id, "none"))
        try:
            await self.store.postpone(lease, run_at=NOW + seconds * SECOND, error="failed", dead=dead)
        except StaleLease:
            return "stale"
        return "postponed"

    async def requeue(self, delivery_id: str, seconds: int) -> str:
        try:
            await self.store.requeue(delivery_id, now=NOW + seconds * SECOND)
        except NotFound:
            return "unknown"
        return "requeued"

    async def do(self, step: str, choose: Random, known: list[str], seconds: int) -> object:
        """One step; both sides are given generators in the same state, so they do the same."""
        match step:
            case "record":
                subject, stream = str(choose.randrange(40)), f"stream-{choose.randrange(4)}"
                run_at = choose.choice([None, NOW + (seconds + 15) * SECOND])
                new = delivery(stream, subject, delivery_id=f"d-{len(known)}", run_at=run_at)
                await self.store.record(Recording(deliveries=(new,)))
                return None
            case "claim":
                return await self.claim(seconds, limit=choose.randrange(1, 4))
            case "settle":
                return await self.settle(choose.choice(known))
            case "postpone":
                return await self.postpone(choose.choice(known), seconds + 7, dead=choose.random() < 0.3)
            case _:
                return await self.requeue(choose.choice(known), seconds)


@pytest.mark.parametrize("seed", range(3))
async def test_both_outboxes_do_the_same(seed: int, tmp_path: Path) -> None:
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    sqlite = await SqliteStore.open(tmp_path / "store.db", Vault(bytes(32)), JsonCodec())
    sides = Side(MemoryStore()), Side(sqlite)
    known = ["d-none"]
    outcomes: set[str] = set()
    for seconds in range(250):
        step = random.choice(["record", "record", "claim", "claim", "settle", "settle", "postpone", "requeue"])
        choices = random.random()
        did = [await side.do(step, Random(choices), known, seconds) for side in sides]  # noqa: S311
        assert did[0] == did[1], (seconds, step)
        outcomes |= {did[0]} if isinstance(did[0], str) else set()
        if step == "record":
            known.append(f"d-{len(known)}")
        assert await sides[0].store.next_due() == await sides[1].store.next_due(), (seconds, step)
        waiting = [await side.store.deliveries() for side in sides]
        assert waiting[0] == waiting[1], (seconds, step)
    await sqlite.close()
    assert outcomes == {"settled", "stale", "postponed", "requeued", "unknown"}  # the walk met every case
