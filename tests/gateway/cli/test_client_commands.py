"""Client commands: what they ask of the gateway, what they print of its answer, and how they end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tongban.audit.v1 import audit_service_pb2 as audit
from tongban.audit.v1.log_pb2 import InclusionProof
from tongban.case.v1 import case_pb2, event_pb2
from tongban.case.v1 import case_service_pb2 as cases
from tongban.licence.v1 import licence_pb2
from tongban.licence.v1 import licence_service_pb2 as licences
from typer.testing import Result

from gateway.domain.calendar import BEIJING
from gateway.exchange.witnessing import origin
from gateway.wire import routes
from tests.gateway.cli.installation import JINGZHOU, WINDOW, YUEYANG, AnsweringGateway, Federation, Run
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.errors import Forbidden, InFlight, NotFound, Reason, TongbanError, Unavailable, WrongState
from trust.keys import KeyPurpose
from trust.leaf import Leaf, LeafKind
from trust.merkle import leaf_hash, node_hash

NUMBER = "430600-20261121-000001-K"
RESULT = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~WyJzYWx0IiwibmFtZSIsIumZiPCgrrflrokiXQ~"
AT = Timestamp(seconds=1_795_248_000)


def a_case() -> case_pb2.Case:
    return case_pb2.Case(
        case_id="6f1c1d2e-0000-4000-8000-000000000001",
        case_number=NUMBER,
        accepting_region="430600",
        processing_region="421000",
        source_item=event_pb2.ItemReference(catalogue="430600", code="S-1", name="正常退休提取住房公积金"),
        target_item=event_pb2.ItemReference(catalogue="421000", code="T-1", name="离休、退休提取住房公积金"),
        state=case_pb2.CASE_STATE_SUPPLEMENTING,
        withdrawal_pending=True,
        applicant_masked="陈**",
        due_date="2026-11-26",
        due_date_provisional=True,
        supplement_items=[event_pb2.SupplementItem(material_key="bank_card", flaw="缺少开户支行")],
        supplement_request=1,
        result_licence=RESULT,
        steps=[case_pb2.CaseStep(emitter=YUEYANG, seq=1, event="submitted", occurred_at=AT, digest=bytes(range(32)))],
        pending=[
            case_pb2.PendingDelivery(delivery_id="d-1", destination=JINGZHOU, attempts=3, next_attempt_at=AT),
            case_pb2.PendingDelivery(delivery_id="d-2", destination=WINDOW, dead=True, last_error="\x1b[31mno"),
        ],
    )


CASE = cases.OpenCaseResponse(case=a_case())


# cases


def test_a_case_is_shown_with_its_history_and_what_waits(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.GET_CASE] = CASE
    answer = run("case", "show", NUMBER, "--purpose", "acceptance")
    assert answer.exit_code == 0
    call = gateway.call
    assert (call.caller, call.member, call.purpose) == (WINDOW, YUEYANG, "acceptance")
    assert cases.GetCaseRequest.FromString(call.body).case == NUMBER
    for wanted in (
        "SUPPLEMENTING 待补正 · withdrawal asked 申请撤回中", "陈**", "bank_card: 缺少开户支行",
        "2026-11-26 (provisional 日历未发布)", "submitted 收件转递", bytes(range(32)).hex(), "d-1", "dead letter",
        f"{datetime.fromtimestamp(AT.seconds, BEIJING):%Y-%m-%d %H:%M:%S} +08:00",
    ):  # fmt: skip
        assert wanted in answer.stdout
    assert "\x1b" not in answer.stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_result_licence_is_never_printed(gateway: AnsweringGateway, run: Run, options: tuple[str, ...]) -> None:
    gateway.answers[routes.GET_CASE] = CASE
    assert RESULT not in run("case", "show", NUMBER, *options).output


def test_a_result_licence_is_written_to_a_private_file(gateway: AnsweringGateway, run: Run, tmp_path: Path) -> None:
    gateway.answers[routes.GET_CASE] = CASE
    file = tmp_path / "licence.txt"
    assert run("case", "show", NUMBER, "--licence", file).exit_code == 0
    assert (file.read_text(), file.stat().st_mode & 0o777) == (RESULT, 0o600)


def test_a_case_without_a_result_licence_writes_none(gateway: AnsweringGateway, run: Run, tmp_path: Path) -> None:
    gateway.answers[routes.GET_CASE] = cases.OpenCaseResponse(case=case_pb2.Case(case_number=NUMBER))
    assert run("case", "show", NUMBER, "--licence", tmp_path / "licence.txt").exit_code == 3
    assert not (tmp_path / "licence.txt").exists()


def test_json_keeps_field_names_and_writes_hashes_as_hex(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.GET_CASE] = CASE
    shown = json.loads(run("case", "show", NUMBER, "--json").stdout)
    assert shown["applicant_masked"] == "陈**"
    assert shown["steps"][0]["digest"] == bytes(range(32)).hex()
    assert shown["local_number"] == ""


def test_an_application_from_standard_input_gets_a_key_that_is_told(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.OPEN_CASE] = CASE
    content = json.dumps({"item_code": "S-1", "applicant": {"type": "PERSON"}})
    answer = run("case", "open", "--file", "-", "--json", input=content)
    assert answer.exit_code == 0
    request = cases.OpenCaseRequest.FromString(gateway.call.body)
    assert request.item_code == "S-1"
    assert len(request.idempotency_key) == 32
    assert f"idempotency key {request.idempotency_key}" in answer.stderr
    assert json.loads(answer.stdout)["case_number"] == NUMBER


def test_the_same_key_may_be_given_again(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.OPEN_CASE] = CASE
    answer = run("case", "open", "--file", "-", "--idempotency-key", "the-same-key", input="{}")
    assert cases.OpenCaseRequest.FromString(gateway.call.body).idempotency_key == "the-same-key"
    assert answer.stderr == ""


def test_withdrawing_rating_supplementing_and_reporting_say_what_they_were_told(
    gateway: AnsweringGateway, run: Run
) -> None:
    for route in (routes.WITHDRAW_CASE, routes.RATE_CASE, routes.SUPPLEMENT_CASE, routes.REPORT_PROGRESS):
        gateway.answers[route] = CASE
    key = ("--idempotency-key", "k" * 8)
    run("case", "withdraw", NUMBER, "--reason", "不再需要", *key)
    run("case", "rate", NUMBER, "--score", "5", "--comment", "很方便", *key)
    run("case", "supplement", NUMBER, "--file", "-", *key, input='{"note": "已补齐"}')
    accepted = '{"accepted": {"local_number": "JZ-1", "promised_days": 3}, "occurred_at": "2026-11-21T08:00:00Z"}'
    run("case", "progress", NUMBER, "--file", "-", *key, input=accepted)
    withdraw, rate, supplement, progress = gateway.calls
    common = {"idempotency_key": "k" * 8, "case": NUMBER}
    assert cases.WithdrawCaseRequest.FromString(withdraw.body) == cases.WithdrawCaseRequest(**common, reason="不再需要")
    assert cases.RateCaseRequest.FromString(rate.body) == cases.RateCaseRequest(**common, score=5, comment="很方便")
    assert cases.SupplementCaseRequest.FromString(supplement.body).note == "已补齐"
    reported = cases.ReportProgressRequest.FromString(progress.body)
    assert (reported.case, reported.accepted.promised_days) == (NUMBER, 3)
    assert reported.occurred_at.ToDatetime() == datetime(2026, 11, 21, 8)  # noqa: DTZ001 - as protobuf gives it


def test_a_page_of_cases_says_how_to_go_on(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.LIST_CASES] = cases.ListCasesResponse(cases=[a_case()], next_page_token="6f1c")
    answer = run("case", "list", "--state", "DECIDED", "--state", "REFUSED", "--limit", 1, "--after", "0a0b")
    request = cases.ListCasesRequest.FromString(gateway.call.body)
    assert list(request.states) == [case_pb2.CASE_STATE_DECIDED, case_pb2.CASE_STATE_REFUSED]
    assert (request.page_size, request.page_token) == (1, "0a0b")
    assert NUMBER in answer.stdout
    assert "--after 6f1c" in answer.stderr


def test_no_cases_are_no_table(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.LIST_CASES] = cases.ListCasesResponse()
    answer = run("case", "list")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "none\n")


# licences


def test_an_issued_licence_goes_to_a_private_file_and_its_identifier_is_printed(
    gateway: AnsweringGateway, run: Run, tmp_path: Path
) -> None:
    gateway.answers[routes.ISSUE_LICENCE] = licences.IssueLicenceResponse(licence=RESULT, licence_id="1.2.156")
    out = tmp_path / "licence.txt"
    answer = run("licence", "issue", "--file", "-", "--out", out, input='{"surface": {"工作单位": "某厂"}}')
    assert (answer.exit_code, answer.stdout) == (0, "1.2.156\n")
    assert (out.read_text(), out.stat().st_mode & 0o777) == (RESULT, 0o600)
    assert licences.IssueLicenceRequest.FromString(gateway.call.body).surface == {"工作单位": "某厂"}


@pytest.mark.parametrize(("acceptable", "status"), [(True, 0), (False, 3)])
def test_a_verdict_is_the_exit_status(gateway: AnsweringGateway, run: Run, acceptable: bool, status: int) -> None:
    verdict = licence_pb2.LicenceVerdict(
        acceptable=acceptable, status=licence_pb2.Verdict(code="REVOKED", because="since yesterday"), name="退休证"
    )
    gateway.answers[routes.VERIFY_LICENCE] = licences.VerifyLicenceResponse(verdict=verdict)
    answer = run("licence", "verify", "-", "--purpose", "acceptance", "--nonce", "n" * 16, input=f"{RESULT}\n")
    assert answer.exit_code == status
    assert "REVOKED  since yesterday" in answer.stdout
    assert RESULT not in answer.output
    assert gateway.call.purpose == "acceptance"
    request = licences.VerifyLicenceRequest.FromString(gateway.call.body)
    assert (request.presentation, request.nonce) == (RESULT, "n" * 16)


def test_verifying_wants_a_purpose(gateway: AnsweringGateway, run: Run) -> None:
    answer = run("licence", "verify", "-", input=RESULT)
    assert answer.exit_code == 2
    assert gateway.calls == []


def test_a_status_is_set(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.SET_LICENCE_STATUS] = licences.SetLicenceStatusResponse()
    assert run("licence", "status", "1.2.156", "SUSPENDED").exit_code == 0
    request = licences.SetLicenceStatusRequest.FromString(gateway.call.body)
    assert (request.licence_id, request.status) == ("1.2.156", licences.LICENCE_STATUS_SUSPENDED)


# audit


LEAVES = [
    Leaf(LeafKind.ADMIN, YUEYANG, f"act.{number}", datetime(2026, 11, 21, tzinfo=UTC)).to_bytes() for number in (0, 1)
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def note_of(federation: Federation, member: str, *, root: bytes = b"") -> str:
    checkpoint = Checkpoint(origin(member), 2, root or node_hash(*HASHES))
    return sign_checkpoint(checkpoint, federation.signers[member, KeyPurpose.LOG])


def test_a_checkpoint_is_verified_and_printed_as_signed(
    gateway: AnsweringGateway, federation: Federation, run: Run
) -> None:
    note = note_of(federation, JINGZHOU)
    gateway.answers[routes.GET_CHECKPOINT] = audit.GetCheckpointResponse(checkpoint=note)
    answer = run("audit", "checkpoint", "--of", JINGZHOU)
    assert (answer.exit_code, answer.stdout) == (0, note)
    assert gateway.call.member == JINGZHOU
    shown = json.loads(run("audit", "checkpoint", "--of", JINGZHOU, "--json").stdout)
    assert (shown["size"], shown["root"]) == (2, node_hash(*HASHES).hex())


def test_another_logs_checkpoint_is_refused(gateway: AnsweringGateway, federation: Federation, run: Run) -> None:
    gateway.answers[routes.GET_CHECKPOINT] = audit.GetCheckpointResponse(checkpoint=note_of(federation, JINGZHOU))
    answer = run("audit", "checkpoint")
    assert (answer.exit_code, answer.stdout) == (1, "")


def prove(gateway: AnsweringGateway, run: Run, note: str, *, leaf: bytes = LEAVES[1]) -> Result:
    proof = InclusionProof(index=1, leaf=leaf, path=[HASHES[0]], checkpoint=note)
    gateway.answers[routes.PROVE_INCLUSION] = audit.ProveInclusionResponse(proof=proof)
    return run("audit", "prove", HASHES[1].hex())


def test_a_proof_is_checked_before_it_is_believed(gateway: AnsweringGateway, federation: Federation, run: Run) -> None:
    answer = prove(gateway, run, note_of(federation, YUEYANG))
    assert answer.exit_code == 0
    assert answer.stdout.startswith("leaf 1 of 2, proved under root ")
    assert "act.1" in answer.stdout
    wrong_root = prove(gateway, run, note_of(federation, YUEYANG, root=bytes(32)))
    assert (wrong_root.exit_code, wrong_root.stdout) == (1, "")
    other_leaf = prove(gateway, run, note_of(federation, YUEYANG), leaf=LEAVES[0])
    assert (other_leaf.exit_code, other_leaf.stdout) == (1, "")
    assert "LOG_INCONSISTENT" in other_leaf.stderr


@pytest.mark.parametrize("text", ["00", "g" * 64, ""])
def test_what_is_no_hash_is_not_asked_for(gateway: AnsweringGateway, run: Run, text: str) -> None:
    assert run("audit", "prove", text).exit_code == 1
    assert gateway.calls == []


def test_leaves_are_listed_with_the_hash_that_prove_takes(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.LIST_LEAVES] = audit.ListLeavesResponse(leaves=LEAVES)
    answer = run("audit", "leaves", "--start", 5, "--limit", 2)
    assert answer.exit_code == 0
    assert HASHES[1].hex() in answer.stdout
    listed = json.loads(run("audit", "leaves", "--start", 5, "--json").stdout)
    assert [(each["index"], each["hash"]) for each in listed] == [(5, HASHES[0].hex()), (6, HASHES[1].hex())]


# failures


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound(Reason.CASE_UNKNOWN, "the peer refused"), 1, "提示：没有找到该办件，请核对办件编号。"),
        (Forbidden(Reason.RIGHT_MISSING, "the peer refused"), 1, "提示：本单位没有办理此项操作的权限。"),
        (WrongState(Reason.ITEM_NEEDS_FACTS, "no", details={"questions": "retired"}), 1, "; questions: retired"),
        (InFlight(Reason.CALL_IN_FLIGHT, "wait"), 1, "error: CALL_IN_FLIGHT"),
        (Unavailable(Reason.PEER_UNAVAILABLE, "calling", mend="look at it"), 75, "to mend: look at it"),
        (Unavailable(Reason.PEER_UNAVAILABLE, "calling"), 75, "提示：网关没有应答，请稍后再试；命令不会自动重试。"),
    ],
)
def test_a_refusal_is_told_in_both_languages_and_by_its_exit_status(
    gateway: AnsweringGateway, run: Run, error: TongbanError, status: int, words: str
) -> None:
    gateway.answers[routes.GET_CASE] = error
    answer = run("case", "show", NUMBER)
    assert (answer.exit_code, answer.stdout) == (status, "")
    assert answer.stderr.startswith(f"error: {error.reason}: ")
    assert words in answer.stderr


def test_ctrl_c_is_quiet(gateway: AnsweringGateway, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("gateway.rpc.client.SignedClient", interrupted)
    answer = run("case", "show", NUMBER)
    assert (answer.exit_code, answer.output.strip()) == (130, "")


def test_a_client_configuration_that_is_not_there_is_explained(run: Run, tmp_path: Path) -> None:
    answer = run("case", "show", NUMBER, "--as", tmp_path / "nowhere.toml")
    assert answer.exit_code == 2
    assert "nowhere.toml can't be read" in answer.stderr
    assert "提示" not in answer.stderr
