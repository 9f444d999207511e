"""AuditService.SearchTrail and GetCaseTrail: requests to commands, answers to responses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tongban.audit.v1 import audit_service_pb2

from gateway.domain import trail_commands
from gateway.wire import fields
from trust.leaf import LeafKind

DEFAULT_PAGE: Final = 100
MAX_PAGE: Final = 500
_MAX_POSITION: Final = 2**62
_LONGEST: Final = 64


def read_search(body: bytes) -> trail_commands.SearchTrail:
    """SearchTrailRequest. At least one field narrows the search, and the time, if bounded, is not empty."""
    request = fields.parse(audit_service_pb2.SearchTrailRequest, body)
    asked = trail_commands.SearchTrail(
        case=fields.text(request.case, "case", _LONGEST),
        officer=fields.text(request.officer, "officer", _LONGEST),
        member=fields.text(request.member, "member", _LONGEST),
        holder=fields.text(request.holder, "holder", _LONGEST),
        kinds=_kinds(request.kinds),
        since=fields.moment(request.since, "since") if request.HasField("since") else None,
        until=fields.moment(request.until, "until") if request.HasField("until") else None,
        after=_position(request.page),
        limit=fields.number(request.limit, "limit", 0, MAX_PAGE) or DEFAULT_PAGE,
    )
    if not (asked.case or asked.officer or asked.member or asked.holder or asked.kinds or asked.since or asked.until):
        raise fields.invalid("case", "nothing that narrows the search", "a case, officer, member, holder, kind or time")
    if asked.since is not None and asked.until is not None and asked.until <= asked.since:
        raise fields.invalid("until", "a time that is not after since", "a later one")
    return asked


def _kinds(names: Iterable[str]) -> tuple[LeafKind, ...]:
    given = tuple(names)
    known = frozenset(LeafKind)
    if len(set(given)) != len(given) or not known.issuperset(given):
        raise fields.invalid("kinds", "one that there is not, or one twice", f"of {', '.join(LeafKind)}, each once")
    return tuple(map(LeafKind, given))


def _position(page: str) -> int:
    if not page:
        return 0
    if not (page.isascii() and page.isdecimal() and len(page) < 20):
        raise fields.invalid("page", f"{len(page)} characters", "next_page of an answer, or the position of an entry")
    return fields.number(int(page), "page", 0, _MAX_POSITION)


def write_found(answer: trail_commands.FoundTrail) -> bytes:
    """SearchTrailResponse."""
    return audit_service_pb2.SearchTrailResponse(
        entries=[
            audit_service_pb2.TrailEntry(
                position=entry.position,
                at=fields.stamp(entry.at),
                kind=entry.kind,
                member=entry.member,
                subject=entry.subject,
                officer=entry.officer,
                purpose=entry.purpose,
                case_number=entry.case_number,
                leaf_hash=entry.leaf_hash,
            )
            for entry in answer.entries
        ],
        next_page=str(answer.next_after) if answer.next_after else "",
    ).SerializeToString()


def read_get_case_trail(body: bytes) -> trail_commands.GetCaseTrail:
    """GetCaseTrailRequest."""
    request = fields.parse(audit_service_pb2.GetCaseTrailRequest, body)
    return trail_commands.GetCaseTrail(fields.uuid(request.case_id, "case_id"))


def write_case_trail(answer: trail_commands.CaseTrail) -> bytes:
    """GetCaseTrailResponse."""
    return audit_service_pb2.GetCaseTrailResponse(
        leaves=[audit_service_pb2.CaseLeaf(index=each.index, leaf=each.leaf, path=each.path) for each in answer.leaves],
        checkpoint=answer.checkpoint,
        count=answer.count,
    ).SerializeToString()
