"""Collecting evidence: what is waited for, what is asked of the peer, what is left out and said to be."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tongban.audit.v1 import audit_service_pb2

from gateway import evidence
from gateway.cosigning import Cosigner
from gateway.dispatch import Dispatcher
from gateway.domain.case_number import CaseNumber
from gateway.evidence import KEPT_DIRECTORY, Collected, Desk, collect
from gateway.exchange.audit import newest_cosigned
from gateway.exchange.erasing import erase_by_retention
from gateway.ports import Recording, Stamp
from gateway.sequencer import Sequencer
from gateway.wire import routes
from tests.gateway.exchange.world import (
    ACCEPTED,
    APPLICANT_NUMBER,
    DECIDED,
    NOW,
    City,
    Federation,
    application,
    build,
    shown,
)
from tests.gateway.log_world import Line, peers, round_of
from tests.gateway.tsa import Tsa, pem, root
from trust.checkpoint import Checkpoint
from trust.directory_file import seal
from trust.errors import NotFound, Reason, Unavailable
from trust.evidence import CarriedCall, StampedCheckpoint, bundle
from trust.evidence_check import Report, Verdict, check
from trust.evidence_keys import Trustees
from trust.evidence_stamp import read_roots
from trust.evidence_wire import read_trail
from trust.keys import Algorithm, SoftwareSigner, VerifyingKey
from trust.leaf import Leaf, LeafKind
from trust.signed_call import Officer

TRUSTEE = SoftwareSigner.generate(Algorithm.ED25519, "trustee-1")
TRUST = Trustees((VerifyingKey.from_jwk(TRUSTEE.public_jwk(), TRUSTEE.kid),), 1)


@dataclass
class Scene:
    """A case between 岳阳 and 荆州, accepted and decided, with every event delivered."""

    federation: Federation
    case_id: str = ""
    patience: float = 2.0
    dispatchers: dict[str, Dispatcher] = field(default_factory=dict)

    async def play(self) -> None:
        federation = self.federation
        for city in (federation.yueyang, federation.jingzhou):
            line = peers(Line(federation, city))
            self.dispatchers[city.house.region] = Dispatcher(city.house, line, None, asyncio.Event())
        opened = await federation.call(federation.yueyang.platform, federation.yueyang, routes.OPEN_CASE, application())
        self.case_id = shown(opened).case_id
        await self.dispatchers["430600"].drain()
        await federation.report(self.case_id, accepted=ACCEPTED)
        await federation.report(self.case_id, decided=DECIDED)
        await self.dispatchers["421000"].drain()

    def desk(self, city: City) -> Desk:
        line = Line(self.federation, city)

        async def ask(member: str, method: str, body: bytes) -> CarriedCall:
            answer = await line.call(member, method, body)
            return CarriedCall(method, answer.request, answer.response, answer.request_body, answer.body)

        directory = self.federation.directory
        return Desk(
            member_id=city.house.member_id,
            store=city.store,
            directory=directory,
            envelope=seal(directory, [TRUSTEE]),
            trustees=TRUST,
            clock=self.federation.clock,
            ask=ask,
            patience_seconds=self.patience,
        )

    @asynccontextmanager
    async def running(self, *, cosigning: bool = True) -> AsyncIterator[None]:
        """Logs are sequenced, and cosigned, while this lasts."""

        async def run() -> None:
            cities = list(self.federation.cities.values())
            cosigners = [Cosigner(city.house, peers(Line(self.federation, city)), every=0.01) for city in cities]
            sequencers = [Sequencer(city.house, city.log_signer) for city in cities]
            while True:
                for sequencer in sequencers:
                    await sequencer.catch_up()
                if cosigning:
                    await asyncio.gather(*map(round_of, cosigners))
                await asyncio.sleep(0.01)

        task = asyncio.create_task(run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def report(self, collected: Collected, city: City, roots: Path | None = None) -> Report:
        data = bundle(collected.manifest, collected.files, city.house.signers.message)
        return check(data, TRUST, read_roots(roots.read_bytes()) if roots else ())


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "LOOK_SECONDS", 0.02)


@pytest.fixture
async def scene() -> Scene:
    made = Scene(build())
    await made.play()
    return made


@pytest.mark.parametrize("side", ["yueyang", "jingzhou"])
async def test_either_side_collects_what_proves_the_case(scene: Scene, side: str) -> None:
    city = getattr(scene.federation, side)
    async with scene.running():
        collected = await collect(scene.desk(city), scene.case_id)
    report = scene.report(collected, city)
    assert report.verdict is Verdict.PROVED, report.findings
    assert [told.kind for told in report.story] == ["submitted", "accepted", "decided"]
    assert collected.remarks == ()


async def test_taking_evidence_leaves_a_leaf_that_counts_itself_and_is_found_with_the_person(scene: Scene) -> None:
    city = scene.federation.yueyang
    async with scene.running():
        await collect(scene.desk(city), scene.case_id)
        again = await collect(scene.desk(city), scene.case_id)
    record = await city.store.case(case_id=scene.case_id)
    assert record is not None
    trail = again.files[f"logs/{city.house.member_id}/trail.json"]
    assert f'"count": {record.row.trail},'.encode() in trail
    search = audit_service_pb2.SearchTrailRequest(holder=APPLICANT_NUMBER, kinds=[LeafKind.TRAIL_READ])
    found = await scene.federation.call(
        city.platform, city, routes.SEARCH_TRAIL, search, officer=Officer("o-1", "auditor", "1"), purpose="audit"
    )
    subjects = [each.subject for each in audit_service_pb2.SearchTrailResponse.FromString(found.body).entries]
    assert subjects == [f"export:{record.row.trail - 1}", f"export:{record.row.trail}"]


async def test_without_a_sequencer_it_says_what_to_start(scene: Scene) -> None:
    scene.patience = 0.1
    with pytest.raises(Unavailable) as caught:
        await collect(scene.desk(scene.federation.yueyang), scene.case_id)
    assert caught.value.reason is Reason.LOG_UNWITNESSED
    assert "start the gateway" in caught.value.mend


async def test_without_witnesses_the_bundle_lacks_them_and_both_say_so(scene: Scene) -> None:
    scene.patience = 0.2
    async with scene.running(cosigning=False):
        collected = await collect(scene.desk(scene.federation.yueyang), scene.case_id)
    assert len(collected.remarks) == 2
    report = scene.report(collected, scene.federation.yueyang)
    assert report.verdict is Verdict.INCOMPLETE
    assert [finding.code for finding in report.findings].count("log_uncosigned") == 2


async def test_an_unknown_case_leaves_nothing(scene: Scene) -> None:
    city = scene.federation.yueyang
    before = await city.leaves()
    for reference in (str(CaseNumber.make("430600", NOW.date(), 999)), "01234567-89ab-7def-8123-456789abcdef"):
        with pytest.raises(NotFound):
            await collect(scene.desk(city), reference)
    assert await city.leaves() == before


async def test_the_directories_of_the_cases_time_go_with_it_and_no_older_ones(scene: Scene) -> None:
    city, directory = scene.federation.yueyang, scene.federation.directory
    issued = {1: -30, 2: -20, 3: -1, 5: 0}  # days from now; the case is of today, and version 4 was never seen
    snapshots = {
        f"{KEPT_DIRECTORY}{version}": seal(
            replace(directory, version=version, issued_at=NOW + timedelta(days=days, seconds=1)), [TRUSTEE]
        )
        for version, days in issued.items()
    }
    await city.store.record(Recording(snapshots=snapshots))
    newest = replace(directory, version=6, issued_at=NOW + timedelta(hours=1))
    async with scene.running():
        desk = replace(scene.desk(city), directory=newest, envelope=seal(newest, [TRUSTEE]))
        collected = await collect(desk, scene.case_id)
    names = sorted(name for name in collected.files if name.startswith("directory/"))
    assert names == ["directory/3.json", "directory/5.json", "directory/6.json"]
    assert scene.report(collected, city).verdict is Verdict.PROVED


async def test_a_timestamp_over_the_log_goes_with_it_and_is_proved_by_its_root(scene: Scene, tmp_path: Path) -> None:
    city, authority = scene.federation.yueyang, root()
    tsa = Tsa(tmp_path / "tsa", authority.timestamping())
    async with scene.running():
        first = await collect(scene.desk(city), scene.case_id)
        # stamped is a later checkpoint than the one that the trail of the first export was proved under
        await city.store.record(Recording(leaves=(Leaf(LeafKind.ADMIN, "o-1", "x", NOW).to_bytes(),)))
        note = await until_size(city, (await city.store.log_head()).size + 1)
    (tmp_path / "note").write_text(note, "utf-8")
    query = ("openssl", "ts", "-query", "-data", "note", "-sha256", "-cert", "-out", "query")
    await asyncio.to_thread(subprocess.run, query, cwd=tmp_path, check=True, capture_output=True)
    token = tsa.reply((tmp_path / "query").read_bytes())
    size = Checkpoint.from_text(note.rpartition("\n\n")[0] + "\n").size
    await city.store.record(Recording(stamps=(Stamp(size, note, token, datetime.now(UTC)),)))
    desk = scene.desk(city)
    record = await city.store.case(case_id=scene.case_id)
    assert record is not None
    trail = f"logs/{city.house.member_id}/trail.json"
    own = evidence.Trail.from_bytes(first.files[trail], trail)
    files = await evidence._stamp(desk, own)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(pem(authority.certificate))
    report = scene.report(replace(first, files=first.files | files), city, roots)
    assert report.verdict is Verdict.PROVED, report.findings
    assert "stamp_proved" in {finding.code for finding in report.findings}
    unrooted = scene.report(replace(first, files=first.files | files), city)
    assert "stamp_unrooted" in {finding.code for finding in unrooted.findings}
    name = f"stamps/{city.house.member_id}.json"
    stamped = StampedCheckpoint.from_bytes(files[name], name)
    for changed in (replace(stamped, path=stamped.path[:-1]), replace(stamped, note=own.checkpoint)):
        wrong = scene.report(replace(first, files=first.files | files | {name: changed.to_bytes()}), city, roots)
        assert "stamp_wrong" in {finding.code for finding in wrong.findings}


async def until_size(city: City, size: int) -> str:
    """The cosigned checkpoint once it has so many leaves."""
    async with asyncio.timeout(5):
        while True:
            note = await newest_cosigned(city.house)
            if note and Checkpoint.from_text(note.rpartition("\n\n")[0] + "\n").size >= size:
                return note
            await asyncio.sleep(0.02)


async def test_an_erased_case_is_exported_with_what_is_left(scene: Scene) -> None:
    city = scene.federation.jingzhou
    async with scene.running():
        before = await collect(scene.desk(city), scene.case_id)
        await settled(city)
        record = await city.store.case(case_id=scene.case_id)
        assert record is not None
        await erase_by_retention(city.house, record.row, scene.federation.clock.now())
        after = await collect(scene.desk(city), scene.case_id)
    assert scene.report(before, city).verdict is Verdict.PROVED
    report = scene.report(after, city)
    assert report.verdict is Verdict.INCOMPLETE, report.findings
    assert "content_erased" in {finding.code for finding in report.findings}
    assert not [name for name in after.files if name.startswith("calls/")]


async def settled(city: City) -> None:
    """Nothing waits any more for the platform that this city does not have."""
    while claimed := await city.store.claim(now=NOW.replace(year=2030), limit=50, lease=timedelta(seconds=1)):
        for each in claimed:
            if each.lease is not None:
                await city.store.record(Recording(settled=(each.lease,)))


# what the other gateway answers ---------------------------------------------------------------------------------------


async def trail_for(scene: Scene, who: City, case_id: str = "") -> audit_service_pb2.GetCaseTrailResponse:
    request = audit_service_pb2.GetCaseTrailRequest(case_id=case_id or scene.case_id)
    answer = await scene.federation.call(who.gateway, scene.federation.jingzhou, routes.GET_CASE_TRAIL, request)
    return audit_service_pb2.GetCaseTrailResponse.FromString(answer.body)


async def test_leaves_that_wait_are_counted_and_absent(scene: Scene) -> None:
    waiting = await trail_for(scene, scene.federation.yueyang)
    assert (list(waiting.leaves), waiting.checkpoint) == ([], "")
    jingzhou = scene.federation.jingzhou
    await Sequencer(jingzhou.house, jingzhou.log_signer).catch_up()
    placed = await trail_for(scene, scene.federation.yueyang)
    assert waiting.count == placed.count == len(placed.leaves) == 5
    raw = read_trail(placed.SerializeToString(), jingzhou.house.member_id)
    assert [Leaf.from_bytes(each.leaf).place for each in raw.leaves] == [1, 2, 3, 4, 5]


async def test_only_who_shares_the_case_or_is_of_the_region_gets_its_trail(scene: Scene) -> None:
    request = audit_service_pb2.GetCaseTrailRequest(case_id=scene.case_id)
    jingzhou = scene.federation.jingzhou
    for stranger in (scene.federation.chongqing.gateway, scene.federation.yueyang.platform):
        answer = await scene.federation.call(stranger, jingzhou, routes.GET_CASE_TRAIL, request)
        assert answer.error.reason in {Reason.CASE_UNKNOWN, Reason.RIGHT_MISSING}
    own = await scene.federation.call(jingzhou.gateway, jingzhou, routes.GET_CASE_TRAIL, request)
    assert audit_service_pb2.GetCaseTrailResponse.FromString(own.body).count == 5
    unknown = audit_service_pb2.GetCaseTrailRequest(case_id="01234567-89ab-7def-8123-456789abcdef")
    answer = await scene.federation.call(scene.federation.yueyang.gateway, jingzhou, routes.GET_CASE_TRAIL, unknown)
    assert answer.error.reason is Reason.CASE_UNKNOWN
