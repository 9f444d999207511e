"""Migrations: they make what schema.py says, and know what they must not touch."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import gateway.store.migrations
from gateway.store import migrate
from gateway.store.schema import metadata
from trust.errors import Misconfigured


def tables_of(path: Path) -> dict[str, str]:
    """Every table and index as SQLite keeps it, white space aside."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: re.sub(r"\s+", " ", sql) for name, sql in rows if name != "alembic_version"}


def test_an_empty_file_is_migrated_to_exactly_the_schema(tmp_path: Path) -> None:
    migrate.upgrade(tmp_path / "migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path}/declared.db")
    metadata.create_all(engine)
    engine.dispose()
    assert tables_of(tmp_path / "migrated.db") == tables_of(tmp_path / "declared.db")


def test_every_revision_is_known_by_name() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(gateway.store.migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.walk_revisions()] == list(reversed(migrate.REVISIONS))


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    migrate.upgrade(path)
    before = tables_of(path)
    migrate.upgrade(path)
    assert tables_of(path) == before


def test_a_store_is_migrated_wholly_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE serials (stands_in_the_way TEXT)")
    connection.close()
    with pytest.raises(sqlite3.OperationalError, match="serials"):
        migrate.upgrade(path)
    assert list(tables_of(path)) == ["serials"]


def test_catalogues_kept_whole_are_dropped_for_the_next_pull_to_bring_again(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    migrate.upgrade(path, to="0001")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO snapshots VALUES ('catalogue:430600', x'7b'), ('calendar', x'7b')")
        connection.execute("INSERT INTO bookmarks VALUES ('kept', 'as it was')")
    migrate.upgrade(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM snapshots").fetchall() == [("calendar",)]
        assert connection.execute("SELECT * FROM bookmarks").fetchall() == [("kept", "as it was")]
        assert migrate.revision_of(connection) == migrate.REVISIONS[-1]


def revision_of(path: Path, *statements: str) -> str:
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return migrate.revision_of(connection)
    finally:
        connection.close()


def test_the_revision_of_a_new_and_of_a_current_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    assert revision_of(path) == ""
    migrate.upgrade(path)
    assert revision_of(path) == migrate.REVISIONS[-1]


def test_a_newer_programs_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    migrate.upgrade(path)
    with pytest.raises(Misconfigured, match="newer version"):
        revision_of(path, "UPDATE alembic_version SET version_num = '9999'")


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not a store of this program"):
        revision_of(tmp_path / "other.db", "CREATE TABLE recipes (name TEXT)")


def test_opening_a_current_store_imports_no_schema_tools(tmp_path: Path) -> None:
    migrate.upgrade(tmp_path / "store.db")
    program = """
import asyncio, sys
from pathlib import Path
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]), Vault(bytes(32)), None)
    await store.close()

asyncio.run(main())
print(sorted({"sqlalchemy", "alembic"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "store.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_an_upgrade_apart_leaves_its_tools_outside_this_process(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    script = (
        "import sys; from pathlib import Path; from gateway.store import migrate\n"
        f"migrate.upgrade_apart(Path({str(path)!r}))\n"
        "assert not {'sqlalchemy', 'alembic'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with closing(sqlite3.connect(path)) as connection:
        assert migrate.revision_of(connection) == migrate.REVISIONS[-1]


def test_an_upgrade_apart_that_fails_raises_what_it_would_here(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        migrate.upgrade_apart(path)
