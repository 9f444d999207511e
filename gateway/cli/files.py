"""Files that commands read and write at the operator's word."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Final

from trust.errors import Misconfigured, Reason

STANDARD_INPUT: Final = Path("-")


def read_bytes(path: Path) -> bytes:
    """A file's bytes, or standard input's for ``-``. Misconfigured(CONFIG_INVALID) when it can't be read."""
    try:
        return sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
    except OSError as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"{path} can't be read",
            got=error.strerror or type(error).__name__,
            mend="correct the path, or the file's owner and mode",
        ) from error


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file so that readers see the old or the new one, whole. Misconfigured(CONFIG_INVALID) when it can't be.

    A crash before the rename leaves the old file and a temporary one beside it.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"{path} can't be written",
            got=error.strerror or type(error).__name__,
            mend="choose a place in a writable folder",
        ) from error
