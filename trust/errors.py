"""Every failure that Tongban names, in one tree.

    TongbanError
    ├── Unauthenticated   the call can't be tied to a member: signature, audience, time, replay
    ├── Forbidden         the member is known and may not do this: revoked, suspended, no right
    ├── Malformed         the bytes say nothing that this version understands
    ├── NotFound          the thing named does not exist here (or not for this caller)
    ├── WrongState        well said at the wrong moment: state, gap, no mapping in force, no calendar
    ├── Conflict          the same key or number was used before with other content
    ├── InFlight          the same key is being worked on now; ask again shortly
    ├── Unavailable       a store, a platform or a peer does not answer; outcome unknown, retry
    ├── Misconfigured     this installation is wrong; its operator mends it
    └── Internal          our own defect; the text stays at home

The class says which gRPC code a caller sees (``gateway.status`` holds that table). The ``Reason`` says exactly what
failed; it is a closed list, and each entry has a section in docs/errors.md. A message names what failed, what was
got, what was expected, whose fault it is and how to mend it. It never contains personal data.
"""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Whose mistake a failure is, so that the right person is asked to mend it."""

    CALLER = "caller"
    """The member that made the call."""
    PEER = "peer"
    """The gateway that was called."""
    PLATFORM = "platform"
    """A local government platform behind an adapter."""
    OPERATOR = "operator"
    """Whoever configured and runs this gateway."""
    OURS = "ours"
    """This program."""


class Reason(StrEnum):
    """The closed list of reasons a call or an operation fails. Public: values never change their meaning."""

    # who, what, when
    TLS_IDENTITY_MISSING = "TLS_IDENTITY_MISSING"
    TLS_VERSION_TOO_OLD = "TLS_VERSION_TOO_OLD"
    TLS_IDENTITY_MISMATCH = "TLS_IDENTITY_MISMATCH"
    SIGNATURE_MISSING = "SIGNATURE_MISSING"
    SIGNATURE_MALFORMED = "SIGNATURE_MALFORMED"
    SIGNATURE_WRONG = "SIGNATURE_WRONG"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    KEY_NOT_IN_FORCE = "KEY_NOT_IN_FORCE"
    KEY_WRONG_PURPOSE = "KEY_WRONG_PURPOSE"
    MEMBER_UNKNOWN = "MEMBER_UNKNOWN"
    MEMBER_SUSPENDED = "MEMBER_SUSPENDED"
    MEMBER_NOT_IN_FORCE = "MEMBER_NOT_IN_FORCE"
    AUDIENCE_WRONG = "AUDIENCE_WRONG"
    METHOD_WRONG = "METHOD_WRONG"
    DIGEST_WRONG = "DIGEST_WRONG"
    CALL_EXPIRED = "CALL_EXPIRED"
    CALL_FROM_FUTURE = "CALL_FROM_FUTURE"
    CALL_LIVES_TOO_LONG = "CALL_LIVES_TOO_LONG"
    CALL_BEFORE_BOOT = "CALL_BEFORE_BOOT"
    CALL_REPLAYED = "CALL_REPLAYED"
    REQUEST_NOT_ANSWERED = "REQUEST_NOT_ANSWERED"
    # may it
    RIGHT_MISSING = "RIGHT_MISSING"
    ITEM_NOT_GRANTED = "ITEM_NOT_GRANTED"
    LICENCE_TYPE_NOT_GRANTED = "LICENCE_TYPE_NOT_GRANTED"
    PURPOSE_MISSING = "PURPOSE_MISSING"
    OFFICER_MISSING = "OFFICER_MISSING"
    NOT_YOUR_CASE = "NOT_YOUR_CASE"
    # what it says
    MESSAGE_MALFORMED = "MESSAGE_MALFORMED"
    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    FIELD_INVALID = "FIELD_INVALID"
    METHOD_UNKNOWN = "METHOD_UNKNOWN"
    VERSION_NOT_SPOKEN = "VERSION_NOT_SPOKEN"
    # at this moment
    CASE_UNKNOWN = "CASE_UNKNOWN"
    CASE_STATE_WRONG = "CASE_STATE_WRONG"
    CASE_ERASED = "CASE_ERASED"
    EVENT_GAP = "EVENT_GAP"
    EVENT_CONFLICT = "EVENT_CONFLICT"
    EVENT_CHAIN_BROKEN = "EVENT_CHAIN_BROKEN"
    CATALOGUE_NOT_HERE = "CATALOGUE_NOT_HERE"
    ITEM_UNKNOWN = "ITEM_UNKNOWN"
    ITEM_NOT_IN_FORCE = "ITEM_NOT_IN_FORCE"
    ITEM_UNMAPPED = "ITEM_UNMAPPED"
    ITEM_NO_EQUIVALENT = "ITEM_NO_EQUIVALENT"
    ITEM_NEEDS_FACTS = "ITEM_NEEDS_FACTS"
    MAP_EXPIRED = "MAP_EXPIRED"
    ROW_UNKNOWN = "ROW_UNKNOWN"
    ROW_CONTRADICTS = "ROW_CONTRADICTS"
    ROW_WITHDRAWN = "ROW_WITHDRAWN"
    MATERIAL_MISSING = "MATERIAL_MISSING"
    LICENCE_REFUSED = "LICENCE_REFUSED"
    LICENCE_UNKNOWN = "LICENCE_UNKNOWN"
    STATUS_LIST_REFUSED = "STATUS_LIST_REFUSED"
    CALENDAR_UNPUBLISHED = "CALENDAR_UNPUBLISHED"
    KEY_REUSED = "KEY_REUSED"
    CALL_IN_FLIGHT = "CALL_IN_FLIGHT"
    DELIVERY_UNKNOWN = "DELIVERY_UNKNOWN"
    LEAF_UNKNOWN = "LEAF_UNKNOWN"
    LOG_UNKNOWN = "LOG_UNKNOWN"
    CHECKPOINT_STALE = "CHECKPOINT_STALE"
    LOG_UNWITNESSED = "LOG_UNWITNESSED"
    EVIDENCE_INVALID = "EVIDENCE_INVALID"
    # machinery
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    STORE_FULL = "STORE_FULL"
    STORE_CORRUPT = "STORE_CORRUPT"
    PEER_UNAVAILABLE = "PEER_UNAVAILABLE"
    PEER_UNSIGNED = "PEER_UNSIGNED"
    PLATFORM_UNAVAILABLE = "PLATFORM_UNAVAILABLE"
    PLATFORM_REFUSED = "PLATFORM_REFUSED"
    CONFIG_INVALID = "CONFIG_INVALID"
    KEY_FILE_UNREADABLE = "KEY_FILE_UNREADABLE"
    KEY_FILE_EXPOSED = "KEY_FILE_EXPOSED"
    CERTIFICATE_EXPIRED = "CERTIFICATE_EXPIRED"
    DIRECTORY_UNTRUSTED = "DIRECTORY_UNTRUSTED"
    DIRECTORY_EXPIRED = "DIRECTORY_EXPIRED"
    DIRECTORY_ROLLED_BACK = "DIRECTORY_ROLLED_BACK"
    PORT_IN_USE = "PORT_IN_USE"
    LOG_INCONSISTENT = "LOG_INCONSISTENT"
    INTERNAL = "INTERNAL"


class TongbanError(Exception):
    """A named failure. ``str(error)`` is one line that a person who doesn't know the code can act on.

    failed    what was being done, as a short clause
    got       what was found instead (never personal data, never key material)
    expected  what would have been right
    mend      what to do about it
    fault     whose mistake it is
    """

    default_fault: Fault = Fault.CALLER

    def __init__(
        self,
        reason: Reason,
        failed: str,
        *,
        got: str = "",
        expected: str = "",
        mend: str = "",
        fault: Fault | None = None,
        details: dict[str, str] | None = None,
    ) -> None:
        self.reason = reason
        self.failed = failed
        self.got = got
        self.expected = expected
        self.mend = mend
        self.fault = fault or self.default_fault
        self.details = details or {}
        """Machine-readable facts for ErrorInfo.metadata, for example ``wanted_seq``."""
        super().__init__(f"{reason}: {self.sentence} (fault: {self.fault})")

    @property
    def sentence(self) -> str:
        """What failed, got, expected and how to mend it, without the reason and the fault."""
        parts = [self.failed]
        if self.got:
            parts.append(f"got {self.got}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.mend:
            parts.append(f"to mend: {self.mend}")
        return "; ".join(parts)


class Unauthenticated(TongbanError):
    """The call can't be tied to a member of the federation."""


class Forbidden(TongbanError):
    """The member is known and may not do this."""


class Malformed(TongbanError):
    """The bytes say nothing that this version understands."""


class NotFound(TongbanError):
    """The thing named does not exist here, or not for this caller."""


class WrongState(TongbanError):
    """Well said, at the wrong moment."""


class Conflict(TongbanError):
    """The same key, number or position was used before with other content."""


class InFlight(TongbanError):
    """The same key is being worked on at this moment; ask again shortly."""


class Unavailable(TongbanError):
    """A store, a platform or a peer does not answer; whether it happened is unknown; retry."""

    default_fault = Fault.PEER


class Misconfigured(TongbanError):
    """This installation is wrong, and its operator mends it."""

    default_fault = Fault.OPERATOR


class Internal(TongbanError):
    """Our own defect. Callers see the reason and nothing else."""

    default_fault = Fault.OURS
