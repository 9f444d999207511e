from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.ids import RANDOM_BYTES, ordered_id

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
RANDOMS = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


@given(MOMENTS, RANDOMS)
def test_it_is_a_uuid_of_version_7_that_tells_its_millisecond(now: datetime, random: bytes) -> None:
    made = UUID(ordered_id(now, random))
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == int(now.timestamp() * 1000)


@given(MOMENTS, RANDOMS, RANDOMS)
def test_later_ids_are_greater(now: datetime, first: bytes, second: bytes) -> None:
    assert ordered_id(now, first) < ordered_id(now + timedelta(milliseconds=2), second)


@given(MOMENTS)
def test_74_bits_are_random(now: datetime) -> None:
    low, high = ordered_id(now, bytes(RANDOM_BYTES)), ordered_id(now, b"\xff" * RANDOM_BYTES)
    assert (UUID(low).int ^ UUID(high).int).bit_count() == 74
