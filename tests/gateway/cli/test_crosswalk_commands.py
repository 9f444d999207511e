"""``tongban crosswalk``: what is sent of a file, what is shown of rows, and which hashes an officer signs for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from google.protobuf.message import Message
from tongban.crosswalk.v1 import crosswalk_service_pb2 as service
from tongban.crosswalk.v1.row_pb2 import Row

from gateway.domain.crosswalk import ALWAYS, NOTHING, CrosswalkRow, Relationship, record_of
from gateway.domain.crosswalk_csv import write_csv
from gateway.domain.sssom import write_sssom
from gateway.wire import routes
from tests.gateway.cli.installation import JINGZHOU, YUEYANG, AnsweringGateway, Run
from trust.errors import Malformed, Reason
from trust.signed_claims import Officer

ROW = CrosswalkRow(
    "YJ-001", "430600", "A-1", "购房提取", "421000", "B-1", "购买新建商品房提取", Relationship.EQUIVALENT, ALWAYS,
    NOTHING, NOTHING, date(2026, 1, 1), None, 1, 95, "经核对",
)  # fmt: skip
SECOND_VERSION = replace(ROW, version=2, confidence=80)
OTHER = replace(ROW, id="YJ-002", source_code="A-2")
OFFICER = ("--officer", "r-3", "--role", "crosswalk", "--window", "对应关系组")
KEY = ("--idempotency-key", "k" * 32)


def shown(row: CrosswalkRow, *approved_by: str, withdrawn_by: tuple[str, ...] = ()) -> Row:
    return Row(
        record=record_of(row),
        hash=row.hash,
        approved_by=approved_by,
        withdrawn_by=withdrawn_by,
        withdrawn_on="2026-11-21" if withdrawn_by else "",
    )


def pages(*rows: Row) -> Callable[[bytes], Message]:
    """One row a page."""

    def answer(body: bytes) -> Message:
        number = int(service.ListRowsRequest.FromString(body).page or 0)
        return service.ListRowsResponse(
            rows=rows[number : number + 1], next_page=str(number + 1) if number + 1 < len(rows) else ""
        )

    return answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(write_csv([ROW, OTHER]), "utf-8")
    return path


# import


IMPORTED = service.ImportCrosswalkResponse(
    complete=True,
    added=1,
    changed=1,
    unchanged=7,
    changes=[
        service.RowChange(row="YJ-002", version=1, hash=OTHER.hash),
        service.RowChange(
            row="YJ-001",
            version=2,
            hash=SECOND_VERSION.hash,
            columns=[service.ColumnChange(column="confidence", before="95", after="80")],
        ),
    ],
    remarks=["YJ-002: the source item is retired"],
)


def test_a_file_is_proposed_and_what_changes_is_told(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    gateway.answers[routes.IMPORT_CROSSWALK] = IMPORTED
    answer = run("crosswalk", "import", file, *KEY)
    assert answer.exit_code == 0
    request = service.ImportCrosswalkRequest.FromString(gateway.call.body)
    assert request == service.ImportCrosswalkRequest(
        idempotency_key="k" * 32 + "-1",
        upload="k" * 32,
        part=1,
        parts=1,
        content=write_csv([ROW, OTHER]).removeprefix("\ufeff").encode(),
        format=service.FILE_FORMAT_CSV,
    )
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert ["YJ-002", "1", "new", "新增"] in lines
    assert ["YJ-001", "2", "confidence", "95", "80"] in lines
    assert ["unchanged", "未变", "7"] in lines
    assert answer.stderr == "YJ-002: the source item is retired\n"


def test_a_dry_run_says_that_it_was_one_and_programs_get_json(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    gateway.answers[routes.IMPORT_CROSSWALK] = IMPORTED
    answer = run("crosswalk", "import", file, "--dry-run", "--json", *KEY)
    assert service.ImportCrosswalkRequest.FromString(gateway.call.body).dry_run
    assert "nothing was taken in" in answer.stderr
    told = json.loads(answer.stdout)
    assert (told["added"], told["changes"][0]["hash"]) == (1, OTHER.hash.hex())


def test_a_large_file_goes_in_parts_that_make_it_again(
    gateway: AnsweringGateway, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.exchange.crosswalks.PIECE_BYTES", 200)
    gateway.answers[routes.IMPORT_CROSSWALK] = lambda body: (
        IMPORTED
        if (request := service.ImportCrosswalkRequest.FromString(body)).part == request.parts
        else service.ImportCrosswalkResponse()
    )
    assert run("crosswalk", "import", file).exit_code == 0
    requests = [service.ImportCrosswalkRequest.FromString(call.body) for call in gateway.calls]
    assert len(requests) == requests[0].parts > 1
    assert [request.part for request in requests] == list(range(1, len(requests) + 1))
    assert len({request.upload for request in requests}) == 1
    assert len({request.idempotency_key for request in requests}) == len(requests)
    assert b"".join(request.content for request in requests) == write_csv([ROW, OTHER])[1:].encode()

    monkeypatch.setattr("gateway.exchange.crosswalks.MAX_PARTS", 2)
    refused = run("crosswalk", "import", file)
    assert (refused.exit_code, len(gateway.calls)) == (1, len(requests))
    assert "MESSAGE_TOO_LARGE" in refused.stderr


def test_of_more_changes_than_are_told_the_rest_is_counted(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    many = service.ImportCrosswalkResponse()
    many.CopyFrom(IMPORTED)
    many.added = 1500
    gateway.answers[routes.IMPORT_CROSSWALK] = many
    assert "and 1499 more" in run("crosswalk", "import", file, *KEY).stdout


def test_a_file_that_another_came_between_is_to_be_sent_again(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    gateway.answers[routes.IMPORT_CROSSWALK] = service.ImportCrosswalkResponse()
    answer = run("crosswalk", "import", file, *KEY)
    assert (answer.exit_code, answer.stdout) == (75, "")


def test_faults_are_told_before_anything_is_sent(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    file.write_text(write_csv([ROW, OTHER]).replace("YJ-002", "").replace(",95,", ",950,"), "utf-8")
    answer = run("crosswalk", "import", file)
    assert answer.exit_code == 1
    first, second, _, error, *_ = answer.stderr.splitlines()
    assert first.startswith("row 2, confidence: ")
    assert second.startswith("row 3, id: ")
    assert "got 3 fault(s); expected" in error
    assert gateway.calls == []


def test_faults_that_the_gateway_finds_are_told_once_and_line_by_line(
    gateway: AnsweringGateway, run: Run, file: Path
) -> None:
    faults = [
        "row 'YJ-001', version 1: version 1 is here and says something else; a row that is changed takes version 2",
        "rows 'YJ-001' and 'YJ-002' could both apply to one case of item A-1",
        "item A-1 of 430600 has more than 500 rows towards 421000",
        "and more",
    ]
    gateway.answers[routes.IMPORT_CROSSWALK] = Malformed(
        Reason.FIELD_INVALID, "take rows in; got 4 fault(s)", details={"faults": "4 fault(s): " + "; ".join(faults)}
    )
    answer = run("crosswalk", "import", file, *KEY)
    assert answer.exit_code == 1
    *told, error, _ = answer.stderr.splitlines()
    assert told == faults
    assert error.startswith("error: FIELD_INVALID: take rows in; got 4 fault(s)")
    assert "YJ-001" not in error


def test_a_refusal_that_is_about_no_row_is_told_as_it_is(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    gateway.answers[routes.IMPORT_CROSSWALK] = Malformed(Reason.FIELD_INVALID, "read it", details={"field": "part"})
    assert "field: part" in run("crosswalk", "import", file, *KEY).stderr


def test_a_dry_run_has_nothing_to_repeat(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    gateway.answers[routes.IMPORT_CROSSWALK] = IMPORTED
    assert "idempotency" not in run("crosswalk", "import", file, "--dry-run").stderr
    assert "idempotency" in run("crosswalk", "import", file).stderr


def test_a_file_is_sent_in_utf_8_however_it_was_saved(gateway: AnsweringGateway, run: Run, file: Path) -> None:
    gateway.answers[routes.IMPORT_CROSSWALK] = IMPORTED
    text = write_csv([ROW]).removeprefix("\ufeff")
    file.write_bytes(text.encode("gb18030"))
    assert run("crosswalk", "import", file, *KEY).exit_code == 0
    assert service.ImportCrosswalkRequest.FromString(gateway.call.body).content == text.encode()


def test_the_name_tells_the_format_or_the_option_does(gateway: AnsweringGateway, run: Run, tmp_path: Path) -> None:
    gateway.answers[routes.IMPORT_CROSSWALK] = IMPORTED
    for name, options in (("rows.sssom.tsv", ()), ("rows.txt", ("--format", "sssom"))):
        (tmp_path / name).write_text(write_sssom([ROW]), "utf-8")
        assert run("crosswalk", "import", tmp_path / name, *options, *KEY).exit_code == 0
    assert {service.ImportCrosswalkRequest.FromString(call.body).format for call in gateway.calls} == {
        service.FILE_FORMAT_SSSOM
    }
    assert run("crosswalk", "import", tmp_path / "rows.txt").exit_code == 2
    assert run("crosswalk", "import", tmp_path / "absent.csv").exit_code == 2


# export


def test_an_export_is_the_pieces_in_their_order(gateway: AnsweringGateway, run: Run, tmp_path: Path) -> None:
    gateway.answers[routes.EXPORT_CROSSWALK] = lambda body: (
        service.ExportCrosswalkResponse(content=b"two\n")
        if service.ExportCrosswalkRequest.FromString(body).page
        else service.ExportCrosswalkResponse(content=b"one\n", next_page="p")
    )
    file = tmp_path / "rows.tsv"
    assert run("crosswalk", "export", file, "--between", "430600", "421000").exit_code == 0
    assert file.read_bytes() == b"one\ntwo\n"
    first, second = (service.ExportCrosswalkRequest.FromString(call.body) for call in gateway.calls)
    assert (first.format, first.page, first.one_region) == (service.FILE_FORMAT_SSSOM, "", "430600")
    assert (second.page, second.other_region) == ("p", "421000")
    assert run("crosswalk", "export", "-", "--format", "csv").stdout == "one\ntwo\n"


# rows


def test_rows_are_shown_with_their_standing(gateway: AnsweringGateway, run: Run) -> None:
    withdrawn = shown(OTHER, YUEYANG, JINGZHOU, withdrawn_by=(JINGZHOU,))
    row = replace(ROW, materials={"form": "application"}, products={"kind": "@kind"})
    gateway.answers[routes.LIST_ROWS] = service.ListRowsResponse(rows=[shown(row), withdrawn], next_page="p-2")
    answer = run("crosswalk", "rows", "--code", "A-1", "--awaiting-us", "--limit", 2, "--after", "p-1")
    assert service.ListRowsRequest.FromString(gateway.call.body) == service.ListRowsRequest(
        code="A-1", awaiting_us=True, limit=2, page="p-1"
    )
    for wanted in (
        "YJ-001@1", "430600 A-1 购房提取", "421000 B-1 购买新建商品房提取", "equivalent 相同", "2026-01-01 – open",
        "95%", "经核对", "form=application", "kind=@kind",
        f"{YUEYANG}, {JINGZHOU}", f"{JINGZHOU} (2026-11-21)",
    ):  # fmt: skip
        assert wanted in answer.stdout
    assert "--after p-2" in answer.stderr
    told = json.loads(run("crosswalk", "rows", "--json").stdout)
    assert told["next"] == "p-2"
    assert told["rows"][1]["hash"] == OTHER.hash.hex()
    assert told["rows"][1]["withdrawn_by"] == [JINGZHOU]


# approve


REVIEWED = service.ReviewRowsResponse(in_force=1, awaiting_other_side=1, review="a.b.c")


def test_an_officer_signs_for_the_rows_that_are_named(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.LIST_ROWS] = pages(shown(ROW), shown(SECOND_VERSION), shown(OTHER))
    gateway.answers[routes.REVIEW_ROWS] = REVIEWED
    answer = run("crosswalk", "approve", "YJ-002", "YJ-001@2", "YJ-002@1", *OFFICER, *KEY, "--reason", "已核对")
    assert answer.exit_code == 0
    *listings, review = gateway.calls
    assert all(service.ListRowsRequest.FromString(call.body).awaiting_us for call in listings)
    assert review.officer == Officer("r-3", "crosswalk", "对应关系组")
    assert service.ReviewRowsRequest.FromString(review.body) == service.ReviewRowsRequest(
        idempotency_key="k" * 32 + "-1",
        rows=[OTHER.hash, SECOND_VERSION.hash],
        verdict=service.VERDICT_APPROVE,
        reason="已核对",
    )
    assert "in force 双方已签署" in answer.stdout


def test_all_that_waits_is_signed_for_in_as_many_reviews_as_it_takes(
    gateway: AnsweringGateway, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trust.review.MAX_ROWS", 2)
    gateway.answers[routes.LIST_ROWS] = pages(shown(ROW), shown(SECOND_VERSION), shown(OTHER))
    gateway.answers[routes.REVIEW_ROWS] = REVIEWED
    told = json.loads(run("crosswalk", "approve", "--all-awaiting", *OFFICER, "--json").stdout)
    assert told == {"in_force": 2, "awaiting_other_side": 2, "reviews": ["a.b.c", "a.b.c"]}
    one, other = (service.ReviewRowsRequest.FromString(call.body) for call in gateway.calls[-2:])
    assert [*one.rows, *other.rows] == [ROW.hash, SECOND_VERSION.hash, OTHER.hash]
    assert one.idempotency_key != other.idempotency_key


def test_when_nothing_waits_nothing_is_signed(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.LIST_ROWS] = service.ListRowsResponse()
    answer = run("crosswalk", "approve", "--all-awaiting", *OFFICER)
    assert (answer.exit_code, answer.stderr, len(gateway.calls)) == (0, "none\n", 1)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("YJ-009", "YJ-002", "x"), "ROW_UNKNOWN: no row of this id waits for our signature; got YJ-009, x"),
        (("YJ-001",), "FIELD_INVALID: several rows have this id; got YJ-001 (version 1, 2)"),
        (("YJ-001@3",), "ROW_UNKNOWN"),
    ],
)
def test_a_name_that_is_nobodys_or_several_rows_signs_nothing(
    gateway: AnsweringGateway, run: Run, names: tuple[str, ...], said: str
) -> None:
    gateway.answers[routes.LIST_ROWS] = pages(shown(ROW), shown(SECOND_VERSION), shown(OTHER))
    answer = run("crosswalk", "approve", *names, *OFFICER)
    assert answer.exit_code == 1
    assert said in answer.stderr
    assert {call.method for call in gateway.calls} == {routes.LIST_ROWS}


@pytest.mark.parametrize("arguments", [OFFICER, ("YJ-001", "--all-awaiting", *OFFICER), ("YJ-001",)], ids=len)
def test_who_signs_for_what_must_be_said(gateway: AnsweringGateway, run: Run, arguments: tuple[str, ...]) -> None:
    assert run("crosswalk", "approve", *arguments).exit_code == 2
    assert gateway.calls == []


# withdraw


def test_of_several_versions_the_one_that_we_signed_for_is_withdrawn(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.LIST_ROWS] = pages(
        shown(ROW, YUEYANG, withdrawn_by=(YUEYANG,)),
        shown(SECOND_VERSION, YUEYANG, JINGZHOU),
        shown(replace(ROW, version=3), JINGZHOU),
        shown(OTHER, JINGZHOU),
    )
    gateway.answers[routes.REVIEW_ROWS] = service.ReviewRowsResponse(review="a.b.c")
    answer = run("crosswalk", "withdraw", "YJ-001", "YJ-002", "--reason", "事项已取消", *OFFICER, *KEY)
    assert answer.exit_code == 0
    request = service.ReviewRowsRequest.FromString(gateway.calls[-1].body)
    assert (list(request.rows), request.reason) == ([SECOND_VERSION.hash, OTHER.hash], "事项已取消")
    assert request.verdict == service.VERDICT_WITHDRAW
    assert gateway.calls[-1].officer is not None


def test_a_withdrawal_wants_a_reason_and_a_row_that_stands(gateway: AnsweringGateway, run: Run) -> None:
    assert run("crosswalk", "withdraw", "YJ-001", *OFFICER).exit_code == 2
    gateway.answers[routes.LIST_ROWS] = pages(shown(ROW, YUEYANG, withdrawn_by=(YUEYANG,)))
    answer = run("crosswalk", "withdraw", "YJ-001", "--reason", "x", *OFFICER)
    assert (answer.exit_code, "ROW_UNKNOWN" in answer.stderr) == (1, True)
