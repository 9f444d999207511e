"""What a store refuses, in the words that every implementation shares."""

from __future__ import annotations

from gateway.ports import LogHead, PlacedBatch, SeenCall, StoredReply
from trust.errors import Conflict, NotFound, Reason, Unauthenticated, WrongState


def call_replayed(seen: SeenCall) -> Unauthenticated:
    """A signature that was taken before."""
    return Unauthenticated(
        Reason.CALL_REPLAYED,
        "this signed call was taken before",
        got=f"jti {seen.jti!r} of {seen.issuer} again",
        expected="a jti that was never used",
        mend="sign each attempt anew; the idempotency key stays the same",
    )


def key_reused(reply: StoredReply) -> Conflict:
    """An idempotency key that was used before for something else."""
    return Conflict(
        Reason.KEY_REUSED,
        "this idempotency key was used before for another request",
        got=f"key {reply.key!r} with other content",
        expected="the content that the key was first used with",
        mend="use a new key for a new request",
    )


def case_erased() -> WrongState:
    """Something that was kept under the key of a case whose personal data were erased."""
    return WrongState(
        Reason.CASE_ERASED,
        "what is asked for was erased with its case",
        got="a case whose personal data were erased here",
        expected="a case that is still kept",
        mend="ask the other place, or look into an evidence bundle made before",
    )


def already_taken(what: str) -> Conflict:
    """A number or position that is given once and is another's; ``what`` names the columns, never a value."""
    return Conflict(
        Reason.EVENT_CONFLICT,
        "a number or position that is given once was used before with other content",
        got=what,
        expected="one that is free",
    )


def delivery_unknown(delivery_id: str) -> NotFound:
    """A delivery to requeue that is not there."""
    return NotFound(
        Reason.DELIVERY_UNKNOWN,
        "no such delivery is waiting",
        got=repr(delivery_id),
        expected="the id of a delivery that is not done",
        mend="list the deliveries; it may have been made in the meantime",
    )


def require_newest(head: LogHead, batch: PlacedBatch) -> None:
    """Fence: a step comes from the newest sequencer and starts at the log's size. WrongState(LOG_INCONSISTENT)."""
    if (batch.epoch, batch.first_index) != (head.epoch, head.size):
        raise WrongState(
            Reason.LOG_INCONSISTENT,
            "this sequencer step does not continue the audit log",
            got=f"epoch {batch.epoch}, index {batch.first_index}",
            expected=f"epoch {head.epoch}, index {head.size}",
            mend="stop this sequencer: another one has taken the log",
        )


def leaf_not_waiting(leaves: int, waiting: int) -> WrongState:
    """Leaves to place of which some are unknown or have their index."""
    return WrongState(
        Reason.LOG_INCONSISTENT,
        "this sequencer step places leaves that do not wait",
        got=f"{waiting} waiting leaves of {leaves}",
        expected="leaves without an index",
        mend="stop this sequencer: another one has taken the log",
    )
