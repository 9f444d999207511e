"""An application with everything that a dialect must carry, and messages made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.domain.application import ApplicantType, ItemReference, Material, MaterialCarrier, Party
from gateway.domain.case import EventBody, Side, Submitted
from gateway.domain.platform import PlatformMessage

SUBMITTED = Submitted(
    case_number="430600-20261121-000001-K",
    accepting_region="430600",
    processing_region="421000",
    source_item=ItemReference("430600", "Y-1", "3", "正常退休提取住房公积金"),
    target_item=ItemReference("421000", "J-9", "2", "离休、退休提取住房公积金"),
    crosswalk_row="row-7",
    answers={"retired": "approved", "account": "single"},
    products={"basis": "retired"},
    applicant=Party(ApplicantType.NATURAL_PERSON, "陈𠮷安", "111", "421002196603129970", "10000000001"),
    agent=Party(ApplicantType.NATURAL_PERSON, "孙䶮", "111", "421003196511089998"),
    materials=(
        Material("form", "申请表", MaterialCarrier.FILE, hashlib.sha256(b"%PDF").digest(), b"%PDF", "application/pdf"),
        Material("retired", "退休证", MaterialCarrier.LICENCE, licence="eyJ0.e30.c2ln~d~kb"),
        Material("photo", "照片", MaterialCarrier.PARCEL, tracking_number="SF0001"),
    ),
    presentation_nonce="nonce-nonce-nonce",
    case_salt=bytes(32),
)

MessageOf = Callable[[Side, EventBody], PlatformMessage]


@pytest.fixture
def submitted() -> Submitted:
    return SUBMITTED


@pytest.fixture
def message_of() -> MessageOf:
    def make(side: Side, event: EventBody) -> PlatformMessage:
        return PlatformMessage(
            key="0123456789abcdef" * 2,
            side=side,
            case_number=SUBMITTED.case_number,
            submitted=SUBMITTED,
            event=event,
            occurred_at=datetime(2026, 11, 20, 16, 30, 5, tzinfo=UTC),
            local_number="",
            peer_local_number="YY-77",
        )

    return make
