"""Witnessing a log, and convicting one that told two stories (c2sp.org/tlog-witness).

A log asks a witness for a cosignature so:

    old <size>
    <consistency proof from the old size, one hash a line in base64>
    <empty line>
    <checkpoint>

Rules of this module:

- A witness remembers of each log the one checkpoint that it cosigned last, and cosigns only what continues it. To look
  and to remember must be one atomic step, or two requests at once could roll the log back; the caller sees to that.
- A refusal says which check failed, and has the HTTP status that the specification gives it.
- A log that signed two stories has signed its own conviction: ``Contradiction`` holds it, and anybody who has the log's
  key can check it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from trust.checkpoint import Checkpoint
from trust.errors import Conflict, Fault, Malformed, NotFound, Reason, TongbanError, Unauthenticated
from trust.merkle import EMPTY_ROOT, HASH_SIZE, consistency_roots, verify_consistency
from trust.note import MAX_NOTE_BYTES, NoteKey, open_note

MAX_PROOF_LINES: Final = 63
"""Most hashes in a consistency proof."""

MAX_REQUEST_BYTES: Final = MAX_NOTE_BYTES + 8 * 1024
"""Longest request that is read."""

SIZE_CONTENT_TYPE: Final = "text/x.tlog.size"
"""Content type of the answer that names the size which the witness cosigned last."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A log's request for a cosignature."""

    old_size: int
    """Size of the checkpoint that the witness cosigned last, as the log believes; 0 for none."""
    proof: tuple[bytes, ...]
    """Consistency proof from there to the checkpoint, 32 bytes each; empty from 0 and to the same size."""
    note: str
    """The checkpoint as the log signed it."""

    def to_text(self) -> str:
        """Write the request's body."""
        lines = [f"old {self.old_size}", *(base64.b64encode(each).decode("ascii") for each in self.proof), ""]
        return "".join(f"{line}\n" for line in lines) + self.note

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a request's body. Raises ``Malformed(MESSAGE_MALFORMED)``; the note itself is not opened yet."""
        head, border, note = text.partition("\n\n")
        first, *hashes = head.split("\n")
        matched = _OLD.fullmatch(first)
        if matched is None or not border or len(hashes) > MAX_PROOF_LINES:
            raise _bad_request("no old size, no empty line, or too many proof lines")
        try:
            proof = tuple(base64.b64decode(each, validate=True) for each in hashes)
        except (binascii.Error, ValueError) as error:
            raise _bad_request("a proof line that is not base64") from error
        request = cls(int(matched[1]), proof, note)
        if any(len(each) != HASH_SIZE for each in proof) or request.to_text() != text:
            raise _bad_request("a proof line that is no hash, or not written in the one way")
        return request


LogKeys = Callable[[str], Sequence[NoteKey]]
"""Origin of a log → the keys that it may sign with; none for an unknown log."""


def judge(request: AddCheckpoint, held: Checkpoint | None, log_keys: LogKeys) -> Checkpoint:
    """Check what a witness checks before it cosigns; return the checkpoint to remember and to cosign.

    ``held`` is the checkpoint that the witness cosigned last of this log. The steps, in the specification's order, with
    what each raises and its HTTP status:

    1. the note is a checkpoint                          ``Malformed(MESSAGE_MALFORMED)``                  400
    2. its origin is a log that is witnessed here        ``NotFound(LOG_UNKNOWN)``                         404
    3. one of that log's keys signed it                  ``Unauthenticated(SIGNATURE_…)``                  403
    4. the old size is not above the checkpoint's        ``Malformed(FIELD_INVALID)``                      400
    5. the old size is the one held                      ``Conflict(CHECKPOINT_STALE)``, details ``size``  409
    6. the proof leads from the one to the other         ``Conflict(LOG_INCONSISTENT)``                    422
    """
    # 1, 2: who says so decides with which keys the note is opened
    origin = Checkpoint.from_text(_body_of(request.note)).origin
    keys = tuple(log_keys(origin))
    if not keys:
        raise NotFound(
            Reason.LOG_UNKNOWN,
            "no such log is witnessed here (step 2)",
            got=f"origin {origin}",
            expected="the log of a member of the directory",
            mend="have the log's member and its log key entered in the directory",
        )
    # 3
    checkpoint = Checkpoint.from_text(open_note(request.note, keys).text)
    # 4
    if request.old_size > checkpoint.size:
        raise Malformed(
            Reason.FIELD_INVALID,
            "the old size is above the checkpoint's (step 4)",
            got=f"old {request.old_size}, new {checkpoint.size}",
            expected="a log that grows",
            mend="ask with the size that this witness cosigned last",
        )
    # 5
    held_size = held.size if held else 0
    if request.old_size != held_size:
        raise Conflict(
            Reason.CHECKPOINT_STALE,
            "the witness cosigned another size last (step 5)",
            got=f"old {request.old_size}",
            expected=f"old {held_size}",
            mend=f"send the consistency proof from {held_size}",
            details={"size": str(held_size)},
        )
    # 6
    verify_consistency(held_size, held.root if held else EMPTY_ROOT, checkpoint.size, checkpoint.root, request.proof)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise _inconsistent("an empty log with another root than the empty tree's (step 6)")
    return checkpoint


def http_status(error: TongbanError) -> int:
    """Return the HTTP status that the specification gives to a refusal of ``judge``; 500 for anything else."""
    match error:
        case NotFound():
            return 404
        case Unauthenticated():
            return 403
        case Conflict(reason=Reason.CHECKPOINT_STALE):
            return 409
        case Conflict():
            return 422
        case Malformed():
            return 400
        case _:
            return 500


def enough_witnesses(gateways: int) -> int:
    """How many of the other gateways must have cosigned a log's checkpoint, in a federation of so many gateways.

    The only other one in a federation of two; more than half of the others from three on; none when a gateway is alone.
    """
    others = gateways - 1
    return others // 2 + 1 if others > 0 else 0


# --------------------------------------------------------------------------------------------------------------------
# Two stories
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two checkpoints that one log signed and that can't both be true: proof against it, complete in itself."""

    first: str
    """The note of the smaller tree, or of either when both have the same size."""
    second: str
    """The note of the larger tree."""
    claimed: bytes = b""
    """Root of the smaller size as the larger tree has it, 32 bytes: another than the first note signs. Empty when the
    sizes are equal."""
    path: tuple[bytes, ...] = ()
    """Consistency proof from the claimed root to the second; empty when the sizes are equal."""

    def to_json(self) -> bytes:
        """Write it as it is kept and handed on."""
        path = [each.hex() for each in self.path]
        fields = {"first": self.first, "second": self.second, "claimed": self.claimed.hex(), "path": path}
        return json.dumps(fields, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what ``to_json`` writes. Raises ``Malformed(MESSAGE_MALFORMED)``; it proves nothing yet."""
        try:
            fields = json.loads(data)
            first, second = fields["first"], fields["second"]
            claimed, path = bytes.fromhex(fields["claimed"]), tuple(bytes.fromhex(each) for each in fields["path"])
        except (ValueError, KeyError, TypeError) as error:
            raise _no_contradiction() from error
        if not isinstance(first, str) or not isinstance(second, str):
            raise _no_contradiction()
        return cls(first, second, claimed, path)


def find_contradiction(
    first: str, second: str, keys: Sequence[NoteKey], *, path: Sequence[bytes] = (), claimed: bytes = b""
) -> Contradiction | None:
    """Look whether two checkpoints of one log, with the log's own proof between them, convict it.

    ``path`` is the consistency proof that the log gave. Where the smaller size is a power of two, such a proof does not
    hold the smaller root, and ``claimed`` must give it: hash of the node that spans these leaves, from the log's tiles
    or an inclusion proof.

    ``None``: they agree, or the proof is no good, which convicts nobody; a log that can't or won't prove is merely not
    to be trusted further. Raises as ``open_note`` when a note is not the log's.
    """
    one, other = (Checkpoint.from_text(open_note(note, keys).text) for note in (first, second))
    if one.size > other.size:
        one, other, first, second = other, one, second, first
    if one.origin != other.origin or one.root == other.root:
        return None
    if one.size == other.size or (one.size == 0 and one.root != EMPTY_ROOT):
        return Contradiction(first, second)
    if one.size == 0:
        return None
    try:
        if one.size.bit_count() > 1:
            claimed, _ = consistency_roots(one.size, other.size, one.root, path)
        verify_consistency(one.size, claimed, other.size, other.root, path)
    except Conflict:
        return None
    return Contradiction(first, second, claimed, tuple(path)) if claimed != one.root else None


def verify_contradiction(proof: Contradiction, keys: Sequence[NoteKey]) -> tuple[Checkpoint, Checkpoint]:
    """Check a proof that a log told two stories; return the two checkpoints, the smaller first.

    Raises ``Conflict(LOG_INCONSISTENT)`` when it proves nothing, and as ``open_note`` when a note is not the log's.
    """
    found = find_contradiction(proof.first, proof.second, keys, path=proof.path, claimed=proof.claimed)
    if found is None:
        raise _inconsistent("the two checkpoints don't contradict each other by this proof")
    first, second = (Checkpoint.from_text(open_note(note, keys).text) for note in (found.first, found.second))
    return first, second


def _body_of(note: str) -> str:
    """Return the text of a note before any signature is checked: only to learn whose keys to check it with."""
    text, border, _ = note.rpartition("\n\n")
    if not border:
        raise _bad_request("no checkpoint behind the proof")
    return text + "\n"


def _bad_request(got: str) -> Malformed:
    return Malformed(
        Reason.MESSAGE_MALFORMED,
        "The request for a cosignature is not one (step 1)",
        got=got,
        expected="old size, at most 63 hashes, an empty line, a signed checkpoint",
        mend="write it as c2sp.org/tlog-witness says",
    )


def _no_contradiction() -> Malformed:
    return Malformed(
        Reason.MESSAGE_MALFORMED,
        "The bytes are no proof that a log told two stories",
        expected="JSON with first, second, claimed and path",
        mend="take the proof as the alarm keeps it",
    )


def _inconsistent(what: str) -> Conflict:
    return Conflict(
        Reason.LOG_INCONSISTENT,
        what,
        mend="keep the notes as evidence and ask the log's operator",
        fault=Fault.PEER,
    )
