"""Two stopped gateways with something to tamper with: cases, evidence, reviews, cosigned logs, timestamps.

The stores are files as gateways leave them. Made once, and copied for each attack.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tongban.case.v1 import case_service_pb2
from tongban.crosswalk.v1 import crosswalk_service_pb2

from gateway.config import Config, KeysSection, load
from gateway.cosigning import Cosigner
from gateway.dispatch import Dispatcher
from gateway.domain.crosswalk import PROPOSED, Crosswalk, record_of
from gateway.domain.editions import digest_of
from gateway.domain.platform import PlatformMessage, PlatformReceipt
from gateway.holdings import recording_of
from gateway.ports import CrosswalkEntry, Recording, Stamp
from gateway.sequencer import Sequencer
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault, generate_key_file, read_key_file
from gateway.watching import Watcher
from gateway.wire import routes
from gateway.wire.events import ProtobufEventCodec
from tests.gateway.exchange.test_erasing import erase, grant_erasing
from tests.gateway.exchange.world import (
    ACCEPTED,
    CROSSWALK,
    DECIDED,
    JINGZHOU,
    SOURCE,
    SUPPLEMENT,
    TARGET,
    YUEYANG,
    City,
    Federation,
    application,
    build,
    parcel,
    shown,
)
from tests.gateway.log_world import Line, peers, round_of
from tests.gateway.tsa import Tsa, root
from trust.directory_file import seal
from trust.evidence_stamp import check_stamp
from trust.keys import Algorithm, SoftwareSigner
from trust.signed_call import Officer

OFFICER = Officer("o-7", "crosswalk", "对照专班")


class _Platform:
    """Takes whatever it is given."""

    async def pass_on(self, message: PlatformMessage) -> PlatformReceipt:
        return PlatformReceipt(f"local-{message.case_number}")


@dataclass(frozen=True)
class World:
    """The folder of the stores as they were stopped."""

    folder: Path
    """Both stores, their configurations, the directory."""
    earlier: Path
    """Copies of both stores from some time before, and 岳阳's file as a crash would have left it, without its
    write-ahead log."""
    cases: Mapping[str, str]
    """``over``, ``open``, ``erased`` → case id."""
    log_signers: Mapping[str, SoftwareSigner]
    """Region → the log's key, as somebody may have who runs the gateway."""

    def config(self, region: str, folder: Path) -> Config:
        """Configuration of a gateway whose store lies in a folder."""
        return load(folder / f"{region}.toml")

    def copied(self, folder: Path) -> Path:
        """The same again in an empty folder, to be tampered with."""
        return Path(shutil.copytree(self.folder, folder, dirs_exist_ok=True))


def store_path(folder: Path, region: str) -> Path:
    return folder / f"{region}.sqlite"


def vault_of(folder: Path) -> Vault:
    return Vault(read_key_file(folder / "at-rest.key"))


async def make(folder: Path, earlier: Path) -> World:
    """Let both gateways work for a while, and stop them."""
    generate_key_file(folder / "at-rest.key")
    federation = build()
    grant_erasing(federation)
    vault = vault_of(folder)
    stores = {
        region: await SqliteStore.open(store_path(folder, region), vault, ProtobufEventCodec())
        for region in (YUEYANG, JINGZHOU)
    }
    for region, store in stores.items():
        federation.cities[region] = federation.cities[region].on(store)
    cases = {"over": await _opened(federation, "open-over1"), "erased": await _opened(federation, "open-erase")}
    await _decide(federation, cases["over"], "over", supplemented=True)
    await _decide(federation, cases["erased"], "gone")
    assert (await erase(federation, cases["erased"])).reply.status == 0
    await _review(federation)
    await _place_and_cosign(federation)
    for city in (federation.yueyang, federation.jingzhou):
        await _stamp(city, folder / "tsa")
    for region in stores:
        await asyncio.to_thread(_copy, store_path(folder, region), store_path(earlier, region))
        await asyncio.to_thread(_fold_journal, store_path(folder, region))
    cases["open"] = await _opened(federation, "open-open1")
    await federation.report(cases["open"], "report-open1", accepted=ACCEPTED)
    await _dispatch(federation)
    read = case_service_pb2.GetCaseRequest(case=cases["open"])
    assert (await federation.call(federation.yueyang.platform, federation.yueyang, routes.GET_CASE, read)).body
    unknown = case_service_pb2.GetCaseRequest(case="430600-20261123-000099-0")
    assert (await federation.call(federation.yueyang.platform, federation.yueyang, routes.GET_CASE, unknown)).error
    await _place_and_cosign(federation)
    for city in (federation.yueyang, federation.jingzhou):
        await _stamp(city, folder / "tsa")
    crashed = store_path(earlier, YUEYANG).with_suffix(".crashed")
    await asyncio.to_thread(shutil.copy, store_path(folder, YUEYANG), crashed)
    for store in stores.values():
        await store.close()
    assert [defect for city in federation.cities.values() for defect in city.defects] == []
    _write_configurations(folder, federation)
    return World(folder, earlier, cases, {region: federation.cities[region].log_signer for region in stores})


async def _opened(federation: Federation, key: str) -> str:
    asked = application(idempotency_key=key)
    answer = await federation.call(federation.yueyang.platform, federation.yueyang, routes.OPEN_CASE, asked)
    await _dispatch(federation)
    return shown(answer).case_id


async def _decide(federation: Federation, case_id: str, name: str, *, supplemented: bool = False) -> None:
    yueyang = federation.yueyang
    await federation.report(case_id, f"report-{name}-1", accepted=ACCEPTED)
    await _dispatch(federation)
    if supplemented:
        await federation.report(case_id, f"report-{name}-2", supplement_requested=SUPPLEMENT)
        await _dispatch(federation)
        more = case_service_pb2.SupplementCaseRequest(
            idempotency_key=f"supplement-{name}",
            case=case_id,
            materials=[parcel("application")],
        )
        assert (await federation.call(yueyang.platform, yueyang, routes.SUPPLEMENT_CASE, more)).body
        await _dispatch(federation)
    assert (await federation.report(case_id, f"report-{name}-3", decided=DECIDED)).body
    await _dispatch(federation)


async def _dispatch(federation: Federation) -> None:
    """Everything that waits is delivered, both ways."""
    for city in (federation.yueyang, federation.jingzhou) * 2:
        await Dispatcher(city.house, peers(Line(federation, city)), _Platform(), asyncio.Event()).drain()  # type: ignore[arg-type]


async def _review(federation: Federation) -> None:
    """Catalogues and rows as both keep them, and a review by an officer of 岳阳."""
    for city in (federation.yueyang, federation.jingzhou):
        entries = tuple(CrosswalkEntry(record=record_of(each)) for each in CROSSWALK.rows)
        await city.store.record(Recording(crosswalk_entries=entries))
        for catalogue in (SOURCE, TARGET):
            await city.store.record(recording_of(catalogue, digest_of(catalogue.items), catalogue.items))
    yueyang = federation.yueyang
    yueyang.known.crosswalk = Crosswalk(tuple(each.with_standing(PROPOSED) for each in CROSSWALK.rows))
    request = crosswalk_service_pb2.ReviewRowsRequest(
        idempotency_key="review-0001",
        rows=[CROSSWALK.rows[0].hash],
        verdict=crosswalk_service_pb2.VERDICT_APPROVE,
        reason="测试",
    )
    answer = await federation.call(yueyang.platform, yueyang, routes.REVIEW_ROWS, request, officer=OFFICER)
    assert answer.body
    yueyang.known.crosswalk = CROSSWALK


async def _place_and_cosign(federation: Federation) -> None:
    for city in federation.cities.values():
        await Sequencer(city.house, city.log_signer).catch_up()
    for city in (federation.yueyang, federation.jingzhou):
        line = peers(Line(federation, city))
        await round_of(Cosigner(city.house, line, every=1.0))
        for region in {YUEYANG, JINGZHOU} - {city.house.region}:
            await Watcher(city.house, line).turn(f"{region}.gateway")


async def _stamp(city: City, folder: Path) -> None:
    """A timestamp over the newest checkpoint."""
    head = await city.store.log_head()
    authority = Tsa(folder, root().timestamping())
    token = await asyncio.to_thread(_stamped, authority, head.checkpoint)
    at = check_stamp(token, head.checkpoint.encode(), ()).at
    await city.store.record(Recording(stamps=(Stamp(head.size, head.checkpoint, token, at),)))


def _stamped(authority: Tsa, note: str) -> bytes:
    (authority.folder / "note").write_text(note, "utf-8")
    command = ("openssl", "ts", "-query", "-data", "note", "-sha256", "-cert", "-no_nonce", "-out", "question")
    subprocess.run(command, cwd=authority.folder, check=True, capture_output=True, timeout=20)
    return authority.reply((authority.folder / "question").read_bytes())


def _copy(source: Path, to: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(to)) as other:
        one.backup(other)


def _fold_journal(path: Path) -> None:
    """What SQLite does by itself from time to time: the write-ahead log is folded into the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)")


def _write_configurations(folder: Path, federation: Federation) -> None:
    trustee = SoftwareSigner.generate(Algorithm.ED25519, "trustee-1")
    (folder / "directory.jws").write_bytes(seal(federation.directory, [trustee]))
    listed = [{"kid": trustee.kid, "jwk": trustee.public_jwk()}]
    (folder / "trustees.json").write_text(json.dumps(listed), "utf-8")
    keys = "".join(f'[keys.{name}]\nkid = "{name}"\nfile = "none.pem"\n' for name in KeysSection.model_fields)
    for region in (YUEYANG, JINGZHOU):
        (folder / f"{region}.toml").write_text(
            f"""{keys}
[member]
id = "{region}.gateway"
region = "{region}"
[server]
listen = "127.0.0.1:0"
[tls]
certificate = "none.pem"
key = "none.pem"
roots = "none.pem"
[directory]
file = "directory.jws"
trustees = "trustees.json"
threshold = 1
[store]
path = "{region}.sqlite"
key = "at-rest.key"
""",
            "utf-8",
        )
