"""Checkpoints: a log's statement "so many leaves, this root", as a signed note (c2sp.org/tlog-checkpoint).

    <origin>
    <number of leaves, decimal>
    <root hash, base64>

Rules of this module:

- The log's key name is its origin, so that a key can't sign for another log.
- Exactly one text stands for a checkpoint: no leading zeroes, no other base64. Two members who compare checkpoints
  compare bytes.
- Two checkpoints of one log are compared with ``trust.merkle.verify_consistency``, never by their sizes alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final, Self

from trust.errors import Malformed, Reason, Unauthenticated
from trust.keys import Signer
from trust.merkle import HASH_SIZE, MAX_TREE_SIZE
from trust.note import NoteKey, open_note, sign_note

MAX_EXTENSION_LINES: Final = 16
"""Most extension lines that are read; this program writes none."""

_ORIGIN = re.compile(r"[^\s+]{1,255}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at one size."""

    origin: str
    """Which log: 1 to 255 characters without spaces and plus signs, by custom a URL without its scheme."""
    size: int
    """Number of leaves, 0 to ``trust.merkle.MAX_TREE_SIZE``."""
    root: bytes
    """Root hash of the tree of ``size`` leaves, 32 bytes."""
    extensions: tuple[str, ...] = ()
    """Opaque further lines, kept so that a foreign log's text can be rebuilt; the format advises against them."""

    def __post_init__(self) -> None:
        if _ORIGIN.fullmatch(self.origin) is None:
            raise _bad_checkpoint("an origin of another form", "1 to 255 characters, no spaces, no plus sign")
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise _bad_checkpoint(f"size {self.size}", f"0 to {MAX_TREE_SIZE}")
        if len(self.root) != HASH_SIZE:
            raise _bad_checkpoint(f"a root of {len(self.root)} bytes", f"{HASH_SIZE} bytes")
        if len(self.extensions) > MAX_EXTENSION_LINES or any(not line or "\n" in line for line in self.extensions):
            raise _bad_checkpoint("empty or too many extension lines", f"at most {MAX_EXTENSION_LINES}, none empty")

    def to_text(self) -> str:
        """Write the text that is signed."""
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` writes, and nothing else; raises ``Malformed(MESSAGE_MALFORMED)``."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "":
            raise _bad_checkpoint(f"{len(lines)} lines", "origin, size and root, each with its newline")
        origin, size, root, *extensions = lines
        if _SIZE.fullmatch(size) is None:
            raise _bad_checkpoint("a size of another form", "decimal digits without leading zeroes")
        try:
            decoded = base64.b64decode(root, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _bad_checkpoint("a root that is not base64", "standard base64 with padding") from error
        checkpoint = cls(origin, int(size), decoded, tuple(extensions))
        if checkpoint.to_text() != text:  # stray bits in the base64
            raise _bad_checkpoint("a root in other base64 than the canonical one", "standard base64 with padding")
        return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """Write the checkpoint as a note signed by its log; ``signer`` is the log's Ed25519 key.

    A log signs only what is consistent with everything it signed before; the caller sees to that.
    """
    return sign_note(checkpoint.to_text(), signer, checkpoint.origin)


def open_checkpoint(note: str, log: NoteKey) -> Checkpoint:
    """Verify a log's checkpoint.

    Steps:

    1. the note opens under the log's key (``trust.note.open_note``);
    2. its text is a checkpoint;
    3. its origin is the key's name.

    Raises ``Malformed(MESSAGE_MALFORMED)`` or ``Unauthenticated`` with the reason of the step.
    """
    # 1. signature
    opened = open_note(note, [log])
    # 2. form
    checkpoint = Checkpoint.from_text(opened.text)
    # 3. origin
    if checkpoint.origin != log.name:
        raise Unauthenticated(
            Reason.SIGNATURE_WRONG,
            "A log's key signed a checkpoint of another log (step 3)",
            got=f"origin {checkpoint.origin}",
            expected=log.name,
            mend="keep the note as evidence and ask the log's operator",
        )
    return checkpoint


def _bad_checkpoint(got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.MESSAGE_MALFORMED,
        "The text is no checkpoint of a log",
        got=got,
        expected=expected,
        mend="send the checkpoint exactly as the log signed it (c2sp.org/tlog-checkpoint)",
    )
