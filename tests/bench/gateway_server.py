"""The measured gateway: the real listener, exchange, SQLite store and sequencer.

``python -m tests.bench.gateway_server <config> [<items> <rows>]``: with the sandbox's catalogues, or with large ones.

It is composed as ``gateway.app`` composes it, with two differences. A platform is named, so that every delivered event
leaves a delivery for it in the outbox, but there is none, and no dispatcher that would try to reach it: what a
delivery to a platform costs is the platform's speed, not the gateway's. And nothing follows the directory's file.
"""

from __future__ import annotations

import asyncio
import secrets
import sys

from gateway.app import SystemClock, read_directory, read_signer, read_signers
from gateway.config import Config
from gateway.domain.calendar import WorkingCalendar
from gateway.exchange.house import House, Signers
from gateway.exchange.status_lists import StatusLists
from gateway.knowledge import StandingKnowledge
from gateway.rpc.client import SignedClient
from gateway.rpc.peers import GrpcPeers
from gateway.rpc.server import Listener
from gateway.sequencer import Sequencer
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault, read_key_file
from gateway.wire.events import ProtobufEventCodec
from gateway.wire.routes import ROUTES
from gateway.wire.status import write_status
from tests.bench import children, large
from tests.bench.ground import CALLEE, atlas, certificates, read_config
from trust.keys import KeyPurpose


def _report_defect(defect: BaseException) -> None:
    sys.stderr.write(f"defect in the measured gateway: {defect!r}\n")


async def _house(config: Config, store: SqliteStore, clock: SystemClock) -> House:
    directory, envelope = read_directory(config.directory, clock.now())
    known = large.make(large.Size(*map(int, sys.argv[2:]))).atlas if sys.argv[2:] else atlas()
    knowledge = StandingKnowledge(
        directory, envelope, known.catalogues.values(), known.crosswalk, WorkingCalendar.published()
    )
    keys = read_signers(config.keys)
    message = keys[KeyPurpose.MESSAGE]
    peers = GrpcPeers(SignedClient(config.member.id, message, lambda: knowledge.directory, certificates(config), clock))
    return House(
        member_id=config.member.id,
        region=config.member.region,
        platform=CALLEE.platform,
        signers=Signers(message, read_signer(config.keys.licence), read_signer(config.keys.witness)),
        knowledge=knowledge,
        store=store,
        clock=clock,
        codec=ProtobufEventCodec(),
        status_lists=StatusLists(config.member.id, keys[KeyPurpose.STATUS], store, peers),
        routes=ROUTES,
        write_status=write_status,
        random=secrets.token_bytes,
        report_defect=_report_defect,
        boot=clock.now() if await store.boot(clock.now()) else None,
    )


async def main() -> None:
    config, clock = read_config(sys.argv[1]), SystemClock()
    store = await SqliteStore.open(config.store.path, Vault(read_key_file(config.store.key)), ProtobufEventCodec())
    house = await _house(config, store, clock)
    listener = await Listener.open(house, config.server.listen, certificates(config), clock)
    sequencing = asyncio.create_task(Sequencer(house, read_signer(config.keys.log)).run())
    await children.answer_until_end({"port": listener.port}, children.nothing_else)
    await listener.close(1)
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)
    await store.close()


if __name__ == "__main__":
    children.run(main)
