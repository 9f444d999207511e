"""Case events as bytes: parties, materials, bodies, and the codec that the exchange is given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from tongban.case.v1 import event_pb2, material_pb2, party_pb2

from gateway.domain.application import (
    ApplicantType,
    ItemReference,
    Material,
    MaterialCarrier,
    Party,
    SupplementItem,
)
from gateway.domain.case import (
    MAX_EVENTS_PER_SIDE,
    Accepted,
    CaseEvent,
    Decided,
    EventBody,
    EventKind,
    Rated,
    Refused,
    Resumed,
    Submitted,
    Supplemented,
    SupplementRequested,
    Suspended,
    WithdrawalRefused,
    WithdrawalRequested,
    Withdrawn,
)
from gateway.wire import fields
from trust.errors import Malformed, Reason

MAX_MATERIALS: Final = 100
MAX_CONTENT_BYTES: Final = 1024 * 1024
MAX_LICENCE_CHARACTERS: Final = 64 * 1024

# --------------------------------------------------------------------------------------------------------------------
# Parts
# --------------------------------------------------------------------------------------------------------------------


def read_party(message: party_pb2.Party, path: str) -> Party:
    """A party within its bounds."""
    try:
        return Party(
            type=_applicant_type(message.type),
            name=fields.text(message.name, "name", 100, shortest=1),
            id_type=fields.certificate_code(message.id_type, "id_type"),
            id_number=fields.text(message.id_number, "id_number", 50, shortest=1),
            phone=fields.phone(message.phone, "phone"),
        )
    except Malformed as error:
        raise fields.under(path, error) from error


def _applicant_type(value: int) -> ApplicantType:
    try:
        return ApplicantType(value)
    except ValueError as error:
        raise fields.invalid("type", str(int(value)), "a national code of 服务对象: 1 to 6 or 9") from error


def write_party(party: Party) -> party_pb2.Party:
    """A party as a message."""
    return party_pb2.Party(
        type=party.type.value,  # type: ignore[arg-type]  # the same numbers
        name=party.name,
        id_type=party.id_type,
        id_number=party.id_number,
        phone=party.phone,
    )


def read_materials(messages: Sequence[material_pb2.Material], path: str, *, shortest: int = 0) -> tuple[Material, ...]:
    """Materials within their bounds, each key once. Counted before they are read: a message holds 400 000 of them."""
    if not shortest <= len(messages) <= MAX_MATERIALS:
        raise fields.invalid(path, f"{len(messages)} materials", f"{shortest} to {MAX_MATERIALS}")
    read: list[Material] = []
    try:
        for message in messages:
            read.append(_read_material(message))  # noqa: PERF401 - its length is the place of the one that fails
    except Malformed as error:
        raise fields.under(f"{path}[{len(read)}]", error) from error
    materials = tuple(read)
    if len({material.key for material in materials}) != len(materials):
        raise fields.invalid(path, "a material key twice", "each key once")
    return materials


def shows_licence(materials: Iterable[Material]) -> bool:
    """Whether a licence stands for one of the papers, so that a nonce must be there."""
    return any(material.carrier is MaterialCarrier.LICENCE for material in materials)


def _read_material(message: material_pb2.Material) -> Material:
    try:
        carrier = MaterialCarrier(message.carrier)
    except ValueError as error:
        raise fields.invalid("carrier", str(int(message.carrier)), "1 to 4") from error
    content, digest = message.content, message.digest
    if carrier is MaterialCarrier.FILE:
        if not 0 < len(content) <= MAX_CONTENT_BYTES:
            raise fields.invalid("content", f"{len(content)} bytes", f"1 to {MAX_CONTENT_BYTES}")
        if digest != hashlib.sha256(content).digest():
            raise fields.invalid("digest", "another digest", "SHA-256 of content")
    elif content:
        raise fields.invalid("content", f"{len(content)} bytes", "none for this carrier")
    if carrier is MaterialCarrier.PARCEL and not message.tracking_number:
        raise fields.invalid("tracking_number", "nothing", "the parcel's tracking number")
    if (carrier is MaterialCarrier.LICENCE) != bool(message.licence):
        raise fields.invalid(
            "licence",
            "a presentation" if message.licence else "nothing",
            "a presentation exactly when carrier is LICENCE",
        )
    return Material(
        key=fields.text(message.key, "key", 64, shortest=1),
        name=fields.text(message.name, "name", 200, shortest=1),
        carrier=carrier,
        digest=fields.octets(digest, "digest", 0, 32),
        content=content,
        media_type=fields.text(message.media_type, "media_type", 100),
        tracking_number=fields.text(message.tracking_number, "tracking_number", 40),
        licence=fields.text(message.licence, "licence", MAX_LICENCE_CHARACTERS),
    )


def write_material(material: Material) -> material_pb2.Material:
    """A material as a message."""
    return material_pb2.Material(
        key=material.key,
        name=material.name,
        carrier=material.carrier.value,  # type: ignore[arg-type]  # the same numbers
        digest=material.digest,
        content=material.content,
        media_type=material.media_type,
        tracking_number=material.tracking_number,
        licence=material.licence,
    )


def read_item_reference(message: event_pb2.ItemReference, path: str) -> ItemReference:
    """An item reference within its bounds."""
    try:
        return ItemReference(
            catalogue=fields.region(message.catalogue, "catalogue"),
            code=fields.text(message.code, "code", 100, shortest=1),
            version=fields.text(message.version, "version", 20, shortest=1),
            name=fields.text(message.name, "name", 200),
        )
    except Malformed as error:
        raise fields.under(path, error) from error


def write_item_reference(item: ItemReference) -> event_pb2.ItemReference:
    """An item reference as a message."""
    return event_pb2.ItemReference(catalogue=item.catalogue, code=item.code, version=item.version, name=item.name)


# --------------------------------------------------------------------------------------------------------------------
# Bodies, a reader and a writer for each kind
# --------------------------------------------------------------------------------------------------------------------


def _read_submitted(message: event_pb2.Submitted) -> Submitted:
    materials = read_materials(message.materials, "submitted.materials")
    return Submitted(
        case_number=fields.text(message.case_number, "submitted.case_number", 32, shortest=1),
        accepting_region=fields.region(message.accepting_region, "submitted.accepting_region"),
        processing_region=fields.region(message.processing_region, "submitted.processing_region"),
        source_item=read_item_reference(message.source_item, "submitted.source_item"),
        target_item=read_item_reference(message.target_item, "submitted.target_item"),
        crosswalk_row=fields.text(message.crosswalk_row, "submitted.crosswalk_row", 64),
        answers=fields.answers(message.answers, "submitted.answers"),
        products=fields.answers(message.products, "submitted.products"),
        applicant=read_party(message.applicant, "submitted.applicant"),
        agent=read_party(message.agent, "submitted.agent") if message.HasField("agent") else None,
        materials=materials,
        presentation_nonce=fields.nonce(
            message.presentation_nonce, "submitted.presentation_nonce", wanted=shows_licence(materials)
        ),
        case_salt=fields.octets(message.case_salt, "submitted.case_salt", 32),
    )


def _write_submitted(body: Submitted) -> dict[str, Any]:
    return {
        "case_number": body.case_number,
        "accepting_region": body.accepting_region,
        "processing_region": body.processing_region,
        "source_item": write_item_reference(body.source_item),
        "target_item": write_item_reference(body.target_item),
        "crosswalk_row": body.crosswalk_row,
        "answers": dict(body.answers),
        "products": dict(body.products),
        "applicant": write_party(body.applicant),
        "agent": write_party(body.agent) if body.agent else None,
        "materials": [write_material(material) for material in body.materials],
        "presentation_nonce": body.presentation_nonce,
        "case_salt": body.case_salt,
    }


def _read_supplemented(message: event_pb2.Supplemented) -> Supplemented:
    return Supplemented(
        request=fields.number(message.request, "supplemented.request", 1, MAX_EVENTS_PER_SIDE),
        materials=read_materials(message.materials, "supplemented.materials", shortest=1),
        note=fields.text(message.note, "supplemented.note", 1000),
    )


def _write_supplemented(body: Supplemented) -> dict[str, Any]:
    return {
        "request": body.request,
        "materials": [write_material(material) for material in body.materials],
        "note": body.note,
    }


def read_supplement_items(messages: Sequence[event_pb2.SupplementItem], path: str) -> tuple[SupplementItem, ...]:
    """What is asked of the applicant, within bounds. Counted before they are read, as materials are."""
    if not 1 <= len(messages) <= MAX_MATERIALS:
        raise fields.invalid(path, f"{len(messages)} items", f"1 to {MAX_MATERIALS}")
    return tuple(
        SupplementItem(
            material_key=fields.text(message.material_key, f"{path}[{place}].material_key", 64, shortest=1),
            flaw=fields.text(message.flaw, f"{path}[{place}].flaw", 500, shortest=1),
        )
        for place, message in enumerate(messages)
    )


def read_supplement_requested(message: event_pb2.SupplementRequested, *, lowest: int = 1) -> SupplementRequested:
    """A supplement request; ``lowest`` 0 lets a platform leave the numbering to the gateway."""
    return SupplementRequested(
        request=fields.number(message.request, "supplement_requested.request", lowest, MAX_EVENTS_PER_SIDE),
        items=read_supplement_items(message.items, "supplement_requested.items"),
    )


def _write_supplement_requested(body: SupplementRequested) -> dict[str, Any]:
    return {
        "request": body.request,
        "items": [event_pb2.SupplementItem(material_key=item.material_key, flaw=item.flaw) for item in body.items],
    }


def read_decided(message: event_pb2.Decided) -> Decided:
    """A decision within its bounds."""
    return Decided(
        approved=message.approved,
        explanation=fields.text(message.explanation, "decided.explanation", 1000, shortest=1),
        result_number=fields.text(message.result_number, "decided.result_number", 100),
        result_licence=fields.text(message.result_licence, "decided.result_licence", MAX_LICENCE_CHARACTERS),
    )


READERS: Final[dict[EventKind, Callable[[Any], EventBody]]] = {
    EventKind.SUBMITTED: _read_submitted,
    EventKind.SUPPLEMENTED: _read_supplemented,
    EventKind.WITHDRAWAL_REQUESTED: lambda message: WithdrawalRequested(
        fields.text(message.reason, "withdrawal_requested.reason", 1000)
    ),
    EventKind.RATED: lambda message: Rated(
        score=fields.number(message.score, "rated.score", 1, 5),
        comment=fields.text(message.comment, "rated.comment", 500),
    ),
    EventKind.ACCEPTED: lambda message: Accepted(
        local_number=fields.text(message.local_number, "accepted.local_number", 100),
        promised_days=fields.number(message.promised_days, "accepted.promised_days", 0, 1000),
    ),
    EventKind.REFUSED: lambda message: Refused(fields.text(message.reason, "refused.reason", 1000, shortest=1)),
    EventKind.SUPPLEMENT_REQUESTED: read_supplement_requested,
    EventKind.SUSPENDED: lambda message: Suspended(
        procedure=fields.text(message.procedure, "suspended.procedure", 50),
        reason=fields.text(message.reason, "suspended.reason", 1000, shortest=1),
    ),
    EventKind.RESUMED: lambda _: Resumed(),
    EventKind.DECIDED: read_decided,
    EventKind.WITHDRAWN: lambda _: Withdrawn(),
    EventKind.WITHDRAWAL_REFUSED: lambda message: WithdrawalRefused(
        fields.text(message.reason, "withdrawal_refused.reason", 1000, shortest=1)
    ),
}
"""How the body of each kind is read, from the message of that body field."""


_WRITERS: Final[dict[EventKind, Callable[[Any], Any]]] = {
    EventKind.SUBMITTED: lambda body: event_pb2.Submitted(**_write_submitted(body)),
    EventKind.SUPPLEMENTED: lambda body: event_pb2.Supplemented(**_write_supplemented(body)),
    EventKind.WITHDRAWAL_REQUESTED: lambda body: event_pb2.WithdrawalRequested(reason=body.reason),
    EventKind.RATED: lambda body: event_pb2.Rated(score=body.score, comment=body.comment),
    EventKind.ACCEPTED: lambda body: event_pb2.Accepted(
        local_number=body.local_number, promised_days=body.promised_days
    ),
    EventKind.REFUSED: lambda body: event_pb2.Refused(reason=body.reason),
    EventKind.SUPPLEMENT_REQUESTED: lambda body: event_pb2.SupplementRequested(**_write_supplement_requested(body)),
    EventKind.SUSPENDED: lambda body: event_pb2.Suspended(procedure=body.procedure, reason=body.reason),
    EventKind.RESUMED: lambda _: event_pb2.Resumed(),
    EventKind.DECIDED: lambda body: event_pb2.Decided(
        approved=body.approved,
        explanation=body.explanation,
        result_number=body.result_number,
        result_licence=body.result_licence,
    ),
    EventKind.WITHDRAWN: lambda _: event_pb2.Withdrawn(),
    EventKind.WITHDRAWAL_REFUSED: lambda body: event_pb2.WithdrawalRefused(reason=body.reason),
}
"""How the body of each kind is written, as the message of that body field."""


def write_body(body: EventBody) -> dict[str, Any]:
    """A body as the keyword of its field in the oneof, for the message that carries it."""
    return {body.kind.value: _WRITERS[body.kind](body)}


# --------------------------------------------------------------------------------------------------------------------
# The codec
# --------------------------------------------------------------------------------------------------------------------


class ProtobufEventCodec:
    """``gateway.ports.EventCodec`` over tongban.case.v1.CaseEvent."""

    def encode(self, event: CaseEvent) -> bytes:
        """The exact bytes of a new event. Made once; never made again from a read event."""
        message = event_pb2.CaseEvent(
            case_id=event.case_id,
            emitter=event.emitter,
            seq=event.seq,
            seen=event.seen,
            previous=event.previous,
            salt=event.salt,
            occurred_at=fields.stamp(event.occurred_at),
            actor=event.actor,
            **write_body(event.body),
        )
        return message.SerializeToString(deterministic=True)

    def decode(self, raw: bytes) -> CaseEvent:
        """Read and check an event. Malformed(MESSAGE_MALFORMED or FIELD_INVALID)."""
        message = fields.parse(event_pb2.CaseEvent, raw)
        which = message.WhichOneof("body")
        if which is None:
            raise Malformed(
                Reason.MESSAGE_MALFORMED,
                "an event has no body that this version knows",
                expected="one of " + ", ".join(EventKind),
                mend="agree on a version that both gateways speak",
            )
        return CaseEvent(
            case_id=fields.uuid(message.case_id, "case_id"),
            emitter=fields.text(message.emitter, "emitter", 64, shortest=1),
            seq=fields.number(message.seq, "seq", 1, MAX_EVENTS_PER_SIDE),
            seen=fields.number(message.seen, "seen", 0, MAX_EVENTS_PER_SIDE),
            previous=fields.octets(message.previous, "previous", 0, 32),
            salt=fields.octets(message.salt, "salt", 16),
            occurred_at=fields.moment(message.occurred_at, "occurred_at"),
            actor=fields.text(message.actor, "actor", 64),
            body=READERS[EventKind(which)](getattr(message, which)),
        )
