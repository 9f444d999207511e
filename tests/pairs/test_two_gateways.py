"""Two real gateways on a real line: a case goes through, and nothing that attacks it does."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
import pytest_asyncio
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tongban.case.v1 import case_pb2, event_pb2
from tongban.directory.v1 import directory_service_pb2
from tongban.exchange.v1 import exchange_service_pb2

from gateway.domain.application import SupplementItem
from gateway.domain.case import Accepted, Decided, SupplementRequested
from gateway.domain.case_number import CaseNumber
from gateway.exchange.sentence import MAX_MESSAGE_BYTES
from gateway.rpc.server import SIGNATURE, STATUS_DETAILS
from gateway.wire import routes
from sandbox.authority import Authority, CertificatePaths
from sandbox.configuration import HOST
from sandbox.federation import CITIES, JINGZHOU, TRUST_DOMAIN, YUEYANG, City
from sandbox.window import Person, Window, sample_scan, scanned
from tests.pairs import bare_http2
from tests.pairs.ground import Ground, Reply, two_gateways
from trust.directory import Action, MemberStatus
from trust.errors import Reason, TongbanError
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner
from trust.leaf import Leaf, LeafKind
from trust.signed_call import Officer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_SECONDS: Final = 60.0
ITEM: Final = "12430600TB4306016C3432090011000"
"""公积金缴存贷款信息查询, which wants nothing but an identity card."""
SECOND: Final = timedelta(seconds=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    # Seldom, since what one asks the other by itself would be refused and audited like the attacks tried here.
    async with two_gateways(tmp_path_factory.mktemp("pair"), sync_seconds=3600.0) as up:
        yield up


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def windows(ground: Ground) -> AsyncIterator[dict[City, Window]]:
    clients = {city: ground.client(city.platform) for city in CITIES}
    yield {city: Window(client, city, Officer("w1", "window", "1")) for city, client in clients.items()}
    for client in clients.values():
        await client.close()


async def until(look: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await look():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s for {what}"
        await asyncio.sleep(0.02)


async def open_case(windows: dict[City, Window]) -> case_pb2.Case:
    papers = [scanned("id_card", "居民身份证", sample_scan("identity card"))]
    return await windows[YUEYANG].open_case(ITEM, JINGZHOU.region, Person.named("resident"), papers, answers={})


# the main path ------------------------------------------------------------------------------------------------------


async def test_a_case_goes_from_the_window_to_the_rating(ground: Ground, windows: dict[City, Window]) -> None:
    here, there = ground.platforms[YUEYANG.region], ground.platforms[JINGZHOU.region]
    number = (await open_case(windows)).case_number

    async def told(steps: list[str]) -> bool:
        return there.steps(number) == steps

    async def shows(state: case_pb2.CaseState) -> bool:
        return (await windows[YUEYANG].case(number)).state == state

    await until(lambda: told(["submitted"]), "荆州's platform to get the case")
    there.do(number, Accepted("荆-1", 3))
    await until(lambda: shows(case_pb2.CASE_STATE_ACCEPTED), "岳阳's window to see it accepted")
    there.do(number, SupplementRequested(0, (SupplementItem("identity", "照片不清楚"),)))
    await until(lambda: shows(case_pb2.CASE_STATE_SUPPLEMENTING), "岳阳's window to see what lacks")
    await windows[YUEYANG].supplement(number, [scanned("identity", "居民身份证原件", sample_scan("better"))], "补")
    await until(lambda: told(["submitted", "supplemented"]), "荆州's platform to get the supplement")
    there.do(number, Decided(approved=True, explanation="查询完成。", result_number="查〔2026〕1号", result_licence=""))
    await until(lambda: shows(case_pb2.CASE_STATE_DECIDED), "岳阳's window to see the decision")
    await windows[YUEYANG].rate(number, 5, "")
    await until(lambda: told(["submitted", "supplemented", "rated"]), "荆州's platform to get the rating")

    async def settled() -> bool:
        return not any([(await windows[city].case(number)).pending for city in CITIES])

    await until(settled, "both outboxes to be empty")
    ours, theirs = [await windows[city].case(number) for city in CITIES]
    steps = ["submitted", "accepted", "supplement_requested", "supplemented", "decided", "rated"]
    assert [step.event for step in ours.steps] == steps
    assert list(ours.steps) == list(theirs.steps)
    assert here.steps(number) == steps
    assert (ours.local_number, ours.peer_local_number) == (f"430600-{number}", "荆-1")
    # What was passed on is named by whoever did it, not by whoever passed it on.
    for city in CITIES:
        passed = [leaf for leaf in await ground.leaves(city) if leaf.kind is LeafKind.PLATFORM_PASSED]
        done = {step.digest.hex(): (step.emitter, step.seq) for step in ours.steps}
        named = {leaf.subject: (leaf.emitter, leaf.seq) for leaf in passed if leaf.subject in done}
        assert named
        assert named.items() <= done.items()


# attacks ------------------------------------------------------------------------------------------------------------


@dataclass
class Attempt:
    """岳阳's gateway is about to deliver a case to 荆州's; an attack spoils it."""

    ground: Ground
    event: event_pb2.CaseEvent
    """A submission that 荆州 has not got."""
    undo: ExitStack = field(default_factory=ExitStack)
    """Takes back what an attack changed at 荆州."""

    caller: str = YUEYANG.gateway
    method: str = routes.DELIVER_EVENTS

    @property
    def body(self) -> bytes:
        return self.delivering(self.event)

    def delivering(self, event: event_pb2.CaseEvent) -> bytes:
        events = [event.SerializeToString()]
        return exchange_service_pb2.DeliverEventsRequest(case_id=event.case_id, events=events).SerializeToString()

    def signed(self, body: bytes | None = None, **changes: Any) -> str:
        method, audience = changes.pop("method", self.method), changes.pop("audience", JINGZHOU.gateway)
        return self.ground.sign(self.caller, audience, method, self.body if body is None else body, **changes)

    def call(self, body: bytes | None = None, **changes: Any) -> Call:
        """A genuine call over this body, but for the changes to its signature."""
        body = self.body if body is None else body
        return Call(changes.get("method", self.method), body, (self.signed(body, **changes),))

    def of_member(self, **changes: Any) -> Call:
        """A genuine call, after its caller's entry in the directory changed."""
        member = replace(self.ground.federation.directory.member(self.caller), **changes)
        self.undo.enter_context(self.ground.directory_with(JINGZHOU, member))
        return self.call()

    def spoilt(self, **fields: str) -> Call:
        """A well-signed delivery of an event with other content."""
        event = event_pb2.CaseEvent.FromString(self.event.SerializeToString())
        for name, value in fields.items():
            setattr(event.submitted.target_item, name, value)
        return self.call(self.delivering(event))


@dataclass(frozen=True)
class Call:
    """What goes over the wire."""

    method: str
    body: bytes
    signatures: tuple[str, ...]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def submission(ground: Ground, windows: dict[City, Window]) -> event_pb2.CaseEvent:
    """A submission as 岳阳 makes them, made into one of a case that nobody has delivered."""
    case = await open_case(windows)
    known = await ground.gateways[YUEYANG.gateway].house.store.case(case_id=case.case_id)
    assert known is not None
    event = event_pb2.CaseEvent.FromString(known.events[0].raw)
    event.case_id = "6c84fb90-12c4-41e1-840d-725aa755c63d"
    event.submitted.case_number = str(CaseNumber.make(YUEYANG.region, datetime.now(UTC).date(), 999_999))

    async def settled() -> bool:
        return not any([(await windows[city].case(case.case_number)).pending for city in CITIES])

    async def arrived() -> bool:
        return ground.platforms[JINGZHOU.region].steps(case.case_number) == ["submitted"]

    await until(arrived, "the genuine case to arrive")
    await until(settled, "the genuine case to be settled")
    return event


@pytest.fixture
def attempt(ground: Ground, submission: event_pb2.CaseEvent) -> Iterator[Attempt]:
    made = Attempt(ground, submission)
    with made.undo:
        yield made


def without_deliveries(attempt: Attempt) -> Call:
    rights = attempt.ground.federation.directory.member(attempt.caller).rights
    return attempt.of_member(rights=tuple(right for right in rights if right.action is not Action.EXCHANGE_DELIVER))


FRESH = SoftwareSigner.generate(Algorithm.ES256, f"{YUEYANG.gateway}#message")
UNLISTED = SoftwareSigner.generate(Algorithm.ES256, f"{YUEYANG.gateway}#unlisted")
CODE = grpc.StatusCode

ATTACKS: Final[dict[str, tuple[Callable[[Attempt], Call], grpc.StatusCode, Reason]]] = {
    "tampered bytes": (
        lambda a: replace(a.call(), body=a.body + b"\xc0\x3e\x01"),
        CODE.UNAUTHENTICATED,
        Reason.DIGEST_WRONG,
    ),
    "another key under the same kid": (
        lambda a: a.call(signer=FRESH),
        CODE.UNAUTHENTICATED,
        Reason.SIGNATURE_WRONG,
    ),
    "a key that nobody listed": (lambda a: a.call(signer=UNLISTED), CODE.UNAUTHENTICATED, Reason.KEY_UNKNOWN),
    "another member's key": (
        lambda a: a.call(signer=a.ground.federation.signer(JINGZHOU.platform)),
        CODE.UNAUTHENTICATED,
        Reason.TLS_IDENTITY_MISMATCH,
    ),
    "a key for another purpose": (
        lambda a: a.call(signer=a.ground.federation.signer(a.caller, KeyPurpose.LICENCE)),
        CODE.UNAUTHENTICATED,
        Reason.KEY_WRONG_PURPOSE,
    ),
    "expired": (
        lambda a: a.call(now=datetime.now(UTC) - 95 * SECOND),
        CODE.UNAUTHENTICATED,
        Reason.CALL_EXPIRED,
    ),
    "from the future": (
        lambda a: a.call(now=datetime.now(UTC) + 45 * SECOND),
        CODE.UNAUTHENTICATED,
        Reason.CALL_FROM_FUTURE,
    ),
    "living too long": (lambda a: a.call(lifetime=90 * SECOND), CODE.UNAUTHENTICATED, Reason.CALL_LIVES_TOO_LONG),
    "misaddressed": (
        lambda a: a.call(audience=JINGZHOU.platform),
        CODE.UNAUTHENTICATED,
        Reason.AUDIENCE_WRONG,
    ),
    "signed for another method": (
        lambda a: replace(a.call(), method=routes.TRANSLATE),
        CODE.UNAUTHENTICATED,
        Reason.METHOD_WRONG,
    ),
    "unsigned": (lambda a: replace(a.call(), signatures=()), CODE.UNAUTHENTICATED, Reason.SIGNATURE_MISSING),
    "signed twice": (
        lambda a: replace(a.call(), signatures=(a.signed(), a.signed())),
        CODE.UNAUTHENTICATED,
        Reason.SIGNATURE_MISSING,
    ),
    "signed with nonsense": (
        lambda a: replace(a.call(), signatures=("a.b.c",)),
        CODE.UNAUTHENTICATED,
        Reason.SIGNATURE_MALFORMED,
    ),
    "a suspended member": (
        lambda a: a.of_member(status=MemberStatus.SUSPENDED),
        CODE.PERMISSION_DENIED,
        Reason.MEMBER_SUSPENDED,
    ),
    "a former member": (
        lambda a: a.of_member(valid_until=datetime.now(UTC)),
        CODE.PERMISSION_DENIED,
        Reason.MEMBER_NOT_IN_FORCE,
    ),
    "no right to the method": (without_deliveries, CODE.PERMISSION_DENIED, Reason.RIGHT_MISSING),
    "a method for local members": (
        lambda a: a.call(b"", method=routes.LIST_CASES),
        CODE.PERMISSION_DENIED,
        Reason.RIGHT_MISSING,
    ),
    "no right to the item": (
        lambda a: a.spoilt(code="12421000TB421001493422090099000"),
        CODE.PERMISSION_DENIED,
        Reason.ITEM_NOT_GRANTED,
    ),
    "malformed": (lambda a: a.call(b"\xff"), CODE.INVALID_ARGUMENT, Reason.MESSAGE_MALFORMED),
    "a field out of bounds": (
        lambda a: a.spoilt(name="名" * 1000),
        CODE.INVALID_ARGUMENT,
        Reason.FIELD_INVALID,
    ),
    "a byte more than the limit": (
        lambda a: a.call(bytes(MAX_MESSAGE_BYTES + 1)),
        CODE.INVALID_ARGUMENT,
        Reason.MESSAGE_TOO_LARGE,
    ),
    "an unknown method": (
        lambda a: a.call(method="/tongban.exchange.v1.ExchangeService/DeliverNothing"),
        CODE.INVALID_ARGUMENT,
        Reason.METHOD_UNKNOWN,
    ),
    "an unknown version": (
        lambda a: a.call(method="/tongban.exchange.v2.ExchangeService/DeliverEvents"),
        CODE.INVALID_ARGUMENT,
        Reason.METHOD_UNKNOWN,
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused_for_its_reason_signed_audited_and_leaves_nothing_else(
    attempt: Attempt, name: str
) -> None:
    spoil, code, reason = ATTACKS[name]
    ground = attempt.ground
    call = spoil(attempt)
    before, leaves = ground.stored(JINGZHOU), await ground.leaves(JINGZHOU)
    reply = await send(attempt, call)
    assert (reply.code, reply.reason, reply.details) == (code, reason, reason)
    request = call.signatures[0] if len(call.signatures) == 1 else ""
    ground.require_signed(reply, JINGZHOU, attempt.caller, call.method, request)
    (leaf,) = (await ground.leaves(JINGZHOU))[len(leaves) :]
    assert (leaf.kind, leaf.member, leaf.subject) == (LeafKind.CALL_REFUSED, attempt.caller, reason)
    assert leaf.call == (sha256(request.encode()).hexdigest() if request else "")
    assert ground.stored(JINGZHOU) == before


async def send(attempt: Attempt, call: Call, paths: CertificatePaths | None = None) -> Reply:
    paths = paths or attempt.ground.federation.certificates[attempt.caller]
    return await attempt.ground.send(JINGZHOU, paths, call.method, call.body, *call.signatures)


async def test_a_call_that_is_played_again_is_told_so_and_changes_nothing(attempt: Attempt) -> None:
    body = directory_service_pb2.GetDirectoryRequest().SerializeToString()
    call = attempt.call(body, method=routes.GET_DIRECTORY)
    first = await send(attempt, call)
    assert first.code is CODE.OK
    attempt.ground.require_signed(first, JINGZHOU, attempt.caller, call.method, call.signatures[0])
    before, leaves = attempt.ground.stored(JINGZHOU), await attempt.ground.leaves(JINGZHOU)
    again = await send(attempt, call)
    assert (again.code, again.reason) == (CODE.UNAUTHENTICATED, Reason.CALL_REPLAYED)
    attempt.ground.require_signed(again, JINGZHOU, attempt.caller, call.method, call.signatures[0])
    (leaf,) = (await attempt.ground.leaves(JINGZHOU))[len(leaves) :]
    assert (leaf.kind, leaf.subject) == (LeafKind.CALL_REFUSED, Reason.CALL_REPLAYED)
    assert attempt.ground.stored(JINGZHOU) == before


async def nothing_left(attempt: Attempt, call: Call, paths: CertificatePaths | None = None) -> Reply:
    """Send a call; the reply, which nobody signed, and of which nothing is left, not even in the log."""
    before, leaves = attempt.ground.stored(JINGZHOU), await attempt.ground.leaves(JINGZHOU)
    reply = await send(attempt, call, paths)
    assert (reply.signature, reply.body) == ("", b"")
    assert await attempt.ground.leaves(JINGZHOU) == leaves
    assert attempt.ground.stored(JINGZHOU) == before
    return reply


def certified(folder: Path, name: str) -> CertificatePaths:
    """A certificate of this authority for somebody whom no directory names."""
    now = datetime.now(UTC)
    return Authority.of(folder, now).certify(name, f"spiffe://{TRUST_DOMAIN}/430600/{name}", now)


async def test_whoever_no_directory_names_learns_nothing_and_leaves_nothing(attempt: Attempt) -> None:
    stranger = certified(attempt.ground.folder / "trust", "stranger")
    for call in (attempt.call(), replace(attempt.call(), signatures=()), attempt.call(b"\xff")):
        reply = await nothing_left(attempt, call, stranger)
        assert (reply.code, reply.details) == (CODE.UNAUTHENTICATED, "")


async def test_a_certificate_of_another_authority_gets_no_connection(attempt: Attempt, tmp_path: Path) -> None:
    own = attempt.ground.federation.certificates[attempt.caller]
    forged = Authority.of(tmp_path, datetime.now(UTC)).certify(
        attempt.caller, f"spiffe://{TRUST_DOMAIN}/430600/gateway", datetime.now(UTC)
    )
    reply = await nothing_left(attempt, attempt.call(), replace(forged, roots=own.roots))
    assert reply.code is CODE.UNAVAILABLE


async def test_a_message_beyond_what_the_transport_reads_is_cut_off(attempt: Attempt) -> None:
    reply = await nothing_left(attempt, attempt.call(bytes(2 * MAX_MESSAGE_BYTES + 1)))
    assert reply.code is CODE.RESOURCE_EXHAUSTED


async def test_a_method_of_others_is_not_ours_to_answer(attempt: Attempt) -> None:
    reply = await nothing_left(attempt, attempt.call(method="/elsewhere.v1.Service/Method"))
    assert reply.code is CODE.UNIMPLEMENTED


async def test_after_every_attack_the_genuine_call_passes(attempt: Attempt) -> None:
    call = attempt.call()
    reply = await send(attempt, call)
    assert reply.code is CODE.OK
    attempt.ground.require_signed(reply, JINGZHOU, attempt.caller, call.method, call.signatures[0])
    assert exchange_service_pb2.DeliverEventsResponse.FromString(reply.body).receipt.accepted_through == 1


async def refused_calls(ground: Ground) -> list[Leaf]:
    return [leaf for leaf in await ground.leaves(JINGZHOU) if leaf.kind is LeafKind.CALL_REFUSED]


@pytest.mark.parametrize("acquainted", [False, True])
async def test_a_client_sends_nothing_to_a_gateway_of_another_name(ground: Ground, acquainted: bool) -> None:
    """Where 岳阳's gateway is said to be, 荆州's answers, with a good certificate of its own."""
    sought = ground.federation.directory.member(YUEYANG.gateway)
    endpoint = ground.federation.directory.member(JINGZHOU.gateway).endpoint
    posed = replace(
        ground.federation.directory,
        members=tuple(
            replace(member, endpoint=endpoint) if member.id == sought.id else member
            for member in ground.federation.directory.members
        ),
    )
    client = ground.client(JINGZHOU.platform)
    if acquainted:  # a connection to that address stands, made in its true name
        with suppress(TongbanError):
            await client.call(JINGZHOU.gateway, routes.GET_DIRECTORY, b"", attempts=1)
    client._directory = lambda: posed
    before = await refused_calls(ground)
    with pytest.raises(TongbanError) as refused:
        await client.call(YUEYANG.gateway, routes.GET_DIRECTORY, b"", attempts=1)
    await client.close()
    assert refused.value.reason is Reason.PEER_UNAVAILABLE
    assert await refused_calls(ground) == before


# the line -----------------------------------------------------------------------------------------------------------


def line_of(ground: Ground, member: str, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A member's side of a TLS connection, of no other version than this."""
    paths = ground.federation.certificates[member]
    context = ssl.create_default_context(cafile=str(paths.roots))
    context.load_cert_chain(paths.chain, paths.key)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    return context


def certificate_of(ground: Ground, city: City) -> x509.Certificate:
    """The certificate that a gateway shows on a new connection."""
    context = line_of(ground, city.platform, ssl.TLSVersion.TLSv1_3)
    with (
        socket.create_connection((HOST, ground.ports[city.gateway]), timeout=5.0) as plain,
        context.wrap_socket(plain, server_hostname=city.gateway) as line,
    ):
        shown = line.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)


@pytest.mark.parametrize(("version", "known"), [(ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, False)])
async def test_over_tls_1_2_a_member_is_as_unknown_as_anybody(
    attempt: Attempt, version: ssl.TLSVersion, *, known: bool
) -> None:
    ground, refusals = attempt.ground, await refused_calls(attempt.ground)
    context = line_of(ground, attempt.caller, version)
    headers = {SIGNATURE: attempt.signed(b"", method=routes.GET_DIRECTORY)}
    address = (HOST, ground.ports[JINGZHOU.gateway])
    seen = await asyncio.to_thread(bare_http2.call, address, context, JINGZHOU.gateway, routes.GET_DIRECTORY, headers)
    assert bare_http2.status_is(seen, 0 if known else CODE.UNAUTHENTICATED.value[0])
    assert (SIGNATURE.encode() in seen) is known
    assert STATUS_DETAILS.encode() not in seen
    assert await refused_calls(ground) == refusals


async def test_health_and_reflection_are_served_as_every_tool_expects_them(ground: Ground) -> None:
    async with ground.channel(JINGZHOU, ground.federation.certificates[YUEYANG.platform]) as channel:
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        stream = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([asked]))
        (answer,) = [answer async for answer in stream]
    listed = {service.name for service in answer.list_services_response.service}
    assert {method.split("/")[1] for method in routes.ROUTES} <= listed


async def test_certificates_that_are_replaced_on_disk_are_used_by_new_connections(
    ground: Ground, windows: dict[City, Window]
) -> None:
    async def shown() -> x509.Certificate:
        return await asyncio.to_thread(certificate_of, ground, JINGZHOU)

    async def there_and_back() -> None:
        """A case goes to 荆州, and its acceptance comes back on the line that 荆州 makes."""
        case = await open_case(windows)
        there = ground.platforms[JINGZHOU.region]

        async def taken() -> bool:
            return there.steps(case.case_number) == ["submitted"]

        async def accepted() -> bool:
            return (await windows[YUEYANG].case(case.case_number)).state == case_pb2.CASE_STATE_ACCEPTED

        await until(taken, "the case to arrive")
        there.do(case.case_number, Accepted("荆-2", 3))
        await until(accepted, "荆州 to say that it is accepted")

    await there_and_back()  # now both lines stand
    before = await shown()
    spiffe_id = ground.federation.directory.member(JINGZHOU.gateway).spiffe_id
    now = datetime.now(UTC)
    paths = Authority.of(ground.folder / "trust", now).certify(JINGZHOU.gateway, spiffe_id, now)
    renewed = x509.load_pem_x509_certificate(paths.chain.read_bytes())
    assert renewed.serial_number != before.serial_number
    assert await shown() == renewed
    await windows[JINGZHOU].cases()  # connections of before go on
    # Half-written: the last good certificate serves, and so does the line on which this gateway itself calls.
    paths.chain.write_bytes(paths.chain.read_bytes()[:100])
    assert await shown() == renewed
    await there_and_back()
    paths.chain.write_bytes(b"")
    Authority.of(ground.folder / "trust", now).certify(JINGZHOU.gateway, spiffe_id, now)
    assert (await shown()).serial_number not in {before.serial_number, renewed.serial_number}
