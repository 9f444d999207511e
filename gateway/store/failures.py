"""What SQLite reports, in the words of the error tree.

SQLite's own texts name tables and columns, never values, so they may be repeated.
"""

from __future__ import annotations

import sqlite3

from gateway.ports import AlreadyRecorded, StaleCase, StaleLease, StaleWitness
from gateway.store import refusals
from trust.errors import Fault, Internal, Misconfigured, Reason, TongbanError, Unavailable

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CLOSED_TO_US = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


def of_transaction(error: sqlite3.Error, store: str = "the store") -> TongbanError:
    """Name a failure of the file or the disk: it fails whatever was in the transaction."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the class, the rest says where
    if code == sqlite3.SQLITE_FULL:
        return Unavailable(
            Reason.STORE_FULL,
            f"the disk of {store} is full; nothing of this was written",
            got=str(error),
            mend="make room; the store goes on by itself",
            fault=Fault.OPERATOR,
        )
    if code in _DAMAGED:
        return Misconfigured(
            Reason.STORE_CORRUPT,
            f"the file of {store} is damaged",
            got=str(error),
            expected="a SQLite database as this program wrote it",
            mend="stop the gateway and restore the file from a backup",
        )
    return Unavailable(
        Reason.STORE_UNAVAILABLE,
        f"{store} did not answer",
        got=str(error),
        mend="try again; if it stays so, look at the disk and at what else has the file open",
        fault=Fault.OPERATOR,
    )


def of_opening(error: sqlite3.Error, path: str) -> TongbanError:
    """Name a failure to open the file: one that no retry mends is the operator's."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _CLOSED_TO_US:
        return Misconfigured(
            Reason.CONFIG_INVALID,
            f"the store {path} can't be opened for writing",
            got=str(error),
            expected="a file in a folder that the gateway's account may write to",
            mend="give the account that right, or name another place",
        )
    return of_transaction(error, f"the store {path}")


def closed() -> Unavailable:
    """The store was closed; what comes late is not taken."""
    return Unavailable(Reason.STORE_UNAVAILABLE, "the store is closed", fault=Fault.OPERATOR)


def of_unit(error: Exception) -> Exception:
    """Name what one unit of work raised by itself; the others of its transaction go on."""
    if isinstance(error, TongbanError | AlreadyRecorded | StaleCase | StaleLease | StaleWitness):
        return error
    if isinstance(error, sqlite3.IntegrityError) and error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return _caused(refusals.already_taken(str(error).removeprefix("UNIQUE constraint failed: ")), error)
    defect = Internal(Reason.INTERNAL, "the store was given a value that it can't keep", got=type(error).__name__)
    return _caused(defect, error)


def of_commit(error: Exception) -> Exception:
    """Name what failed a whole commit; a new error for each unit, since each is raised in a task of its own."""
    return _caused(of_transaction(error), error) if isinstance(error, sqlite3.Error) else error


def _caused(named: TongbanError, cause: Exception) -> TongbanError:
    named.__cause__ = cause
    return named
