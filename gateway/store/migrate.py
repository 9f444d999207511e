"""Bring a store's schema to the revision that this program speaks.

Rules:

1. A store that is current costs one query. SQLAlchemy and Alembic, 28 MB of memory, are imported only for a store that
   is not, and a gateway leaves that to a process of its own (``upgrade_apart``), so that it never holds them.
2. Migrations go up only. A store of a newer program is refused: a downgrade could lose what the newer one wrote.
3. All revisions are applied in one transaction, so a crash leaves the store as it was before.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

from trust.errors import Misconfigured, Reason

REVISIONS: Final = ("0001", "0002", "0003")
"""Every revision that this program knows, oldest first. The last is the one it speaks."""


def revision_of(connection: sqlite3.Connection) -> str:
    """The revision of a store's schema; empty for a new file.

    Misconfigured(CONFIG_INVALID) for a database that is none of ours, or a newer program's.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return ""
    rows = (
        connection.execute("SELECT version_num FROM alembic_version").fetchall() if "alembic_version" in tables else []
    )
    if not rows:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "the database file is not a store of this program",
            got=f"a database with {len(tables)} tables and no schema revision",
            expected="a store, or no file",
            mend="name another file",
        )
    revision = str(rows[0][0])
    if revision not in REVISIONS:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "the store was written by a newer version of this program",
            got=f"schema revision {revision!r}",
            expected=f"{REVISIONS[-1]!r} or older",
            mend="install the newer version again, or restore a backup from before the upgrade",
        )
    return revision


def upgrade_apart(path: Path) -> None:
    """``upgrade`` in a process of its own; when that fails, here, so that its error is raised as usual."""
    done = subprocess.run(  # noqa: S603 - this program
        [sys.executable, "-m", __name__, str(path)], check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    if done.returncode != 0:
        upgrade(path)


def upgrade(path: Path, to: str = REVISIONS[-1]) -> None:
    """Apply the revisions that are missing. Raises sqlite3.Error and leaves the store as it was."""
    from alembic import command  # noqa: PLC0415 - rule 1
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import NullPool, create_engine, event  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    # pysqlite begins a transaction only before INSERT and the like, so DDL would be committed piece by piece.
    @event.listens_for(engine, "connect")
    def _no_implicit_transactions(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except DBAPIError as error:
        raise error.orig or error from error
    finally:
        engine.dispose()


if __name__ == "__main__":
    upgrade(Path(sys.argv[1]))
