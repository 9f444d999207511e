"""A case carried by patient people from the window to the rating, whatever fails meanwhile.

The people are patient and careful: a call whose outcome nobody knows is made again with the same idempotency key, as
docs/protocol.md asks of them. The desks' acts are done once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from tongban.case.v1 import case_pb2

from gateway.app import SystemClock
from gateway.domain.calendar import beijing_date
from gateway.rpc.client import SignedClient, VerifiedAnswer
from gateway.rpc.tls import CertificateFiles
from sandbox.federation import CITIES, JINGZHOU, YUEYANG, City
from sandbox.window import Person, Window, new_nonce, sample_scan, scanned, shown_licence
from sandbox.world import World
from trust.keys import Algorithm, SoftwareSigner
from trust.licence import HOLDER_CODE, HOLDER_NAME, present
from trust.signed_call import Officer

PATIENCE_SECONDS: Final = 90.0
"""How long people wait for what takes a fraction of a second when nothing fails."""

ATTEMPTS: Final = 240
"""Of one call, a second apart at most."""

_LOOK_SECONDS: Final = 0.05
_RETIREMENT_LICENCE: Final = "11000000TB000001XLT04"

_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Form:
    """How one city takes applications for the payout of the housing fund to a retired person."""

    item: str
    answers: dict[str, str]
    papers: tuple[str, ...]
    """Keys of what is scanned."""
    licence: str
    """Key of the material for which the retirement licence stands."""


FORMS: Final = {
    YUEYANG: Form(
        "12430600TB4306016C343209000100001",
        {"retired": "approved"},
        ("id_card", "application", "bank_card"),
        "retirement",
    ),
    JINGZHOU: Form(
        "12421000TB421001493422090002000",
        {"basis": "certificate"},
        ("identity", "application_form", "bank_account"),
        "retirement_certificate",
    ),
}


class PatientClient(SignedClient):
    """A client that goes on trying for as long as a gateway may need to come back."""

    async def call(
        self,
        member_id: str,
        method: str,
        body: bytes,
        *,
        purpose: str = "",
        officer: Officer | None = None,
        deadline: float = 5.0,
        attempts: int = ATTEMPTS,
    ) -> VerifiedAnswer:
        return await super().call(
            member_id, method, body, purpose=purpose, officer=officer, deadline=deadline, attempts=attempts
        )


@dataclass
class Journey:
    """How far one case has come."""

    accepting: City
    processing: City
    number: str = ""
    stage: str = "at the window"
    done: bool = False


@dataclass
class People:
    """Who stands at the windows of both cities."""

    world: World
    windows: dict[City, Window]
    journeys: list[Journey] = field(default_factory=list)
    clients: dict[City, PatientClient] = field(default_factory=dict)
    _licences: dict[City, tuple[str, SoftwareSigner]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World) -> People:
        people = cls(world, {})
        for city in CITIES:
            paths = world.federation.certificates[city.platform]
            client = PatientClient(
                city.platform,
                world.federation.signer(city.platform),
                lambda: world.federation.directory,
                CertificateFiles(paths.chain, paths.key, paths.roots),
                SystemClock(),
            )
            people.clients[city] = client
            people.windows[city] = Window(client, city, Officer(f"{city.region}-w01", "window", "1"))
        return people

    async def close(self) -> None:
        for client in self.clients.values():
            await client.close()

    async def open(self, accepting: City) -> Journey:
        """Open a case, with an electronic licence of the other city among its materials."""
        processing = next(city for city in CITIES if city is not accepting)
        journey = Journey(accepting, processing)
        self.journeys.append(journey)
        form, person = FORMS[accepting], Person.named("resident")
        licence, phone = await self._licence_of(person, processing)
        nonce = new_nonce()
        shown = present(
            licence,
            (HOLDER_NAME, HOLDER_CODE),
            audience=accepting.gateway,
            nonce=nonce,
            now=datetime.now(UTC),
            holder=phone,
        )
        papers = [scanned(key, key, sample_scan(key)) for key in form.papers]

        # While the issuer's gateway does not answer for the licence, this is Unavailable, and the client tries again.
        case = await self.windows[accepting].open_case(
            form.item,
            processing.region,
            person,
            [*papers, shown_licence(form.licence, "退休证", shown)],
            answers=form.answers,
            presentation_nonce=nonce,
            idempotency_key=secrets.token_urlsafe(16),
        )
        journey.number = case.case_number
        return journey

    async def carry(self, accepting: City) -> Journey:
        """Carry a case from the window to the rating."""
        journey = await self.open(accepting)
        await self.finish(journey)
        return journey

    async def finish(self, journey: Journey, *, accepted: bool = False) -> None:
        """Carry an open case on to the rating, and wait until everybody was told of it.

        ``accepted``: the processing place's staff have accepted it already, whether anybody was told or not.
        """
        window, desk = self.windows[journey.accepting], self.world.desk(journey.processing.region)
        number = journey.number
        journey.stage = "opened"
        await self.platform_got(journey.processing, number, "submitted")
        journey.stage = "to be accepted"
        if not accepted:
            await desk.act(number, "accept", promised_days=3)
        await self.seen(journey, case_pb2.CASE_STATE_ACCEPTED)
        journey.stage = "to be supplemented"
        wanted = FORMS[journey.processing].papers[2]
        await desk.act(number, "request-supplement", items=[{"material_key": wanted, "flaw": "没有写明开户行"}])
        await self.seen(journey, case_pb2.CASE_STATE_SUPPLEMENTING)
        await window.supplement(number, [scanned(wanted, wanted, sample_scan("branch"))], "已补写开户行")
        await self.platform_got(journey.processing, number, "supplemented")
        journey.stage = "to be decided"
        await desk.act(number, "decide", approved=True, explanation="准予提取。", result_number="提〔2026〕1号")
        await self.seen(journey, case_pb2.CASE_STATE_DECIDED)
        journey.stage = "to be rated"
        await window.rate(number, 5, "很方便。")
        await self.platform_got(journey.processing, number, "rated")
        journey.stage = "settling"
        for city in CITIES:
            await until(partial(self._settled, city, number), f"{city.name} to have nothing left of {number}")
        journey.done = True

    async def platform_got(self, city: City, number: str, step: str) -> None:
        """Wait until a city's platform has received a step of the case."""

        async def look() -> bool:
            known = await self.world.desk(city.region).case(number)
            return known is not None and any(arrival["step"] == step for arrival in known["received"])

        await until(look, f"{city.platform} to receive {step} of {number}")

    async def seen(self, journey: Journey, state: case_pb2.CaseState) -> None:
        """Wait until the accepting window sees the case in a state."""

        async def look() -> bool:
            cases = await self.windows[journey.accepting].cases()
            return any(each.case_number == journey.number and each.state == state for each in cases)

        await until(look, f"{journey.accepting.gateway} to show {case_pb2.CaseState.Name(state)} for {journey.number}")

    async def pending(self, city: City, number: str) -> list[case_pb2.PendingDelivery]:
        """What waits to be delivered for a case, as the window is shown it."""
        return list((await self.windows[city].case(number)).pending)

    async def _settled(self, city: City, number: str) -> bool:
        return not await self.pending(city, number)

    async def _licence_of(self, person: Person, issuer: City) -> tuple[str, SoftwareSigner]:
        if issuer not in self._licences:
            phone = SoftwareSigner.generate(Algorithm.ES256, "phone")
            issued = await self.windows[issuer].issue_licence(
                licence_type=_RETIREMENT_LICENCE,
                name="退休证",
                issuer_name=f"{issuer.name}市人力资源和社会保障局",
                holder_name=person.name,
                holder_id_number=person.id_number,
                surface={"退休时间": "2026-03"},
                valid_from=beijing_date(datetime.now(UTC) - timedelta(days=30)).isoformat(),
                holder_jwk=json.dumps(phone.public_jwk()),
            )
            self._licences[issuer] = (issued.licence, phone)
        return self._licences[issuer]


async def until(look: Callable[[], Awaitable[_Seen | None]], what: str, seconds: float = PATIENCE_SECONDS) -> _Seen:
    """The first look that sees something. AssertionError when it takes too long."""
    deadline = time.monotonic() + seconds
    while not (seen := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(_LOOK_SECONDS)
    return seen


def steps_received(shown: dict[str, Any] | None) -> list[str]:
    """The steps that a platform received, in the order in which they arrived."""
    return [arrival["step"] for arrival in shown["received"]] if shown else []
