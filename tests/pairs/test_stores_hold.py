"""What two real gateways keep is as their logs say and the other's store remembers: at any moment, and at the end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.logs import CheckedLog, check_stored_log, remembered
from gateway.config import load
from gateway.domain.case import Accepted, Decided
from sandbox.federation import CITIES, JINGZHOU, YUEYANG
from sandbox.window import Window
from tests.pairs.ground import Ground, two_gateways
from tests.pairs.test_two_gateways import open_case, until
from trust.audit_check import compare
from trust.signed_call import Officer


async def checked(ground: Ground) -> list[CheckedLog]:
    """Both logs, each also by what the other store remembers; the stores of the moment, not of one moment."""
    configs = [load(ground.folder / f"{city.gateway}.toml") for city in CITIES]
    memories = [await remembered(config) for config in configs]
    now = datetime.now(UTC)
    return [await check_stored_log(config, now, [memories[1 - place]]) for place, config in enumerate(configs)]


def findings(logs: list[CheckedLog]) -> list[str]:
    return [f"{log.member} {each.where} {each.first}: {each.what}" for log in logs for each in log.report.findings]


async def test_stores_hold_while_their_gateways_write_and_afterwards(tmp_path: Path) -> None:
    async with two_gateways(tmp_path) as ground:
        clients = {city: ground.client(city.platform) for city in CITIES}
        windows = {city: Window(client, city, Officer("w1", "window", "1")) for city, client in clients.items()}
        there, looks = ground.platforms[JINGZHOU.region], 0
        number = (await open_case(windows)).case_number

        async def settled(steps: int) -> bool:
            nonlocal looks
            looks += 1
            assert findings(await checked(ground)) == []
            cases = [await windows[city].case(number) for city in CITIES] if there.taken else []
            return bool(cases) and all(len(case.steps) == steps and not case.pending for case in cases)

        await until(lambda: settled(1), "荆州 to have the case")
        there.do(number, Accepted("荆-1", 3))
        await until(lambda: settled(2), "both to have it accepted")
        there.do(number, Decided(approved=True, explanation="准", result_number="", result_licence=""))
        await until(lambda: settled(3), "both to have it decided")
        for client in clients.values():
            await client.close()
        assert looks > 3

        async def placed() -> bool:
            return not any(log.waiting for log in await checked(ground))

        await until(placed, "every leaf to have its place")
        first, second = logs = await checked(ground)
        assert findings(logs) == []
        compared = compare(first.trail, second.trail)
        assert (compared.differences, compared.agreed_events) == ((), 3)
    assert {first.member, second.member} == {YUEYANG.gateway, JINGZHOU.gateway}
