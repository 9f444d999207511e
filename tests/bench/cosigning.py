"""One round of cosigning: a log that has grown asks a witness over signed gRPC, which judges, remembers and cosigns.

The witness is the measured gateway; what it remembers is durable before it answers.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import median

from tongban.audit.v1 import audit_service_pb2

from gateway.exchange.witnessing import origin, witness_keys
from gateway.wire import routes
from tests.bench.children import Child
from tests.bench.ground import CALLEE, CALLER, Ground
from tests.bench.one_caller import OneCaller
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.keys import KeyPurpose
from trust.merkle import CompactRange, make_consistency
from trust.note import open_note
from trust.witness import AddCheckpoint

ROUNDS = 500
FIRST_SIZE = 10_000
GROWTH = 17
"""Leaves between two rounds."""


@dataclass(frozen=True)
class Cosigned:
    """How long a round takes the log that asks: proof, call, and the cosignature verified."""

    p50_ms: float
    rounds: int


def measure(folder: Path, rounds: int = ROUNDS, first_size: int = FIRST_SIZE) -> Cosigned:
    """Ask so often. Raises Unauthenticated when a cosignature is not the witness's over this checkpoint."""
    ground = Ground.lay(folder)
    with Child("gateway_server", str(ground.config(CALLEE))) as server:
        took = asyncio.run(_measure(ground, server.ready["port"], rounds, first_size))
    return Cosigned(median(took[1:]) * 1000, rounds)


async def _measure(ground: Ground, port: int, rounds: int, first_size: int) -> list[float]:
    signer = ground.federation.signer(CALLER.gateway, KeyPurpose.LOG)
    witness = witness_keys(ground.federation.directory.member(CALLEE.gateway), datetime.now(UTC))
    nodes: dict[tuple[int, int], bytes] = {}
    tree, old, took = CompactRange(), 0, []
    async with OneCaller(ground.config(CALLER), port) as caller:
        for round_number in range(rounds):
            for _ in range(GROWTH if round_number else first_size):
                tree, finished = tree.append(sha256(tree.size.to_bytes(8, "big")).digest())
                nodes.update(((node.level, node.index), node.hash) for node in finished)
            started = time.perf_counter()
            note = sign_checkpoint(Checkpoint(origin(CALLER.gateway), tree.size, tree.root()), signer)
            proof = make_consistency(old, tree.size, lambda level, index: nodes[level, index]) if old else ()
            request = audit_service_pb2.AddCheckpointRequest(request=AddCheckpoint(old, tuple(proof), note).to_text())
            body = await caller.call(routes.ADD_CHECKPOINT, request.SerializeToString())
            open_note(note + audit_service_pb2.AddCheckpointResponse.FromString(body).signatures, witness)
            took.append(time.perf_counter() - started)
            old = tree.size
    return took
