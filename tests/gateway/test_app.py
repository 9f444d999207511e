"""What a gateway does in the background, and that it goes on doing it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog.testing

from gateway import app
from gateway.config import Config, DirectorySection, load
from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import Catalogue
from gateway.domain.catalogue_file import dump_catalogue
from gateway.domain.crosswalk import Crosswalk, record_of
from gateway.domain.crosswalk_csv import write_csv
from gateway.domain.editions import digest_of
from gateway.domain.sssom import write_sssom
from gateway.holdings import recording_of
from gateway.knowledge import StandingKnowledge
from gateway.ports import Recording
from gateway.store.memory import MemoryStore
from tests.gateway.cli.installation import YUEYANG, Federation, found
from tests.gateway.exchange.world import item, row
from trust.directory_file import seal
from trust.errors import Misconfigured, Reason, Unavailable


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "AFTER_DEFECT_SECONDS", 0.0)
    monkeypatch.setattr(app, "DIRECTORY_SECONDS", 0.001)


# work that ends by a defect


async def test_work_that_ends_by_a_defect_is_reported_and_begins_again() -> None:
    begun = 0
    defects: list[BaseException] = []

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise KeyError(begun)

    await app._keep_running(work, defects.append)
    assert begun == 3
    assert [type(defect) for defect in defects] == [KeyError, KeyError]


async def test_work_that_is_cancelled_ends() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(app._keep_running(work, lambda _: None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# following the directory


class FullStore(MemoryStore):
    """A store whose disk is full for a while."""

    full = False

    async def record(self, recording: Recording) -> None:
        if self.full:
            raise Unavailable(Reason.STORE_FULL, "the disk is full")
        await super().record(recording)


class Following:
    """A gateway that follows the directory in a folder."""

    def __init__(self, federation: Federation) -> None:
        self.federation = federation
        self.file = federation.folder / "directory.jws"
        self.section = DirectorySection(file=self.file, trustees=federation.folder / "trustees.json", threshold=2)
        directory, envelope = app.read_directory(self.section, app.SystemClock().now())
        self.knowledge = StandingKnowledge(directory, envelope, (), Crosswalk(()), WorkingCalendar.published())
        self.store = FullStore()

    def publish(self, version: int) -> None:
        """Put a directory of that version in the file's place, whole, as a later moment's."""
        self.put(seal(replace(self.federation.directory, version=version), self.federation.trustees))

    def put(self, content: bytes) -> None:
        moment = self.file.stat().st_mtime_ns + 1_000_000_000
        self.file.write_bytes(content)
        os.utime(self.file, ns=(moment, moment))

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[None]:
        task = asyncio.create_task(app._follow_directory(self.section, self.knowledge, self.store, app.SystemClock()))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def noted(self, version: int) -> None:
        """Wait until the store knows that this version was in force."""
        async with asyncio.timeout(5):
            while await self.store.bookmark(app._DIRECTORY_BOOKMARK) != str(version):  # noqa: ASYNC110
                await asyncio.sleep(0.001)


@pytest.fixture
def following(tmp_path: Path) -> Following:
    return Following(found(tmp_path))


async def test_a_replaced_directory_comes_into_force(following: Following) -> None:
    async with following.begun():
        await following.noted(7)
        following.publish(8)
        await following.noted(8)
    assert following.knowledge.directory.version == 8


@pytest.mark.parametrize(
    "spoilt", [b"", b"\xff\xfe garbage", b"{}", b"[" * 100_000, b'{"payload": "e30", "signatures": []}']
)
async def test_a_spoilt_directory_leaves_the_old_one_in_force_and_is_told_once(
    following: Following, spoilt: bytes
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with following.begun():
            await following.noted(7)
            following.put(spoilt)
            await asyncio.sleep(0.05)
            assert following.knowledge.directory.version == 7
            assert len([entry for entry in logs if entry["log_level"] == "error"]) == 1
            following.publish(8)
            await following.noted(8)


async def test_an_older_directory_is_not_taken(following: Following) -> None:
    async with following.begun():
        await following.noted(7)
        following.publish(6)
        await asyncio.sleep(0.02)
    assert following.knowledge.directory.version == 7


async def test_a_directory_is_taken_when_what_stood_in_its_way_has_passed(following: Following) -> None:
    trustees = following.section.trustees.read_bytes()
    async with following.begun():
        await following.noted(7)
        following.section.trustees.write_bytes(b"half a fi")
        following.publish(8)
        await asyncio.sleep(0.02)
        assert following.knowledge.directory.version == 7
        following.section.trustees.write_bytes(trustees)
        await following.noted(8)


async def test_a_version_that_could_not_be_noted_on_a_full_disk_is_noted_later(following: Following) -> None:
    async with following.begun():
        await following.noted(7)
        following.store.full = True
        following.publish(8)
        await asyncio.sleep(0.02)
        assert following.knowledge.directory.version == 8  # in force nevertheless
        following.store.full = False
        await following.noted(8)


# what a start goes by


def configured(federation: Federation, **catalogues: list[str]) -> Config:
    file = federation.gateway_config(YUEYANG)
    settings = "".join(f"{name} = {json.dumps(paths)}\n" for name, paths in catalogues.items())
    file.write_text(f"{file.read_text('utf-8')}[catalogues]\n{settings}", "utf-8")
    return load(file)


async def keep(store: MemoryStore, region: str, version: int, code: str) -> None:
    """Let the store hold an edition, as a pull leaves it."""
    catalogue = Catalogue(region, "目录", version, (item(region, code),))
    await store.record(recording_of(catalogue, digest_of(catalogue.items), catalogue.items))


@pytest.mark.parametrize(
    ("region", "held", "file", "expected"),
    [
        ("430600", None, 3, "FILE"),
        ("430600", 2, 3, "HELD"),
        ("430600", 4, 3, "HELD"),
        ("430600", 4, None, "HELD"),
        ("421000", None, 3, "FILE"),
        ("421000", 2, 3, "FILE"),
        ("421000", 3, 3, "HELD"),
        ("421000", 4, 3, "HELD"),
        ("421000", 4, None, "HELD"),
        ("000000", None, 1, "FILE"),
    ],
)
async def test_our_own_catalogue_is_the_pulled_one_and_a_peers_the_newer(
    tmp_path: Path, region: str, held: int | None, file: int | None, expected: str
) -> None:
    federation, store = found(tmp_path), MemoryStore()
    if held is not None:
        await keep(store, region, held, "HELD")
    files = []
    if file is not None:
        (tmp_path / "file.json").write_bytes(dump_catalogue(Catalogue(region, "目录", file, (item(region, "FILE"),))))
        files.append("file.json")
    knowledge = await app._learn(configured(federation, files=files), store, app.SystemClock())
    assert [each.code for each in knowledge.catalogue(region).items] == [expected]


async def test_rows_and_reviews_of_files_are_put_into_the_journal_once(tmp_path: Path) -> None:
    federation, store = found(tmp_path), MemoryStore()
    rows = [row("S-1", "T-1"), row("S-2", "T-2")]
    (tmp_path / "rows.csv").write_text(write_csv(rows[:1]), "utf-8")
    (tmp_path / "rows.tsv").write_text(write_sssom(rows[1:]), "utf-8")
    (tmp_path / "reviews.jws").write_text("first.review.here\r\n\nsecond.review.here\n", "utf-8")
    config = configured(federation, crosswalks=["rows.csv", "rows.tsv"], reviews=["reviews.jws"])
    for _ in range(2):
        await app._learn(config, store, app.SystemClock())
    entries = [entry for _, entry in await store.crosswalk_journal(0, 10)]
    assert [entry.record for entry in entries[:2]] == [record_of(each) for each in rows]
    assert [entry.review for entry in entries[2:]] == ["first.review.here", "second.review.here"]


async def test_a_faulty_file_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    federation, store = found(tmp_path), MemoryStore()
    (tmp_path / "rows.csv").write_text(write_csv([row("S-1", "T-1")]), "utf-8")
    (tmp_path / "spoilt.json").write_bytes(b"{}")
    config = configured(federation, crosswalks=["rows.csv"], calendars=["spoilt.json"])
    with pytest.raises(Misconfigured, match=r"spoilt\.json"):
        await app._learn(config, store, app.SystemClock())
    assert await store.crosswalk_journal(0, 10) == []
