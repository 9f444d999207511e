"""Checking audit logs from their leaves: is a log what its checkpoint says, and do two logs tell the same of a case.

Rules of this module:

- Leaves and a checkpoint in, findings out. Whoever holds a copy of a log can check it without its writer.
- A check looks at everything and reports what it found; it does not stop at the first fault, and it never repairs.
- Leaves are read one after the other and forgotten, so that a log of millions is checked in little memory; a comparison
  keeps what it compares, about two hundred bytes for each event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trust.checkpoint import Checkpoint, open_checkpoint
from trust.directory import Member
from trust.errors import Reason, TongbanError, Unauthenticated
from trust.keys import KeyPurpose
from trust.leaf import Leaf, LeafKind
from trust.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from trust.note import NoteKey

NodeHashes = Mapping[tuple[int, int], bytes]
"""(level, index) of a complete subtree to the hash that the log kept of it."""

_SHOWN_HEX: Final = 16


def open_log_checkpoint(note: str, origin: str, member: Member, now: datetime) -> Checkpoint:
    """Verify a member's checkpoint under the log keys that the directory lists for it.

    A key whose time is over still counts, since the newest checkpoint of a quiet log is as old as its last leaf; a
    revoked one doesn't. Raises as ``trust.checkpoint.open_checkpoint``, and Unauthenticated(KEY_UNKNOWN) when the
    member has no log key.
    """
    keys = [
        entry.key
        for entry in member.keys
        if entry.purpose is KeyPurpose.LOG and (entry.revoked_at is None or now < entry.revoked_at)
    ]
    missing = Unauthenticated(
        Reason.KEY_UNKNOWN,
        f"verifying the checkpoint of {member.id}",
        got="no log key of it in the directory",
        expected="a log key that is not revoked",
        mend="have the log's key entered in the directory",
    )
    for key in keys:
        try:
            return open_checkpoint(note, NoteKey(origin, key))
        except Unauthenticated as error:
            if error.reason is not Reason.SIGNATURE_MISSING:
                raise
            missing = error
    raise missing


# --------------------------------------------------------------------------------------------------------------------
# One log against its checkpoint
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogFinding:
    """Something wrong with a log."""

    what: str
    """One line, no content of a leaf."""
    first: int | None
    """Index from which on it is wrong, from 0; None when that can't be known."""
    last: int | None
    """The last index that it may concern; equal to ``first`` when exactly one leaf is meant, None as ``first``."""
    where: str = ""
    """What else it concerns: a row or a note that was held against the leaves. Empty for the log itself."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """What the leaves of a log come to."""

    size: int
    """Leaves read."""
    root: bytes
    """Root over them, 32 bytes."""
    findings: tuple[LogFinding, ...]
    """Everything wrong, the first index first, what can't be placed last; empty for a log that holds."""


class LogCheck:
    """Reads a log leaf by leaf, then holds it against its checkpoint.

    1. Every leaf reads as a leaf (``trust.leaf``), and those of one case follow one another by place and hash.
    2. Every complete subtree has the hash that the log kept of it when it came into being, a leaf's own first.
    3. There are as many leaves as the checkpoint says.
    4. They give the checkpoint's root.

    Step 4 proves or disproves the whole; steps 1 and 2 say where to look. Where the kept hashes were changed along with
    a leaf, a higher subtree narrows it down to a range, or, when all were changed, nothing does.
    """

    def __init__(self, sizes: Iterable[int] = ()) -> None:
        """``sizes`` are those at which others hold a head of the log: ``differs`` compares them."""
        self._sizes = frozenset(sizes)
        self._roots = {0: EMPTY_ROOT}
        self._tree = CompactRange()
        self._unreadable: LogFinding | None = None
        self._changed: LogFinding | None = None
        self._unchained: LogFinding | None = None
        self._trails: dict[bytes, tuple[int, bytes]] = {}

    def add(self, leaf: bytes, kept: NodeHashes | None = None) -> Leaf | None:
        """Take the next leaf; the leaf as read, or None when it does not read.

        ``kept`` has the hashes of the subtrees that this leaf completes; None where the log that is checked keeps none,
        as a copy of leaves alone.
        """
        index = self._tree.size
        hashed = leaf_hash(leaf)
        self._tree, finished = self._tree.append(hashed)
        if index + 1 in self._sizes:
            self._roots[index + 1] = self._tree.root()
        # 2. the hashes kept; after the first that differs, all above it differ too
        if kept is not None and self._changed is None:
            for node in finished:
                if kept.get((node.level, node.index)) != node.hash:
                    first, last = node.index << node.level, ((node.index + 1) << node.level) - 1
                    what = "the leaves do not give the hash that the log kept of them"
                    self._changed = LogFinding(what, first, last)
                    break
        # 1. readable, and behind the case's leaf before
        try:
            read = Leaf.from_bytes(leaf)
        except TongbanError as error:
            if self._unreadable is None:
                self._unreadable = LogFinding(f"the bytes are no audit leaf ({error.reason})", index, index)
            return None
        if read.place:
            self._follow(read, hashed, index)
        return read

    def _follow(self, leaf: Leaf, hashed: bytes, index: int) -> None:
        place, previous = self._trails.get(leaf.case, (0, b""))
        if (leaf.place, leaf.previous) != (place + 1, previous) and self._unchained is None:
            what = f"leaf {leaf.place} of its case does not follow leaf {place} of it"
            self._unchained = LogFinding(what, index, index)
        self._trails[leaf.case] = leaf.place, hashed

    @property
    def tree(self) -> CompactRange:
        """The tree of the leaves taken so far."""
        return self._tree

    def differs(self, head: Checkpoint) -> str:
        """Say how the leaves taken differ from a verified head of the log, of one of the ``sizes``; empty if not.

        A log only grows: any head that it ever signed fits it for ever.
        """
        if head.size > self._tree.size:
            return f"the log signed {head.size} leaves once, and has {self._tree.size}: it was rolled back or cut off"
        if self._roots[head.size] != head.root:
            return f"the first {head.size} leaves are not those that the log signed once: it was rewritten"
        return ""

    def against(self, checkpoint: Checkpoint) -> LogReport:
        """What the leaves taken so far come to, held against a checkpoint that has been verified."""
        findings = [finding for finding in (self._unreadable, self._changed, self._unchained) if finding is not None]
        size, root = self._tree.size, self._tree.root()
        # 3. as many
        if size != checkpoint.size:
            end = min(size, checkpoint.size)
            what = f"{size} leaves, and the checkpoint signs {checkpoint.size}"
            findings.append(LogFinding(what, end, max(size, checkpoint.size) - 1))
        # 4. the root
        elif root != checkpoint.root:
            findings.append(LogFinding("the leaves do not give the root that the checkpoint signs", None, None))
        findings.sort(key=lambda finding: (finding.first is None, finding.first or 0))
        return LogReport(size, root, tuple(findings))


# --------------------------------------------------------------------------------------------------------------------
# Two logs against each other
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where two logs do not tell the same, or one does not follow the rules."""

    log: str
    """Member id whose log is short of something, or breaks the numbering."""
    case: bytes
    """Commitment to the case, 32 bytes."""
    emitter: str
    """Member id whose event it is."""
    seq: int
    """The event's number by its emitter."""
    what: str
    """One line."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two logs tell of the cases that they share."""

    shared_cases: int
    """Cases that both have to know."""
    agreed_events: int
    """Events of those cases that stand in both logs alike."""
    unshared_cases: tuple[int, int]
    """Cases that only the first, only the second log knows: shared with others, or not delivered yet."""
    differences: tuple[Difference, ...]
    """Everything else, by case, emitter and number; empty when the logs agree."""


class CaseTrail:
    """What one log tells of case events, in the order of the log."""

    def __init__(self, member: str) -> None:
        """``member`` is the id of the gateway whose log it is."""
        self.member = member
        self._events: dict[bytes, dict[str, list[tuple[int, str]]]] = {}
        self._known_by: dict[bytes, set[str]] = {}

    def add(self, leaf: Leaf) -> None:
        """Take the next leaf of the log; others than case events and receipts are passed over."""
        if leaf.kind is LeafKind.CASE_EVENT:
            self._events.setdefault(leaf.case, {}).setdefault(leaf.emitter, []).append((leaf.seq, leaf.subject))
            self._known_by.setdefault(leaf.case, set()).add(leaf.emitter)
        elif leaf.kind is LeafKind.RECEIPT:
            self._known_by.setdefault(leaf.case, set()).add(leaf.member)

    @property
    def cases(self) -> frozenset[bytes]:
        """Commitments of the cases that the log has events of."""
        return frozenset(self._events)

    def known_to(self, member: str) -> frozenset[bytes]:
        """Cases that, by this log, the member knows: it emitted an event of them, or signed a receipt for one."""
        return frozenset(case for case, members in self._known_by.items() if member in members)

    def events(self, case: bytes) -> Mapping[tuple[str, int], str]:
        """(emitter, seq) to the digest of the event, in hex."""
        emitters = self._events.get(case, {})
        return {(emitter, seq): digest for emitter, entries in emitters.items() for seq, digest in entries}

    def misnumbered(self) -> Iterator[Difference]:
        """Every emitter's events of a case that do not count 1, 2, 3, … in the order of the log."""
        for case, emitters in self._events.items():
            for emitter, entries in emitters.items():
                wanted = 1
                for seq, _ in entries:
                    if seq != wanted:
                        yield Difference(self.member, case, emitter, seq, f"number {seq} stands where {wanted} follows")
                    wanted = seq + 1


def compare(first: CaseTrail, second: CaseTrail) -> Comparison:
    """Hold two logs against each other.

    1. In each log, each emitter's events of a case count 1, 2, 3, … in the order of the log.
    2. A case is shared when both logs have events of it, or when one of them says that the other's member knows it.
    3. Every event of a shared case stands in both logs, with the same emitter, number and digest.
    """
    # 1
    differences = [*first.misnumbered(), *second.misnumbered()]
    # 2
    shared = first.cases & second.cases | first.known_to(second.member) | second.known_to(first.member)
    # 3
    agreed = 0
    for case in shared:
        here, there = first.events(case), second.events(case)
        for emitter, seq in here.keys() | there.keys():
            digest, other = here.get((emitter, seq)), there.get((emitter, seq))
            if digest == other:
                agreed += 1
            elif digest is None or other is None:
                short = first if digest is None else second
                differences.append(Difference(short.member, case, emitter, seq, "the event is not in this log"))
            else:
                what = f"digest {other[:_SHOWN_HEX]}…, and {digest[:_SHOWN_HEX]}… in the log of {first.member}"
                differences.append(Difference(second.member, case, emitter, seq, what))
    differences.sort(key=lambda difference: (difference.case, difference.emitter, difference.seq, difference.log))
    unshared = (len(first.cases - shared), len(second.cases - shared))
    return Comparison(len(shared), agreed, unshared, tuple(differences))
