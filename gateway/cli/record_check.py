"""What a store keeps beside its log, held against the log: cases, events, evidence, trail, what is known of heads.

Every row that a leaf tells of must be there and say what the leaf says, and every row that must have a leaf has one.
Where a row was changed together with all that tells of it, its own gateway can't know; the peer's store does, and
``tongban audit compare`` asks it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import Final, NamedTuple

from gateway.domain.case import CaseEvent, History, RecordedEvent, Side, Submitted, fold
from gateway.domain.catalogue_head import CatalogueHead, head_snapshot
from gateway.exchange.heads import TOLD
from gateway.ports import CaseRow, EventCodec, Evidence, TrailEntry
from gateway.store.inspection import Inspection, KeptEvent, KeptEvidence
from trust.audit_check import LogFinding
from trust.checkpoint import Checkpoint
from trust.errors import TongbanError
from trust.jws import parse, parse_object
from trust.keys import encode_base64url
from trust.leaf import Leaf, LeafKind, commit_case
from trust.merkle import CompactRange, leaf_hash

Told = dict[tuple[str, int], tuple[str, bytes]]
"""(emitter, seq) of an event → its digest in hex, and the hash of the leaf that tells of it."""

_SHA256_HEX: Final = 64


@dataclass(slots=True)
class _CaseLeaves:
    """What the leaves of one case come to."""

    place: int = 0
    last: bytes = b""
    events: Told = field(default_factory=dict)
    calls: dict[bytes, bytes] = field(default_factory=dict)
    """SHA-256 of each call that must be kept as evidence → SHA-256 of its answer's body; empty where we answered."""
    erased: bool = False
    began: datetime | None = None
    """When its first leaf was made."""
    moved: datetime | None = None
    """When the leaf of its last event was made."""


class RecordCheck:
    """Takes the leaves of a log one by one, then holds a store's rows against them.

    Leaves of the first format tell too little and are passed over.
    """

    def __init__(self, member: str) -> None:
        """``member`` is the gateway whose store it is."""
        self._member = member
        self._cases: dict[bytes, _CaseLeaves] = {}
        self._reviews: set[str] = set()
        self._heads: dict[str, tuple[int, str]] = {}

    def add(self, leaf: Leaf, hashed: bytes) -> None:
        """Take the next leaf, and its hash; those that wait for a place too."""
        if leaf.version == 1:
            return
        if not leaf.place:
            if leaf.kind is LeafKind.HEAD_SEEN:
                self._heads[leaf.member] = max(self._heads.get(leaf.member, (0, "")), (leaf.seq, leaf.subject))
            elif leaf.kind is LeafKind.ADMIN and len(leaf.subject) == _SHA256_HEX:
                self._reviews.add(leaf.subject)
            return
        of_case = self._cases.setdefault(leaf.case, _CaseLeaves())
        of_case.place, of_case.last, of_case.began = leaf.place, hashed, of_case.began or leaf.at
        if leaf.kind is LeafKind.CASE_EVENT:
            of_case.events[leaf.emitter, leaf.seq] = leaf.subject, hashed
            of_case.moved = leaf.at
            if leaf.emitter != self._member and leaf.call:
                of_case.calls[bytes.fromhex(leaf.call)] = b""
        elif leaf.kind is LeafKind.RECEIPT and leaf.call:
            of_case.calls[bytes.fromhex(leaf.call)] = bytes.fromhex(leaf.subject)
        elif leaf.kind is LeafKind.ERASED:
            of_case.erased = True

    def findings(self, store: Inspection, codec: EventCodec) -> Iterator[LogFinding]:
        """Everything in the store that is not as the leaves say."""
        for where, what in self._look(store, codec):
            yield LogFinding(what, None, None, where)

    def _look(self, store: Inspection, codec: EventCodec) -> Iterator[tuple[str, str]]:
        rows: dict[str, CaseRow] = {}
        terms: dict[str, bytes] = {}
        for case_id, row in store.cases():
            if row is None:
                yield f"case {case_id}", "the row does not read"
                continue
            rows[case_id] = row
            look = _CaseLook(store, codec, self._member, row, self._cases.get(row.commitment, _CaseLeaves()))
            for what in look.faults():
                yield f"case {case_id}{look.where}", what
            terms[case_id] = look.holder
        known = {row.commitment for row in rows.values()}
        for commitment in self._cases.keys() - known:
            yield f"case with commitment {commitment.hex()[:16]}…", "the log has leaves of it, and the store no row"
        for table, case_id in store.strays():
            yield f"{table} of case {case_id}", "there is no row of that case"
        yield from self._faults_of_evidence(store, rows)
        yield from self._faults_of_trail(store, rows, terms)
        yield from self._faults_of_heads(store)
        yield from _faults_of_catalogues(store)
        yield from self._faults_of_journal(store)

    # evidence ---------------------------------------------------------------------------------------------------------

    def _faults_of_evidence(self, store: Inspection, rows: dict[str, CaseRow]) -> Iterator[tuple[str, str]]:
        there: dict[str, set[bytes]] = {}
        for kept in store.evidence():
            where = f"evidence {kept.call_digest.hex()[:16]}… of case {kept.case_id or 'none'}"
            row = rows.get(kept.case_id)
            calls = self._cases[row.commitment].calls if row is not None and row.commitment in self._cases else {}
            if row is not None and kept.call_digest not in calls:
                yield where, "no leaf tells of this call"
            there.setdefault(kept.case_id, set()).add(kept.call_digest)
            if row is None or row.erased_at is None:
                yield from ((where, what) for what in _faults_of_call(store, kept, calls.get(kept.call_digest, b"")))
        for case_id, row in rows.items():
            if row.commitment in self._cases:
                for call in self._cases[row.commitment].calls.keys() - there.get(case_id, set()):
                    yield f"evidence of case {case_id}", f"call {call.hex()[:16]}…, of which a leaf tells, is not there"

    # trail ------------------------------------------------------------------------------------------------------------

    def _faults_of_trail(
        self, store: Inspection, rows: dict[str, CaseRow], terms: dict[str, bytes]
    ) -> Iterator[tuple[str, str]]:
        waiting = {leaf_hash(data): data for data in store.waiting()}
        told = set()
        for position, entry, data in store.trail():
            where = f"trail entry {position}"
            if entry is None:
                yield where, "it does not read"
                continue
            if entry.leaf_hash in waiting:
                told.add(entry.leaf_hash)
            leaf = _said(data or waiting.get(entry.leaf_hash))
            if leaf is None:
                yield where, "no leaf of the log is what it tells of"
            else:
                yield from ((where, what) for what in _faults_of_entry(entry, leaf, rows, terms))
        for position in store.doubled():
            yield f"trail entry {position}", "another entry is about the same leaf"
        forgotten = {row.commitment for row in rows.values() if row.erased_at is not None}
        for data in chain(store.untold(), (data for hashed, data in waiting.items() if hashed not in told)):
            leaf = _said(data)
            if leaf is None or leaf.version == 1 or bool(leaf.place) is not bool(leaf.case) or leaf.case in forgotten:
                continue
            yield f"trail, leaf {leaf_hash(data).hex()[:16]}…", "no entry tells of it, so that no search finds it"

    # heads, journal ---------------------------------------------------------------------------------------------------

    def _faults_of_heads(self, store: Inspection) -> Iterator[tuple[str, str]]:
        snapshots = store.snapshots()
        for member, (size, root) in self._heads.items():
            note = snapshots.get(TOLD + member, b"").decode("utf-8", "replace")
            where = f"snapshot {TOLD}{member}"
            try:
                head = Checkpoint.from_text(note.rpartition("\n\n")[0] + "\n")
            except TongbanError:
                yield where, f"it is gone or does not read, and a leaf tells of a head of {size} leaves"
                continue
            if (head.size, head.root.hex()) != (size, root):
                yield (
                    where,
                    f"a head of {head.size} leaves, and the newest that a leaf tells of has {size}, or another root",
                )

    def _faults_of_journal(self, store: Inspection) -> Iterator[tuple[str, str]]:
        last, digests = 0, set()
        for entry in store.journal():
            where = f"crosswalk journal, position {entry.position}"
            if sha256(entry.content).digest() != entry.digest:
                yield where, "the content does not have the digest that was kept of it"
            if entry.position != last + 1:
                yield where, f"it follows position {last}; what was between is gone"
            last = entry.position
            digests.add(sha256(entry.content).hexdigest())
        for review in self._reviews - digests:
            yield "crosswalk journal", f"review {review[:16]}…, of which a leaf tells, is not there"


class _CaseLook:
    """One case held against its leaves."""

    def __init__(self, store: Inspection, codec: EventCodec, member: str, row: CaseRow, leaves: _CaseLeaves) -> None:
        self._store = store
        self._codec = codec
        self._row = row
        self._leaves = leaves
        sides = {row.side: member, row.side.other: row.peer}
        self._emitters = {str(side): sides[side] for side in Side}
        self.where = ""
        """What of the case the last fault is in."""
        self.holder = b""
        """The term of the applicant's number; empty where it can't be known any more."""

    def faults(self) -> Iterator[str]:
        """Say everything that is wrong, one by one; ``where`` says in what."""
        row, leaves = self._row, self._leaves
        self.where = ""
        if (row.trail, row.trail_head) != (leaves.place, leaves.last):
            yield f"the row ends with leaf {row.trail} of the case, the log with leaf {leaves.place} or another one"
        if leaves.began is None:
            yield "no leaf tells of it"
        elif (_kept_in_leaf(row.opened_at), _kept_in_leaf(row.updated_at)) != (leaves.began, leaves.moved):
            yield "it was opened or last moved at another time than its leaves say"
        if leaves.erased != (row.erased_at is not None):
            yield "it is erased by the log and not by the row, or the other way round"
        if row.erased_at is not None and self._store.has_key(row.case_id):
            yield "it is erased, and its key is there"
        recorded: list[RecordedEvent] = []
        told = dict(leaves.events)
        for kept in self._store.events(row.case_id):
            self.where = f", event {kept.seq} of the {kept.side} place"
            digest, leaf = told.pop((self._emitters.get(kept.side, ""), kept.seq), ("", b""))
            if digest != kept.digest.hex():
                yield "no leaf tells of an event with this number and digest"
            elif leaf != kept.leaf_hash:
                yield "it names another leaf than the one that tells of it"
            if row.erased_at is None:
                try:
                    recorded.append(self._open(kept))
                except (TongbanError, ValueError) as error:
                    yield str(error)
        for emitter, seq in sorted(told):
            self.where = f", event {seq} of {emitter}"
            yield "a leaf tells of it, and it is not there"
        if row.erased_at is None and len(recorded) == len(leaves.events):
            self.where = ""
            yield from self._faults_of_row(recorded)

    def _open(self, kept: KeptEvent) -> RecordedEvent:
        raw = self._store.open_event(self._row.case_id, kept)
        if sha256(raw).digest() != kept.digest:
            message = "the event does not have the digest that was kept of it"
            raise ValueError(message)
        event = self._codec.decode(raw)
        if (event.case_id, str(event.side), event.seq) != (self._row.case_id, kept.side, kept.seq):
            message = "the event says that it is another one"
            raise ValueError(message)
        return RecordedEvent(event, raw, kept.digest, kept.leaf_hash)

    def _faults_of_row(self, recorded: list[RecordedEvent]) -> Iterator[str]:
        """What the row tells of the case, held against its events."""
        submitted = _submission(each.event for each in recorded)
        if submitted is None:
            return
        row = self._row
        self.holder = self._store.term(submitted.applicant.id_number)
        said = {
            "commitment": (row.commitment, commit_case(submitted.case_salt, row.case_id)),
            "number": (row.number, submitted.case_number),
            "accepting_region": (row.accepting_region, submitted.accepting_region),
            "processing_region": (row.processing_region, submitted.processing_region),
            "source_code": (row.source_code, submitted.source_item.code),
            "target_code": (row.target_code, submitted.target_item.code),
        }
        if row.side is Side.ACCEPTING:  # the processing place may have renamed its item since
            said["item_name"] = row.item_name, submitted.source_item.name
        for column, (kept, wanted) in said.items():
            if kept != wanted:
                yield f"the column {column} is not what the first event says"
        try:
            state = fold(History.of(recorded)).state
        except TongbanError as error:
            yield f"the events make no case: {error.reason}"
            return
        if row.state is not state:
            yield f"the row says {row.state}, and the events come to {state}"


def _kept_in_leaf(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class _Said(NamedTuple):
    """What a leaf says, read without the checks that every leaf has passed in the log's own check."""

    at: datetime
    kind: str
    member: str
    subject: str
    case: bytes
    place: int
    version: int


def _said(leaf: bytes | None) -> _Said | None:
    if leaf is None:
        return None
    try:
        fields = json.loads(leaf.decode("ascii"))
        at, case = datetime.fromisoformat(fields["at"]), bytes.fromhex(fields["case"])
        place, version = fields.get("place", 0), fields["v"]
        return _Said(at, fields["kind"], fields["member"], fields["subject"], case, place, version)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # the check of the log says so


def _submission(events: Iterable[CaseEvent]) -> Submitted | None:
    return next((event.body for event in events if isinstance(event.body, Submitted)), None)


def _faults_of_call(store: Inspection, kept: KeptEvidence, answered: bytes) -> Iterator[str]:
    try:
        call = store.open_evidence(kept)
    except (TongbanError, ValueError) as error:
        yield str(error)
        return
    if sha256(call.request.encode()).digest() != kept.call_digest:
        yield "the signed request does not have the digest that was kept of it"
    for signed, body in _bodies(call):
        try:
            claims = parse_object(parse(signed).payload_bytes)
        except TongbanError as error:
            yield f"a signed call or answer does not read ({error.reason})"
            continue
        if claims.get("digest") != {"alg": "sha-256", "value": encode_base64url(sha256(body).digest())}:
            yield "a body is not the one that was signed"
        if claims.get("method") != kept.method:
            yield "the method is not the one that was signed"
    if answered and sha256(call.response_body).digest() != answered:
        yield "the answer is not the receipt that the leaf tells of"


def _bodies(call: Evidence) -> Iterator[tuple[str, bytes]]:
    yield call.request, call.request_body
    if call.response:
        yield call.response, call.response_body


def _faults_of_entry(
    entry: TrailEntry, leaf: _Said, rows: dict[str, CaseRow], terms: dict[str, bytes]
) -> Iterator[str]:
    if (entry.at, entry.kind, entry.member, entry.subject) != (leaf.at, leaf.kind, leaf.member, leaf.subject):
        yield "it does not say what its leaf says"
    row = rows.get(entry.case_id)
    if (row.commitment if row is not None else b"") != leaf.case:
        yield "it names another case than its leaf"
    elif leaf.place and terms.get(entry.case_id) and entry.holder not in {terms[entry.case_id], b""}:
        yield "it names another holder than the case's applicant"


def _faults_of_catalogues(store: Inspection) -> Iterator[tuple[str, str]]:
    """An edition is what its head says, by number and digest of its records."""
    snapshots = store.snapshots()
    heads = {name for name in snapshots if name.startswith(head_snapshot(""))}
    for name in sorted(heads | {head_snapshot(catalogue) for catalogue in store.catalogues()}):
        catalogue = name.removeprefix(head_snapshot(""))
        tree = CompactRange()
        for record in store.catalogue_records(catalogue):
            tree, _ = tree.append(leaf_hash(record))
        try:
            head = CatalogueHead.from_bytes(snapshots[name])
        except (KeyError, ValueError, TypeError):
            yield f"catalogue {catalogue}", "there are records of it, and no head that reads"
            continue
        if (tree.size, tree.root()) != (head.count, head.digest):
            yield f"catalogue {catalogue}", f"{tree.size} records that do not make up the edition of {head.count}"
