"""What only a file can suffer: crashes, full disks, damage, second processes, curious readers."""

# ruff: noqa: ASYNC240 - the files are small, and nothing else runs in these loops

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.ports import Recording, StaleCase
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault
from tests.contract.store_samples import NOW, PEER, SECOND, JsonCodec, case_row, delivery, event, reply, seen, whole
from trust.errors import Conflict, Internal, Misconfigured, Reason, TongbanError, Unauthenticated, Unavailable

KEK = bytes(range(32))
LEASE = 30 * SECOND


@asynccontextmanager
async def opened(path: Path, **options: object) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, Vault(KEK), JsonCodec(), **options)  # type: ignore[arg-type]
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def alter(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


# group commit


async def test_one_bad_unit_fails_alone_among_many_in_a_commit(path: Path) -> None:
    commits: list[str] = []
    async with opened(path, failpoint=commits.append) as store:
        row = case_row(number="taken")
        await store.record(Recording(case=row))
        commits.clear()
        good = [whole() for _ in range(40)]
        bad = [
            whole(case_row(number="taken")),
            Recording(case=row),
            Recording(reply=reply("k"), leaves=(b"orphan",), events=(event("unknown", 1),)),
            Recording(seen=replace(seen(), issuer=None)),  # type: ignore[arg-type]
        ]
        mixed = [recording for n in range(4) for recording in (*good[n * 10 : n * 10 + 10], bad[n])]
        results = await asyncio.gather(*(store.record(recording) for recording in mixed), return_exceptions=True)
        failed = {n: type(result) for n, result in enumerate(results) if result is not None}
        assert failed == {10: Conflict, 21: StaleCase, 32: Internal, 43: Conflict}
        assert len(commits) < 2 * len(mixed) / 4  # they did share commits
        assert len(await store.waiting_leaves(1000)) == 40
        assert await store.reply(PEER, "k") is None
        for recording in good:
            assert recording.case is not None
            found = await store.case(case_id=recording.case.case_id)
            assert found is not None
            assert found.events == recording.events


async def test_a_data_key_of_a_unit_that_failed_is_never_used_again(path: Path) -> None:
    async with opened(path) as store:
        row = case_row()
        await store.record(Recording(seen=seen("j")))
        unlucky = Recording(reply=reply("k"), case=replace(row, version=5), events=(event(row.case_id, 1),))
        lucky = Recording(reply=reply("k"), case=row, events=(event(row.case_id, 1),))
        results = await asyncio.gather(store.record(unlucky), store.record(lucky), return_exceptions=True)
        assert [type(result) for result in results] == [StaleCase, type(None)]
    async with opened(path) as store:
        found = await store.case(case_id=row.case_id)
        assert found is not None
        assert found.events == lucky.events
        assert await store.reply(PEER, "k") == lucky.reply


async def test_a_cancelled_caller_leaves_a_whole_recording(path: Path) -> None:
    async with opened(path) as store:
        recording = whole()
        task = asyncio.create_task(store.record(recording))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.next_serial("after")  # the writer went on
        assert recording.case is not None
        assert await store.case(case_id=recording.case.case_id) is not None


async def test_a_closed_store_takes_nothing(path: Path) -> None:
    async with opened(path) as store:
        await store.close()
        for late in (store.record(whole()), store.case(case_id="c"), store.evidence("c")):
            with pytest.raises(Unavailable, match="closed"):
                await late


# faults, in pairs: it failed; it failed, but it happened


def failing_once_at(name: str) -> Callable[[str], None]:
    failures = [name]

    def failpoint(reached: str) -> None:
        if reached in failures:
            failures.remove(reached)
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the disk went away")

    return failpoint


@pytest.mark.parametrize(("name", "written"), [("store.before_commit", False), ("store.after_commit", True)])
async def test_a_failure_around_the_commit_leaves_all_or_nothing(path: Path, name: str, *, written: bool) -> None:
    recording = whole()
    async with opened(path, failpoint=failing_once_at(name)) as store:
        with pytest.raises(Unavailable):
            await store.record(recording)
        assert await store.next_serial("after") == 1  # the store went on
    async with opened(path) as store:
        assert recording.case is not None
        assert (await store.case(case_id=recording.case.case_id) is not None) is written
        assert (len(await store.waiting_leaves(9)), len(await store.deliveries())) == (written, written)
        if written:  # the caller tries again with a new signature and the same key, and learns what happened
            assert await store.reply(PEER, recording.reply.key if recording.reply else "") == recording.reply


async def test_a_commit_that_wrote_nothing_reaches_no_failpoint(path: Path) -> None:
    reached: list[str] = []
    async with opened(path, failpoint=reached.append) as store:
        await store.claim(now=NOW, limit=5, lease=LEASE)
        assert reached == []
        await store.record(whole())
        assert reached == ["store.before_commit", "store.after_commit"]


CHILD = """
import asyncio, sys
from pathlib import Path
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault
from tests.contract.store_samples import JsonCodec, NOW, SECOND, whole

async def write(store):
    while True:
        recording = whole()
        await store.record(recording)
        print(recording.case.case_id, recording.reply.key, flush=True)

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]), Vault(bytes(range(32))), JsonCodec())
    await store.boot(NOW)
    await store.record(whole())
    await store.claim(now=NOW, limit=1, lease=3600 * SECOND)
    await asyncio.gather(*(write(store) for _ in range(16)))

asyncio.run(main())
"""


def start_child(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)


async def test_what_was_acknowledged_survives_a_killed_process_and_nothing_is_half_there(path: Path) -> None:
    with start_child(path) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline().split() for _ in range(150)]
        child.send_signal(signal.SIGKILL)
        # A last line may have been cut by the kill.
        acknowledged += [line.split() for line in child.stdout if line.endswith("\n")]
    async with opened(path) as store:
        assert await store.boot(NOW) is True
        for case_id, key in acknowledged:
            found = await store.case(case_id=case_id)
            assert found is not None
            assert len(found.events) == 1
            assert await store.reply(PEER, key) is not None
        waiting = await store.deliveries(limit=100_000)
        leaves = await store.waiting_leaves(100_000)
        assert len(waiting) == len(leaves) >= len(acknowledged)
        for one in waiting:
            found = await store.case(case_id=one.stream)
            assert found is not None
            assert len(found.events) == len(await store.evidence(one.stream)) == 1
        # The dead process's lease is cleared.
        assert len(await store.claim(now=NOW, limit=100_000, lease=LEASE)) == len(waiting)


async def test_a_second_gateway_is_refused_until_the_first_is_gone(path: Path) -> None:
    with start_child(path) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(Misconfigured, match=rf"in use by another gateway.*process {child.pid}"):
            await SqliteStore.open(path, Vault(KEK), JsonCodec())
        async with opened(path, exclusive=False) as beside:
            assert len(await beside.deliveries(limit=1)) == 1
        child.kill()
    async with opened(path):
        pass


async def test_a_command_beside_the_gateway_sees_and_requeues_but_owns_nothing(path: Path) -> None:
    async with opened(path) as gateway:
        await gateway.boot(NOW)
        await gateway.record(Recording(deliveries=(delivery("s", "1"), delivery("t", "2"))))
        first, _ = await gateway.claim(now=NOW, limit=2, lease=LEASE)
        assert first.lease is not None
        async with opened(path, exclusive=False) as command:
            assert [one.subject for one in await command.deliveries()] == ["1", "2"]
            await gateway.postpone(first.lease, run_at=NOW, error="refused", dead=True)
            await command.requeue(first.delivery_id, now=NOW)
        again = await gateway.claim(now=NOW, limit=5, lease=LEASE)
        assert [one.subject for one in again] == ["1"]  # 2 is still leased: the command cleared nothing
    async with opened(path) as gateway:
        assert await gateway.boot(NOW) is False  # nor did it note a start or a stop


# full and failing disks


async def test_a_full_disk_fails_the_commit_whole_and_room_mends_it(path: Path) -> None:
    """``max_page_count`` stands in for the disk: SQLite reports SQLITE_FULL for both."""
    async with opened(path) as store:
        await store.record(whole())

        def pages(limit: int) -> Callable[[sqlite3.Cursor], object]:
            return lambda cursor: cursor.execute(f"PRAGMA max_page_count = {limit}").fetchone()

        await store._writer.run(pages(1))  # as many as there are
        large = replace(whole(), snapshots={"catalogue": bytes(1_000_000)})
        many = [whole(), large, whole()]
        results = await asyncio.gather(*(store.record(recording) for recording in many), return_exceptions=True)
        reasons = {result.reason for result in results if isinstance(result, TongbanError)}
        assert reasons == {Reason.STORE_FULL}
        assert isinstance(results[1], Unavailable)
        written = [n for n, result in enumerate(results) if result is None]
        assert len(await store.waiting_leaves(10)) == 1 + len(written)
        await store._writer.run(pages(1_000_000))
        for n, recording in enumerate(many):
            if n not in written:
                await store.record(recording)
        assert len(await store.waiting_leaves(10)) == 4
        for recording in many:
            assert recording.case is not None
            assert await store.case(case_id=recording.case.case_id) is not None


LIMITED = """
import asyncio, resource, sys
from dataclasses import replace
from pathlib import Path
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault
from tests.contract.store_samples import JsonCodec, whole
from trust.errors import TongbanError

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]), Vault(bytes(range(32))), JsonCodec())
    await store.record(whole())
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    try:
        await store.record(replace(whole(), snapshots={"s": bytes(1_000_000)}))
    except TongbanError as error:
        print(error.reason)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.record(whole())
    print(len(await store.waiting_leaves(10)))
    await store.close()

asyncio.run(main())
"""


def test_a_write_that_fails_is_reported_and_the_store_goes_on(path: Path) -> None:
    """RLIMIT_FSIZE stands in for a failing disk: the system refuses to write, as it does with an IO error."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    reason, leaves = done.stdout.split()
    assert reason in {Reason.STORE_UNAVAILABLE, Reason.STORE_FULL}
    assert leaves == "2"


# wrong files, wrong keys


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"this is no database, and long enough to be looked at as one" * 20)
    with pytest.raises(Misconfigured) as caught:
        await SqliteStore.open(path, Vault(KEK), JsonCodec())
    assert caught.value.reason is Reason.STORE_CORRUPT


async def test_a_damaged_file_is_named_as_such(path: Path) -> None:
    async with opened(path) as store:
        for _ in range(20):
            await store.record(whole())
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        await SqliteStore.open(path, Vault(KEK), JsonCodec())
    assert caught.value.reason is Reason.STORE_CORRUPT


async def test_the_wrong_key_is_refused_at_opening(path: Path) -> None:
    async with opened(path):
        pass
    with pytest.raises(Misconfigured, match="does not belong to this store"):
        await SqliteStore.open(path, Vault(bytes(32)), JsonCodec())
    async with opened(path):  # and the refusal let the lock go
        pass


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="nowhere"):
        await SqliteStore.open(tmp_path / "nowhere" / "store.db", Vault(KEK), JsonCodec())


async def test_a_command_does_not_make_a_store(path: Path) -> None:
    with pytest.raises(Misconfigured, match="no store"):
        await SqliteStore.open(path, Vault(KEK), JsonCodec(), exclusive=False)
    assert not path.exists()


async def test_a_command_does_not_migrate_a_store(path: Path) -> None:
    path.touch()
    with pytest.raises(Misconfigured, match="older schema"):
        await SqliteStore.open(path, Vault(KEK), JsonCodec(), exclusive=False)


# what is at rest


async def test_no_personal_data_stand_in_the_files(path: Path) -> None:
    name = "欧阳春晓"
    row = case_row()
    recording = replace(
        whole(row),
        reply=reply("k", name.encode()),
        events=(event(row.case_id, 1, reason=name),),
        deliveries=(delivery(row.case_id, payload=name.encode()),),
        evidence=(replace(whole().evidence[0], case_id=row.case_id, request=name, request_body=name.encode()),),
    )
    async with opened(path) as store:
        await store.record(recording)
        files = list(path.parent.iterdir())
        assert {file.name for file in files} >= {"store.db", "store.db-wal"}
        at_rest = b"".join(file.read_bytes() for file in files)
        assert row.case_id.encode() in at_rest  # what may be seen is seen, so we do look at the right bytes
        assert name.encode() not in at_rest
        assert b"\\u6b27\\u9633" not in at_rest
    assert name.encode() not in path.read_bytes()


async def test_the_files_are_private(path: Path) -> None:
    async with opened(path) as store:
        await store.record(whole())
        assert {file.name: file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {
            "store.db": 0,
            "store.db-wal": 0,
            "store.db-shm": 0,
            "store.db.lock": 0,
        }


async def test_a_value_moved_between_rows_is_noticed(path: Path) -> None:
    row = case_row()
    async with opened(path) as store:
        await store.record(Recording(case=row, events=(event(row.case_id, 1), event(row.case_id, 2))))
    alter(path, "UPDATE events SET raw = (SELECT raw FROM events WHERE seq = 1)")
    async with opened(path) as store:
        with pytest.raises(Misconfigured) as caught:
            await store.case(case_id=row.case_id)
        assert caught.value.reason is Reason.STORE_CORRUPT


async def test_a_damaged_delivery_becomes_a_dead_letter_and_the_others_are_made(path: Path) -> None:
    damaged, whole_one = (delivery(stream, payload=b"notice") for stream in ("s", "t"))
    async with opened(path) as store:
        await store.record(Recording(deliveries=(damaged, whole_one)))
        alter(path, "UPDATE deliveries SET payload = x'0102' WHERE delivery_id = ?", damaged.delivery_id)
        taken = await store.claim(now=NOW, limit=10, lease=LEASE)
        assert [one.delivery_id for one in taken] == [whole_one.delivery_id]
        assert await store.claim(now=NOW + 2 * LEASE, limit=10, lease=LEASE) != []
    connection = sqlite3.connect(path)
    (dead, because) = connection.execute(
        "SELECT dead, last_error FROM deliveries WHERE delivery_id = ?", (damaged.delivery_id,)
    ).fetchone()
    connection.close()
    assert dead == 1
    assert because.startswith("STORE_CORRUPT")


async def test_erasing_a_cases_key_erases_the_case(path: Path) -> None:
    kept, erased = whole(), whole()
    assert kept.case is not None
    assert erased.case is not None
    async with opened(path) as store:
        await store.record(kept)
        await store.record(erased)
        alter(path, "DELETE FROM data_keys WHERE owner = ?", erased.case.case_id)
        with pytest.raises(Misconfigured, match="data key is missing"):
            await store.case(case_id=erased.case.case_id)
        with pytest.raises(Misconfigured, match="data key is missing"):
            await store.reply(PEER, erased.reply.key if erased.reply else "")
        assert await store.case(case_id=kept.case.case_id) is not None


async def test_a_replayed_call_is_refused_after_a_crash_too(path: Path) -> None:
    recording = whole()
    async with opened(path) as store:
        await store.record(recording)
    async with opened(path) as store:
        with pytest.raises(Unauthenticated):
            await store.record(Recording(seen=recording.seen))
