"""``tongban audit search`` and ``tongban case erase``: what they ask, what they print, and files that only grow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tongban.audit.v1 import audit_service_pb2 as audit
from tongban.case.v1 import case_service_pb2 as cases
from typer.testing import Result

from gateway.cli.trail import _KINDS
from gateway.wire import routes
from tests.gateway.cli.installation import AnsweringGateway, Run
from trust.leaf import LeafKind

OFFICER = ("--officer", "o-7", "--role", "auditor")
AT = Timestamp(seconds=1_795_248_000)


def entry(position: int, **changes: Any) -> audit.TrailEntry:
    fields: dict[str, Any] = {
        "position": position,
        "at": AT,
        "kind": "data.read",
        "member": "430600.platform",
        "subject": "case",
        "officer": "o-clerk",
        "purpose": "acceptance",
        "case_number": "430600-20261121-000001-K",
        "leaf_hash": bytes([position]) * 32,
        **changes,
    }
    return audit.TrailEntry(**fields)


def answers(gateway: AnsweringGateway, *entries: audit.TrailEntry, following: str = "") -> None:
    gateway.answers[routes.SEARCH_TRAIL] = audit.SearchTrailResponse(entries=entries, next_page=following)


def asked(gateway: AnsweringGateway) -> audit.SearchTrailRequest:
    return audit.SearchTrailRequest.FromString(gateway.calls[-1].body)


def test_every_kind_has_its_words() -> None:
    assert set(_KINDS) == set(LeafKind)


def test_a_search_says_what_it_was_told_and_prints_what_was_found(gateway: AnsweringGateway, run: Run) -> None:
    answers(gateway, entry(1), entry(2, kind="case.erased", officer="o-\x1b7"), following="2")
    answer = run(
        "audit", "search", *OFFICER, "--window", "审计室", "--case", "430600-1", "--of-officer", "o-clerk",
        "--member", "m", "--kind", "data.read", "--kind", "case.erased",
        "--since", "2026-11-21", "--until", "2026-11-22T08:00",
        "--limit", 2, "--after", 7, "--purpose", "audit",
    )  # fmt: skip
    assert answer.exit_code == 0
    request = asked(gateway)
    assert (request.case, request.officer, request.member, request.holder) == ("430600-1", "o-clerk", "m", "")
    assert (list(request.kinds), request.limit, request.page) == (["data.read", "case.erased"], 2, "7")
    assert request.since.ToDatetime(UTC) == datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert request.until.ToDatetime(UTC) == datetime(2026, 11, 22, 0, tzinfo=UTC)
    assert gateway.calls[-1].purpose == "audit"
    for wanted in ("时间", "经办人", "data.read 查看个人信息", "case.erased 删除个人信息", "o-clerk", "01" * 32):
        assert wanted in answer.stdout
    assert "\x1b" not in answer.stdout
    assert "there are more: --after 2" in answer.stderr


def test_programs_get_positions_and_hashes(gateway: AnsweringGateway, run: Run) -> None:
    answers(gateway, entry(3))
    shown = json.loads(run("audit", "search", *OFFICER, "--member", "m", "--json").stdout)
    assert shown["next"] == ""
    assert (shown["entries"][0]["position"], shown["entries"][0]["leaf_hash"]) == (3, "03" * 32)


def test_a_persons_number_is_read_from_a_file_and_never_repeated(
    gateway: AnsweringGateway, run: Run, tmp_path: Path
) -> None:
    answers(gateway, entry(1))
    answer = run("audit", "search", *OFFICER, "--holder", "-", "--purpose", "p", input="11010519491231002X\n")
    assert asked(gateway).holder == "11010519491231002X"
    assert "11010519491231002X" not in answer.output
    refused = run("audit", "search", *OFFICER, "--holder", "-", "--export", tmp_path / "f", input="11010519491231002X")
    assert refused.exit_code == 1
    assert not (tmp_path / "f").exists()


def test_a_search_wants_an_officer(gateway: AnsweringGateway, run: Run) -> None:
    assert run("audit", "search", "--member", "m").exit_code == 2
    assert gateway.calls == []


# --- exports --------------------------------------------------------------------------------------------------------


class Trail:
    """A gateway's trail, a page at a time, as the gateway itself gives it."""

    def __init__(self, gateway: AnsweringGateway, run: Run, file: Path) -> None:
        self._gateway, self._run, self.file = gateway, run, file

    def export(self, entries: Sequence[audit.TrailEntry], *more: object) -> Result:
        answers(self._gateway, *entries)
        return self._run("audit", "search", *OFFICER, "--member", "m", "--export", self.file, *more)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text("utf-8").splitlines()]


@pytest.fixture
def trail(gateway: AnsweringGateway, run: Run, tmp_path: Path) -> Trail:
    return Trail(gateway, run, tmp_path / "trail.jsonl")


def test_an_export_goes_on_where_it_ended(trail: Trail, gateway: AnsweringGateway) -> None:
    first = trail.export([entry(1), entry(4)])
    assert first.exit_code == 0
    assert "2 new entries" in first.stderr
    assert asked(gateway).page == ""
    before = trail.file.read_bytes()
    assert trail.export([entry(9)]).exit_code == 0
    assert (asked(gateway).page, asked(gateway).limit) == ("4", 500)
    assert trail.file.read_bytes().startswith(before)
    head, *rest = trail.lines
    assert (head["form"], head["searched"]["member"]) == ("tongban-trail-1", "m")
    assert [line["position"] for line in rest] == [1, 4, 9]
    assert trail.file.stat().st_mode & 0o777 == 0o600


def test_an_export_of_nothing_new_leaves_the_file_as_it_is(trail: Trail) -> None:
    trail.export([entry(1)])
    before = trail.file.read_bytes()
    assert trail.export([]).exit_code == 0
    assert trail.file.read_bytes() == before


def _altered(content: bytes) -> list[tuple[str, bytes]]:
    lines = content.splitlines(keepends=True)
    return [
        ("a letter of the last line", content.replace(b'"officer":"o-clerk"}', b'"officer":"o-other"}')[:-1] + b" \n"),
        ("a value", content.replace(b"o-clerk", b"o-other", 1)),
        ("a line taken out", b"".join([lines[0], *lines[2:]])),
        ("the first line taken out", b"".join(lines[1:])),
        ("two lines the other way round", b"".join([lines[0], lines[2], lines[1], lines[3]])),
        ("a line twice", content + lines[-1]),
        ("a torn last line", content[:-1]),
        ("a line of something else", content + b"{}\n"),
        ("a line that is no object", content + b"[]\n"),
        ("another file", b"notes of mine\n"),
        ("the same values written otherwise", content.replace(b'":', b'": ')),
    ]


@pytest.mark.parametrize("which", range(11))
def test_a_file_that_did_not_only_grow_is_not_continued(trail: Trail, gateway: AnsweringGateway, which: int) -> None:
    trail.export([entry(1), entry(2), entry(3)])
    _, altered = _altered(trail.file.read_bytes())[which]
    assert altered != trail.file.read_bytes()
    trail.file.write_bytes(altered)
    calls = len(gateway.calls)
    answer = trail.export([entry(4)])
    assert answer.exit_code == 1
    assert "EVIDENCE_INVALID" in answer.stderr
    assert trail.file.read_bytes() == altered
    assert len(gateway.calls) == calls, "nothing is searched for a file that can't take it"


def test_a_file_of_another_search_is_not_continued(trail: Trail) -> None:
    trail.export([entry(1)])
    answer = trail.export([entry(2)], "--kind", "data.read")
    assert answer.exit_code == 1
    assert "another search" in answer.stderr
    assert trail.export([entry(2)], "--limit", 5).exit_code == 0


def test_a_place_that_can_not_be_written_is_told(trail: Trail) -> None:
    trail.file = trail.file.parent / "nowhere" / "trail.jsonl"
    answer = trail.export([entry(1)])
    assert answer.exit_code == 2
    assert "No such file" in answer.stderr


# --- erasing --------------------------------------------------------------------------------------------------------


def test_a_case_is_erased_on_behalf_of_an_officer(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.ERASE_CASE] = cases.EraseCaseResponse(erased_at=AT)
    key = ("--idempotency-key", "k" * 8)
    answer = run("case", "erase", "430600-1", "--ground", "request", *OFFICER, *key)
    assert answer.exit_code == 0
    assert "430600-1" in answer.stdout
    assert "个人信息已删除" in answer.stdout
    request = cases.EraseCaseRequest.FromString(gateway.calls[-1].body)
    assert request == cases.EraseCaseRequest(idempotency_key="k" * 8, case="430600-1", ground="request")
    shown = json.loads(run("case", "erase", "430600-1", "--ground", "retention", *OFFICER, *key, "--json").stdout)
    assert shown["erased_at"].startswith("2026-11-2")


@pytest.mark.parametrize("options", [OFFICER, ("--ground", "whim", *OFFICER), ("--ground", "request")])
def test_nothing_is_erased_without_a_ground_and_an_officer(
    gateway: AnsweringGateway, run: Run, options: tuple[str, ...]
) -> None:
    assert run("case", "erase", "430600-1", *options).exit_code == 2
    assert gateway.calls == []
