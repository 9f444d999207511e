"""Verifying licences in process: issuer's signature, disclosures, status list, and the holder's signature."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.federation import YUEYANG, Federation, found
from tests.bench.ground import CALLEE, people
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner
from trust.licence import (
    HOLDER_CODE,
    HOLDER_NAME,
    Holder,
    Integrity,
    Licence,
    LicenceVerdict,
    Status,
    issue,
    present,
    verify_presentation,
)
from trust.licence_id import LicenceId
from trust.status_list import StatusList, VerifiedStatusList, issue_status_token, verify_status_token

LICENCES = 200
SECONDS = 2.0
TYPE = "11000000TB000001XLT04"
URI = f"urn:tongban:status:{YUEYANG.gateway}:1"
ENTRIES = 65_536
REVOKED = 0
"""Place of the one revoked licence in the list, and among the presentations."""


@dataclass(frozen=True)
class Verified:
    """How fast, and over how many different presentations."""

    per_second: float
    presentations: int


def measure(seconds: float = SECONDS, licences: int = LICENCES) -> Verified:
    """Verify for so long. Raises ValueError when a verdict is not what it must be."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        federation = found(Path(folder), {}, now)
    shown, status = _present(federation, licences, now), _status(federation, now)

    def verdict(text: str, nonce: str) -> LicenceVerdict:
        return verify_presentation(
            text, federation.directory, audience=CALLEE.gateway, nonce=nonce, now=now, status=status
        )

    _check(shown, verdict)
    made, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for place, text in enumerate(shown):
            verdict(text, _nonce(place))
        made += len(shown)
    return Verified(made / (time.perf_counter() - started), len(shown))


def _nonce(place: int) -> str:
    return f"nonce-of-presentation-{place}"


def _present(federation: Federation, count: int, now: datetime) -> list[str]:
    """So many licences of different people, each bound to the holder's key and shown for an occasion of its own."""
    signer = federation.signer(YUEYANG.gateway, KeyPurpose.LICENCE)
    holder = SoftwareSigner.generate(Algorithm.ES256, "holder")
    chance = random.Random(1)  # noqa: S311 - the same holders in every run
    shown = []
    for place in range(count):
        person = chance.choice(people())
        licence = Licence(
            issuer=YUEYANG.gateway,
            licence_id=LicenceId.make(TYPE, YUEYANG.region, f"{place + 1:09d}", 1),
            name="退休证",
            region=YUEYANG.region,
            issuer_name="岳阳市人力资源和社会保障局",
            issued_at=now,
            valid_from=now - timedelta(days=1),
            valid_until=now + timedelta(days=365),
            status_uri=URI,
            status_index=place,
            holder_name=person["name"],
            holder_code=person["id_number"],
            surface={"退休日期": "2024-05-31", "工作单位": "岳阳市某单位", "退休类别": "正常退休"},
            holder_key=holder.public_jwk(),
        )
        text = issue(licence, signer)
        wanted = [HOLDER_NAME, HOLDER_CODE, "退休日期"]
        shown.append(present(text, wanted, audience=CALLEE.gateway, nonce=_nonce(place), now=now, holder=holder))
    return shown


def _status(federation: Federation, now: datetime) -> VerifiedStatusList:
    token = issue_status_token(
        StatusList.blank(2, ENTRIES).set({REVOKED: 1}),
        federation.signer(YUEYANG.gateway, KeyPurpose.STATUS),
        issuer=YUEYANG.gateway,
        uri=URI,
        now=now,
        lifetime=timedelta(hours=12),
        time_to_live=timedelta(hours=1),
    )
    return verify_status_token(token, federation.directory, uri=URI, now=now)


def _check(shown: Sequence[str], verdict: Callable[[str, str], LicenceVerdict]) -> None:
    """Every presentation is acceptable but the revoked one; a changed one and one of another occasion are not."""
    for place, text in enumerate(shown):
        judged = verdict(text, _nonce(place))
        wanted = Status.REVOKED if place == REVOKED else Status.GOOD
        if judged.status.value is not wanted or judged.acceptable is (place == REVOKED):
            raise ValueError("a good licence was refused, or the revoked one accepted")
    another = verdict(shown[1], _nonce(0))
    if another.acceptable or another.holder.value is not Holder.WRONG:
        raise ValueError("a presentation for another occasion was accepted")
    signature, other = (text.split("~")[0].split(".")[2] for text in shown[1:3])
    swapped = verdict(shown[1].replace(signature, other), _nonce(1))
    if swapped.acceptable or swapped.integrity.value is not Integrity.BROKEN:
        raise ValueError("a licence with another licence's signature was accepted")
