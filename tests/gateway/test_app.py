"""What a gateway does in the background, and that it goes on doing it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog.testing

from gateway import app
from gateway.config import DirectorySection
from gateway.domain.calendar import WorkingCalendar
from gateway.domain.crosswalk import Crosswalk
from gateway.knowledge import StandingKnowledge
from gateway.ports import Recording
from gateway.store.memory import MemoryStore
from tests.gateway.cli.installation import Federation, found
from trust.directory_file import seal
from trust.errors import Reason, Unavailable


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
