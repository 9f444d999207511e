"""Strategies for everything that an event may say, within the bounds of the .proto files."""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta

from hypothesis import strategies as st

from gateway.domain.application import (
    ApplicantType,
    ItemReference,
    Material,
    MaterialCarrier,
    Party,
    SupplementItem,
)
from gateway.domain.case import (
    MAX_EVENTS_PER_SIDE,
    Accepted,
    CaseEvent,
    Decided,
    EventBody,
    EventKind,
    Rated,
    Refused,
    Resumed,
    Submitted,
    Supplemented,
    SupplementRequested,
    Suspended,
    WithdrawalRefused,
    WithdrawalRequested,
    Withdrawn,
)
from gateway.wire import fields

_characters = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")


def text(longest: int, *, shortest: int = 0) -> st.SearchStrategy[str]:
    """Any text within bounds; rare characters included, long ones seldom."""
    return st.text(_characters, min_size=shortest, max_size=min(longest, 12)) | st.just("楚" * longest)


regions = st.from_regex(r"[0-9]{6}", fullmatch=True)
numbers = st.integers(1, MAX_EVENTS_PER_SIDE)
facts = st.dictionaries(text(64, shortest=1), text(64), max_size=4)
parties = st.builds(
    Party,
    type=st.sampled_from(ApplicantType),
    name=text(100, shortest=1),
    id_type=st.from_regex(r"[0-9]{3}", fullmatch=True),
    id_number=text(50, shortest=1),
    phone=st.from_regex(r"[0-9+-]{0,20}", fullmatch=True),
)


@st.composite
def a_material(draw: st.DrawFn, key: str) -> Material:
    carrier = draw(st.sampled_from(MaterialCarrier))
    content = draw(st.binary(min_size=1, max_size=20)) if carrier is MaterialCarrier.FILE else b""
    return Material(
        key=key,
        name=draw(text(200, shortest=1)),
        carrier=carrier,
        digest=hashlib.sha256(content).digest() if content else draw(st.sampled_from([b"", bytes(32)])),
        content=content,
        media_type="application/pdf" if content else "",
        tracking_number=draw(text(40, shortest=1)) if carrier is MaterialCarrier.PARCEL else "",
        licence=draw(text(50, shortest=1)) if carrier is MaterialCarrier.LICENCE else "",
    )


@st.composite
def some_materials(draw: st.DrawFn, *, fewest: int = 0) -> tuple[Material, ...]:
    keys = draw(st.lists(text(64, shortest=1), min_size=fewest, max_size=3, unique=True))
    return tuple(draw(a_material(key)) for key in keys)


items = st.builds(
    ItemReference,
    catalogue=regions,
    code=text(100, shortest=1),
    version=text(20, shortest=1),
    name=text(200),
)
licences = text(64 * 1024)

BODIES: dict[EventKind, st.SearchStrategy[EventBody]] = {
    EventKind.SUBMITTED: st.builds(
        Submitted,
        case_number=text(32, shortest=1),
        accepting_region=regions,
        processing_region=regions,
        source_item=items,
        target_item=items,
        crosswalk_row=text(64),
        answers=facts,
        products=facts,
        applicant=parties,
        agent=st.none() | parties,
        materials=some_materials(),
        presentation_nonce=st.text("0123456789abcdef", min_size=16, max_size=64),
        case_salt=st.binary(min_size=32, max_size=32),
    ),
    EventKind.SUPPLEMENTED: st.builds(
        Supplemented, request=numbers, materials=some_materials(fewest=1), note=text(1000)
    ),
    EventKind.WITHDRAWAL_REQUESTED: st.builds(WithdrawalRequested, reason=text(1000)),
    EventKind.RATED: st.builds(Rated, score=st.integers(1, 5), comment=text(500)),
    EventKind.ACCEPTED: st.builds(Accepted, local_number=text(100), promised_days=st.integers(0, 1000)),
    EventKind.REFUSED: st.builds(Refused, reason=text(1000, shortest=1)),
    EventKind.SUPPLEMENT_REQUESTED: st.builds(
        SupplementRequested,
        request=numbers,
        items=st.lists(
            st.builds(SupplementItem, material_key=text(64, shortest=1), flaw=text(500, shortest=1)),
            min_size=1,
            max_size=4,
        ).map(tuple),
    ),
    EventKind.SUSPENDED: st.builds(Suspended, procedure=text(50), reason=text(1000, shortest=1)),
    EventKind.RESUMED: st.builds(Resumed),
    EventKind.DECIDED: st.builds(
        Decided,
        approved=st.booleans(),
        explanation=text(1000, shortest=1),
        result_number=text(100),
        result_licence=licences,
    ),
    EventKind.WITHDRAWN: st.builds(Withdrawn),
    EventKind.WITHDRAWAL_REFUSED: st.builds(WithdrawalRefused, reason=text(1000, shortest=1)),
}


def events(kind: EventKind) -> st.SearchStrategy[CaseEvent]:
    """Events of this kind."""
    return st.builds(
        CaseEvent,
        case_id=st.uuids().map(str),
        emitter=text(64, shortest=1),
        seq=numbers,
        seen=st.integers(0, MAX_EVENTS_PER_SIDE),
        previous=st.sampled_from([b"", bytes(range(32))]),
        salt=st.binary(min_size=16, max_size=16),
        occurred_at=st.datetimes(
            fields.EARLIEST.replace(tzinfo=None),
            fields.LATEST.replace(tzinfo=None) - timedelta(microseconds=1),
            timezones=st.just(UTC),
        ),
        actor=text(64),
        body=BODIES[kind],
    )
