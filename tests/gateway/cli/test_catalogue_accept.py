"""``tongban catalogue accept``, beside the gateway that holds a pull."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.holdings import accepted_bookmark, held_pull_snapshot
from gateway.ports import Recording
from tests.gateway.cli.installation import YUEYANG, Federation, Run
from trust.leaf import Leaf, LeafKind

DIGEST = bytes(range(32)).hex()


async def test_a_held_pull_is_accepted_while_the_gateway_runs_and_the_log_tells_of_it(
    federation: Federation, run: Run
) -> None:
    config = federation.gateway_config(YUEYANG)
    async with federation.store(YUEYANG) as store:
        await store.record(Recording(snapshots={held_pull_snapshot("430600"): DIGEST.encode()}))
        answer = await asyncio.to_thread(run, "catalogue", "accept", "--config", config)
        assert answer.exit_code == 0, answer.output
        assert DIGEST in answer.stdout
        assert await store.bookmark(accepted_bookmark("430600")) == DIGEST
        (waiting,) = await store.waiting_leaves(10)
    leaf = Leaf.from_bytes(waiting.data)
    assert (leaf.kind, leaf.member, leaf.subject) == (LeafKind.ADMIN, YUEYANG, "catalogue.accept:430600")


def test_without_a_held_pull_there_is_nothing_to_accept(federation: Federation, run: Run) -> None:
    config: Path = federation.gateway_config(YUEYANG)

    async def marks() -> tuple[str, int]:
        async with federation.store(YUEYANG) as store:
            return await store.bookmark(accepted_bookmark("430600")), len(await store.waiting_leaves(10))

    assert asyncio.run(marks()) == ("", 0)
    answer = run("catalogue", "accept", "--config", config)
    assert answer.exit_code == 1
    assert "no pull of catalogue 430600 is held" in answer.stderr
    assert asyncio.run(marks()) == ("", 0)
