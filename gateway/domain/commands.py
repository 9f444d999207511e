"""What callers can ask of a gateway, in the domain's terms: one frozen value for each call, one for each answer.

The wire reads a request into one of these and writes the answer from one of these; the exchange decides in between.
An idempotency key, where a command has one, is chosen by the application and is the same for every attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.application import Material, Party
from gateway.domain.case import Case, CaseState, EventBody, ProcessingBody, RecordedEvent, Side
from gateway.domain.catalogue import Item, Window
from gateway.domain.coverage import Coverage
from gateway.domain.crosswalk import CrosswalkRow, ReviewState
from gateway.domain.deadline import Deadline
from gateway.domain.guide import Guide
from gateway.domain.suggestions import Suggestion
from gateway.domain.trail_commands import EraseCase, GetCaseTrail, SearchTrail
from gateway.domain.translation import Direction, Translation
from trust.review import Verdict

# --------------------------------------------------------------------------------------------------------------------
# Asked
# --------------------------------------------------------------------------------------------------------------------


class FileFormat(StrEnum):
    """What a crosswalk is written in."""

    CSV = "csv"
    """For people with spreadsheets."""
    SSSOM = "sssom"
    """SSSOM TSV."""


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
    own_checkpoint: str = ""
    """The sender's newest checkpoint; empty while it has none."""
    your_checkpoint: str = ""
    """The newest checkpoint of the receiver that the sender knows; empty for none."""


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
    version: int | None = None
    direction: Direction = Direction.FORWARD
    minimum_review: ReviewState = ReviewState.BOTH_SIDES
    allow_chain: bool = False
    suggestions: int = 0
    """How many similar names to suggest when nothing is mapped, 0 to 20."""


@dataclass(frozen=True, slots=True)
class TranslateBatch:
    """Translate many codes for one day."""

    source: str
    target: str
    as_of: date | None
    minimum_review: ReviewState
    allow_chain: bool
    questions: tuple[tuple[str, Mapping[str, str]], ...]
    """Code and answers, 1 to 10,000. A code of the wrong length is the question's own fault, not the call's."""


@dataclass(frozen=True, slots=True)
class GetItem:
    """Show one item; the newest version when None."""

    catalogue: str
    code: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class GetCoverage:
    """Count how far one catalogue is mapped to another."""

    source: str
    target: str
    as_of: date | None


@dataclass(frozen=True, slots=True)
class GetGuide:
    """Make the 明白卡 for one situation."""

    source: str
    target: str
    code: str
    answers: Mapping[str, str]
    as_of: date | None


@dataclass(frozen=True, slots=True)
class SyncCatalogue:
    """Give out this gateway's own catalogue."""

    catalogue: str
    since_edition: int
    page: str


@dataclass(frozen=True, slots=True)
class ImportCrosswalk:
    """One part of a crosswalk file."""

    idempotency_key: str
    upload: str
    part: int
    parts: int
    content: bytes = field(repr=False)
    format: FileFormat
    dry_run: bool


@dataclass(frozen=True, slots=True)
class ExportCrosswalk:
    """Give the crosswalk out as a file, part by part; between two regions when they are not empty."""

    format: FileFormat
    page: str
    regions: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class ListRows:
    """List rows with their standing."""

    regions: tuple[str, str] | None
    code: str
    awaiting_us: bool
    limit: int
    page: str


@dataclass(frozen=True, slots=True)
class ReviewRows:
    """Sign for rows, or withdraw them."""

    idempotency_key: str
    rows: tuple[bytes, ...]
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class ListChanges:
    """What the crosswalk journal has behind a position."""

    after: int


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
class AddCheckpoint:
    """A log asks for this gateway's cosignature."""

    request: str
    """As c2sp.org/tlog-witness writes it; not read yet."""


@dataclass(frozen=True, slots=True)
class ListAlarms:
    """What only a person can settle."""

    open_only: bool


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm:
    """Taking note of an alarm."""

    idempotency_key: str
    alarm_id: str


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
    | TranslateBatch
    | GetItem
    | GetCoverage
    | GetGuide
    | SyncCatalogue
    | ImportCrosswalk
    | ExportCrosswalk
    | ListRows
    | ReviewRows
    | ListChanges
    | IssueLicence
    | SetLicenceStatus
    | VerifyLicence
    | GetStatusList
    | GetCheckpoint
    | ProveInclusion
    | ProveConsistency
    | ListLeaves
    | AddCheckpoint
    | ListAlarms
    | AcknowledgeAlarm
    | SearchTrail
    | GetCaseTrail
    | EraseCase
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
    own_checkpoint: str = ""
    """The receiver's newest checkpoint; empty while it has none."""
    your_checkpoint: str = ""
    """The newest checkpoint of the sender that the receiver knows; empty for none."""


@dataclass(frozen=True, slots=True)
class Translated:
    """The outcome of a translation."""

    translation: Translation
    on: date
    """The Beijing day that it holds for."""
    source: Item | None = None
    """The item asked about, at the version that was gone by; ``None`` when there is none of that code."""
    suggestions: tuple[Suggestion, ...] = ()
    """Similar names for a person to look at. They never route a case."""


@dataclass(frozen=True, slots=True)
class TranslatedBatch:
    """The outcomes of many, in the order of the questions; for a question that was not right, the field at fault."""

    on: date
    outcomes: tuple[Translation | str, ...]


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item."""

    item: Item


@dataclass(frozen=True, slots=True)
class ShownCoverage:
    """How far a catalogue is mapped."""

    coverage: Coverage


@dataclass(frozen=True, slots=True)
class ShownGuide:
    """明白卡."""

    guide: Guide


@dataclass(frozen=True, slots=True)
class CatalogueChanges:
    """A page of this gateway's own catalogue. Field by field as ``gateway.ports.CataloguePage``."""

    edition: int
    since_edition: int
    name: str
    windows: tuple[Window, ...]
    records: tuple[bytes, ...]
    next_page: str
    digest: bytes
    record_count: int


@dataclass(frozen=True, slots=True)
class RowChange:
    """How one row of a file differs from what there was."""

    row: CrosswalkRow
    columns: tuple[tuple[str, str, str], ...]
    """(column, before, after) against the highest version there was; empty for a new row."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, or would change. While parts are missing, all of it is empty."""

    complete: bool
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    changes: tuple[RowChange, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilePart:
    """A piece of a file."""

    content: bytes = field(repr=False)
    next_page: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows."""

    rows: tuple[CrosswalkRow, ...]
    next_page: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What stands after a review."""

    in_force: int
    awaiting_other_side: int
    review: str


@dataclass(frozen=True, slots=True)
class JournalPiece:
    """Entries of the crosswalk journal: position, record of a row or empty, review or empty."""

    entries: tuple[tuple[int, bytes, str], ...]


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
    """A signed text: a status list token, or a cosignature."""

    text: str


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """A log's newest checkpoint, and the newest that enough witnesses cosigned; empty while there is none."""

    newest: str
    cosigned: str


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """An alarm. Field by field as ``gateway.ports.Alarm``."""

    alarm_id: str
    kind: str
    member: str
    at: datetime
    text: str
    proof: bytes
    acknowledged_by: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """Alarms, newest first."""

    alarms: tuple[ShownAlarm, ...]


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
