"""What callers are shown: one form for a case, personal data masked, receipts that are read as they were written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tongban.case.v1 import case_pb2, case_service_pb2

from gateway.domain import commands
from gateway.domain.case import Case, CaseState, EventKind, ProcessingBody, Side, SupplementRequested
from gateway.domain.deadline import Deadline
from gateway.domain.platform import Notice
from gateway.wire import cases
from gateway.wire.notices import read_notice, write_notice
from tests.gateway.domain.journal import Journal
from tests.gateway.wire.bodies import BODIES
from trust.errors import Malformed, Reason

K = EventKind
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SHOWN = {
    CaseState.SUBMITTED: case_pb2.CASE_STATE_SUBMITTED,
    CaseState.SUBMITTED_SUPPLEMENTING: case_pb2.CASE_STATE_SUPPLEMENTING,
    CaseState.ACCEPTED: case_pb2.CASE_STATE_ACCEPTED,
    CaseState.ACCEPTED_SUPPLEMENTING: case_pb2.CASE_STATE_SUPPLEMENTING,
    CaseState.SUSPENDED: case_pb2.CASE_STATE_SUSPENDED,
    CaseState.DECIDED: case_pb2.CASE_STATE_DECIDED,
    CaseState.REFUSED: case_pb2.CASE_STATE_REFUSED,
    CaseState.WITHDRAWN: case_pb2.CASE_STATE_WITHDRAWN,
}


def view(case: Case, side: Side = Side.ACCEPTING) -> commands.CaseView:
    return commands.CaseView(case, side, "YY-1", "JZ-1", Deadline(date(2026, 11, 30), provisional=True))


def shown_case(told: commands.CaseView) -> case_pb2.Case:
    return case_service_pb2.GetCaseResponse.FromString(cases.write_shown(told)).case


def happened(*kinds: EventKind) -> Case:
    return Journal.opened().happens(*kinds).accepting.case


@pytest.mark.parametrize("state", CaseState)
def test_every_state_is_shown(state: CaseState) -> None:
    shown = cases.write_case(view(replace(happened(), state=state)))
    assert shown.state == SHOWN[state]


def test_a_case_is_shown_without_personal_data() -> None:
    body = cases.write_opened(view(happened(K.ACCEPTED)))
    for secret in ("张三", "11010519491231002X"):
        assert secret.encode() not in body
    shown = case_service_pb2.GetCaseResponse.FromString(body).case
    assert shown.applicant_masked == "张*"
    assert (shown.local_number, shown.peer_local_number) == ("YY-1", "JZ-1")
    assert (shown.due_date, shown.due_date_provisional) == ("2026-11-30", True)


def test_the_steps_are_shown_in_the_agreed_order_with_what_both_logs_hold() -> None:
    case = happened(K.ACCEPTED, K.WITHDRAWAL_REQUESTED)
    shown = cases.write_case(view(case))
    assert [step.event for step in shown.steps] == ["submitted", "accepted", "withdrawal_requested"]
    assert [step.emitter for step in shown.steps] == ["430600.gateway", "421000.gateway", "430600.gateway"]
    assert [step.digest for step in shown.steps] == [step.recorded.digest for step in case.steps]
    assert shown.withdrawal_pending


def test_an_open_supplement_request_is_shown_whole() -> None:
    shown = cases.write_case(view(happened(K.SUPPLEMENT_REQUESTED)))
    assert shown.supplement_request == 1
    assert [(item.material_key, item.flaw) for item in shown.supplement_items] == [("identity", "模糊")]


def test_the_result_licence_is_shown_at_the_accepting_place_to_its_readers_only() -> None:
    case = happened(K.ACCEPTED, K.DECIDED)
    assert case.decision is not None
    case = replace(case, decision=replace(case.decision, result_licence="e30.e30.e30~"))
    assert shown_case(view(case)).result_licence == "e30.e30.e30~"
    assert shown_case(view(case, Side.PROCESSING)).result_licence == ""
    assert b"e30." not in cases.write_opened(view(case))


def test_what_waits_is_shown_and_a_dead_letter_as_one() -> None:
    waiting = commands.Waiting("id-1", "421000.gateway", 3, NOW, "PEER_UNAVAILABLE")
    dead = replace(waiting, next_attempt_at=None)
    shown = cases.write_case(replace(view(happened()), waiting=(waiting, dead)))
    assert [(entry.dead, entry.HasField("next_attempt_at")) for entry in shown.pending] == [
        (False, True),
        (True, False),
    ]


def test_a_list_tells_where_the_next_page_begins() -> None:
    line = commands.CaseLine("id-1", "n", "430600", "421000", "事项", CaseState.SUSPENDED, "", "")
    page = case_service_pb2.ListCasesResponse.FromString(cases.write_list(commands.CaseList((line,), next_page="id-0")))
    assert page.next_page_token == "id-0"
    last = case_service_pb2.ListCasesResponse.FromString(cases.write_list(commands.CaseList((line,), next_page="")))
    assert last.next_page_token == ""
    assert cases.write_list(commands.CaseList((), next_page="")) == b""


def test_a_wanted_state_means_every_state_that_is_shown_so() -> None:
    request = case_service_pb2.ListCasesRequest(states=[case_pb2.CASE_STATE_SUPPLEMENTING])
    wanted = cases.read_list(request.SerializeToString())
    assert set(wanted.states) == {CaseState.SUBMITTED_SUPPLEMENTING, CaseState.ACCEPTED_SUPPLEMENTING}
    assert wanted.limit == 50
    assert set(cases.read_list(b"").states) == set(CaseState)


def test_a_receipt_is_read_as_it_was_written() -> None:
    receipt = commands.Receipt("id-1", 2, (bytes(32), bytes(range(32))))
    assert cases.read_receipt(cases.write_receipt(receipt)) == receipt


def test_a_receipt_for_nothing_is_no_receipt() -> None:
    with pytest.raises(Malformed) as error:
        cases.read_receipt(b"")
    assert error.value.reason is Reason.MESSAGE_MALFORMED


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind.side is Side.PROCESSING])
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_a_notice_is_kept_in_full_until_it_goes_through_the_door(kind: EventKind, data: st.DataObject) -> None:
    body: ProcessingBody = data.draw(BODIES[kind])  # type: ignore[assignment]  # of this kind
    if isinstance(body, SupplementRequested):
        body = replace(body, request=0)
    notice = Notice("n-1", "430600-20261121-000001-P", NOW - timedelta(microseconds=1), body)
    command = read_notice(write_notice(notice))
    assert command == commands.AdvanceCase("notice:n-1", notice.case_number, body, notice.occurred_at)
