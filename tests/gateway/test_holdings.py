"""Catalogues in the store are read back as they were kept."""

from __future__ import annotations

import pytest

from gateway import holdings
from gateway.domain.catalogue import Catalogue, Window
from gateway.domain.editions import digest_of
from gateway.holdings import held_catalogue, held_head, recording_of
from gateway.store.memory import MemoryStore
from tests.gateway.exchange.world import YUEYANG, item

WINDOW = Window("岳阳市政务服务中心", "金鹗中路", "0730-0000000", "周一至周五")


def catalogue(edition: int, *codes: str) -> Catalogue:
    return Catalogue(YUEYANG, "岳阳目录", edition, tuple(item(YUEYANG, code) for code in sorted(codes)), (WINDOW,))


async def test_what_was_never_kept_is_not_held() -> None:
    store = MemoryStore()
    assert await held_head(store, YUEYANG) is None
    assert await held_catalogue(store, YUEYANG) is None


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
async def test_a_kept_catalogue_is_read_back_piece_by_piece(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdings, "PAGE", 2)
    store, kept = MemoryStore(), catalogue(3, *(f"S-{number}" for number in range(count)))
    await store.record(recording_of(kept, digest_of(kept.items), kept.items))
    assert await held_catalogue(store, YUEYANG) == kept


async def test_an_edition_adds_its_new_versions_and_one_taken_anew_replaces_all() -> None:
    store, first, second = MemoryStore(), catalogue(1, "S-1", "S-2"), catalogue(2, "S-1", "S-2", "S-3")
    await store.record(recording_of(first, digest_of(first.items), first.items))
    await store.record(recording_of(second, digest_of(second.items), second.items[2:]))
    assert await held_catalogue(store, YUEYANG) == second
    records = await store.catalogue_records(YUEYANG, limit=10)
    assert [(record.code, record.edition) for record in records] == [("S-1", 1), ("S-2", 1), ("S-3", 2)]
    anew = catalogue(1, "S-9")
    await store.record(recording_of(anew, digest_of(anew.items), anew.items, anew=True))
    assert await held_catalogue(store, YUEYANG) == anew
