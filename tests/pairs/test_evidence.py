"""Evidence of a case between two real gateways: exported beside them, checked by the program that courts get."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from gateway import evidence
from gateway.cli.app import build as commands
from gateway.domain.application import SupplementItem
from gateway.domain.case import Accepted, Decided, SupplementRequested
from gateway.ports import Evidence
from sandbox.federation import CITIES, JINGZHOU, YUEYANG, City
from sandbox.window import Person, Window, sample_scan, scanned
from tests.pairs.ground import Ground, two_gateways
from trust.evidence import CarriedCall, unpack
from trust.signed_call import Officer
from verifier.build import build

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_SECONDS: Final = 60.0
ITEM: Final = "12430600TB4306016C3432090011000"


@dataclass
class Scene:
    """Two gateways that are up, with a case that is over and rated."""

    ground: Ground
    number: str
    verifier: Path

    async def export(self, city: City, *options: str) -> Result:
        config = self.ground.folder / f"{city.gateway}.toml"
        arguments = ["audit", "export", self.number, "--config", str(config), *options]
        return await asyncio.to_thread(CliRunner().invoke, commands(), arguments, catch_exceptions=False)

    async def verify(self, bundle: Path, *options: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-I", str(self.verifier), str(bundle), *options]
        return await asyncio.to_thread(subprocess.run, line, capture_output=True, text=True, check=False)

    def trustees(self) -> tuple[str, ...]:
        return "--trustees", str(self.ground.folder / "trustees.json"), "--threshold", "2"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("evidence")
    verifier = folder / "tongban-verify"
    verifier.write_bytes(build())
    async with two_gateways(folder / "pair") as ground:
        clients = {city: ground.client(city.platform) for city in CITIES}
        windows = {city: Window(client, city, Officer("w1", "window", "1")) for city, client in clients.items()}
        number = await play(ground, windows)
        yield Scene(ground, number, verifier)
        for client in clients.values():
            await client.close()


async def play(ground: Ground, windows: dict[City, Window]) -> str:
    there = ground.platforms[JINGZHOU.region]
    papers = [scanned("id_card", "居民身份证", sample_scan("identity card"))]
    case = await windows[YUEYANG].open_case(ITEM, JINGZHOU.region, Person.named("resident"), papers, answers={})
    number = case.case_number
    there_done: list[Any] = [Accepted("荆-1", 3), SupplementRequested(0, (SupplementItem("identity", "不清楚"),))]
    for body in there_done:
        await until(ground, windows, number)
        there.do(number, body)
    await until(ground, windows, number, steps=3)
    await windows[YUEYANG].supplement(number, [scanned("identity", "居民身份证原件", sample_scan("better"))], "补")
    await until(ground, windows, number, steps=4)
    there.do(number, Decided(approved=True, explanation="查询完成。", result_number="查1号", result_licence=""))
    await until(ground, windows, number, steps=5)
    await windows[YUEYANG].rate(number, 5, "")
    await until(ground, windows, number, steps=6)
    return str(number)


async def until(ground: Ground, windows: dict[City, Window], number: str, steps: int = 1) -> None:
    """Wait until both sides have so many steps and nothing is on its way."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            cases = [await windows[city].case(number) for city in CITIES]
            if all(len(case.steps) >= steps and not case.pending for case in cases):
                return
        except Exception:  # noqa: BLE001 - the other side does not know the case yet
            assert time.monotonic() < deadline
        assert time.monotonic() < deadline, f"waited for {steps} steps"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.gateway)
async def test_either_side_exports_what_proves_the_whole_case(scene: Scene, tmp_path: Path, city: City) -> None:
    bundle = tmp_path / "evidence.zip"
    exported = await scene.export(city, "--out", str(bundle), "--json")
    assert exported.exit_code == 0, exported.output
    assert json.loads(exported.stdout)["verdict"] == "proved"
    assert bundle.stat().st_mode & 0o777 == 0o600
    verified = await scene.verify(bundle, *scene.trustees())
    assert verified.returncode == 0, verified.stdout
    told = json.loads((await scene.verify(bundle, *scene.trustees(), "--json")).stdout)
    kinds = ["submitted", "accepted", "supplement_requested", "supplemented", "decided", "rated"]
    assert [step["kind"] for step in told["story"]] == kinds
    assert {finding["outcome"] for finding in told["findings"]} <= {"ok", "told"}


async def test_without_trustees_the_verifier_says_what_to_compare(scene: Scene, tmp_path: Path) -> None:
    bundle = tmp_path / "evidence.zip"
    await scene.export(YUEYANG, "--out", str(bundle))
    verified = await scene.verify(bundle, "--lang", "en")
    assert verified.returncode == 3
    assert "trustees_own" in verified.stdout


async def test_a_redacted_bundle_holds_nothing_personal_and_says_what_it_can_not_prove(
    scene: Scene, tmp_path: Path
) -> None:
    bundle = tmp_path / "evidence.zip"
    assert (await scene.export(YUEYANG, "--redact", "--out", str(bundle))).exit_code == 0
    person = Person.named("resident")
    files, _ = unpack(bundle.read_bytes())
    everything = b"".join(content for name, content in files.items() if not name.endswith(".pdf"))
    assert person.name.encode() not in everything
    assert person.id_number.encode() not in everything
    verified = await scene.verify(bundle, *scene.trustees())
    assert verified.returncode == 3
    assert "content_redacted" in verified.stdout
    assert "✗" not in verified.stdout


async def test_an_unredacted_summary_shows_the_applicant_masked(scene: Scene, tmp_path: Path) -> None:
    bundle = tmp_path / "evidence.zip"
    await scene.export(YUEYANG, "--out", str(bundle), "--lang", "en")
    with zipfile.ZipFile(bundle) as archive:
        page = archive.read("summary.html").decode()
    person = Person.named("resident")
    assert page.index("Who sent what") < page.index("谁在何时")
    assert f"{person.id_number[:6]}********{person.id_number[-4:]}" in page
    assert person.id_number not in page


async def test_what_was_kept_and_does_not_hold_is_written_and_named(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def altered(kept: Evidence) -> CarriedCall:
        return CarriedCall(kept.method, kept.request, kept.response, kept.request_body + b"\x00", kept.response_body)

    monkeypatch.setattr(evidence, "_carried", altered)
    bundle = tmp_path / "evidence.zip"
    exported = await scene.export(YUEYANG, "--out", str(bundle))
    assert exported.exit_code == 1
    assert "FAULT request_digest" in exported.stderr
    assert (await scene.verify(bundle, *scene.trustees())).returncode == 1


async def test_a_peer_that_is_away_is_named_and_can_be_done_without(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "_looks", lambda _: range(8))  # it is the only witness too, and won't come
    bundle = tmp_path / "evidence.zip"
    await scene.ground.gateways[JINGZHOU.gateway].listener.close(0.0)
    refused = await scene.export(YUEYANG, "--out", str(bundle))
    assert refused.exit_code == 75
    assert "--without-peer" in refused.output
    assert not bundle.exists()
    assert (await scene.export(YUEYANG, "--without-peer", "--out", str(bundle))).exit_code == 0
    verified = await scene.verify(bundle, *scene.trustees())
    assert verified.returncode == 3
    assert "log_unobtained" in verified.stdout
    assert "✗" not in verified.stdout
