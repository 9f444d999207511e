"""A city's window: what its staff do at their own gateway, each call signed in the name of the city's platform.

The requests are made here and nowhere else in the sandbox, so that a story or a test reads as what people do.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self, TypeVar

from google.protobuf.message import Message
from tongban.audit.v1 import audit_service_pb2
from tongban.case.v1 import case_pb2, case_service_pb2, material_pb2, party_pb2
from tongban.catalogue.v1 import catalogue_service_pb2, item_pb2, translation_pb2
from tongban.licence.v1 import licence_pb2, licence_service_pb2

from gateway.rpc.client import SignedClient
from gateway.wire import routes
from sandbox.federation import DATA, City
from trust.signed_call import Officer

IDENTITY_CARD: Final = "111"
"""National certificate code of 居民身份证."""

_LEAVES_AT_ONCE: Final = 1000

_Answer = TypeVar("_Answer", bound=Message)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of ``data/people.json``. All invented."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    phone: str = field(repr=False)

    @classmethod
    def named(cls, key: str) -> Self:
        """The person of this key. KeyError when there is none."""
        people = json.loads((DATA / "people.json").read_bytes())["people"]
        entry = {person["key"]: person for person in people}[key]
        return cls(entry["name"], entry["id_number"], entry["phone"])

    def as_party(self) -> party_pb2.Party:
        """As an applicant."""
        return party_pb2.Party(
            type=party_pb2.APPLICANT_TYPE_PERSON,
            name=self.name,
            id_type=IDENTITY_CARD,
            id_number=self.id_number,
            phone=self.phone,
        )


def scanned(key: str, name: str, content: bytes) -> material_pb2.Material:
    """A material that the window scanned."""
    return material_pb2.Material(
        key=key,
        name=name,
        carrier=material_pb2.MATERIAL_CARRIER_FILE,
        content=content,
        digest=sha256(content).digest(),
        media_type="application/pdf",
    )


def shown_licence(key: str, name: str, presentation: str) -> material_pb2.Material:
    """A material for which an electronic licence stands."""
    return material_pb2.Material(
        key=key, name=name, carrier=material_pb2.MATERIAL_CARRIER_LICENCE, licence=presentation
    )


class Window:
    """The window of one city. Every method raises the TongbanError with which the gateway refuses."""

    def __init__(self, client: SignedClient, city: City, officer: Officer) -> None:
        """``client`` calls in the name of the city's platform."""
        self._client = client
        self._officer = officer
        self.city = city

    async def item(self, region: str, code: str) -> item_pb2.Item:
        """An item of a catalogue."""
        request = catalogue_service_pb2.GetItemRequest(catalogue=region, code=code)
        return (await self._call(routes.GET_ITEM, request, catalogue_service_pb2.GetItemResponse)).item

    async def translate(self, target: str, code: str, answers: Mapping[str, str]) -> translation_pb2.Translation:
        """What a code of this city is in another's catalogue."""
        request = catalogue_service_pb2.TranslateRequest(
            source_catalogue=self.city.region, target_catalogue=target, code=code, answers=answers
        )
        return (await self._call(routes.TRANSLATE, request, catalogue_service_pb2.TranslateResponse)).translation

    async def issue_licence(self, **fields: object) -> licence_service_pb2.IssueLicenceResponse:
        """Issue a licence; ``fields`` are those of IssueLicenceRequest."""
        request = licence_service_pb2.IssueLicenceRequest(idempotency_key=_new_key(), **fields)  # type: ignore[arg-type]
        return await self._call(routes.ISSUE_LICENCE, request, licence_service_pb2.IssueLicenceResponse)

    async def verify_licence(self, presentation: str, nonce: str, purpose: str) -> licence_pb2.LicenceVerdict:
        """The five verdicts on a licence that somebody shows."""
        request = licence_service_pb2.VerifyLicenceRequest(presentation=presentation, nonce=nonce)
        answer = await self._call(
            routes.VERIFY_LICENCE, request, licence_service_pb2.VerifyLicenceResponse, purpose=purpose
        )
        return answer.verdict

    async def open_case(
        self,
        item_code: str,
        processing_region: str,
        applicant: Person,
        materials: Sequence[material_pb2.Material],
        *,
        answers: Mapping[str, str],
        presentation_nonce: str = "",
        idempotency_key: str = "",
    ) -> case_pb2.Case:
        """Take an application."""
        request = case_service_pb2.OpenCaseRequest(
            idempotency_key=idempotency_key or _new_key(),
            item_code=item_code,
            processing_region=processing_region,
            answers=answers,
            applicant=applicant.as_party(),
            materials=materials,
            presentation_nonce=presentation_nonce,
        )
        return (await self._call(routes.OPEN_CASE, request, case_service_pb2.OpenCaseResponse)).case

    async def supplement(self, case: str, materials: Sequence[material_pb2.Material], note: str) -> case_pb2.Case:
        """Hand in what was asked for."""
        request = case_service_pb2.SupplementCaseRequest(
            idempotency_key=_new_key(), case=case, materials=materials, note=note
        )
        return (await self._call(routes.SUPPLEMENT_CASE, request, case_service_pb2.SupplementCaseResponse)).case

    async def rate(self, case: str, score: int, comment: str) -> case_pb2.Case:
        """Pass the applicant's rating on."""
        request = case_service_pb2.RateCaseRequest(idempotency_key=_new_key(), case=case, score=score, comment=comment)
        return (await self._call(routes.RATE_CASE, request, case_service_pb2.RateCaseResponse)).case

    async def case(self, case: str) -> case_pb2.Case:
        """A case by its number or UUID."""
        request = case_service_pb2.GetCaseRequest(case=case)
        return (await self._call(routes.GET_CASE, request, case_service_pb2.GetCaseResponse)).case

    async def cases(self) -> list[case_pb2.Case]:
        """Cases of this gateway, newest first."""
        request = case_service_pb2.ListCasesRequest()
        return list((await self._call(routes.LIST_CASES, request, case_service_pb2.ListCasesResponse)).cases)

    async def checkpoint(self) -> str:
        """The newest signed checkpoint of the gateway's audit log."""
        request = audit_service_pb2.GetCheckpointRequest()
        return (await self._call(routes.GET_CHECKPOINT, request, audit_service_pb2.GetCheckpointResponse)).checkpoint

    async def leaves(self, size: int) -> list[bytes]:
        """The first ``size`` leaves of the gateway's audit log."""
        leaves: list[bytes] = []
        while len(leaves) < size:
            request = audit_service_pb2.ListLeavesRequest(
                start=len(leaves), limit=min(_LEAVES_AT_ONCE, size - len(leaves))
            )
            page = await self._call(routes.LIST_LEAVES, request, audit_service_pb2.ListLeavesResponse)
            if not page.leaves:
                break
            leaves.extend(page.leaves)
        return leaves

    async def _call(self, method: str, request: Message, answer: type[_Answer], *, purpose: str = "") -> _Answer:
        verified = await self._client.call(
            self.city.gateway, method, request.SerializeToString(), purpose=purpose, officer=self._officer
        )
        return answer.FromString(verified.body)


def new_nonce() -> str:
    """What a window gives a holder to sign, once."""
    return secrets.token_urlsafe(24)


def _new_key() -> str:
    return secrets.token_urlsafe(16)


def sample_scan(title: str) -> bytes:
    """A one-page PDF that says it is a sample."""
    return _PDF.replace(b"TITLE", title.encode("ascii"))


_PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\ntrailer<</Root 1 0 R>>\n% sample: TITLE\n%%EOF\n"
)
