"""Three cities with real keys, one directory and small catalogues, whose calls the tests carry by hand.

岳阳 (430600) accepts, 荆州 (421000) processes; 重庆 (500000) is a member that has little to do with either.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from tongban.case.v1 import case_pb2, case_service_pb2, event_pb2, material_pb2, party_pb2
from tongban.exchange.v1 import delivery_pb2, exchange_service_pb2

from gateway.domain.atlas import Atlas
from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import (
    Catalogue,
    HandlingType,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    Option,
    Question,
)
from gateway.domain.codes import ItemType
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship, Standing
from gateway.domain.people import ApplicantType
from gateway.exchange.house import House, Signers
from gateway.exchange.sentence import Reply, exchange
from gateway.exchange.status_lists import StatusLists
from gateway.ports import CataloguePage, CrosswalkEntry, LicenceEntry, Recording, SignedAnswer, Store
from gateway.store.memory import MemoryStore
from gateway.wire import routes
from gateway.wire.events import ProtobufEventCodec
from gateway.wire.status import read_status, write_status
from trust.directory import Action, Directory, KeyEntry, Member, MemberStatus, Right, Role
from trust.errors import TongbanError
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey
from trust.leaf import Leaf
from trust.licence import Licence, issue
from trust.licence_id import LicenceId
from trust.signed_call import ReceivedCall, TlsIdentity, sign_request, verify_response

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YUEYANG, JINGZHOU, CHONGQING = "430600", "421000", "500000"
IDENTITY_TYPE = "11100000000013338W001"
RESULT_TYPE = "11100000000013338W050"
APPLICANT_NUMBER = "11010519491231002X"
OTHERS_NUMBER = "440524188001010014"
NONCE = "nonce-of-this-occasion"


# --------------------------------------------------------------------------------------------------------------------
# What the places offer
# --------------------------------------------------------------------------------------------------------------------


def requirement(key: str, *, required: bool = True, **changes: Any) -> MaterialRequirement:
    return MaterialRequirement(key, f"材料{key}", required, MaterialSource.APPLICANT, MaterialForm.ORIGINAL, **changes)


def item(catalogue: str, code: str, *materials: MaterialRequirement, **changes: Any) -> Item:
    fields: dict[str, Any] = {
        "catalogue": catalogue,
        "code": code,
        "version": 1,
        "name": f"事项{code}",
        "item_type": ItemType.PUBLIC_SERVICE,
        "handling_type": HandlingType.COMMITTED,
        "applicant_types": (ApplicantType.NATURAL_PERSON,),
        "statutory_days": 20,
        "promised_days": 5,
        "modes": (Mode.REMOTE,),
        "department": "测试局",
        "state": ItemState.PUBLISHED,
        "valid_from": date(2026, 1, 1),
        "materials": materials,
    }
    return Item(**{**fields, **changes})


BOTH_SIGNED = Standing(approved_by=(f"{JINGZHOU}.gateway", f"{YUEYANG}.gateway"))


def row(source: str, target: str, **changes: Any) -> CrosswalkRow:
    fields: dict[str, Any] = {
        "id": f"row-{source}",
        "source_catalogue": YUEYANG,
        "source_code": source,
        "source_name": f"事项{source}",
        "target_catalogue": JINGZHOU,
        "target_code": target,
        "target_name": f"事项{target}" if target else "",
        "relationship": Relationship.EQUIVALENT if target else Relationship.NONE,
        "conditions": {},
        "materials": {},
        "products": {},
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
        "version": 1,
        "confidence": 90,
        "justification": "测试",
        "standing": BOTH_SIGNED,
    }
    return CrosswalkRow(**{**fields, **changes})


KIND = Question("kind", "新办还是换证？", (Option("new", "新办"), Option("again", "换证", adds=("old_card",))))
PAPERS = (
    requirement("form"),
    requirement("identity", exempt_by_licence=IDENTITY_TYPE),
    requirement("income", by_promise=True),
)

SOURCE = Catalogue(
    YUEYANG,
    "岳阳目录",
    1,
    (
        item(YUEYANG, "S-1", *PAPERS),
        item(YUEYANG, "S-QUESTION", requirement("old_card", required=False), situations=(KIND,)),
        item(YUEYANG, "S-NONE"),
        item(YUEYANG, "S-OVER"),
        item(YUEYANG, "S-STOPPED"),
        item(YUEYANG, "S-UNMAPPED"),
        item(YUEYANG, "S-RETIRED", state=ItemState.RETIRED),
        item(YUEYANG, "S-MORE"),
        item(YUEYANG, "S-TWICE", requirement("front"), requirement("back")),
        item(YUEYANG, "X-1"),
    ),
)
TARGET = Catalogue(
    JINGZHOU,
    "荆州目录",
    1,
    (
        item(
            JINGZHOU,
            "T-1",
            requirement("application"),
            requirement("residence", required=False, exempt_by_licence=IDENTITY_TYPE),
            result_licence_type=RESULT_TYPE,
            result_name="测试证",
        ),
        item(JINGZHOU, "T-QUESTION"),
        item(JINGZHOU, "T-STOPPED", state=ItemState.SUSPENDED),
        item(JINGZHOU, "T-MORE", requirement("photo")),
        item(JINGZHOU, "T-TWICE"),
        item(JINGZHOU, "X-1"),
    ),
)
CROSSWALK = Crosswalk(
    (
        row("S-1", "T-1", materials={"form": "application"}),
        row("S-QUESTION", "T-QUESTION", conditions={"kind": frozenset({"new", "again"})}),
        row("S-NONE", ""),
        row("S-OVER", "T-1", valid_until=date(2026, 6, 30)),
        row("S-STOPPED", "T-STOPPED"),
        row("S-RETIRED", "T-1"),
        row("S-MORE", "T-MORE"),
        row("S-TWICE", "T-TWICE", materials={"front": "card", "back": "card"}),
        row("X-1", "X-1"),
    )
)


# --------------------------------------------------------------------------------------------------------------------
# Who is there
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signatory:
    """A member with the private key that it signs calls with."""

    member: str
    signer: SoftwareSigner

    @property
    def tls(self) -> TlsIdentity:
        region, role = self.member.split(".")
        return TlsIdentity(f"spiffe://tongban.test/{region}/{role}", "TLSv1.3")


def listed(signer: SoftwareSigner, purpose: KeyPurpose, *licence_types: str) -> KeyEntry:
    key = VerifyingKey.from_jwk(signer.public_jwk(), signer.kid)
    return KeyEntry(key, purpose, NOW - 300 * DAY, NOW + 300 * DAY, licence_types=licence_types)


def member(member_id: str, keys: tuple[KeyEntry, ...], *rights: Right) -> Member:
    region, role = member_id.split(".")
    return Member(
        id=member_id,
        region=region,
        role=Role(role),
        name=member_id,
        spiffe_id=f"spiffe://tongban.test/{region}/{role}",
        endpoint="",
        versions=("v1",),
        status=MemberStatus.ACTIVE,
        valid_from=NOW - 300 * DAY,
        valid_until=NOW + 300 * DAY,
        keys=keys,
        rights=rights,
    )


SHARED_ITEMS = ("S-*", "T-*")
AMONG_GATEWAYS = (
    Right(Action.EXCHANGE_DELIVER, items=SHARED_ITEMS),
    Right(Action.LICENCE_STATUS),
    Right(Action.CATALOGUE_TRANSLATE),
    Right(Action.CATALOGUE_READ),
    Right(Action.CROSSWALK_READ),
    Right(Action.AUDIT_READ),
    Right(Action.AUDIT_WITNESS),
    Right(Action.DIRECTORY_READ),
)
OF_A_PLATFORM = (
    Right(Action.CASE_OPEN, items=SHARED_ITEMS),
    Right(Action.CASE_PROGRESS, items=SHARED_ITEMS),
    Right(Action.CASE_READ, items=SHARED_ITEMS),
    Right(Action.CROSSWALK_READ),
    Right(Action.CROSSWALK_PROPOSE),
    Right(Action.CROSSWALK_REVIEW),
    Right(Action.LICENCE_ISSUE),
    Right(Action.LICENCE_VERIFY, purposes=("case-handling",)),
    Right(Action.AUDIT_SEARCH),
)


@dataclass
class Clock:
    """A clock that stands until a test moves it."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Known:
    """``Knowledge`` whose parts a test may replace."""

    directory: Directory
    crosswalk: Crosswalk = CROSSWALK
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar.published)
    catalogues: Mapping[str, Catalogue] = field(default_factory=lambda: {YUEYANG: SOURCE, JINGZHOU: TARGET})
    directory_envelope: bytes = b"envelope"

    @property
    def atlas(self) -> Atlas:
        return Atlas(self.catalogues, self.crosswalk)

    def catalogue(self, region: str) -> Catalogue:
        return self.atlas.catalogue(region)


@dataclass
class Peers:
    """The other gateways' status lists, without a network; deliveries are the tests' to carry."""

    cities: dict[str, City]

    async def deliver(self, member: str, case_id: str, events: object, heads: object) -> SignedAnswer:
        raise NotImplementedError

    async def catalogue_page(self, member: str, catalogue: str, since_edition: int, page: str) -> CataloguePage:
        raise NotImplementedError

    async def crosswalk_changes(self, member: str, after: int) -> list[tuple[int, CrosswalkEntry]]:
        raise NotImplementedError

    async def status_list(self, member: str, uri: str) -> str:
        city = self.cities[member.partition(".")[0]]
        return await city.house.status_lists.own_token(uri, city.house.clock.now())


@dataclass
class City:
    """One gateway, its local platform, and the defects that it reported."""

    house: House
    gateway: Signatory
    platform: Signatory
    known: Known
    defects: list[BaseException]
    log_signer: SoftwareSigner

    @property
    def store(self) -> Store:
        return self.house.store

    def on(self, store: Store) -> City:
        """The same gateway over another store."""
        return replace(self, house=replace(self.house, store=store))

    async def leaves(self) -> list[Leaf]:
        return [Leaf.from_bytes(leaf.data) for leaf in await self.store.waiting_leaves(100_000)]

    async def own_events(self, case_id: str) -> list[bytes]:
        record = await self.store.case(case_id=case_id)
        assert record is not None
        return [each.raw for each in record.events if each.event.side is record.row.side]


@dataclass(frozen=True)
class Answer:
    """A reply with the call that it answers."""

    call: ReceivedCall
    reply: Reply

    @property
    def body(self) -> bytes:
        assert self.reply.status == 0, self.error
        return self.reply.body

    @property
    def error(self) -> TongbanError:
        assert self.reply.status != 0
        return read_status(self.reply.status, self.reply.body)


@dataclass
class Federation:
    """Everybody, at one moment."""

    clock: Clock
    directory: Directory
    cities: dict[str, City]

    @property
    def yueyang(self) -> City:
        return self.cities[YUEYANG]

    @property
    def jingzhou(self) -> City:
        return self.cities[JINGZHOU]

    @property
    def chongqing(self) -> City:
        return self.cities[CHONGQING]

    def publish(self, changed: Member) -> None:
        """Everybody learns of a member's new entry."""
        members = tuple(changed if each.id == changed.id else each for each in self.directory.members)
        self.directory = replace(self.directory, version=self.directory.version + 1, members=members)
        for city in self.cities.values():
            city.known.directory = self.directory

    def signed(self, who: Signatory, to: City, method: str, message: Message | bytes, **changes: Any) -> ReceivedCall:
        body = message if isinstance(message, bytes) else message.SerializeToString()
        fields: dict[str, Any] = {
            "issuer": who.member,
            "audience": to.house.member_id,
            "method": method,
            "body": body,
            "now": self.clock.now(),
            **changes,
        }
        return ReceivedCall(method, body, sign_request(who.signer, **fields), who.tls)

    async def send(self, call: ReceivedCall, to: City, who: Signatory) -> Answer:
        """The reply, and that it is a signed answer to exactly this call."""
        answer = Answer(call, await exchange(to.house, call))
        verify_response(
            answer.reply.signature,
            answer.reply.body,
            directory=self.directory,
            request=call.signature or "",
            responder=to.house.member_id,
            audience=who.member,
            method=call.method,
            status=answer.reply.status,
            now=self.clock.now(),
        )
        return answer

    async def call(self, who: Signatory, to: City, method: str, message: Message | bytes, **changes: Any) -> Answer:
        return await self.send(self.signed(who, to, method, message, **changes), to, who)

    async def deliver(self, case_id: str, sender: City, receiver: City, *, first: int = 1) -> Answer:
        """Carry what the sender did to the receiver."""
        events = (await sender.own_events(case_id))[first - 1 :]
        message = exchange_service_pb2.DeliverEventsRequest(case_id=case_id, events=events)
        return await self.call(sender.gateway, receiver, routes.DELIVER_EVENTS, message)

    async def opened(self, **changes: Any) -> str:
        """The id of a case opened at 岳阳 and delivered to 荆州."""
        case = shown(await self.call(self.yueyang.platform, self.yueyang, routes.OPEN_CASE, application(**changes)))
        receipt_of(await self.deliver(case.case_id, self.yueyang, self.jingzhou))
        return case.case_id

    async def report(self, case_id: str, key: str = "", **told: Message) -> Answer:
        """荆州's platform says what it did."""
        return await self.call(
            self.jingzhou.platform, self.jingzhou, routes.REPORT_PROGRESS, progress(case_id, key, **told)
        )


def shown(answer: Answer) -> case_pb2.Case:
    """The case in an answer of the CaseService."""
    return case_service_pb2.GetCaseResponse.FromString(answer.body).case


def receipt_of(answer: Answer) -> delivery_pb2.Receipt:
    return exchange_service_pb2.DeliverEventsResponse.FromString(answer.body).receipt


# --------------------------------------------------------------------------------------------------------------------
# What is said
# --------------------------------------------------------------------------------------------------------------------


def parcel(key: str) -> material_pb2.Material:
    return material_pb2.Material(
        key=key, name=f"材料{key}", carrier=material_pb2.MATERIAL_CARRIER_PARCEL, tracking_number="SF1"
    )


def promise(key: str) -> material_pb2.Material:
    return material_pb2.Material(key=key, name=f"材料{key}", carrier=material_pb2.MATERIAL_CARRIER_PROMISE)


def licence(presentation: str, key: str = "identity") -> material_pb2.Material:
    return material_pb2.Material(
        key=key, name=f"材料{key}", carrier=material_pb2.MATERIAL_CARRIER_LICENCE, licence=presentation
    )


def papers() -> list[material_pb2.Material]:
    """Everything that S-1 asks for."""
    return [parcel("form"), parcel("identity"), promise("income")]


def application(**changes: Any) -> case_service_pb2.OpenCaseRequest:
    fields: dict[str, Any] = {
        "idempotency_key": "open-000001",
        "item_code": "S-1",
        "processing_region": JINGZHOU,
        "applicant": party_pb2.Party(
            type=party_pb2.APPLICANT_TYPE_PERSON, name="张三", id_type="111", id_number=APPLICANT_NUMBER
        ),
        "materials": papers(),
        **changes,
    }
    return case_service_pb2.OpenCaseRequest(**fields)


def progress(case: str, key: str = "", **told: Any) -> case_service_pb2.ReportProgressRequest:
    (kind,) = told
    return case_service_pb2.ReportProgressRequest(idempotency_key=key or f"report-{kind}", case=case, **told)


ACCEPTED = event_pb2.Accepted(local_number="JZ-1", promised_days=5)
DECIDED = event_pb2.Decided(approved=True, explanation="准予", result_number="荆字1号")
SUPPLEMENT = event_pb2.SupplementRequested(items=[event_pb2.SupplementItem(material_key="application", flaw="未签字")])


# --------------------------------------------------------------------------------------------------------------------
# Building it
# --------------------------------------------------------------------------------------------------------------------


def build() -> Federation:
    """Everybody anew, with empty stores."""
    clock = Clock()
    signatories: dict[str, Signatory] = {}
    signers: dict[str, Signers] = {}
    status_signers: dict[str, SoftwareSigner] = {}
    log_signers: dict[str, SoftwareSigner] = {}
    members = []
    for region in (YUEYANG, JINGZHOU, CHONGQING):
        gateway = Signatory(f"{region}.gateway", SoftwareSigner.generate(Algorithm.ES256, f"{region}.gateway#m"))
        platform = Signatory(f"{region}.platform", SoftwareSigner.generate(Algorithm.ED25519, f"{region}.platform#m"))
        signatories |= {gateway.member: gateway, platform.member: platform}
        licence_signer = SoftwareSigner.generate(Algorithm.ES256, f"{region}.gateway#l")
        log_signers[region] = SoftwareSigner.generate(Algorithm.ED25519, f"{region}.gateway#log")
        witness = SoftwareSigner.generate(Algorithm.ED25519, f"{region}.gateway#w")
        signers[region] = Signers(message=gateway.signer, licence=licence_signer, witness=witness)
        status_signers[region] = SoftwareSigner.generate(Algorithm.ES256, f"{region}.gateway#s")
        keys = (
            listed(gateway.signer, KeyPurpose.MESSAGE),
            listed(licence_signer, KeyPurpose.LICENCE, "*"),
            listed(status_signers[region], KeyPurpose.STATUS),
            listed(log_signers[region], KeyPurpose.LOG),
            listed(witness, KeyPurpose.WITNESS),
        )
        rights = AMONG_GATEWAYS if region != CHONGQING else (Right(Action.EXCHANGE_DELIVER, items=("T-OTHER",)),)
        members += [
            member(gateway.member, keys, *rights),
            member(platform.member, (listed(platform.signer, KeyPurpose.MESSAGE),), *OF_A_PLATFORM),
        ]
    directory = Directory(1, "tongban.test", NOW - DAY, NOW + 200 * DAY, tuple(members))
    cities: dict[str, City] = {}
    for number, region in enumerate((YUEYANG, JINGZHOU, CHONGQING)):
        store, known, defects = MemoryStore(), Known(directory), list[BaseException]()
        house = House(
            member_id=f"{region}.gateway",
            region=region,
            platform=f"{region}.platform",
            signers=signers[region],
            knowledge=known,
            store=store,
            clock=clock,
            codec=ProtobufEventCodec(),
            status_lists=StatusLists(f"{region}.gateway", status_signers[region], store, Peers(cities)),
            routes=routes.ROUTES,
            write_status=write_status,
            random=random.Random(number).randbytes,  # noqa: S311 - the same in every run
            report_defect=defects.append,
        )
        cities[region] = City(
            house,
            signatories[f"{region}.gateway"],
            signatories[f"{region}.platform"],
            known,
            defects,
            log_signers[region],
        )
    return Federation(clock, directory, cities)


async def identity_licence(city: City, **changes: Any) -> str:
    """An identity licence of the applicant, issued by a city and entered in its store, bound to no key."""
    serial = await city.store.next_serial("licence")
    uri = f"urn:tongban:status:{city.house.member_id}:1"
    kind = changes.pop("licence_type", IDENTITY_TYPE)
    fields: dict[str, Any] = {
        "issuer": city.house.member_id,
        "licence_id": LicenceId.make(kind, city.house.region, f"{serial:09d}", 1),
        "name": "居民身份证",
        "region": city.house.region,
        "issuer_name": "公安局",
        "issued_at": NOW - DAY,
        "valid_from": NOW - DAY,
        "valid_until": None,
        "status_uri": uri,
        "status_index": serial - 1,
        "holder_name": "张三",
        "holder_code": APPLICANT_NUMBER,
        **changes,
    }
    made = Licence(**fields)
    entry = LicenceEntry(made.licence_id.text, kind, uri, serial - 1, status=0)
    await city.store.record(Recording(licences=(entry,)))
    return issue(made, city.house.signers.licence)
