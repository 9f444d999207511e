"""One gateway for one store: a lock file that the operating system releases when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from trust.errors import Misconfigured, Reason


class ProcessLock:
    """An exclusive lock on ``<store>.lock``, held until ``release`` or the end of the process."""

    __slots__ = ("_descriptor",)

    def __init__(self, store: Path) -> None:
        """Take the lock. Misconfigured(CONFIG_INVALID) when another process holds it or the folder is not writable."""
        path = store.with_name(f"{store.name}.lock")
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                f"the store's lock file {path} can't be written",
                got=error.strerror or type(error).__name__,
                expected="a folder that the gateway's account may write to",
                mend="make the folder and give the account that right, or name another place",
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                f"the store {store} is in use by another gateway",
                got=f"a lock held by process {holder or 'unknown'}",
                expected="one gateway for one store",
                mend="stop the other gateway, or give this one a store of its own",
            ) from error
        with contextlib.suppress(OSError):  # on a full disk the lock holds as well, only without its holder's name
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the lock go. The file stays: removing it could take it from under another process's lock."""
        os.close(self._descriptor)
