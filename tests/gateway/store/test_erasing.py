"""An erased case's key on the disk: gone from the file and the write-ahead log, whatever came between."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.case import CaseState
from gateway.ports import CaseRow, Recording
from gateway.store import sqlite
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault
from tests.contract.store_samples import NOW, JsonCodec, case_row, event

KEK = bytes(range(32))
PARTS = (0, 15, 30, 45)
"""Where the pieces of a wrapped key begin that are looked for: a piece would be too much already."""


async def opened(path: Path) -> SqliteStore:
    return await SqliteStore.open(path, Vault(KEK), JsonCodec())


async def filled(store: SqliteStore, cases: int) -> list[CaseRow]:
    """Cases with a key each."""
    rows = [case_row(f"{number:08d}", state=CaseState.DECIDED) for number in range(cases)]
    for row in rows:
        await store.record(Recording(case=row, events=(event(row.case_id, 1),)))
    return rows


async def erase(store: SqliteStore, row: CaseRow) -> None:
    await store.record(Recording(case=replace(row, version=1, erased_at=NOW), erased=(row.case_id,)))


def wrapped(path: Path, row: CaseRow) -> bytes:
    connection = sqlite3.connect(path)
    try:
        (key,) = connection.execute("SELECT wrapped FROM data_keys WHERE owner = ?", (row.case_id,)).fetchone()
        return bytes(key)
    finally:
        connection.close()


def stands(key: bytes, path: Path) -> bool:
    """Whether any piece of the key is in any of the store's files."""
    disk = b"".join(file.read_bytes() for file in path.parent.iterdir())
    return any(key[start : start + 16] in disk for start in PARTS)


async def test_keys_are_gone_wherever_the_file_moved_them(tmp_path: Path) -> None:
    """Enough keys for pages to be split, joined and given up."""
    path = tmp_path / "store.db"
    store = await opened(path)
    rows = await filled(store, 150)
    keys = {row.case_id: wrapped(path, row) for row in rows}
    gone = rows[::3] + rows[1::3]
    for row in gone:
        await erase(store, row)
    assert [row.case_id for row in gone if stands(keys[row.case_id], path)] == []
    assert all(stands(keys[row.case_id], path) for row in rows[2::3])
    await store.close()


async def test_what_a_crash_left_in_the_log_is_gone_once_the_store_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, left = tmp_path / "one" / "store.db", tmp_path / "two" / "store.db"
    path.parent.mkdir()
    store = await opened(path)
    (row,) = await filled(store, 1)
    key = wrapped(path, row)

    async def crash(_: SqliteStore) -> None:
        shutil.copytree(path.parent, left.parent)

    monkeypatch.setattr(SqliteStore, "_fold_log", crash)
    await erase(store, row)
    await store.close()
    assert stands(key, left)
    again = await opened(left)
    assert not stands(key, left)
    record = await again.case(case_id=row.case_id)
    assert record is not None
    assert record.row.erased_at == NOW
    await again.close()


async def test_a_reader_that_does_not_end_holds_nobody_up_and_the_next_erasure_does_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_FOLD_ATTEMPTS", 2)
    path = tmp_path / "store.db"
    store = await opened(path)
    first, second = await filled(store, 2)
    keys = [wrapped(path, row) for row in (first, second)]
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM cases").fetchone()
    await erase(store, first)
    assert stands(keys[0], path)
    await store.record(Recording(bookmarks={"others": "go on"}))
    reader.close()
    await erase(store, second)
    assert [stands(key, path) for key in keys] == [False, False]
    await store.close()
