"""CaseService and ExchangeService: requests to commands, answers to responses."""

from __future__ import annotations

from typing import Final

from tongban.case.v1 import case_pb2, case_service_pb2, event_pb2
from tongban.exchange.v1 import delivery_pb2, exchange_service_pb2

from gateway.domain import commands, trail_commands
from gateway.domain.case import (
    Case,
    CaseState,
    EventKind,
    ProcessingBody,
    Rated,
    RecordedEvent,
    Side,
    Supplemented,
    SupplementRequested,
    WithdrawalRequested,
)
from gateway.domain.people import mask_name
from gateway.wire import fields
from gateway.wire.events import (
    READERS,
    ProtobufEventCodec,
    read_materials,
    read_party,
    read_supplement_requested,
    shows_licence,
    write_item_reference,
)
from trust.errors import Malformed, Reason

MAX_EVENTS_PER_DELIVERY: Final = 50
MAX_HEAD_CHARACTERS: Final = 4096
"""Longest checkpoint that travels with a delivery: a log's own signatures and nobody else's."""

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 200
_CASE_REFERENCE_CHARACTERS: Final = 64

_SHOWN_STATES: Final = {
    CaseState.SUBMITTED: case_pb2.CASE_STATE_SUBMITTED,
    CaseState.SUBMITTED_SUPPLEMENTING: case_pb2.CASE_STATE_SUPPLEMENTING,
    CaseState.ACCEPTED: case_pb2.CASE_STATE_ACCEPTED,
    CaseState.ACCEPTED_SUPPLEMENTING: case_pb2.CASE_STATE_SUPPLEMENTING,
    CaseState.SUSPENDED: case_pb2.CASE_STATE_SUSPENDED,
    CaseState.DECIDED: case_pb2.CASE_STATE_DECIDED,
    CaseState.REFUSED: case_pb2.CASE_STATE_REFUSED,
    CaseState.WITHDRAWN: case_pb2.CASE_STATE_WITHDRAWN,
}
"""Callers see one 待补正, whether before or after acceptance."""

_codec = ProtobufEventCodec()

# --------------------------------------------------------------------------------------------------------------------
# Requests
# --------------------------------------------------------------------------------------------------------------------


def read_open(body: bytes) -> commands.OpenCase:
    """OpenCaseRequest."""
    request = fields.parse(case_service_pb2.OpenCaseRequest, body)
    materials = read_materials(request.materials, "materials")
    return commands.OpenCase(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        item_code=fields.text(request.item_code, "item_code", 100, shortest=1),
        processing_region=fields.region(request.processing_region, "processing_region"),
        answers=fields.answers(request.answers),
        applicant=read_party(request.applicant, "applicant"),
        agent=read_party(request.agent, "agent") if request.HasField("agent") else None,
        materials=materials,
        presentation_nonce=fields.nonce(
            request.presentation_nonce, "presentation_nonce", wanted=shows_licence(materials)
        ),
    )


def read_supplement(body: bytes) -> commands.AdvanceCase:
    """SupplementCaseRequest."""
    request = fields.parse(case_service_pb2.SupplementCaseRequest, body)
    materials = read_materials(request.materials, "materials", shortest=1)
    return commands.AdvanceCase(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        case=_case_reference(request.case),
        body=Supplemented(request=0, materials=materials, note=fields.text(request.note, "note", 1000)),
        presentation_nonce=fields.nonce(
            request.presentation_nonce, "presentation_nonce", wanted=shows_licence(materials)
        ),
    )


def read_withdraw(body: bytes) -> commands.AdvanceCase:
    """WithdrawCaseRequest."""
    request = fields.parse(case_service_pb2.WithdrawCaseRequest, body)
    return commands.AdvanceCase(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        case=_case_reference(request.case),
        body=WithdrawalRequested(fields.text(request.reason, "reason", 1000)),
    )


def read_rate(body: bytes) -> commands.AdvanceCase:
    """RateCaseRequest."""
    request = fields.parse(case_service_pb2.RateCaseRequest, body)
    return commands.AdvanceCase(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        case=_case_reference(request.case),
        body=Rated(
            score=fields.number(request.score, "score", 1, 5),
            comment=fields.text(request.comment, "comment", 500),
        ),
    )


def read_progress(body: bytes) -> commands.AdvanceCase:
    """ReportProgressRequest. A supplement request may come without its number."""
    request = fields.parse(case_service_pb2.ReportProgressRequest, body)
    which = request.WhichOneof("progress")
    if which is None:
        raise fields.invalid("progress", "nothing", "what happened")
    message = getattr(request, which)
    told: ProcessingBody
    if isinstance(message, event_pb2.SupplementRequested):
        told = read_supplement_requested(message, lowest=0)
    else:
        told = READERS[EventKind(which)](message)  # type: ignore[assignment]  # the oneof has processing bodies only
    return commands.AdvanceCase(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        case=_case_reference(request.case),
        body=told,
        occurred_at=fields.moment(request.occurred_at, "occurred_at") if request.HasField("occurred_at") else None,
    )


def read_get(body: bytes) -> commands.GetCase:
    """GetCaseRequest."""
    return commands.GetCase(_case_reference(fields.parse(case_service_pb2.GetCaseRequest, body).case))


def read_list(body: bytes) -> commands.ListCases:
    """ListCasesRequest. The page token is the case id that the previous page ended with."""
    request = fields.parse(case_service_pb2.ListCasesRequest, body)
    wanted = set(request.states)
    return commands.ListCases(
        states=tuple(state for state, shown in _SHOWN_STATES.items() if not wanted or shown in wanted),
        limit=fields.number(request.page_size, "page_size", 0, MAX_PAGE) or DEFAULT_PAGE,
        before=fields.uuid(request.page_token, "page_token") if request.page_token else "",
    )


def read_erase(body: bytes) -> trail_commands.EraseCase:
    """EraseCaseRequest."""
    request = fields.parse(case_service_pb2.EraseCaseRequest, body)
    if request.ground not in frozenset(trail_commands.Ground):
        raise fields.invalid("ground", "another ground, or none", " or ".join(trail_commands.Ground))
    return trail_commands.EraseCase(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        case=_case_reference(request.case),
        ground=trail_commands.Ground(request.ground),
    )


def read_deliver(body: bytes) -> commands.ReceiveEvents:
    """DeliverEventsRequest, with every event read and paired with its exact bytes."""
    request = fields.parse(exchange_service_pb2.DeliverEventsRequest, body)
    if not 1 <= len(request.events) <= MAX_EVENTS_PER_DELIVERY:
        raise fields.invalid("events", f"{len(request.events)} events", f"1 to {MAX_EVENTS_PER_DELIVERY}")
    return commands.ReceiveEvents(
        case_id=fields.uuid(request.case_id, "case_id"),
        events=tuple(RecordedEvent.of(_codec.decode(raw), raw) for raw in request.events),
        own_checkpoint=fields.text(request.own_checkpoint, "own_checkpoint", MAX_HEAD_CHARACTERS),
        your_checkpoint=fields.text(request.your_checkpoint, "your_checkpoint", MAX_HEAD_CHARACTERS),
    )


def _case_reference(value: str) -> str:
    return fields.text(value, "case", _CASE_REFERENCE_CHARACTERS, shortest=1)


# --------------------------------------------------------------------------------------------------------------------
# Responses
# --------------------------------------------------------------------------------------------------------------------


def write_case(view: commands.CaseView) -> case_pb2.Case:
    """A case as its caller sees it: personal data masked, without the result licence."""
    case, submitted = view.case, view.case.submitted
    return case_pb2.Case(
        case_id=case.case_id,
        case_number=submitted.case_number,
        accepting_region=submitted.accepting_region,
        processing_region=submitted.processing_region,
        source_item=write_item_reference(submitted.source_item),
        target_item=write_item_reference(submitted.target_item),
        state=_SHOWN_STATES[case.state],
        withdrawal_pending=case.withdrawal_pending,
        applicant_masked=mask_name(submitted.applicant.name),
        local_number=view.local_number,
        peer_local_number=view.peer_local_number,
        due_date=view.deadline.day.isoformat() if view.deadline else "",
        due_date_provisional=view.deadline.provisional if view.deadline else False,
        supplement_items=_write_open_request(case.supplement),
        supplement_request=case.supplement.request if case.supplement else 0,
        score=case.rating.score if case.rating else 0,
        steps=_write_steps(case),
        pending=[_write_waiting(waiting) for waiting in view.waiting],
    )


def _write_open_request(request: SupplementRequested | None) -> list[event_pb2.SupplementItem]:
    items = request.items if request else ()
    return [event_pb2.SupplementItem(material_key=item.material_key, flaw=item.flaw) for item in items]


def _result_licence(view: commands.CaseView) -> str:
    decision = view.case.decision
    return decision.result_licence if decision and view.side is Side.ACCEPTING else ""


def _write_steps(case: Case) -> list[case_pb2.CaseStep]:
    return [
        case_pb2.CaseStep(
            emitter=step.recorded.event.emitter,
            seq=step.recorded.event.seq,
            event=step.recorded.event.body.kind,
            occurred_at=fields.stamp(step.recorded.event.occurred_at),
            digest=step.recorded.digest,
            moot=step.moot,
        )
        for step in case.steps
    ]


def _write_waiting(waiting: commands.Waiting) -> case_pb2.PendingDelivery:
    return case_pb2.PendingDelivery(
        delivery_id=waiting.delivery_id,
        destination=waiting.destination,
        attempts=waiting.attempts,
        next_attempt_at=fields.stamp(waiting.next_attempt_at) if waiting.next_attempt_at else None,
        last_error=waiting.last_error,
        dead=waiting.next_attempt_at is None,
    )


def write_opened(view: commands.CaseView) -> bytes:
    """OpenCaseResponse; SupplementCase, WithdrawCase, RateCase and ReportProgress answer in the same form.

    The result licence is personal data: it takes the right to read cases, and leaves a leaf, so only GetCase shows it.
    """
    return case_service_pb2.OpenCaseResponse(case=write_case(view)).SerializeToString()


def write_shown(view: commands.CaseView) -> bytes:
    """GetCaseResponse: at the accepting place with the result licence."""
    case = write_case(view)
    case.result_licence = _result_licence(view)
    return case_service_pb2.GetCaseResponse(case=case).SerializeToString()


def write_list(page: commands.CaseList) -> bytes:
    """ListCasesResponse."""
    return case_service_pb2.ListCasesResponse(
        cases=[
            case_pb2.Case(
                case_id=line.case_id,
                case_number=line.number,
                accepting_region=line.accepting_region,
                processing_region=line.processing_region,
                source_item=event_pb2.ItemReference(name=line.item_name),
                state=_SHOWN_STATES[line.state],
                local_number=line.local_number,
                peer_local_number=line.peer_local_number,
            )
            for line in page.lines
        ],
        next_page_token=page.next_page,
    ).SerializeToString()


def write_erased(answer: trail_commands.Erased) -> bytes:
    """EraseCaseResponse."""
    return case_service_pb2.EraseCaseResponse(erased_at=fields.stamp(answer.at)).SerializeToString()


def write_receipt(receipt: commands.Receipt) -> bytes:
    """DeliverEventsResponse."""
    return exchange_service_pb2.DeliverEventsResponse(
        receipt=delivery_pb2.Receipt(
            case_id=receipt.case_id,
            accepted_through=receipt.accepted_through,
            leaf_hashes=receipt.leaf_hashes,
        ),
        own_checkpoint=receipt.own_checkpoint,
        your_checkpoint=receipt.your_checkpoint,
    ).SerializeToString()


def read_receipt(body: bytes) -> commands.Receipt:
    """DeliverEventsResponse, as the sender reads it."""
    response = fields.parse(exchange_service_pb2.DeliverEventsResponse, body)
    receipt = response.receipt
    if not receipt.accepted_through:
        raise Malformed(Reason.MESSAGE_MALFORMED, "a receipt says nothing was recorded", expected="at least one event")
    return commands.Receipt(
        receipt.case_id,
        receipt.accepted_through,
        tuple(receipt.leaf_hashes),
        response.own_checkpoint[:MAX_HEAD_CHARACTERS],
        response.your_checkpoint[:MAX_HEAD_CHARACTERS],
    )
