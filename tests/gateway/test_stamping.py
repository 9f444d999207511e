"""Timestamps over the log: what an authority answers is kept when it holds, and cases stop when none does for long."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog.testing
from aiohttp import web
from tongban.exchange.v1.exchange_service_pb2 import DeliverEventsRequest

from gateway import stamping
from gateway.domain.case import CaseState
from gateway.exchange.audit import COSIGNED
from gateway.ports import Recording, Stamp
from gateway.sequencer import Sequencer
from gateway.stamping import MAX_CLOCK_DIFFERENCE, Authority, Stamper, wait_after
from gateway.store.memory import MemoryStore
from gateway.wire import routes
from tests.gateway.exchange.world import City, application, build, shown
from tests.gateway.tsa import DAY, POLICY, Answer, Certified, Tsa, pem, root, serving
from trust.errors import Reason, Unavailable
from trust.evidence_stamp import MAX_TOKEN_BYTES, check_stamp
from trust.keys import Algorithm, SoftwareSigner
from trust.leaf import Leaf, LeafKind
from trust.note import add_signature

NOTE = "tongban/430600.gateway/log\n7\nAAAA\n\n— a signature\n"
SECOND = timedelta(seconds=1)
ROOT = root()
TROUBLE = "an authority gave no timestamp that can be taken"


@pytest.fixture(scope="module")
def ours() -> Certified:
    return ROOT.timestamping()


@pytest.fixture
def tsa(tmp_path: Path, ours: Certified) -> Tsa:
    return Tsa(tmp_path / "tsa", ours)


async def stamped_by(
    answer: Answer, *, note: str = NOTE, now: datetime | None = None, policy: str = "", at: Certified = ROOT
) -> Stamp:
    async with serving(answer) as url:
        return await Authority(url, [at.certificate], policy).stamp(7, note, now or datetime.now(UTC))


def bytes_with(body: bytes, status: int = 200) -> Answer:
    async def answer(_: bytes) -> web.Response:
        return web.Response(status=status, body=body)

    return answer


def openssl(folder: Path, *command: str) -> str:
    """What it prints."""
    return subprocess.run(("openssl", *command), cwd=folder, capture_output=True, text=True, check=False).stdout


# --- an authority's answer ------------------------------------------------------------------------------------------


async def test_an_answer_that_holds_is_a_stamp_that_openssl_verifies(tsa: Tsa, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    stamp = await stamped_by(tsa.answer, policy=POLICY)
    assert (stamp.size, stamp.note) == (7, NOTE)
    assert before - SECOND < stamp.at <= datetime.now(UTC)
    for name, content in (("note", NOTE.encode()), ("token", stamp.token), ("root", pem(ROOT.certificate))):
        (tmp_path / name).write_bytes(content)
    command = ("ts", "-verify", "-data", "note", "-in", "token", "-CAfile", "root")
    assert "Verification: OK" in openssl(tmp_path, *command)
    (tmp_path / "note").write_bytes(NOTE.encode() + b" ")
    assert "Verification: OK" not in openssl(tmp_path, *command)


async def test_the_query_asks_for_the_certificate_over_a_sha256_and_never_twice_alike(tsa: Tsa, tmp_path: Path) -> None:
    for _ in range(2):
        await stamped_by(tsa.answer)
    assert tsa.queries[0] != tsa.queries[1]
    (tmp_path / "query").write_bytes(tsa.queries[0])
    shown = openssl(tmp_path, "ts", "-query", "-in", "query", "-text")
    assert "Hash Algorithm: sha256" in shown
    assert "Certificate required: yes" in shown
    assert "Nonce: 0x" in shown


async def test_an_authority_with_rsa_below_another_authority_is_taken(tmp_path: Path) -> None:
    below = ROOT.authority("中间").timestamping(use_rsa=True)
    assert (await stamped_by(Tsa(tmp_path, below).answer)).size == 7


def mangled(tsa: Tsa, change: Callable[[bytearray], None]) -> Answer:
    """An authority that stamps something else than it was asked for."""

    async def answer(query: bytes) -> web.Response:
        changed = bytearray(query)
        change(changed)
        return await tsa.answer(bytes(changed))

    return answer


async def refused(answer: Answer, **asked: object) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await stamped_by(answer, **asked)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.LOG_UNWITNESSED
    return caught.value


async def test_another_nonce_is_refused(tsa: Tsa) -> None:
    def change(query: bytearray) -> None:
        assert query[-3:] == b"\x01\x01\xff"  # certReq, behind the nonce
        query[-4] ^= 1

    assert (await refused(mangled(tsa, change))).got == "Nonce mismatch"


async def test_another_imprint_is_refused(tsa: Tsa) -> None:
    def change(query: bytearray) -> None:
        start = query.index(b"\x04\x20") + 2
        query[start] ^= 1

    assert (await refused(mangled(tsa, change))).got == "it is over another text"


async def test_the_answer_to_an_older_query_is_refused(tsa: Tsa) -> None:
    stamp = await stamped_by(tsa.answer)
    assert (await refused(bytes_with(stamp.token))).got == "Nonce mismatch"


async def test_a_certificate_that_has_expired_is_refused(tmp_path: Path) -> None:
    error = await refused(Tsa(tmp_path, ROOT.timestamping(until=-DAY)).answer)
    assert error.got == "its certificate was not in force then"


async def test_a_certificate_of_another_root_is_refused(tsa: Tsa) -> None:
    assert (await refused(tsa.answer, at=root())).got == "a certificate that leads to none of the roots"


async def test_a_certificate_that_only_calls_its_issuer_ours_is_refused(tmp_path: Path) -> None:
    """Same name, other key."""
    error = await refused(Tsa(tmp_path, root().timestamping()).answer)
    assert error.got == "a certificate that leads to none of the roots"


async def test_another_policy_is_refused(tsa: Tsa) -> None:
    assert (await refused(tsa.answer, policy="1.2.3.4.2")).got == "Policy ID mismatch"


async def test_a_rejection_is_refused(tmp_path: Path, ours: Certified) -> None:
    error = await refused(Tsa(tmp_path, ours, digests="sha512").answer)
    assert error.got == "the authority did not grant it"


@pytest.mark.parametrize("ahead", [1, -1])
async def test_a_time_that_is_not_ours_is_refused(tsa: Tsa, ahead: int) -> None:
    now = datetime.now(UTC)
    near, far = MAX_CLOCK_DIFFERENCE - 20 * SECOND, MAX_CLOCK_DIFFERENCE + 20 * SECOND
    assert await stamped_by(tsa.answer, now=now + ahead * near)
    assert (await refused(tsa.answer, now=now + ahead * far)).failed == "the authority's time is not ours"


async def test_a_certificate_of_a_version_that_does_not_exist_is_refused(tsa: Tsa) -> None:
    async def answer(query: bytes) -> web.Response:
        third, fourth = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03"
        return web.Response(body=tsa.reply(query).replace(third, fourth, 1))

    assert (await refused(answer)).failed == "the answer does not hold"


async def test_a_changed_bit_is_refused_wherever_something_is_signed(tmp_path: Path, ours: Certified) -> None:
    tsa, changed = Tsa(tmp_path, replace(ours, above=())), 0  # no root in it: ours is the one that counts

    async def answer(query: bytes) -> web.Response:
        token = bytearray(tsa.reply(query))
        token[changed] ^= 1
        return web.Response(body=bytes(token))

    held = []
    async with serving(answer) as url:
        authority = Authority(url, [ROOT.certificate])
        for changed in range(0, 900, 17):
            with contextlib.suppress(Unavailable):
                await authority.stamp(7, NOTE, datetime.now(UTC))
                held.append(changed)
    assert held in ([], [34])  # the version of SignedData


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        (b"", "the answer does not hold"),
        (b"<html>busy</html>", "the answer does not hold"),
        (b"\x30\x03\x30\x01\x00", "the answer does not hold"),
        (bytes(MAX_TOKEN_BYTES), "the answer does not hold"),
        (bytes(MAX_TOKEN_BYTES + 1), "the answer is too long"),
        (bytes(40 * MAX_TOKEN_BYTES), "the answer is too long"),
    ],
    ids=["empty", "html", "cut off", "zeroes", "one byte too many", "huge"],
)
async def test_what_is_no_answer_is_refused(body: bytes, failed: str) -> None:
    assert (await refused(bytes_with(body))).failed == failed


@pytest.mark.parametrize("status", [204, 301, 307, 403, 500, 503])
async def test_another_http_status_is_refused_and_not_followed(tsa: Tsa, status: int) -> None:
    asked = 0

    async def answer(query: bytes) -> web.Response:
        nonlocal asked
        asked += 1
        token = await asyncio.to_thread(tsa.reply, query)
        return web.Response(status=status, body=token if status != 204 else None, headers={"Location": "/tsr"})

    assert (await refused(answer)).got == f"HTTP {status}"
    assert asked == 1


async def test_an_authority_that_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamping, "ANSWER_SECONDS", 0.1)

    async def trickle(_: bytes) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    assert (await refused(trickle)).got == "nothing within 0.1 seconds"


async def test_an_authority_that_is_not_there_is_told_so() -> None:
    async with serving(bytes_with(b"")) as url:
        pass
    with pytest.raises(Unavailable) as caught:
        await Authority(url, [ROOT.certificate]).stamp(7, NOTE, datetime.now(UTC))
    assert caught.value.failed == "the authority does not answer"


# --- rounds ---------------------------------------------------------------------------------------------------------


@dataclass
class Given:
    """An authority that answers at once, or fails as it is told."""

    url: str = "http://tsa.example/tsr"
    error: Unavailable | None = None
    asked: list[tuple[int, str]] = field(default_factory=list)

    async def stamp(self, size: int, note: str, now: datetime) -> Stamp:
        self.asked.append((size, note))
        if self.error is not None:
            raise self.error
        return Stamp(size, note, b"token", now)


class FailingStore(MemoryStore):
    """Fails one record of a timestamp, before or after it is written."""

    fail, written = "", False

    async def record(self, recording: Recording) -> None:
        failing = self.fail if recording.stamps else ""
        if failing == "before":
            raise STORE_DOWN
        await super().record(recording)
        self.written |= bool(recording.stamps)
        if failing == "after":
            raise STORE_DOWN


STORE_DOWN = Unavailable(Reason.STORE_UNAVAILABLE, "writing")
DOWN = Unavailable(Reason.LOG_UNWITNESSED, "the authority does not answer", got="HTTP 500")


class Place:
    """岳阳, its log, and the stamper that looks after it."""

    def __init__(self, *authorities: Given | Authority, closed_after: timedelta | None = None) -> None:
        self.federation = build()
        self.store = FailingStore()
        self.city = self.federation.yueyang.on(self.store)
        self.clock = self.federation.clock
        self.stamper = Stamper(self.city.house, authorities, 60.0, closed_after)  # type: ignore[arg-type]

    async def write(self, count: int = 1) -> None:
        """Leaves without a place yet."""
        now = self.clock.now()
        leaves = [Leaf(LeafKind.ADMIN, "o-7", f"act-{number}", now).to_bytes() for number in range(count)]
        await self.store.record(Recording(leaves=tuple(leaves)))

    async def grow(self, count: int = 1) -> str:
        """Leaves, placed; the newest checkpoint."""
        await self.write(count)
        await Sequencer(self.city.house, self.city.log_signer).catch_up()
        return (await self.store.log_head()).checkpoint

    async def sizes(self) -> list[int]:
        return [stamp.size for stamp in await self.store.stamps(limit=100)]


async def test_a_round_stamps_the_newest_checkpoint_by_a_real_authority_and_keeps_it(tsa: Tsa) -> None:
    async with serving(tsa.answer) as url:
        place = Place(Authority(url, [ROOT.certificate]))
        place.clock.time = datetime.now(UTC)
        note = await place.grow(700)
        assert await place.stamper.step()
    (stamp,) = await place.store.stamps(limit=9)
    assert (stamp.size, stamp.note) == (700, note)
    fact = check_stamp(stamp.token, note.encode(), [ROOT.certificate])
    assert (fact.at, fact.rooted, fact.authority) == (stamp.at, True, "时间戳")
    assert len(tsa.queries) == 1, "one is over everything"


async def test_nothing_is_kept_of_an_answer_that_does_not_hold(tsa: Tsa) -> None:
    async with serving(tsa.answer) as url:
        place = Place(Authority(url, [root().certificate]))
        place.clock.time = datetime.now(UTC)
        await place.grow()
        assert not await place.stamper.step()
    assert await place.sizes() == []


async def test_a_log_that_did_not_grow_is_not_stamped_again() -> None:
    place = Place(given := Given())
    assert await place.stamper.step()
    assert given.asked == [], "an empty log"
    await place.grow(3)
    for _ in range(3):
        assert await place.stamper.step()
    assert [size for size, _ in given.asked] == [3]
    await place.grow()
    assert await place.stamper.step()
    assert await place.sizes() == [3, 4]


async def test_what_witnesses_cosigned_is_stamped_first_and_the_newest_when_that_is_no_news() -> None:
    place = Place(given := Given())
    note, witness = await place.grow(3), SoftwareSigner.generate(Algorithm.ED25519, "witness")
    cosigned = add_signature(note, witness, "example.org/witness")
    await place.store.record(Recording(snapshots={COSIGNED: cosigned.encode()}))
    newest = await place.grow(2)
    assert await place.stamper.step()
    assert await place.stamper.step()
    assert given.asked == [(3, cosigned), (5, newest)]


async def test_authorities_are_asked_in_turn_until_one_gives_a_timestamp() -> None:
    place = Place(first := Given("http://a/", DOWN), second := Given("http://b/"), third := Given("http://c/"))
    await place.grow()
    assert await place.stamper.step()
    assert [len(each.asked) for each in (first, second, third)] == [1, 1, 0]
    assert await place.sizes() == [1]


async def test_a_trouble_is_told_once_and_its_end_too() -> None:
    place = Place(given := Given(error=DOWN))
    await place.grow()
    with structlog.testing.capture_logs() as logs:
        assert [await place.stamper.step() for _ in range(3)] == [False] * 3
        given.error = Unavailable(Reason.LOG_UNWITNESSED, "the answer does not hold", got="Nonce mismatch")
        await place.stamper.step()
        given.error = None
        assert await place.stamper.step()
        await place.grow()
        assert await place.stamper.step()
    assert [(each["log_level"], each["event"], each.get("error", "")) for each in logs] == [
        ("warning", TROUBLE, "the authority does not answer; got HTTP 500"),
        ("warning", TROUBLE, "the answer does not hold; got Nonce mismatch"),
        ("info", "an authority gives timestamps again", ""),
    ]


@pytest.mark.parametrize(("fail", "asked"), [("before", 2), ("after", 1)])
async def test_a_store_that_fails_leaves_one_timestamp_in_the_end(fail: str, asked: int) -> None:
    place = Place(given := Given())
    await place.grow()
    place.store.fail = fail
    with pytest.raises(Unavailable):
        await place.stamper.step()
    place.store.fail = ""
    assert await place.stamper.step()
    assert await place.sizes() == [1]
    assert len(given.asked) == asked


def test_the_wait_grows_while_nobody_gives_a_timestamp_and_is_the_configured_one_else() -> None:
    assert [wait_after(fruitless, 300.0) for fruitless in (0, 1, 2, 3, 4, 5, 99)] == [300.0, 5, 10, 20, 40, 60, 60]


async def test_it_runs_on_through_failures_of_store_and_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamping, "wait_after", lambda *_: 0.01)
    place = Place(given := Given(error=DOWN))
    await place.grow()
    place.store.fail = "before"
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(place.stamper.run())
        await until(lambda: len(given.asked) > 2)
        given.error = None
        await until(lambda: any(each["event"] == "stamping failed" for each in logs))
        place.store.fail = ""
        await until(lambda: place.store.written)
        assert await place.sizes() == [1]
        asked = len(given.asked)
        await asyncio.sleep(0.1)
        task.cancel()
    assert len(given.asked) == asked, "it goes on asking about a log that did not grow"


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110 - what it waits for is told by no event
            await asyncio.sleep(0.01)


# --- the window -----------------------------------------------------------------------------------------------------


def opened_by(place: Place) -> City:
    """岳阳 with the window as the composition root builds it in."""
    return replace(place.city, house=replace(place.city.house, require_witnessed=place.stamper.require_stamped))


async def test_cases_stop_when_a_leaf_waited_too_long_and_go_on_with_the_first_timestamp() -> None:
    place = Place(given := Given(error=DOWN), closed_after=timedelta(minutes=5))
    world, city = place.federation, opened_by(place)
    opening = world.signed(city.platform, city, routes.OPEN_CASE, application())
    assert not (await world.send(opening, city, city.platform)).reply.status
    case = await place.store.cases(states=tuple(CaseState), limit=1)
    await place.grow()
    assert not await place.stamper.step()
    place.clock.advance(seconds=300)
    place.stamper.require_stamped()
    place.clock.advance(seconds=1)
    told = DeliverEventsRequest(case_id=case[0].case_id, events=await city.own_events(case[0].case_id))
    for caller, method, message in (
        (city.platform, routes.OPEN_CASE, application(idempotency_key="another-key-for-another-case")),
        (world.jingzhou.gateway, routes.DELIVER_EVENTS, told),
    ):
        answer = await world.call(caller, city, method, message)
        assert (type(answer.error), answer.error.reason) == (Unavailable, Reason.LOG_UNWITNESSED)
        assert "waited 301 seconds" in str(answer.error)
    # what was done before is answered, what only reads goes on
    again = await world.call(city.platform, city, routes.OPEN_CASE, application())
    assert shown(again).case_id == case[0].case_id
    given.error = None
    assert await place.stamper.step()
    another = await world.call(
        city.platform, city, routes.OPEN_CASE, application(idempotency_key="another-key-for-another-case")
    )
    assert shown(another).case_id != case[0].case_id


async def test_a_leaf_without_a_place_waits_too() -> None:
    """A sequencer that stands still must not keep the window open."""
    place = Place(Given(), closed_after=timedelta(minutes=5))
    await place.grow()
    assert await place.stamper.step()
    await place.write()
    await place.stamper.step()
    place.clock.advance(seconds=301)
    with pytest.raises(Unavailable):
        place.stamper.require_stamped()


async def test_what_is_stamped_does_not_wait_and_without_a_window_nothing_is_refused() -> None:
    for closed_after, stamped in ((timedelta(minutes=5), True), (None, False)):
        place = Place(Given(error=None if stamped else DOWN), closed_after=closed_after)
        await place.grow(2)
        assert await place.stamper.step() is stamped
        place.clock.advance(days=30)
        place.stamper.require_stamped()


async def test_a_start_looks_at_what_waits_before_the_first_round() -> None:
    place = Place(Given(error=DOWN), closed_after=timedelta(minutes=5))
    await place.grow()
    place.clock.advance(seconds=301)
    await place.stamper.look()
    with pytest.raises(Unavailable):
        place.stamper.require_stamped()


def test_a_gateway_that_nobody_stamps_does_not_load_the_library() -> None:
    look = "import sys, gateway.app; assert 'rfc3161_client' not in sys.modules, 'loaded'"
    subprocess.run((sys.executable, "-c", look), check=True, timeout=60)
