"""Exports of the trail: files that only ever grow.

The first line says what was searched for and where; each further line is one entry, in the order of the trail. Every
line holds the SHA-256 over the one before it and itself, so that a file is continued only where it ends as it was
written. That shows damage and carelessness; what shows a forgery is the log, which each entry's ``leaf_hash`` leads to.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Self

from trust.errors import Malformed, Misconfigured, Reason

FORM = "tongban-trail-1"
"""Of the first line: how the file is to be read."""


class TrailFile:
    """An export that is open to be continued. Made by ``opened``."""

    def __init__(self, file: BinaryIO, chain: str, position: int) -> None:
        self._file = file
        self._chain = chain
        self.position = position
        """Of the last entry; 0 when there is none."""

    @classmethod
    @contextmanager
    def opened(cls, path: Path, searched: Mapping[str, Any]) -> Iterator[Self]:
        """Open an export of this search, nobody else's meanwhile; a new one with its first line.

        Raises Malformed(EVIDENCE_INVALID) for a file that is no export, was changed, or is of another search, and
        Misconfigured(CONFIG_INVALID) when it can't be read or written.
        """
        try:
            with open(path, "a+b", opener=_private) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                lines = file.read().split(b"\n")
                first = {"form": FORM, "searched": dict(searched)}
                if lines == [b""]:
                    made = cls(file, "", 0)
                    made._write([first])
                else:
                    made = cls(file, *_checked(path, lines, first))
                yield made
        except OSError as error:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                f"{path} can't be continued",
                got=error.strerror or type(error).__name__,
                mend="choose a place in a writable folder, and see that the disk is not full",
            ) from error

    def append(self, entries: list[dict[str, Any]]) -> None:
        """Write entries behind the last one, durably. A crash may leave a line torn, which is told at the next time."""
        if entries:
            self._write(entries)
            self.position = entries[-1]["position"]

    def _write(self, contents: list[dict[str, Any]]) -> None:
        lines = []
        for content in contents:
            self._chain = _link(self._chain, content)
            lines.append(_text({**content, "chain": self._chain}) + b"\n")
        self._file.write(b"".join(lines))
        self._file.flush()
        os.fsync(self._file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _text(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _link(before: str, content: Mapping[str, Any]) -> str:
    return sha256(before.encode() + b"\n" + _text(content)).hexdigest()


def _checked(path: Path, lines: list[bytes], first: Mapping[str, Any]) -> tuple[str, int]:
    """The last line's chain and position, when all lines stand as they were written."""
    *whole, rest = lines
    if rest:
        raise _unfit(path, f"line {len(lines)} is not complete", "remove that line, then export again")
    chain, position = "", 0
    for number, line in enumerate(whole, start=1):
        try:
            content = json.loads(line)
            written = content.pop("chain")
            intact = _link(chain, content) == written and _text({**content, "chain": written}) == line
        except (ValueError, KeyError, AttributeError, TypeError):
            intact = False
        if not intact:
            raise _unfit(path, f"line {number} is not as it was written", "export into a new file, and compare the two")
        if number == 1 and content != first:
            raise _unfit(path, "it is of another search", "name the file of this search, or a new one")
        chain, position = written, content.get("position", 0)
    return chain, position


def _unfit(path: Path, got: str, mend: str) -> Malformed:
    return Malformed(
        Reason.EVIDENCE_INVALID, f"{path} can't be continued", got=got, expected="an export that only grew", mend=mend
    )
