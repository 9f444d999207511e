"""A gateway gives out its own catalogue: whole or what changed, page by page, and says what edition it is."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tongban.catalogue.v1 import catalogue_service_pb2

from gateway.domain.catalogue import Catalogue, Item, Window
from gateway.domain.catalogue_head import CatalogueHead, head_snapshot
from gateway.domain.editions import digest_of, item_of, record_of
from gateway.exchange import publishing
from gateway.ports import CataloguePage, CatalogueRecord, Recording
from gateway.store.memory import MemoryStore
from gateway.wire import routes
from gateway.wire.catalogues import read_sync_page
from tests.gateway.exchange.world import JINGZHOU, TARGET, YUEYANG, Answer, City, Federation, item
from trust.errors import Unavailable

WINDOW = Window("荆州市政务服务中心", "江津西路", "0716-12345", "工作日 9:00–17:00")


async def sync(federation: Federation, since: int = 0, page: str = "", catalogue: str = JINGZHOU) -> Answer:
    request = catalogue_service_pb2.SyncCatalogueRequest(catalogue=catalogue, since_edition=since, page=page)
    return await federation.call(federation.yueyang.gateway, federation.jingzhou, routes.SYNC_CATALOGUE, request)


async def pages(federation: Federation, since: int = 0) -> list[CataloguePage]:
    found = [read_sync_page((await sync(federation, since)).body)]
    while found[-1].next_page:
        found.append(read_sync_page((await sync(federation, since, found[-1].next_page)).body))
    return found


async def keep(city: City, catalogue: Catalogue, brought: Iterable[tuple[Item, int]]) -> None:
    """The city's store holds an edition, each record with the edition that brought it."""
    records = tuple(
        CatalogueRecord(catalogue.id, item.code, item.version, edition, record_of(item)) for item, edition in brought
    )
    head = CatalogueHead.of(catalogue, digest_of(catalogue.items))
    await city.store.record(
        Recording(snapshots={head_snapshot(catalogue.id): head.to_bytes()}, catalogue_records=records)
    )


def items_of(found: list[CataloguePage]) -> list[Item]:
    return [item_of(record, JINGZHOU) for page in found for record in page.records]


async def test_a_kept_edition_is_given_out_whole(federation: Federation) -> None:
    third = replace(TARGET, version=3, windows=(WINDOW,))
    await keep(federation.jingzhou, third, ((each, 2) for each in third.items))
    (page,) = await pages(federation)
    assert (page.edition, page.since_edition, page.name, page.windows) == (3, 0, "荆州目录", (WINDOW,))
    assert (page.digest, page.record_count) == (digest_of(third.items), len(third.items))
    assert items_of([page]) == sorted(third.items, key=lambda each: each.code)


async def test_what_changed_since_an_edition_is_given_out_alone(federation: Federation) -> None:
    changed = item(JINGZHOU, "T-1", version=2, listed_from=date(2026, 11, 1))
    third = replace(TARGET, version=3, items=(*TARGET.items, changed))
    await keep(federation.jingzhou, third, [*((each, 2) for each in TARGET.items), (changed, 3)])
    (page,) = await pages(federation, since=2)
    assert (page.since_edition, page.record_count) == (2, len(third.items))
    assert items_of([page]) == [changed]
    (nothing,) = await pages(federation, since=3)
    assert (nothing.edition, nothing.since_edition, nothing.records) == (3, 3, ())


async def test_who_has_an_edition_that_never_was_gets_the_whole(federation: Federation) -> None:
    await keep(federation.jingzhou, TARGET, ((each, 1) for each in TARGET.items))
    (page,) = await pages(federation, since=7)
    assert (page.edition, page.since_edition, len(page.records)) == (1, 0, len(TARGET.items))


@pytest.mark.parametrize("kept", [True, False], ids=["from the store", "from the file"])
@pytest.mark.parametrize(("bound", "most"), [("PAGE_RECORDS", 2), ("PAGE_BYTES", 900)])
async def test_pages_hold_every_record_once(
    federation: Federation, monkeypatch: pytest.MonkeyPatch, kept: bool, bound: str, most: int
) -> None:
    monkeypatch.setattr(publishing, bound, most)
    if kept:
        await keep(federation.jingzhou, TARGET, ((each, 1) for each in TARGET.items))
    found = await pages(federation)
    assert len(found) > 1
    assert items_of(found) == sorted(TARGET.items, key=lambda each: each.code)
    assert {(page.edition, page.digest) for page in found} == {(1, digest_of(TARGET.items))}


async def test_a_record_that_fills_a_page_by_itself_is_given_out(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PAGE_BYTES", 10)
    found = await pages(federation)
    assert [len(page.records) for page in found] == [1] * len(TARGET.items)


async def test_a_catalogue_that_comes_from_a_file_is_given_out_as_one_edition(federation: Federation) -> None:
    federation.jingzhou.known.catalogues = {JINGZHOU: replace(TARGET, version=5, windows=(WINDOW,))}
    (page,) = await pages(federation, since=2)
    assert (page.edition, page.since_edition, page.windows) == (5, 0, (WINDOW,))
    assert (page.digest, page.record_count) == (digest_of(TARGET.items), len(page.records))
    (nothing,) = await pages(federation, since=5)
    assert (nothing.since_edition, nothing.records) == (5, ())


async def test_an_edition_that_is_kept_meanwhile_is_named_on_the_page(federation: Federation) -> None:
    """Its records are on the page, so that the page must not pass for one of the edition before."""
    await keep(federation.jingzhou, TARGET, ((each, 1) for each in TARGET.items))
    second = replace(TARGET, version=2, items=(*TARGET.items, item(JINGZHOU, "T-NEW")))

    class Busy(MemoryStore):
        async def catalogue_records(self, *args: Any, **wanted: Any) -> list[CatalogueRecord]:
            await keep(federation.jingzhou, second, [(second.items[-1], 2)])
            return await federation.jingzhou.store.catalogue_records(*args, **wanted)

        async def snapshot(self, name: str) -> bytes | None:
            return await federation.jingzhou.store.snapshot(name)

    request = catalogue_service_pb2.SyncCatalogueRequest(catalogue=JINGZHOU)
    busy = federation.jingzhou.on(Busy())
    answer = await federation.call(federation.yueyang.gateway, busy, routes.SYNC_CATALOGUE, request)
    page = read_sync_page(answer.body)
    assert (page.edition, page.digest) == (2, digest_of(second.items))
    assert len(page.records) == len(second.items)


async def test_only_the_own_catalogue_is_given_out(federation: Federation) -> None:
    assert (await sync(federation, catalogue=YUEYANG)).error.reason == "ITEM_UNKNOWN"


async def test_a_gateway_without_a_catalogue_says_so_and_leaves_no_leaf_for_each_ask(federation: Federation) -> None:
    federation.jingzhou.known.catalogues = {}
    error = (await sync(federation)).error
    assert (error.reason, type(error)) == ("CATALOGUE_NOT_HERE", Unavailable)
    assert await federation.jingzhou.leaves() == []
    await sync(federation, catalogue=YUEYANG)
    assert len(await federation.jingzhou.leaves()) == 1, "a refusal that leaves one"


async def test_the_digest_of_a_file_is_made_once_for_all_its_pages(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0

    def counted(items: Iterable[Item]) -> bytes:
        nonlocal made
        made += 1
        return digest_of(items)

    monkeypatch.setattr(publishing, "digest_of", counted)
    monkeypatch.setattr(publishing, "PAGE_RECORDS", 2)
    for version in (5, 6):
        federation.jingzhou.known.catalogues = {JINGZHOU: replace(TARGET, version=version)}
        found = await pages(federation)
        assert {page.edition for page in found} == {version}
    assert (len(found), made) == (3, 2)


@pytest.mark.parametrize(
    "page",
    [
        "no base64!",
        *(
            base64.urlsafe_b64encode(text).decode()
            for text in (b"T-1", b"1:", b":T-1", b"0:T-1", b"-1:T-1", b"1" * 11 + b":T-1", b"1:\xff", "１:T-1".encode())
        ),
        "é",
    ],
)
async def test_a_page_that_nobody_gave_out_is_refused(federation: Federation, page: str) -> None:
    answer = await sync(federation, page=page)
    assert (answer.error.reason, answer.error.details["field"]) == ("FIELD_INVALID", "page")
