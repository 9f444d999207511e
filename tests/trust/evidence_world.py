"""Two gateways, a third that witnesses, and a case between them, in plain values: bundles to check and to attack.

``played()`` plays a case; ``Ground.files()`` are the files of its bundle but for the manifest, which ``seal`` signs as
its maker would. An attacker who is the maker changes files and seals again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from tongban.audit.v1 import audit_service_pb2
from tongban.case.v1 import event_pb2, party_pb2
from tongban.exchange.v1 import delivery_pb2, exchange_service_pb2

from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.directory import Directory, KeyEntry, Member, MemberStatus, Role
from trust.directory_file import seal as seal_directory
from trust.evidence import CarriedCall, Manifest, ProvedLeaf, Trail, bundle, unpack
from trust.evidence_calls import DELIVER_EVENTS
from trust.evidence_keys import Trustees
from trust.evidence_logs import GET_CASE_TRAIL
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey
from trust.leaf import Leaf, LeafKind, commit_case
from trust.merkle import CompactRange, leaf_hash, make_consistency, make_inclusion
from trust.note import cosign
from trust.signed_call import sign_request, sign_response

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
YUEYANG, JINGZHOU, CHONGQING = "430600.gateway", "421000.gateway", "500000.gateway"
CASE_ID = "01234567-89ab-7def-8123-456789abcdef"
NUMBER = "430600-20261121-000001-P"
APPLICANT = "11010519491231002X"


def verifying(signer: SoftwareSigner) -> VerifyingKey:
    return VerifyingKey.from_jwk(signer.public_jwk(), signer.kid)


@dataclass
class Log:
    """A gateway's audit log."""

    member: str
    signer: SoftwareSigner
    tree: CompactRange = field(default_factory=CompactRange)
    leaves: list[bytes] = field(default_factory=list)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def append(self, leaf: bytes) -> int:
        self.tree, made = self.tree.append(leaf_hash(leaf))
        self.nodes |= {(node.level, node.index): node.hash for node in made}
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def checkpoint(self) -> str:
        checkpoint = Checkpoint(f"tongban/{self.member}/log", self.tree.size, self.tree.root())
        return sign_checkpoint(checkpoint, self.signer)

    def path(self, index: int) -> tuple[bytes, ...]:
        return make_inclusion(index, self.tree.size, self.node)

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        return make_consistency(first, second, self.node)


@dataclass
class Gateway:
    """One gateway: its keys, its log, and what it keeps of the case."""

    member: str
    message: SoftwareSigner
    witness: SoftwareSigner
    log: Log
    events: list[bytes] = field(default_factory=list)
    calls: list[CarriedCall] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """Indexes of the case's leaves in the log."""


@dataclass
class Ground:
    """Everybody, with one case between 岳阳 and 荆州."""

    case_id: str
    number: str
    salt: bytes
    trustees: tuple[SoftwareSigner, ...]
    directories: list[Directory]
    gateways: dict[str, Gateway]
    now: datetime = NOW

    # who is there

    @property
    def trust(self) -> Trustees:
        return Trustees(tuple(map(verifying, self.trustees)), 2)

    @property
    def yueyang(self) -> Gateway:
        return self.gateways[YUEYANG]

    @property
    def jingzhou(self) -> Gateway:
        return self.gateways[JINGZHOU]

    def other(self, gateway: Gateway) -> Gateway:
        return self.jingzhou if gateway is self.yueyang else self.yueyang

    def publish(self, member: str, **changes: Any) -> None:
        """The trustees sign a newer directory in which one member is another."""
        last = self.directories[-1]
        members = tuple(replace(each, **changes) if each.id == member else each for each in last.members)
        self.directories.append(replace(last, version=last.version + 1, issued_at=self.now, members=members))

    # what happens

    @property
    def commitment(self) -> bytes:
        return commit_case(self.salt, self.case_id)

    def tick(self) -> None:
        self.now += SECOND

    def leave(self, gateway: Gateway, kind: LeafKind, subject: str, **more: Any) -> bytes:
        """A leaf about the case, and one of another case behind it; the leaf's hash."""
        log = gateway.log
        place = len(gateway.places) + 1
        previous = leaf_hash(log.leaves[gateway.places[-1]]) if gateway.places else b""
        leaf = Leaf(
            kind=kind,
            member=more.pop("member", gateway.member),
            subject=subject,
            at=self.now,
            case=self.commitment,
            place=place,
            previous=previous,
            **more,
        )
        gateway.places.append(log.append(leaf.to_bytes()))
        log.append(Leaf(LeafKind.ADMIN, gateway.member, f"noise-{len(log.leaves)}", self.now).to_bytes())
        return leaf_hash(leaf.to_bytes())

    def emit(self, gateway: Gateway, seen: int | None = None, **body: Message) -> bytes:
        """The gateway does something in the case."""
        self.tick()
        seq = len(gateway.events) + 1
        at = Timestamp()
        at.FromDatetime(self.now)
        raw: bytes = event_pb2.CaseEvent(
            case_id=self.case_id,
            emitter=gateway.member,
            seq=seq,
            seen=len(self.other(gateway).events) if seen is None else seen,
            previous=sha256(gateway.events[-1]).digest() if gateway.events else b"",
            salt=bytes(16),
            occurred_at=at,
            actor="o-1",
            **body,  # type: ignore[arg-type]
        ).SerializeToString()
        gateway.events.append(raw)
        self.leave(gateway, LeafKind.CASE_EVENT, sha256(raw).hexdigest(), emitter=gateway.member, seq=seq)
        return raw

    def deliver(self, gateway: Gateway, raw: bytes) -> CarriedCall:
        """The event reaches the other gateway, which receipts it."""
        self.tick()
        other = self.other(gateway)
        body = exchange_service_pb2.DeliverEventsRequest(case_id=self.case_id, events=[raw]).SerializeToString()
        request = self.sign_request(gateway, other, DELIVER_EVENTS, body)
        seq = event_pb2.CaseEvent.FromString(raw).seq
        call = sha256(request.encode()).hexdigest()
        about = {"emitter": gateway.member, "seq": seq, "call": call}
        hashed = self.leave(other, LeafKind.CASE_EVENT, sha256(raw).hexdigest(), member=gateway.member, **about)
        other.calls.append(CarriedCall(DELIVER_EVENTS, request, "", body))
        answer = exchange_service_pb2.DeliverEventsResponse(
            receipt=delivery_pb2.Receipt(case_id=self.case_id, accepted_through=seq, leaf_hashes=[hashed])
        ).SerializeToString()
        response = self.sign_response(other, gateway, DELIVER_EVENTS, request, answer)
        self.tick()
        self.leave(gateway, LeafKind.RECEIPT, sha256(answer).hexdigest(), member=other.member, **about)
        made = CarriedCall(DELIVER_EVENTS, request, response, body, answer)
        gateway.calls.append(made)
        return made

    def step(self, gateway: Gateway, **body: Message) -> None:
        self.deliver(gateway, self.emit(gateway, **body))

    def submit(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "case_number": self.number,
            "accepting_region": "430600",
            "processing_region": "421000",
            "applicant": party_pb2.Party(name="张三", id_number=APPLICANT),
            "case_salt": self.salt,
            **changes,
        }
        self.step(self.yueyang, submitted=event_pb2.Submitted(**fields))

    # what is signed

    def sign_request(self, by: Gateway, to: Gateway, method: str, body: bytes, **changes: Any) -> str:
        fields = {"issuer": by.member, "audience": to.member, "method": method, "body": body, "now": self.now}
        return sign_request(changes.pop("signer", by.message), **{**fields, **changes})

    def sign_response(self, by: Gateway, to: Gateway, method: str, request: str, body: bytes, **changes: Any) -> str:
        fields: dict[str, Any] = {
            "request": request,
            "issuer": by.member,
            "audience": to.member,
            "method": method,
            "status": 0,
            "body": body,
            "now": self.now,
        }
        return sign_response(changes.pop("signer", by.message), **{**fields, **changes})

    # the bundle

    def cosigned(self, log: Log) -> str:
        note = log.checkpoint()
        for other in self.gateways.values():
            if other.member != log.member:
                note += cosign(note, other.witness, f"tongban/{other.member}/witness", self.now)
        return note

    def trail(self, gateway: Gateway, note: str = "") -> Trail:
        leaves = tuple(
            ProvedLeaf(index, gateway.log.leaves[index], gateway.log.path(index)) for index in gateway.places
        )
        return Trail(gateway.member, leaves, note or self.cosigned(gateway.log), len(leaves))

    def answered(self, trail: Trail, by: Gateway, to: Gateway) -> CarriedCall:
        """The call by which one gateway gave the other its leaves."""
        body = audit_service_pb2.GetCaseTrailRequest(case_id=self.case_id).SerializeToString()
        answer = audit_service_pb2.GetCaseTrailResponse(
            leaves=[
                audit_service_pb2.CaseLeaf(index=each.index, leaf=each.leaf, path=each.path) for each in trail.leaves
            ],
            checkpoint=trail.checkpoint,
            count=trail.count,
        ).SerializeToString()
        request = self.sign_request(to, by, GET_CASE_TRAIL, body)
        response = self.sign_response(by, to, GET_CASE_TRAIL, request, answer)
        return CarriedCall(GET_CASE_TRAIL, request, response, body, answer)

    def close(self, gateway: Gateway) -> None:
        """The leaf that an export leaves."""
        self.tick()
        self.leave(gateway, LeafKind.TRAIL_READ, f"export:{len(gateway.places) + 1}")

    def files(self, maker: Gateway, *, redacted: bool = False) -> dict[str, bytes]:
        other = self.other(maker)
        self.close(maker)
        files = {f"directory/{each.version}.json": seal_directory(each, self.trustees) for each in self.directories}
        files["trustees.json"] = self.trust.to_bytes()
        for place, call in enumerate(maker.calls, start=1):
            shown = replace(call, request_body=None, response_body=None) if redacted else call
            files |= shown.to_files(f"calls/{place:03d}")
        trail = self.trail(other)
        files[f"logs/{maker.member}/trail.json"] = self.trail(maker).to_bytes()
        files[f"logs/{other.member}/trail.json"] = trail.to_bytes()
        files |= self.answered(trail, other, maker).to_files(f"logs/{other.member}/answer")
        return files

    def manifest(self, maker: Gateway, **changes: Any) -> Manifest:
        fields: dict[str, Any] = {
            "case_id": self.case_id,
            "number": self.number,
            "commitment": self.commitment,
            "salt": self.salt,
            "accepting": YUEYANG,
            "processing": JINGZHOU,
            "made_by": maker.member,
            "made_at": self.now,
            "redacted": False,
            "erased_at": None,
            "without": (),
            "files": {},
        }
        return Manifest(**{**fields, **changes})

    def seal(self, files: Mapping[str, bytes], maker: Gateway, **changes: Any) -> bytes:
        """The bundle of these files, signed by whoever makes it."""
        signer = changes.pop("signer", maker.message)
        return bundle(self.manifest(maker, **changes), files, signer)

    def made(self, maker: Gateway) -> bytes:
        return self.seal(self.files(maker), maker)


def opened(data: bytes) -> dict[str, bytes]:
    """A bundle's files."""
    return unpack(data)[0]


def build(*, case_id: str = CASE_ID, number: str = NUMBER, seed: int = 1) -> Ground:
    """Everybody anew, before the case begins."""
    salts = random.Random(seed)  # noqa: S311 - the same in every run
    trustees = tuple(SoftwareSigner.generate(Algorithm.ED25519, f"trustee-{each}") for each in range(3))
    gateways, members = {}, []
    for member in (YUEYANG, JINGZHOU, CHONGQING):
        region = member.partition(".")[0]
        message = SoftwareSigner.generate(Algorithm.ES256, f"{member}#m")
        witness = SoftwareSigner.generate(Algorithm.ED25519, f"{member}#w")
        log = SoftwareSigner.generate(Algorithm.ED25519, f"{member}#t")
        listed = ((message, KeyPurpose.MESSAGE), (witness, KeyPurpose.WITNESS), (log, KeyPurpose.LOG))
        gateways[member] = Gateway(member, message, witness, Log(member, log))
        members.append(
            Member(
                id=member,
                region=region,
                role=Role.GATEWAY,
                name=member,
                spiffe_id=f"spiffe://tongban.test/{region}/gateway",
                endpoint="",
                versions=("v1",),
                status=MemberStatus.ACTIVE,
                valid_from=NOW - 30 * DAY,
                valid_until=NOW + 300 * DAY,
                keys=tuple(
                    KeyEntry(verifying(signer), purpose, NOW - 30 * DAY, NOW + 300 * DAY) for signer, purpose in listed
                ),
                rights=(),
            )
        )
    directory = Directory(3, "tongban.test", NOW - DAY, NOW + 200 * DAY, tuple(members))
    return Ground(case_id, number, salts.randbytes(32), trustees, [directory], gateways)


def played(**changes: Any) -> Ground:
    """A case from its submission to its rating: seven events."""
    ground = build(**changes)
    ground.submit()
    ground.step(ground.jingzhou, accepted=event_pb2.Accepted(local_number="JZ-1", promised_days=5))
    ground.step(ground.jingzhou, supplement_requested=event_pb2.SupplementRequested(request=1))
    ground.step(ground.yueyang, supplemented=event_pb2.Supplemented(request=1))
    ground.step(ground.jingzhou, suspended=event_pb2.Suspended(procedure="听证", reason="x"))
    ground.step(ground.jingzhou, decided=event_pb2.Decided(approved=True, explanation="准予"))
    ground.step(ground.yueyang, rated=event_pb2.Rated(score=5))
    return ground
