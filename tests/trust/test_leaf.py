"""Audit leaves: one fact, one text, nobody's data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.errors import Malformed, Reason
from trust.leaf import MAX_LEAF_BYTES, MAX_SEQ, Leaf, LeafKind, commit_case

AT = datetime(2025, 11, 3, 2, 4, 5, 678_000, tzinfo=UTC)
DIGEST = sha256(b"an event").hexdigest()
CASE = commit_case(bytes(16), "case-1")
LEAF = Leaf(
    kind=LeafKind.CASE_EVENT,
    member="421000.gateway",
    subject=DIGEST,
    at=AT,
    case=CASE,
    seq=7,
    emitter="430600.gateway",
    call=sha256(b"a request").hexdigest(),
    place=3,
    previous=sha256(b"the leaf before").digest(),
)
OLD_LEAF = replace(LEAF, place=0, previous=b"", version=1)
names = st.text("ABCdef019._:/#-", min_size=1, max_size=128).filter(lambda name: sum(map(str.isdigit, name)) < 18)
digests = st.binary(max_size=4).map(lambda data: sha256(data).hexdigest())


def test_the_bytes_of_a_leaf_are_these_for_ever() -> None:
    assert LEAF.to_bytes() == (
        b'{"at":"2025-11-03T02:04:05.678Z","call":"' + LEAF.call.encode() + b'","case":"' + CASE.hex().encode()
        + b'","emitter":"430600.gateway","kind":"case.event","member":"421000.gateway","place":3,"previous":"'
        + LEAF.previous.hex().encode() + b'","seq":7,"subject":"' + DIGEST.encode() + b'","v":2}'
    )  # fmt: skip


def test_a_leaf_of_version_1_keeps_its_bytes() -> None:
    written = OLD_LEAF.to_bytes()
    assert written == (
        b'{"at":"2025-11-03T02:04:05.678Z","call":"' + LEAF.call.encode() + b'","case":"' + CASE.hex().encode()
        + b'","emitter":"430600.gateway","kind":"case.event","member":"421000.gateway","seq":7,"subject":"'
        + DIGEST.encode() + b'","v":1}'
    )  # fmt: skip
    assert Leaf.from_bytes(written) == OLD_LEAF
    with pytest.raises(Malformed):
        Leaf.from_bytes(written.replace(b'"case.event"', b'"log.head_seen"'))  # a kind that it did not have


@pytest.mark.parametrize(
    "change",
    [
        {"place": -1},
        {"place": 0},
        {"place": 1},
        {"previous": b""},
        {"previous": bytes(31)},
        {"case": b""},
        {"version": 0},
        {"version": 3},
        {"version": 1, "place": 0, "previous": b"", "kind": LeafKind.ERASED},
    ],
)
def test_a_place_goes_with_a_case_and_with_the_leaf_before(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        replace(LEAF, **change)  # type: ignore[arg-type]


@given(
    st.builds(
        Leaf,
        kind=st.sampled_from(LeafKind),
        member=names,
        subject=names | digests,
        at=st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zone beside
        case=st.just(b"") | st.binary(min_size=32, max_size=32),
        seq=st.integers(0, MAX_SEQ),
        emitter=st.just("") | names,
        call=st.just("") | digests,
    ),
    st.integers(0, 3),
)
def test_every_leaf_is_read_back_from_its_bytes(leaf: Leaf, place: int) -> None:
    if leaf.case:
        leaf = replace(leaf, place=place, previous=bytes(32) if place > 1 else b"")
    written = leaf.to_bytes()
    assert Leaf.from_bytes(written) == leaf
    assert len(written) <= MAX_LEAF_BYTES


def test_a_time_in_another_zone_is_written_as_utc_to_the_millisecond() -> None:
    local = AT.astimezone(timezone(timedelta(hours=8))).replace(microsecond=678_999)
    assert replace(LEAF, at=local).to_bytes() == LEAF.to_bytes()


@pytest.mark.parametrize(
    "written",
    [
        LEAF.to_bytes().replace(b'":"', b'": "', 1),
        LEAF.to_bytes() + b"\n",
        LEAF.to_bytes().replace(b'"v":2', b'"v":2,"w":2'),
        LEAF.to_bytes().replace(b'"seq":7', b'"seq":7,"seq":7'),
        LEAF.to_bytes().replace(b'"seq":7,', b""),
        LEAF.to_bytes().replace(b'"place":3,', b""),
        OLD_LEAF.to_bytes().replace(b'"v":1', b'"v":2'),
        LEAF.to_bytes().replace(b'"v":2', b'"v":1'),
        LEAF.to_bytes().replace(b'"case.event"', b'"case.other"'),
        LEAF.to_bytes().replace(b'"case.event"', b"[]"),
        LEAF.to_bytes().replace(CASE.hex().encode(), CASE.hex().upper().encode()),
        LEAF.to_bytes().replace(CASE.hex().encode(), b"zz"),
        LEAF.to_bytes().replace(b'"421000.gateway"', rb'"4\u00321000.gateway"'),
        LEAF.to_bytes().replace(b"2025-11-03", b"2025-13-03"),
        LEAF.to_bytes().replace(b'"at":"2025-11-03T02:04:05.678Z"', b'"at":5'),
        b"[]",
        b"",
        b"\xff",
        b"[" * 200,
    ],
)
def test_bytes_that_no_leaf_writes_are_refused(written: bytes) -> None:
    with pytest.raises(Malformed, match=r"step [134]") as caught:
        Leaf.from_bytes(written)
    assert caught.value.reason is Reason.MESSAGE_MALFORMED


def test_a_leaf_beyond_its_bounds_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(Malformed, match="step 1, length"):
        Leaf.from_bytes(b" " * (MAX_LEAF_BYTES + 1))


@pytest.mark.parametrize("seq", [b"7.0", b"true", b'"7"', b"null"])
def test_a_number_of_another_type_is_refused(seq: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        Leaf.from_bytes(LEAF.to_bytes().replace(b'"seq":7', b'"seq":' + seq))
    assert caught.value.reason is Reason.FIELD_INVALID


@pytest.mark.parametrize("version", [b"3", b"0", b"true", b"null", b'"1"'])
def test_a_leaf_of_another_version_says_so(version: bytes) -> None:
    with pytest.raises(Malformed, match="step 2") as caught:
        Leaf.from_bytes(LEAF.to_bytes().replace(b'"v":2', b'"v":' + version))
    assert caught.value.reason is Reason.VERSION_NOT_SPOKEN


@pytest.mark.parametrize(
    "change",
    [
        {"member": ""},
        {"member": "张三"},
        {"member": "two words"},
        {"member": "x" * 129},
        {"subject": ""},
        {"emitter": "line\n"},
        {"case": b"short"},
        {"seq": -1},
        {"seq": MAX_SEQ + 1},
        {"call": "AB" * 32},
        {"call": "abc"},
        {"at": datetime(2025, 11, 3)},  # noqa: DTZ001 - the missing zone is what is tested
    ],
)
def test_a_field_out_of_bounds_is_refused_without_being_quoted(change: dict[str, object]) -> None:
    with pytest.raises(Malformed) as caught:
        replace(LEAF, **change)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.FIELD_INVALID
    assert not caught.value.got


@pytest.mark.parametrize("field", ["member", "subject", "emitter"])
@pytest.mark.parametrize("text", ["11010519491231002X", "holder:11010519491231002x/a", "911010519491231002X"])
def test_an_identity_number_never_enters_a_leaf(field: str, text: str) -> None:
    with pytest.raises(Malformed) as caught:
        replace(LEAF, **{field: text})  # type: ignore[arg-type]
    assert "1949" not in str(caught.value)


def test_a_commitment_depends_on_the_salt_and_on_the_case() -> None:
    salt = bytes(range(16))
    committed = {commit_case(salt, "case-1"), commit_case(salt, "case-2"), commit_case(salt + b"\0", "case-1")}
    assert len(committed) == 3
    assert commit_case(salt + b"x", "yz") != commit_case(salt + b"xy", "z")


def test_a_commitment_with_a_guessable_salt_is_refused() -> None:
    with pytest.raises(Malformed):
        commit_case(b"short", "case-1")
