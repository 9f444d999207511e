"""What callers can ask of a gateway, in the domain's terms: one frozen value for each call, one for each answer.

The wire reads a request into one of these and writes the answer from one of these; the exchange decides in between.
An idempotency key, where a command has one, is chosen by the application and is the same for every attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.domain.application import Material, Party
from gateway.domain.case import Case, CaseState, EventBody, ProcessingBody, RecordedEvent, Side
from gateway.domain.catalogue import Item
from gateway.domain.deadline import Deadline
from gateway.domain.translation import Translation

# --------------------------------------------------------------------------------------------------------------------
# Asked
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Take an application at the window, translate it and send it on."""

    idempotency_key: str
    item_code: str
    processing_region: str
    answers: Mapping[str, str]
    applicant: Party
    agent: Party | None
    materials: tuple[Material, ...]
    presentation_nonce: str


@dataclass(frozen=True, slots=True)
class AdvanceCase:
    """Add one event of this gateway's side: a supplement, a withdrawal, a rating; or what the platform did.

    ``SupplementRequested.request`` 0 and ``Supplemented.request`` 0 mean: the next one, the open one.
    """

    idempotency_key: str
    case: str
    """Case number or UUID."""
    body: EventBody
    occurred_at: datetime | None = None
    """When it happened; now when None."""
    presentation_nonce: str = ""
    """What licence presentations in a supplement are bound to."""


@dataclass(frozen=True, slots=True)
class ReceiveEvents:
    """A peer delivers events of a case."""

    case_id: str
    events: tuple[RecordedEvent, ...]


@dataclass(frozen=True, slots=True)
class GetCase:
    """Show one case."""

    case: str
    """Case number or UUID."""


@dataclass(frozen=True, slots=True)
class ListCases:
    """List cases, newest first."""

    states: tuple[CaseState, ...]
    limit: int
    before: str
    """Case id that the previous page ended with; empty for the first page."""


@dataclass(frozen=True, slots=True)
class Translate:
    """Translate a code to another region's catalogue."""

    source: str
    target: str
    code: str
    answers: Mapping[str, str]
    as_of: date | None
    """Day in Beijing; today when None."""


@dataclass(frozen=True, slots=True)
class GetItem:
    """Show one item."""

    catalogue: str
    code: str


@dataclass(frozen=True, slots=True)
class IssueLicence:
    """Issue a licence."""

    idempotency_key: str
    licence_type: str
    name: str
    issuer_name: str
    holder_name: str = field(repr=False)
    holder_id_number: str = field(repr=False)
    surface: Mapping[str, str] = field(repr=False)
    valid_from: date
    valid_until: date | None
    holder_jwk: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SetLicenceStatus:
    """Revoke, suspend or restore an issued licence. ``status`` as in the Token Status List: 0, 1 or 2."""

    idempotency_key: str
    licence_id: str
    status: int


@dataclass(frozen=True, slots=True)
class VerifyLicence:
    """Verify a presentation."""

    presentation: str = field(repr=False)
    nonce: str


@dataclass(frozen=True, slots=True)
class GetStatusList:
    """The issuer's status list token."""

    uri: str


@dataclass(frozen=True, slots=True)
class GetCheckpoint:
    """The newest signed checkpoint of the audit log."""


@dataclass(frozen=True, slots=True)
class ProveInclusion:
    """Prove that a leaf is in the audit log."""

    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class ProveConsistency:
    """Prove that the audit log only grew."""

    from_size: int
    to_size: int


@dataclass(frozen=True, slots=True)
class ListLeaves:
    """Leaves of the audit log in order."""

    start: int
    limit: int


@dataclass(frozen=True, slots=True)
class GetDirectory:
    """The signed member directory."""


Command = (
    OpenCase
    | AdvanceCase
    | ReceiveEvents
    | GetCase
    | ListCases
    | Translate
    | GetItem
    | IssueLicence
    | SetLicenceStatus
    | VerifyLicence
    | GetStatusList
    | GetCheckpoint
    | ProveInclusion
    | ProveConsistency
    | ListLeaves
    | GetDirectory
)

Progress = ProcessingBody
"""What ReportProgress and a platform's notice may carry."""

# --------------------------------------------------------------------------------------------------------------------
# Answered
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something about a case that is recorded here and not yet known elsewhere."""

    delivery_id: str
    destination: str
    attempts: int
    next_attempt_at: datetime | None
    """None for a dead letter."""
    last_error: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as a caller sees it; the wire masks what is personal."""

    case: Case
    side: Side
    local_number: str
    peer_local_number: str
    deadline: Deadline | None
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list: no events, no personal data."""

    case_id: str
    number: str
    accepting_region: str
    processing_region: str
    item_name: str
    state: CaseState
    local_number: str
    peer_local_number: str


@dataclass(frozen=True, slots=True)
class CaseList:
    """A page of cases."""

    lines: tuple[CaseLine, ...]
    next_page: str
    """``ListCases.before`` of the page that follows; empty on the last."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A peer's events are recorded up to ``accepted_through``; ``leaf_hashes`` are those of the events asked for."""

    case_id: str
    accepted_through: int
    leaf_hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Translated:
    """The outcome of a translation."""

    translation: Translation


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item."""

    item: Item


@dataclass(frozen=True, slots=True)
class IssuedLicence:
    """A licence with all its disclosures."""

    licence: str = field(repr=False)
    licence_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """Done, nothing to add."""


@dataclass(frozen=True, slots=True)
class Token:
    """A signed text: a status list token or a checkpoint."""

    text: str


@dataclass(frozen=True, slots=True)
class ProvedLeaf:
    """A leaf and the proof that it stands in the log."""

    index: int
    leaf: bytes
    path: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Path:
    """A consistency proof."""

    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Leaves:
    """Exact bytes of leaves."""

    leaves: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SignedDirectory:
    """The directory as its trustees signed it."""

    envelope: bytes
    version: int
