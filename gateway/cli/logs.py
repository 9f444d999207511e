"""A gateway's stored audit log, read from its first leaf to its last, and held against what the store keeps with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

from gateway.app import read_directory
from gateway.cli.beside import store_of
from gateway.cli.record_check import RecordCheck
from gateway.config import Config
from gateway.cosigning import KEPT
from gateway.exchange.audit import COSIGNED
from gateway.exchange.heads import PROVED, TOLD
from gateway.exchange.witnessing import origin, witness_keys
from gateway.ports import Witnessed
from gateway.store.inspection import Inspection, inspect
from gateway.store.vault import Cipher, Vault, read_key_file
from gateway.wire.events import ProtobufEventCodec
from trust.audit_check import CaseTrail, LogCheck, LogFinding, LogReport, open_log_checkpoint
from trust.checkpoint import Checkpoint
from trust.directory import Directory, Role
from trust.errors import TongbanError
from trust.evidence_stamp import check_stamp
from trust.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from trust.note import open_note

_PAGE: Final = 4096

Progress = Callable[[int, int], None]
"""Told how many leaves were read, and how many there are."""


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A log that was read whole."""

    member: str
    """Member id of the gateway whose log it is."""
    report: LogReport
    """How it stands against its newest checkpoint, and the store against it."""
    trail: CaseTrail
    """What it tells of case events."""
    waiting: int
    """Leaves that are recorded and not in the log yet."""


@dataclass(frozen=True, slots=True)
class HeldNote:
    """A checkpoint that somebody keeps."""

    where: str
    """Who keeps it, and as what."""
    note: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What one gateway's store remembers of the other logs."""

    member: str
    heads: dict[str, tuple[HeldNote, ...]]
    """Checkpoints of the others' logs, by member."""
    cosigned: str
    """The checkpoint of its own log with the cosignatures of others; empty for none."""


async def check_stored_log(
    config: Config, now: datetime, others: Sequence[Memory] = (), progress: Progress = lambda *_: None
) -> CheckedLog:
    """Read a stored log under its newest checkpoint, whether its gateway runs or not.

    1. The checkpoint is signed by the log key that the directory lists for this gateway. A log without leaves has none.
    2. Every leaf is read and checked (``trust.audit_check.LogCheck``), and so are the hashes kept of the tree.
    3. Every head of the log that is kept, here or by ``others``, is one of its heads. So a log that was rolled back,
       or rewritten and signed anew, is found out by whoever remembers what it was.
    4. What the store keeps besides is as the leaves say (``gateway.cli.record_check``).

    Raises what step 1 finds: the directory's errors, Malformed, Unauthenticated; and Misconfigured(STORE_CORRUPT) for a
    file that can't be read.
    """
    directory, _ = read_directory(config.directory, now)
    async with store_of(config):  # checks schema and key, and says what is wrong with them
        return await asyncio.to_thread(_check, config, directory, now, others, progress)


async def remembered(config: Config) -> Memory:
    """What a gateway's store remembers of the other logs. Raises as ``check_stored_log``."""
    async with store_of(config):
        return await asyncio.to_thread(_remembered, config)


def _vault(config: Config) -> Vault:
    return Vault(read_key_file(config.store.key), Cipher(config.store.cipher))


def _remembered(config: Config) -> Memory:
    member = config.member.id
    heads: dict[str, list[HeldNote]] = {}
    with inspect(config.store.path, _vault(config)) as store:
        for witnessed in store.witnessed():
            whose = witnessed.origin.removeprefix("tongban/").removesuffix("/log")
            heads.setdefault(whose, []).append(HeldNote(f"cosigned by {member}", witnessed.note))
        snapshots = store.snapshots()
        for name, content in snapshots.items():
            for kind in (TOLD, PROVED):
                if name.startswith(kind):
                    held = HeldNote(f"snapshot {name} of {member}", content.decode("utf-8", "replace"))
                    heads.setdefault(name.removeprefix(kind), []).append(held)
    cosigned = snapshots.get(COSIGNED, b"").decode("utf-8", "replace")
    return Memory(member, {whose: tuple(notes) for whose, notes in heads.items()}, cosigned)


def _check(
    config: Config, directory: Directory, now: datetime, others: Sequence[Memory], progress: Progress
) -> CheckedLog:
    member = config.member.id
    with inspect(config.store.path, _vault(config)) as store:
        look = _Look(store, directory, member, now)
        # 1
        head = store.log_head()
        checkpoint = look.open(head.checkpoint) if head.checkpoint else Checkpoint(origin(member), 0, EMPTY_ROOT)
        # 3, beforehand: at which sizes
        kept = [*look.own_heads(), *(note for memory in others for note in memory.heads.get(member, ()))]
        heads = list(look.opened(kept, member))
        # 2
        check, trail, records = LogCheck(opened.size for _, opened in heads), CaseTrail(member), RecordCheck(member)
        look.read(check, trail, records, progress)
        waiting = look.read_waiting(records)
        look.compare_tree(check.tree)
        # 3
        for where, opened in heads:
            look.note(where, check.differs(opened))
        look.witness(others)
        # 4
        look.findings += records.findings(store, ProtobufEventCodec())
        look.note("the store's file", store.damage())
        report = check.against(checkpoint)
        findings = (*report.findings, *look.findings)
    return CheckedLog(member, replace(report, findings=findings), trail, waiting)


class _Look:
    """One look at a store, and what it found beside the log."""

    def __init__(self, store: Inspection, directory: Directory, member: str, now: datetime) -> None:
        self._store = store
        self._directory = directory
        self._member = member
        self._now = now
        self.findings: list[LogFinding] = []

    def note(self, where: str, what: str) -> None:
        """Note a finding; nothing when there is nothing to say."""
        if what:
            self.findings.append(LogFinding(what, None, None, where))

    def open(self, note: str, member: str = "") -> Checkpoint:
        """Verify a member's checkpoint; our own when none is named. Raises as ``open_log_checkpoint``, or NotFound."""
        member = member or self._member
        return open_log_checkpoint(note, origin(member), self._directory.member(member), self._now)

    # 2

    def read(self, check: LogCheck, trail: CaseTrail, records: RecordCheck, progress: Progress) -> None:
        """Have every placed leaf checked, with the hashes that were kept of it."""
        rows, total, misplaced = self._store.leaves(), self._store.log_head().size, False
        while page := list(islice(rows, _PAGE)):
            kept = self._store.nodes(check.tree.size, len(page))
            for index, kept_hash, data in page:
                place, hashed = check.tree.size, leaf_hash(data)
                if (index, kept_hash) != (place, hashed) and not misplaced:
                    misplaced = True  # all behind it may be, too
                    what = f"the row has index {index} or a hash that is not its leaf's"
                    self.findings.append(LogFinding(what, place, place))
                leaf = check.add(data, kept)
                if leaf is not None:
                    trail.add(leaf)
                    records.add(leaf, hashed)
            progress(check.tree.size, total)

    def read_waiting(self, records: RecordCheck) -> int:
        """Take the leaves that wait for their place: what is recorded goes by them too. How many there are."""
        check = LogCheck()
        for data in self._store.waiting():
            leaf = check.add(data)
            if leaf is not None:
                records.add(leaf, leaf_hash(data))
        return check.tree.size

    def compare_tree(self, tree: CompactRange) -> None:
        """Hold what is kept of the tree as a whole against the leaves."""
        head = self._store.log_head()
        frontier = [subtree.partition(":")[2] for subtree in head.frontier.split()]
        if head.size != tree.size or frontier != [each.hex() for each in tree.hashes]:
            self.note("log_head", "its size or its frontier is not what the leaves come to")
        nodes = self._store.node_count()
        if nodes != 2 * tree.size - tree.size.bit_count():
            self.note("log_nodes", f"hashes of {nodes} subtrees are kept, of a tree of {tree.size} leaves")

    # 3

    def own_heads(self) -> Iterator[HeldNote]:
        """Heads of our own log that our own store keeps: what witnesses cosigned, and what was stamped."""
        for name, content in self._store.snapshots().items():
            if name == COSIGNED or name.startswith(KEPT):
                yield HeldNote(f"snapshot {name}", content.decode("utf-8", "replace"))
        for stamp in self._store.stamps():
            where = f"timestamp over {stamp.size} leaves"
            try:
                said = check_stamp(stamp.token, stamp.note.encode(), ()).at
            except ValueError as error:
                self.note(where, f"the token is not one over this checkpoint: {error}")
            else:
                if said != stamp.at:
                    self.note(where, "the authority says another time")
            if f"\n{stamp.size}\n" not in stamp.note:
                self.note(where, "the checkpoint under it has another size")
            yield HeldNote(where, stamp.note)

    def opened(self, notes: Iterable[HeldNote], member: str) -> Iterator[tuple[str, Checkpoint]]:
        """Verify checkpoints of a member's log; one that does not hold is a finding."""
        for held in notes:
            try:
                yield held.where, self.open(held.note, member)
            except TongbanError as error:
                self.note(held.where, f"it is no checkpoint of the log of {member} ({error.reason})")

    def witness(self, others: Sequence[Memory]) -> None:
        """Hold what this gateway remembers as a witness against itself, and against the cosignatures it gave."""
        witnessed = {each.origin: each for each in self._store.witnessed()}
        for each in witnessed.values():
            self.note(f"witnessed {each.origin}", self._fault_of(each))
        for name, content in self._store.snapshots().items():
            for kind in (TOLD, PROVED):
                if name.startswith(kind):
                    held = HeldNote(f"snapshot {name}", content.decode("utf-8", "replace"))
                    list(self.opened([held], name.removeprefix(kind)))
        keys = witness_keys(self._directory.member(self._member), self._now)
        for memory in others:
            try:
                given = Checkpoint.from_text(open_note(memory.cosigned, keys).text)
            except TongbanError:
                continue  # it holds no cosignature of ours
            held_size = witnessed[given.origin].size if given.origin in witnessed else 0
            if given.size > held_size:
                what = f"it cosigned {given.size} leaves, as {memory.member} can show, and remembers {held_size}"
                self.note(f"witnessed {given.origin}", what)

    def _fault_of(self, witnessed: Witnessed) -> str:
        for member in self._directory.members:
            if member.role is Role.GATEWAY and origin(member.id) == witnessed.origin:
                try:
                    opened = self.open(witnessed.note, member.id)
                    open_note(witnessed.note, witness_keys(self._directory.member(self._member), self._now))
                except TongbanError as error:
                    return f"the note is no checkpoint of that log with our cosignature ({error.reason})"
                same = (opened.size, opened.root) == (witnessed.size, witnessed.root)
                return "" if same else "size and root are not those of the note"
        return "no member of the directory has that log"
