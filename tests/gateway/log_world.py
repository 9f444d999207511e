"""Cities whose logs grow, go back and tell two stories, and that reach each other without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from gateway.cosigning import Cosigner
from gateway.exchange.heads import heard, told_to
from gateway.exchange.witnessing import log_keys
from gateway.ports import Alarm, Recording
from gateway.rpc.client import VerifiedAnswer
from gateway.rpc.peers import GrpcPeers
from gateway.sequencer import Sequencer
from gateway.store.memory import MemoryStore
from gateway.watching import Watcher
from tests.gateway.exchange.world import NOW, City, Federation
from trust.leaf import Leaf, LeafKind
from trust.note import NoteKey
from trust.witness import Contradiction, verify_contradiction


def leaf(text: str) -> bytes:
    return Leaf(LeafKind.ADMIN, "430600.gateway", text, at=NOW).to_bytes()


class Line:
    """A signed client whose calls arrive at once."""

    def __init__(self, federation: Federation, caller: City) -> None:
        self._federation = federation
        self._caller = caller
        self.asked: list[str] = []
        self.stand_ins: dict[str, City] = {}

    async def call(self, member: str, method: str, body: bytes, **_: Any) -> VerifiedAnswer:
        self.asked.append(f"{member} {method.rpartition('/')[2]}")
        to = self.stand_ins.get(member) or self._federation.cities[member[:6]]
        answer = await self._federation.call(self._caller.gateway, to, method, body)
        if answer.reply.status:
            raise answer.error
        return VerifiedAnswer(answer.call.signature or "", body, answer.reply.signature, answer.reply.body)


def peers(line: Line) -> GrpcPeers:
    return GrpcPeers(cast("Any", line))


async def grow(city: City, *texts: str) -> None:
    """Leaves, placed, under one signed checkpoint."""
    await city.store.record(Recording(leaves=tuple(map(leaf, texts))))
    await Sequencer(city.house, city.log_signer).catch_up()


async def another(city: City, *texts: str) -> City:
    """The same gateway, key and all, with a store that has these leaves."""
    other = city.on(MemoryStore())
    await grow(other, *texts)
    return other


def numbered(count: int, start: int = 0) -> Iterable[str]:
    return (f"leaf-{number}" for number in range(start, start + count))


async def tell(sender: City, receiver: City, call: str = "a" * 64) -> Recording:
    """The sender's heads come to the receiver with a message; what was recorded."""
    told = await told_to(sender.house, receiver.house.member_id)
    recording = (await heard(receiver.house, sender.house.member_id, told, call)).with_it(Recording())
    await receiver.store.record(recording)
    return recording


async def round_of(cosigner: Cosigner) -> None:
    await asyncio.gather(*await cosigner.begin_round())


async def watched(federation: Federation, watcher: City, of: City) -> list[Alarm]:
    """The alarms after a look at one peer."""
    await Watcher(watcher.house, peers(Line(federation, watcher))).turn(of.house.member_id)
    return await watcher.store.alarms()


def keys(federation: Federation, city: City) -> tuple[NoteKey, ...]:
    return log_keys(federation.directory.member(city.house.member_id), federation.clock.now())


def require_conviction(federation: Federation, alarm: Alarm, city: City) -> None:
    """The alarm's proof convicts the city's log, to anybody who has its key and nothing else."""
    verify_contradiction(Contradiction.from_json(alarm.proof), keys(federation, city))
