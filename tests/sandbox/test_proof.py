"""What two copies of logs prove, and which forgeries they can't hide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.exchange.witnessing import origin
from sandbox.federation import JINGZHOU, YUEYANG, Federation, found
from sandbox.proof import LogCopy, hold_together
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.errors import Unauthenticated
from trust.keys import KeyPurpose
from trust.leaf import Leaf, LeafKind

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
CASE = sha256(b"case").digest()
EVENTS = [sha256(name).digest() for name in (b"submitted", b"accepted", b"decided")]


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return found(tmp_path, {}, NOW)


def log_of(federation: Federation, member: str) -> LogCopy:
    """A log that tells of one case: its submission by 岳阳, then two events of 荆州."""
    emitters = [(YUEYANG.gateway, 1), (JINGZHOU.gateway, 1), (JINGZHOU.gateway, 2)]
    leaves = [
        Leaf(
            LeafKind.CASE_EVENT,
            member,
            event.hex(),
            NOW,
            case=CASE,
            emitter=emitter,
            seq=seq,
            place=place,
            previous=bytes(32) if place > 1 else b"",  # as it is signed, each is put behind the one before
        ).to_bytes()
        for place, (event, (emitter, seq)) in enumerate(zip(EVENTS, emitters, strict=True), start=1)
    ]
    return LogCopy(member, "", tuple(leaves)).signed_again(federation.signer(member, KeyPurpose.LOG))


def test_two_true_logs_hold_and_agree(federation: Federation) -> None:
    logs = [log_of(federation, city.gateway) for city in (YUEYANG, JINGZHOU)]
    assert [log.report(federation.directory, NOW).findings for log in logs] == [(), ()]
    found = hold_together(*logs)
    assert (found.agreed_events, found.differences) == (3, ())
    assert logs[0].holds_all(EVENTS)
    assert logs[0].find(EVENTS[2]) == 2


def test_a_changed_leaf_does_not_fit_the_checkpoint(federation: Federation) -> None:
    forged = log_of(federation, JINGZHOU.gateway).forged(1, sha256(b"another").digest())
    assert forged.report(federation.directory, NOW).findings
    assert not forged.holds_all(EVENTS)
    assert forged.find(EVENTS[1]) is None


def test_a_forgery_signed_again_is_found_in_the_other_log(federation: Federation) -> None:
    ours, theirs = log_of(federation, YUEYANG.gateway), log_of(federation, JINGZHOU.gateway)
    forged = theirs.forged(1, sha256(b"another").digest())  # with a leaf behind it, which has to be chained anew
    signed = forged.signed_again(federation.signer(JINGZHOU.gateway, KeyPurpose.LOG))
    assert signed.report(federation.directory, NOW).findings == ()
    (difference,) = hold_together(ours, signed).differences
    assert (difference.emitter, difference.seq) == (JINGZHOU.gateway, 1)


def test_a_checkpoint_of_somebody_elses_key_is_no_checkpoint(federation: Federation) -> None:
    log = log_of(federation, JINGZHOU.gateway)
    stranger = federation.signer(YUEYANG.gateway, KeyPurpose.LOG)
    note = sign_checkpoint(Checkpoint(origin(JINGZHOU.gateway), 3, bytes(32)), stranger)
    with pytest.raises(Unauthenticated):
        replace(log, checkpoint=note).report(federation.directory, NOW)
