"""The proof that two gateways tell the same: their whole logs fetched, recomputed, and held against each other.

The checks themselves are ``trust.audit_check``; here they are put together, and tried against forgeries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.exchange.witnessing import origin
from trust.audit_check import CaseTrail, Comparison, LogCheck, LogReport, compare, open_log_checkpoint
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.directory import Directory
from trust.keys import Signer
from trust.leaf import Leaf
from trust.merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class LogCopy:
    """A member's log as somebody fetched it."""

    member: str
    """Member id of the gateway that keeps the log."""
    checkpoint: str
    """Its signed checkpoint."""
    leaves: tuple[bytes, ...] = field(repr=False)
    """Exact bytes of its leaves."""

    def report(self, directory: Directory, now: datetime) -> LogReport:
        """Recompute the whole log and hold it against its checkpoint, whose signature is verified first."""
        signed = open_log_checkpoint(self.checkpoint, origin(self.member), directory.member(self.member), now)
        check = LogCheck()
        for leaf in self.leaves:
            check.add(leaf)
        return check.against(signed)

    def find(self, digest: bytes) -> int | None:
        """Index of the leaf of the event whose exact bytes have this SHA-256; None when there is none."""
        entries = (Leaf.from_bytes(leaf) for leaf in self.leaves)
        return next((index for index, leaf in enumerate(entries) if leaf.subject == digest.hex()), None)

    def holds_all(self, digests: Iterable[bytes]) -> bool:
        """Whether it has a leaf for each of these events."""
        held = {Leaf.from_bytes(leaf).subject for leaf in self.leaves}
        return all(digest.hex() in held for digest in digests)

    def forged(self, index: int, digest: bytes) -> LogCopy:
        """The copy with one leaf that names another event; the checkpoint as it was."""
        leaf = replace(Leaf.from_bytes(self.leaves[index]), subject=digest.hex()).to_bytes()
        return replace(self, leaves=(*self.leaves[:index], leaf, *self.leaves[index + 1 :]))

    def signed_again(self, signer: Signer) -> LogCopy:
        """The copy made to look true: each case's leaves chained anew, under a checkpoint that fits them.

        Only the holder of the log's key can make one.
        """
        leaves = tuple(_chained_anew(self.leaves))
        check = LogCheck()
        for leaf in leaves:
            check.add(leaf)
        found = check.against(Checkpoint(origin(self.member), 0, bytes(32)))
        checkpoint = sign_checkpoint(Checkpoint(origin(self.member), found.size, found.root), signer)
        return replace(self, leaves=leaves, checkpoint=checkpoint)


def hold_together(one: LogCopy, other: LogCopy) -> Comparison:
    """What two logs tell of the cases that they share."""
    return compare(_trail(one), _trail(other))


def _chained_anew(leaves: Iterable[bytes]) -> Iterable[bytes]:
    """The same leaves, each with the hash of the one that now stands before it in its case."""
    last: dict[bytes, bytes] = {}
    for written in leaves:
        leaf = Leaf.from_bytes(written)
        if leaf.place > 1:
            leaf = replace(leaf, previous=last[leaf.case])
        chained = leaf.to_bytes()
        last[leaf.case] = leaf_hash(chained)
        yield chained


def _trail(log: LogCopy) -> CaseTrail:
    trail = CaseTrail(log.member)
    for leaf in _read(log.leaves):
        trail.add(leaf)
    return trail


def _read(leaves: Sequence[bytes]) -> Iterable[Leaf]:
    return (Leaf.from_bytes(leaf) for leaf in leaves)
