"""Whatever is done to a stopped gateway's store, a check finds it, and names what and where."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from gateway.cli.logs import check_stored_log, remembered
from tests.attacks.attacks import ATTACKS, UNFOUND
from tests.attacks.kinds import Attack, By
from tests.attacks.tampering import Tampering
from tests.attacks.world import World, make, store_path
from tests.gateway.exchange.world import JINGZHOU, NOW, YUEYANG
from trust.audit_check import LogFinding, compare
from trust.errors import TongbanError


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return asyncio.run(make(tmp_path_factory.mktemp("world"), tmp_path_factory.mktemp("earlier")))


def line_of(finding: LogFinding) -> str:
    if finding.where:
        where = finding.where
    elif finding.first is None:
        where = "unknown leaf"
    else:
        where = (
            f"leaf {finding.first}" if finding.first == finding.last else f"leaves {finding.first} to {finding.last}"
        )
    return f"{where}: {finding.what}"


def verified(world: World, folder: Path) -> list[str]:
    """What ``tongban audit verify`` says of 岳阳's store."""
    try:
        log = asyncio.run(check_stored_log(world.config(YUEYANG, folder), NOW))
    except TongbanError as error:
        return [f"error {error.reason}"]
    return [line_of(finding) for finding in log.report.findings]


def compared(world: World, folder: Path) -> list[str]:
    """What ``tongban audit compare`` says of both."""

    async def check() -> list[str]:
        configs = [world.config(region, folder) for region in (YUEYANG, JINGZHOU)]
        memories = [await remembered(config) for config in configs]
        logs = [await check_stored_log(config, NOW, [memories[1 - place]]) for place, config in enumerate(configs)]
        lines = [line_of(finding) for log in logs for finding in log.report.findings]
        return [*lines, *(each.what for each in compare(logs[0].trail, logs[1].trail).differences)]

    return asyncio.run(check())


def test_untouched_stores_hold_and_agree(world: World) -> None:
    assert verified(world, world.folder) == []
    assert compared(world, world.folder) == []


def test_there_are_enough_kinds_and_each_has_a_name_of_its_own() -> None:
    assert len({attack.name for attack in (*ATTACKS, *UNFOUND)}) == len(ATTACKS) + len(UNFOUND)
    assert len(ATTACKS) >= 40
    assert all(attack.found and attack.why for attack in ATTACKS)


def tamper(world: World, attack: Attack, folder: Path) -> None:
    world.copied(folder)
    hand = Tampering(world, folder, sqlite3.connect(store_path(folder, YUEYANG), isolation_level=None))
    attack.do(hand)
    hand.db.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_tampering_is_found_and_named(world: World, attack: Attack, tmp_path: Path) -> None:
    tamper(world, attack, tmp_path)
    said = verified(world, tmp_path)
    if attack.by is By.COMPARE:
        assert said == []
        said = compared(world, tmp_path)
    assert any(re.search(attack.found, line) for line in said), said
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("attack", UNFOUND, ids=lambda attack: attack.name)
def test_what_is_listed_as_not_to_be_found_is_not_found(world: World, attack: Attack, tmp_path: Path) -> None:
    tamper(world, attack, tmp_path)
    assert verified(world, tmp_path) == compared(world, tmp_path) == []
