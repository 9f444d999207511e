"""Callbacks: who may call, what is read, what is answered."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, date, datetime

import pytest

from adapters import Credentials, PlatformSettings
from adapters.jingzhou.callback import JingzhouCallbacks
from gateway.domain.case import Accepted, Decided
from gateway.domain.case_number import CaseNumber
from gateway.domain.platform import Notice, UnreadableNotice
from trust.errors import Fault, Misconfigured, Reason, Unauthenticated

NUMBER = str(CaseNumber.make("430600", date(2026, 11, 21), 1))
RECORD = (
    f"<RECORD><LSH>L1</LSH><SBLSH>{NUMBER}</SBLSH><BJBH>JZ1</BJBH><STATE>10</STATE><FSSJ>20261121003005</FSSJ>"
    "<YWXX><CNQX>5</CNQX></YWXX></RECORD>"
)
BODY = f'<?xml version="1.0" encoding="GBK"?><PACKAGE>{RECORD}</PACKAGE>'.encode("gb18030")


@pytest.fixture
def reader() -> JingzhouCallbacks:
    return JingzhouCallbacks(PlatformSettings("http://x", "421000", Credentials("a", "b", "kept-back")))


def signed(body: bytes, secret: bytes = b"kept-back") -> dict[str, str]:
    return {"X-Sign": hmac.new(secret, body, hashlib.sha256).hexdigest()}


def test_a_signed_callback_is_read(reader: JingzhouCallbacks) -> None:
    assert reader.read(signed(BODY), BODY) == (
        Notice("L1", NUMBER, datetime(2026, 11, 20, 16, 30, 5, tzinfo=UTC), Accepted("JZ1", 5)),
    )


def test_the_headers_name_may_be_in_any_case(reader: JingzhouCallbacks) -> None:
    assert reader.read({"x-sign": signed(BODY)["X-Sign"].upper()}, BODY)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, Reason.SIGNATURE_MISSING),
        ({"X-Sign": ""}, Reason.SIGNATURE_MISSING),
        ({"X-Sign": "0" * 64}, Reason.SIGNATURE_WRONG),
        ({"X-Sign": "签名"}, Reason.SIGNATURE_WRONG),
        (signed(BODY, b"other"), Reason.SIGNATURE_WRONG),
        (signed(BODY + b" "), Reason.SIGNATURE_WRONG),
    ],
)
def test_a_callback_that_is_not_the_platforms_is_refused(
    reader: JingzhouCallbacks, headers: dict[str, str], reason: Reason
) -> None:
    with pytest.raises(Unauthenticated) as caught:
        reader.read(headers, BODY)
    assert caught.value.reason is reason
    assert caught.value.fault is Fault.PLATFORM
    assert "kept-back" not in str(caught.value)


def test_a_repeated_callback_gives_the_same_id(reader: JingzhouCallbacks) -> None:
    assert reader.read(signed(BODY), BODY) == reader.read(signed(BODY), BODY)


@pytest.mark.parametrize(
    "body", [b"", b"not xml", b"<OTHER/>", b'<!DOCTYPE P [<!ENTITY a "b">]><PACKAGE>&a;</PACKAGE>', b"\xff\xfe"]
)
def test_a_signed_body_that_is_no_package_is_kept_under_its_hash(reader: JingzhouCallbacks, body: bytes) -> None:
    (notice,) = reader.read(signed(body), body)
    assert isinstance(notice, UnreadableNotice)
    assert notice.notice_id == hashlib.sha256(body).hexdigest()


def test_one_unreadable_record_does_not_hide_its_neighbours(reader: JingzhouCallbacks) -> None:
    bad = RECORD.replace("<STATE>10", "<STATE>77").replace("L1", "L2")
    last = RECORD.replace("L1", "L3").replace("<STATE>10", "<STATE>21").replace("CNQX", "BJYJ")
    body = f"<PACKAGE>{RECORD}{bad}{last}</PACKAGE>".encode()
    first, second, third = reader.read(signed(body), body)
    assert isinstance(first, Notice)
    assert second == UnreadableNotice("L2", "RECORD.STATE is a code that the dialect does not have")
    assert isinstance(third, Notice)
    assert third.progress == Decided(False, "5")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("20261121003005", "2026-11-21 00:30:05"),
        ("20261121003005", ""),
        (NUMBER, NUMBER[:-1] + "*"),
        ("<BJBH>JZ1</BJBH>", ""),
        ("<CNQX>5</CNQX>", "<CNQX>-5</CNQX>"),
        ("<CNQX>5</CNQX>", ""),
        ("<LSH>L1</LSH>", "<LSH>1</LSH><LSH>2</LSH>"),
        ("<STATE>10", "<STATE>02"),
    ],
)
def test_a_record_with_a_field_that_says_nothing_is_kept_unread(reader: JingzhouCallbacks, old: str, new: str) -> None:
    body = f"<PACKAGE>{RECORD.replace(old, new)}</PACKAGE>".encode()
    (notice,) = reader.read(signed(body), body)
    assert isinstance(notice, UnreadableNotice)
    assert "JZ1" not in notice.because


def test_private_use_characters_become_real_ones(reader: JingzhouCallbacks) -> None:
    document = '<?xml version="1.0" encoding="GBK"?><PACKAGE>' + RECORD.replace("JZ1", "@@") + "</PACKAGE>"
    body = document.encode("gb18030").replace(b"@@", bytes.fromhex("fe59"))
    (notice,) = reader.read(signed(body), body)
    assert isinstance(notice, Notice)
    assert notice.progress == Accepted("龴", 5)


def test_the_answer_is_the_platforms_own_and_says_nothing_of_our_error(reader: JingzhouCallbacks) -> None:
    recorded, content_type = reader.answer()
    again, _ = reader.answer("the store is full: /var/lib")
    assert content_type == "text/xml; charset=UTF-8"
    assert b"<STATUS>200</STATUS>" in recorded
    assert b"<STATUS>300</STATUS>" in again
    assert b"store" not in again


def test_a_reader_without_a_secret_is_not_made() -> None:
    with pytest.raises(Misconfigured):
        JingzhouCallbacks(PlatformSettings("http://x", "421000", Credentials("a", "b")))
