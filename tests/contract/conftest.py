"""What the contract suites of the platforms' adapters share: an application, and a message for every kind of event."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from gateway.domain.application import (
    ApplicantType,
    ItemReference,
    Material,
    MaterialCarrier,
    Party,
    SupplementItem,
)
from gateway.domain.case import (
    Accepted,
    Decided,
    EventBody,
    EventKind,
    Rated,
    Refused,
    Resumed,
    Side,
    Submitted,
    Supplemented,
    SupplementRequested,
    Suspended,
    WithdrawalRefused,
    WithdrawalRequested,
    Withdrawn,
)
from gateway.domain.case_number import CaseNumber
from gateway.domain.platform import PlatformMessage

MessageMaker = Callable[..., PlatformMessage]

YUEYANG_ITEM = ItemReference("430600", "12430600TB4306016C343209000100001", "1", "正常退休提取住房公积金")
JINGZHOU_ITEM = ItemReference("421000", "", "1", "离休、退休提取住房公积金")  # the code comes from the catalogue
CASE_NUMBER = str(CaseNumber.make("430600", date(2026, 11, 21), 1))
AT = datetime(2026, 11, 21, 2, 30, 15, tzinfo=UTC)


def file_material(key: str, name: str, content: bytes) -> Material:
    return Material(
        key, name, MaterialCarrier.FILE, hashlib.sha256(content).digest(), content, media_type="application/pdf"
    )


def event_of(kind: EventKind, submitted: Submitted) -> EventBody:
    events: dict[EventKind, EventBody] = {
        EventKind.SUBMITTED: submitted,
        EventKind.SUPPLEMENTED: Supplemented(1, (file_material("bank_card", "银行卡", b"%PDF card"),), "已补齐"),
        EventKind.WITHDRAWAL_REQUESTED: WithdrawalRequested("不再需要"),
        EventKind.RATED: Rated(5, "很方便"),
        EventKind.ACCEPTED: Accepted("JZ-0001", 3),
        EventKind.REFUSED: Refused("不符合申请条件"),
        EventKind.SUPPLEMENT_REQUESTED: SupplementRequested(1, (SupplementItem("bank_card", "缺少开户支行"),)),
        EventKind.SUSPENDED: Suspended("专家评审", "需专家论证"),
        EventKind.RESUMED: Resumed(),
        EventKind.DECIDED: Decided(True, "准予提取", "荆金提〔2026〕1号", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~"),
        EventKind.WITHDRAWN: Withdrawn(),
        EventKind.WITHDRAWAL_REFUSED: WithdrawalRefused("款项已划出"),
    }
    return events[kind]


@pytest.fixture
def make_message() -> MessageMaker:
    """A message by side and kind; everything else may be overridden. Its key follows from side and kind."""

    def make(
        side: Side,
        kind: EventKind,
        *,
        item_code: str,
        name: str = "陈𠮷安",
        case_number: str = CASE_NUMBER,
        key: str = "",
    ) -> PlatformMessage:
        own = ItemReference("", item_code, "1", "正常退休提取住房公积金")
        source, target = (own, JINGZHOU_ITEM) if side is Side.ACCEPTING else (YUEYANG_ITEM, own)
        submitted = Submitted(
            case_number=case_number,
            accepting_region="430600",
            processing_region="421000",
            source_item=source,
            target_item=target,
            crosswalk_row="row-1",
            answers={"retired": "approved"},
            products={"basis": "retired"},
            applicant=Party(ApplicantType.NATURAL_PERSON, name, "111", "421002196603129970", "10000000001"),
            agent=Party(ApplicantType.NATURAL_PERSON, "孙䶮", "111", "421003196511089998"),
            materials=(
                file_material("id_card", "居民身份证", b"%PDF identity"),
                Material("retirement", "退休证", MaterialCarrier.LICENCE, licence="eyJ0.e30.c2ln~a~b"),
                Material("photo", "照片", MaterialCarrier.PARCEL, tracking_number="SF0001"),
                Material("promise", "承诺书", MaterialCarrier.PROMISE),
            ),
            presentation_nonce="n" * 22,
            case_salt=bytes(32),
        )
        return PlatformMessage(
            key=key or hashlib.sha256(f"{case_number}{side}{kind}".encode()).hexdigest()[:32],
            side=side,
            case_number=case_number,
            submitted=submitted,
            event=event_of(kind, submitted),
            occurred_at=AT,
            local_number="",
            peer_local_number="",
        )

    return make
