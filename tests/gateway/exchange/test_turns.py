"""Many at one case: whoever shows it writes its next leaf too, and all of them get their turn."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tongban.case.v1 import case_service_pb2

from gateway.store.sqlite import SqliteStore
from gateway.store.vault import KEY_BYTES, Vault
from gateway.wire import routes
from gateway.wire.events import ProtobufEventCodec
from tests.gateway.exchange.world import Federation, application, shown
from trust.leaf import LeafKind

AT_ONCE = 40


async def test_a_case_that_many_look_at_is_shown_to_all_of_them(federation: Federation, tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "store.db", Vault(os.urandom(KEY_BYTES)), ProtobufEventCodec())
    yueyang = federation.yueyang.on(store)
    case = shown(await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application()))
    message = case_service_pb2.GetCaseRequest(case=case.case_id)
    answers = await asyncio.gather(
        *(federation.call(yueyang.platform, yueyang, routes.GET_CASE, message) for _ in range(AT_ONCE))
    )
    assert {shown(answer).case_id for answer in answers} == {case.case_id}
    leaves = [leaf for leaf in await yueyang.leaves() if leaf.kind is not LeafKind.CALL_REFUSED]
    assert [leaf.place for leaf in leaves] == list(range(1, AT_ONCE + 2))
    assert not yueyang.house.turns._locks  # nobody stands in line any more
    await store.close()
