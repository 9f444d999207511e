"""Signed calls to measure with: each delivers the submission of a new case, about 1 KiB, signed with ES256.

The cases are those of 岳阳's window for 荆州: an applicant of the sandbox, a joined item, its materials.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongban.exchange.v1 import exchange_service_pb2

from gateway.domain.application import ItemReference, Material, MaterialCarrier, Party
from gateway.domain.calendar import beijing_date
from gateway.domain.case import CaseEvent, Submitted
from gateway.domain.case_number import CaseNumber
from gateway.domain.catalogue import Item
from gateway.domain.ids import RANDOM_BYTES, ordered_id
from gateway.domain.people import ApplicantType
from gateway.domain.translation import Matched, Query, translate
from gateway.wire import routes
from gateway.wire.events import ProtobufEventCodec
from tests.bench.ground import CALLEE, CALLER, atlas, people
from trust.keys import Signer
from trust.signed_call import sign_request

_codec = ProtobufEventCodec()


@dataclass(frozen=True, slots=True)
class SignedSubmission:
    """One call, ready to be sent within a minute."""

    case_id: str
    body: bytes
    signature: str


class Submissions:
    """Makes calls of which no two are for one case."""

    def __init__(self, signer: Signer, now: datetime) -> None:
        self._signer = signer
        self._random = random.Random(1)  # noqa: S311 - the same cases in every run
        self._matches = _matches(now)
        self._people = people()
        self._serial = 0

    def make(self, now: datetime) -> SignedSubmission:
        """The next call, signed at ``now``."""
        self._serial += 1
        case_id = ordered_id(now, self._random.randbytes(RANDOM_BYTES))
        event = CaseEvent(
            case_id=case_id,
            emitter=CALLER.gateway,
            seq=1,
            seen=0,
            previous=b"",
            salt=self._random.randbytes(16),
            occurred_at=now,
            actor="window-12",
            body=self._submitted(now),
        )
        body = exchange_service_pb2.DeliverEventsRequest(
            case_id=case_id, events=[_codec.encode(event)]
        ).SerializeToString()
        signature = sign_request(
            self._signer,
            issuer=CALLER.gateway,
            audience=CALLEE.gateway,
            method=routes.DELIVER_EVENTS,
            body=body,
            now=now,
        )
        return SignedSubmission(case_id, body, signature)

    def _submitted(self, now: datetime) -> Submitted:
        source, answers, match = self._random.choice(self._matches)
        return Submitted(
            case_number=str(CaseNumber.make(CALLER.region, beijing_date(now), self._serial)),
            accepting_region=CALLER.region,
            processing_region=CALLEE.region,
            source_item=_reference(CALLER.region, source),
            target_item=_reference(CALLEE.region, match.target),
            crosswalk_row=match.match.path[-1].row.id,
            answers=answers,
            products=dict(match.match.products),
            applicant=self._applicant(self._random.choice(self._people)),
            agent=None,
            materials=tuple(
                Material(
                    key=match.match.materials.get(wanted.key, wanted.key),
                    name=wanted.name,
                    carrier=MaterialCarrier.PROMISE,
                    digest=self._random.randbytes(32),
                )
                for wanted in source.materials[:6]
            ),
            presentation_nonce="",
            case_salt=self._random.randbytes(32),
        )

    @staticmethod
    def _applicant(person: dict[str, Any]) -> Party:
        return Party(ApplicantType.NATURAL_PERSON, person["name"], "111", person["id_number"], person["phone"])


def _reference(region: str, item: Item) -> ItemReference:
    return ItemReference(region, item.code, str(item.version), item.name)


def _matches(now: datetime) -> list[tuple[Item, dict[str, str], Matched]]:
    """Items of the caller with at least five materials that lead to an item of the callee, and the answers for it."""
    known, today = atlas(), beijing_date(now)
    source = known.catalogue(CALLER.region)
    found = []
    for row in known.crosswalk.rows:
        item = source.find_on(row.source_code, today) if row.source_catalogue == source.id else None
        if item is None or row.target_catalogue != CALLEE.region or len(item.materials) < 5:
            continue
        answers = {question: min(accepted) for question, accepted in row.conditions.items()}
        match = translate(known, Query(source.id, CALLEE.region, item.code, today, answers))
        if isinstance(match, Matched):
            found.append((item, answers, match))
    return found
