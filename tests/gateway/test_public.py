"""What anybody reads and asks over plain HTTP: the log through its tiles alone, and the witness as its specification
says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import aiohttp
import pytest

from gateway import public
from gateway.cosigning import Cosigner
from gateway.exchange.audit import COSIGNED, consistency
from gateway.exchange.witnessing import origin, split_note, witness_keys, witness_name
from gateway.http_witness import MAX_ANSWER_BYTES, HttpWitness
from gateway.ports import Recording
from gateway.public import PublicListener
from tests.gateway.exchange.world import City, Federation, build
from tests.gateway.log_world import Line, another, grow, keys, numbered, peers, round_of
from tests.gateway.tile_client import TileClient
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.errors import Conflict, Misconfigured, Reason, TongbanError, Unavailable
from trust.keys import Algorithm, SoftwareSigner
from trust.merkle import EMPTY_ROOT
from trust.note import NoteKey, SignatureType, open_note
from trust.witness import MAX_REQUEST_BYTES, AddCheckpoint


@dataclass
class Open:
    """岳阳's gateway, open to all."""

    federation: Federation
    city: City
    prefix: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, aiohttp.typedefs.LooseHeaders]:
        async with self.session.get(f"{self.prefix}/{path}", headers=headers) as response:
            return response.status, await response.read(), response.headers

    async def ask(self, body: str | bytes) -> tuple[int, str, str]:
        async with self.session.post(f"{self.prefix}/add-checkpoint", data=body) as response:
            return response.status, await response.text(), response.headers["Content-Type"]


@pytest.fixture
async def world() -> AsyncIterator[Open]:
    federation = build()
    city = federation.yueyang
    listener = PublicListener(city.house)
    port = await listener.open("127.0.0.1:0")
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        yield Open(federation, city, f"http://127.0.0.1:{port}", session)
    await listener.close()
    assert [defect for each in federation.cities.values() for defect in each.defects] == []


# the log ------------------------------------------------------------------------------------------------------------


async def test_a_reader_verifies_the_whole_log_through_tiles_alone(world: Open) -> None:
    (key,) = keys(world.federation, world.city)
    reader = TileClient(world.session, world.prefix, key)
    size = 0
    for more in (1, 254, 1, 1, 300):  # partial, full, and a second level
        await grow(world.city, *numbered(more, size))
        size += more
        assert (await reader.read()).size == size


async def test_the_cosigned_checkpoint_is_given_out_where_there_is_one(world: Open) -> None:
    assert (await world.get("checkpoint"))[0] == 404
    await grow(world.city, "one")
    newest = (await world.city.store.log_head()).checkpoint.encode()
    status, body, headers = await world.get("checkpoint")
    assert (status, body) == (200, newest)
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("text/plain; charset=utf-8", "public, max-age=2")
    await round_of(Cosigner(world.city.house, peers(Line(world.federation, world.city)), every=5.0))
    await grow(world.city, "two")
    assert (await world.get("checkpoint"))[1] == await world.city.store.snapshot(COSIGNED)


async def test_tiles_are_for_ever_and_entries_are_compressed_for_who_asks(world: Open) -> None:
    await grow(world.city, *numbered(300))
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/3"):
        status, _, headers = await world.get(path)
        assert (status, headers["Content-Type"]) == (200, "application/octet-stream")
        assert "immutable" in headers["Cache-Control"]
    _, plain, without = await world.get("tile/entries/000", **{"Accept-Encoding": "identity"})
    _, same, packed = await world.get("tile/entries/000", **{"Accept-Encoding": "gzip"})
    assert same == plain
    assert ("Content-Encoding" in without, packed["Content-Encoding"]) == (False, "gzip")
    assert "Content-Encoding" not in (await world.get("tile/0/000", **{"Accept-Encoding": "gzip"}))[2]
    async with world.session.head(f"{world.prefix}/tile/0/000") as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "8192")


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001.p/45",
        "tile/0/001",
        "tile/0/002.p/1",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/entries/001.p/45",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/64/000",
        "tile/data/000",
        "tile/0/x000/000",
        "tile/0/000/",
        "tile",
        "",
        "checkpoint/",
        "tile/0/..%2f..%2fcheckpoint",
        "metrics",
    ],
)
async def test_nothing_else_is_there(world: Open, path: str) -> None:
    await grow(world.city, *numbered(300))
    assert (await world.get(path))[0] == 404


async def test_a_store_that_has_lost_a_leaf_says_so_and_serves_no_hole(world: Open) -> None:
    await grow(world.city, *numbered(5))
    world.city.store._nodes.pop((0, 3))  # type: ignore[attr-defined]
    status, body, _ = await world.get("tile/0/000.p/5")
    assert (status, body) == (500, b"LOG_INCONSISTENT\n")


# the witness --------------------------------------------------------------------------------------------------------


async def asked(city: City, old: int, *, note: str = "") -> AddCheckpoint:
    head = await city.store.log_head()
    return AddCheckpoint(old, await consistency(city.house, old, head.size), note or head.checkpoint)


async def test_each_answer_has_the_status_of_the_specification(world: Open) -> None:
    witness, log = world.city, world.federation.jingzhou
    name = origin(log.house.member_id)
    monitor = f"{sha256(name.encode()).hexdigest()}/checkpoint"
    await grow(log, *numbered(5))
    assert (await world.get(monitor))[0] == 404
    status, lines, _ = await world.ask((await asked(log, 0)).to_text())
    assert status == 200
    note = (await log.store.log_head()).checkpoint
    now = world.federation.clock.now()
    keys_of_witness = witness_keys(world.federation.directory.member(witness.house.member_id), now)
    assert open_note(note + lines, keys_of_witness).cosigned == {witness_name(witness.house.member_id): now}

    await grow(log, *numbered(4, 5))
    good = await asked(log, 5)
    fork = await another(log, "another", *numbered(8, 1))
    stranger = SoftwareSigner.generate(Algorithm.ED25519, "stranger")
    cases: list[tuple[str | bytes, int]] = [
        ("", 400),
        ("old 5\n", 400),
        (b"\xff", 400),
        (good.to_text().replace("old 5", "old 05"), 400),
        (good.to_text() + "x", 400),
        (AddCheckpoint(10, (), good.note).to_text(), 400),
        ((await asked(log, 5, note=sign_checkpoint(Checkpoint(name, 9, bytes(32)), stranger))).to_text(), 403),
        (good.to_text()[:-6] + "AAAA=\n", 403),
        (AddCheckpoint(0, (), sign_checkpoint(Checkpoint("example.com/log", 1, bytes(32)), stranger)).to_text(), 404),
        (AddCheckpoint(0, (), sign_checkpoint(
            Checkpoint(origin(witness.house.member_id), 0, EMPTY_ROOT), witness.log_signer)).to_text(), 404),
        (AddCheckpoint(5, (bytes(32), *good.proof[1:]), good.note).to_text(), 422),
        (AddCheckpoint(5, (), good.note).to_text(), 422),
        ((await asked(fork, 5)).to_text(), 422),
        (bytes(MAX_REQUEST_BYTES + 1), 413),
    ]  # fmt: skip
    for body, wanted in cases:
        assert (await world.ask(body))[0] == wanted, body
    for old in (0, 4, 9):
        answer = await world.ask(AddCheckpoint(old, good.proof, good.note).to_text())
        assert answer == (409, "5\n", "text/x.tlog.size")
    # Nothing of that was cosigned; what is right still is, once and again.
    assert split_note((await world.get(monitor))[1].decode())[0] == split_note(note)[0]
    assert (await world.ask(good.to_text()))[0] == 200
    assert (await world.ask((await asked(log, 9)).to_text()))[0] == 200
    status, kept, _ = await world.get(monitor)
    assert status == 200
    assert len(open_note(kept.decode(), [*keys_of_witness, *keys(world.federation, log)]).signed_by) == 2
    assert await witness.leaves() == []


async def test_lines_that_somebody_adds_are_not_handed_on(world: Open) -> None:
    log = world.federation.jingzhou
    await grow(log, "one")
    good = await asked(log, 0)
    stranger = SoftwareSigner.generate(Algorithm.ED25519, "stranger")
    foreign = sign_checkpoint(Checkpoint("example.com/log", 1, bytes(32)), stranger).splitlines(keepends=True)[-1]
    assert (await world.ask(AddCheckpoint(0, (), good.note + foreign * 60).to_text()))[0] == 200
    witnessed = await world.city.store.witnessed(origin(log.house.member_id))
    assert witnessed is not None
    assert len(split_note(witnessed.note)[1]) == 2


async def test_of_requests_at_once_one_way_leads_forward_only(world: Open) -> None:
    log = world.federation.jingzhou
    requests = []
    for size in range(1, 9):
        await grow(log, f"leaf-{size}")
        requests.append((await asked(log, 0)).to_text())
    answers = await asyncio.gather(*(world.ask(request) for request in requests * 3))
    witnessed = await world.city.store.witnessed(origin(log.house.member_id))
    assert witnessed is not None
    assert [status for status, *_ in answers].count(200) == 1
    assert {body for status, body, _ in answers if status == 409} == {f"{witnessed.size}\n"}


async def test_the_same_cosignature_in_the_same_second_is_written_once(
    world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, store = world.federation.jingzhou, world.city.store
    await grow(log, "one")
    first = await world.ask((await asked(log, 0)).to_text())
    again = (await asked(log, 1)).to_text()
    written: list[Recording] = []
    record = store.record

    async def noted(recording: Recording) -> Any:
        written.append(recording)
        return await record(recording)

    monkeypatch.setattr(store, "record", noted)
    assert [await world.ask(again) for _ in range(5)] == [first] * 5
    assert written == []
    world.federation.clock.advance(seconds=1)
    status, lines, _ = await world.ask(again)
    assert (status, len(written)) == (200, 1)
    assert lines != first[1]


# connections --------------------------------------------------------------------------------------------------------


async def connect(world: Open) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(world.prefix.rpartition(":")[2]))


async def test_a_connection_too_many_is_turned_away_and_the_others_are_served(
    world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "MAX_CONNECTIONS", 2)
    await grow(world.city, "one")
    assert (await world.get("checkpoint"))[0] == 200  # one, which stays open
    reader, second = await connect(world)
    second.write(b"GET /checkpoint HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200" in await reader.readline()
    reader, beyond = await connect(world)
    assert await reader.read() == b""
    assert (await world.get("checkpoint"))[0] == 200
    for writer in (second, beyond):
        writer.close()


async def test_what_is_no_http_fills_no_log(world: Open, caplog: pytest.LogCaptureFixture) -> None:
    reader, writer = await connect(world)
    writer.write(b"GET /checkpoint HTTP/1.1\r\nX-Name: \x00\r\n\r\n")
    assert b"400" in await reader.readline()
    writer.close()
    assert caplog.records == []


HALF = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nold"


@pytest.mark.parametrize("sent", [b"", b"GET /checkp", HALF])
async def test_nobody_holds_a_connection_for_ever_by_being_slow(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(public, "CONNECTION_SECONDS", 0.05)
    monkeypatch.setattr(public, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(public, "SWEEP_SECONDS", 0.01)
    listener = PublicListener(build().yueyang.house)
    port = await listener.open("127.0.0.1:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    await listener.close()


# a third party ------------------------------------------------------------------------------------------------------


def third_party(world: Open, session: aiohttp.ClientSession) -> HttpWitness:
    name = witness_name(world.city.house.member_id)
    key = NoteKey.of(world.city.house.signers.witness, name, SignatureType.COSIGNATURE)  # type: ignore[arg-type]
    return HttpWitness(f"{world.prefix}/", key.verifier_key, session)


async def test_a_witness_over_plain_http_counts_like_a_gateway(world: Open) -> None:
    log = world.federation.jingzhou
    witness = third_party(world, world.session)
    cosigner = Cosigner(log.house, peers(Line(world.federation, log)), [witness], every=5.0)
    cosigner._witnesses = lambda: [witness]  # type: ignore[method-assign]
    for size in (3, 4):
        await grow(log, *numbered(size, size * 10))
        await round_of(cosigner)
    kept = (await log.store.snapshot(COSIGNED) or b"").decode()
    assert Checkpoint.from_text(split_note(kept)[0]).size == 7
    assert set(open_note(kept, witness.keys).cosigned) == {witness.name}


async def test_what_a_witness_refuses_is_told_apart(world: Open) -> None:
    log = world.federation.jingzhou
    await grow(log, *numbered(4))
    witness = third_party(world, world.session)
    with pytest.raises(Unavailable):
        await witness.add_checkpoint("nonsense")
    assert await witness.add_checkpoint((await asked(log, 0)).to_text())
    with pytest.raises(Conflict) as stale:
        await witness.add_checkpoint((await asked(log, 0)).to_text())
    assert (stale.value.reason, stale.value.details["size"]) == (Reason.CHECKPOINT_STALE, "4")
    fork = await another(log, "another", *numbered(6, 1))
    with pytest.raises(Conflict) as wrong:
        await witness.add_checkpoint((await asked(fork, 4)).to_text())
    assert wrong.value.reason is Reason.LOG_INCONSISTENT
    nobody = HttpWitness("http://127.0.0.1:9", witness.keys[0].verifier_key, world.session)
    with pytest.raises(Unavailable):
        await nobody.add_checkpoint("nonsense")


@pytest.mark.parametrize(
    ("parts", "reason", "size"),
    [
        ([b"12", b"34\n"], Reason.CHECKPOINT_STALE, "1234"),
        ([b"1" * MAX_ANSWER_BYTES, b"1"], Reason.PEER_UNAVAILABLE, ""),
    ],
)
async def test_an_answer_is_read_to_its_end_and_no_further_than_it_may(
    world: Open, parts: list[bytes], reason: Reason, size: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n" % sum(map(len, parts)))
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        answered.set()

    answered = asyncio.Event()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    witness = third_party(replace(world, prefix=f"http://127.0.0.1:{port}"), world.session)
    with pytest.raises(TongbanError) as refused:
        await witness.add_checkpoint("old 0\n")
    assert (refused.value.reason, refused.value.details.get("size", "")) == (reason, size)
    await answered.wait()
    server.close()
    await server.wait_closed()


def test_a_witness_is_named_by_a_key_that_cosigns() -> None:
    signer = SoftwareSigner.generate(Algorithm.ED25519, "log")
    for key in (NoteKey.of(signer, "example.com/log").verifier_key, "example.com/w"):
        with pytest.raises(Misconfigured):
            HttpWitness("http://w.example", key, None)  # type: ignore[arg-type]


async def test_a_port_that_is_taken_is_named(world: Open) -> None:
    with pytest.raises(Misconfigured) as error:
        await PublicListener(world.city.house).open(world.prefix.removeprefix("http://"))
    assert error.value.reason is Reason.PORT_IN_USE
