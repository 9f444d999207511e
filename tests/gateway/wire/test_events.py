"""Case events as bytes: what is written is read again, whatever a newer version adds, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tongban.case.v1 import event_pb2

from gateway.domain.case import CaseEvent, EventKind, RecordedEvent, Resumed, Submitted
from gateway.wire.events import ProtobufEventCodec
from tests.gateway.wire.bodies import BODIES, events
from trust.errors import Malformed, Reason

CODEC = ProtobufEventCodec()
UNKNOWN_FIELD = b"\xc0\x3e\x01"  # field 1000 = 1, of a version to come


@pytest.mark.parametrize("kind", EventKind)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_every_kind_of_event_is_read_as_it_was_written(kind: EventKind, data: Any) -> None:
    event = data.draw(events(kind))
    raw = CODEC.encode(event)
    assert CODEC.decode(raw) == event
    assert CODEC.encode(event) == raw


def test_there_is_a_strategy_for_every_kind() -> None:
    assert set(BODIES) == set(EventKind)


@given(event=events(EventKind.SUBMITTED))
@settings(max_examples=25, deadline=None)
def test_the_order_of_a_map_changes_no_byte(event: CaseEvent) -> None:
    body = event.body
    assert isinstance(body, Submitted)
    turned = replace(
        body,
        answers=dict(reversed(list(body.answers.items()))),
        products=dict(reversed(list(body.products.items()))),
    )
    assert CODEC.encode(replace(event, body=turned)) == CODEC.encode(event)


@pytest.mark.parametrize("kind", EventKind)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_fields_of_a_later_version_survive_and_are_part_of_what_is_hashed(kind: EventKind, data: Any) -> None:
    event = data.draw(events(kind))
    known = CODEC.encode(event)
    raw = known + UNKNOWN_FIELD
    assert CODEC.decode(raw) == event
    recorded = RecordedEvent.of(CODEC.decode(raw), raw)
    assert recorded.raw == raw
    assert recorded.digest != RecordedEvent.of(event, known).digest


def test_an_unknown_field_inside_a_body_is_passed_over() -> None:
    message = event_pb2.CaseEvent.FromString(CODEC.encode(resumed()))
    message.resumed.MergeFromString(UNKNOWN_FIELD)
    assert CODEC.decode(message.SerializeToString()) == resumed()


def test_an_event_without_a_body_that_this_version_knows_is_malformed() -> None:
    message = event_pb2.CaseEvent.FromString(CODEC.encode(resumed()))
    message.ClearField("body")
    for raw in (message.SerializeToString(), message.SerializeToString() + UNKNOWN_FIELD, b""):
        with pytest.raises(Malformed) as error:
            CODEC.decode(raw)
        assert error.value.reason is Reason.MESSAGE_MALFORMED


@given(raw=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_other_bytes_are_malformed_and_nothing_worse(raw: bytes) -> None:
    with pytest.raises(Malformed):
        CODEC.decode(raw)


@given(event=events(EventKind.DECIDED), place=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=100, deadline=None)
def test_a_flipped_bit_never_gives_a_defect(event: CaseEvent, place: int, bit: int) -> None:
    raw = bytearray(CODEC.encode(event))
    raw[place % len(raw)] ^= 1 << bit
    try:
        CODEC.decode(bytes(raw))
    except Malformed as error:
        assert error.reason in {Reason.MESSAGE_MALFORMED, Reason.FIELD_INVALID}  # noqa: PT017 - it may also be read


def resumed() -> CaseEvent:
    return CaseEvent(
        case_id="6c84fb90-12c4-41e1-840d-725aa755c63d",
        emitter="421000.gateway",
        seq=2,
        seen=1,
        previous=bytes(32),
        salt=bytes(16),
        occurred_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
        actor="421000.platform",
        body=Resumed(),
    )
