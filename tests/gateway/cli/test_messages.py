"""Requests written by hand as JSON: what is completed, what is refused, and that no value is ever repeated."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from tongban.case.v1.case_service_pb2 import OpenCaseRequest, ReportProgressRequest
from tongban.case.v1.material_pb2 import MATERIAL_CARRIER_FILE, MATERIAL_CARRIER_PARCEL
from tongban.case.v1.party_pb2 import APPLICANT_TYPE_PERSON

from gateway.cli.messages import read_request, texts_of
from gateway.wire.cases import read_open
from trust.errors import Malformed, Misconfigured

APPLICATION = {
    "idempotency_key": "a-key-of-the-window",
    "item_code": "11000",
    "processing_region": "421000",
    "answers": {"retired": "approved"},
    "applicant": {"type": "PERSON", "name": "陈𠮷安", "id_type": "111", "id_number": "421002196603129970"},
    "materials": [
        {"key": "id_card", "name": "居民身份证", "file": "id-card.pdf"},
        {"key": "photo", "name": "照片", "carrier": "PARCEL", "tracking_number": "SF0001"},
        {"key": "form", "name": "申请表", "carrier": "MATERIAL_CARRIER_FILE", "content": "YWJj"},
    ],
}


def write(folder: Path, content: object) -> Path:
    path = folder / "application.json"
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def test_an_application_is_completed_so_that_a_gateway_takes_it(tmp_path: Path) -> None:
    (tmp_path / "id-card.pdf").write_bytes(b"%PDF")
    request = read_request(write(tmp_path, APPLICATION), OpenCaseRequest)
    assert request.applicant.type == APPLICANT_TYPE_PERSON
    card, photo, form = request.materials
    assert (card.carrier, card.content, card.media_type) == (MATERIAL_CARRIER_FILE, b"%PDF", "application/pdf")
    assert card.digest == hashlib.sha256(b"%PDF").digest()
    assert (photo.carrier, photo.digest) == (MATERIAL_CARRIER_PARCEL, b"")
    assert form.digest == hashlib.sha256(b"abc").digest()
    assert read_open(request.SerializeToString()).item_code == "11000"


def test_a_digest_that_is_given_stays(tmp_path: Path) -> None:
    digest = base64.b64encode(bytes(32)).decode()
    material = {"key": "form", "name": "申请表", "carrier": "FILE", "content": "YWJj", "digest": digest}
    request = read_request(write(tmp_path, {"materials": [material]}), OpenCaseRequest)
    assert request.materials[0].digest == bytes(32)


def test_options_stand_above_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, {"case": "in the file", "idempotency_key": "in-the-file", "resumed": {}})
    request = read_request(path, ReportProgressRequest, case="given", idempotency_key="")
    assert (request.case, request.idempotency_key) == ("given", "in-the-file")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"item_cod": "1"}, "item_cod"),
        ({"applicant": {"id_number": 421002196603129970}}, "applicant.id_number"),
        ({"applicant": {"type": "陈𠮷安"}}, "applicant.type"),
        ({"materials": [{"content": "陈𠮷安"}]}, "content"),
        ({"materials": ["陈𠮷安"]}, "materials"),
        (["陈𠮷安"], "object"),
    ],
)
def test_what_is_wrong_is_named_and_no_value_repeated(tmp_path: Path, content: object, named: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_request(write(tmp_path, content), OpenCaseRequest)
    text = str(refused.value)
    assert named in text
    assert "陈" not in text
    assert "421002196603129970" not in text


def test_bytes_that_are_no_json_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "application.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Malformed, match="no JSON"):
        read_request(path, OpenCaseRequest)


def test_a_slip_in_the_json_is_found_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "application.json"
    path.write_text('{"item_code": "陈𠮷安",\n "processing_region" "421000"}', "utf-8")
    with pytest.raises(Malformed, match="no JSON, at line 2, column 22") as refused:
        read_request(path, OpenCaseRequest)
    assert "陈" not in str(refused.value)


def test_a_file_that_a_material_names_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"missing\.pdf"):
        read_request(write(tmp_path, {"materials": [{"file": "missing.pdf"}]}), OpenCaseRequest)


def test_pairs_are_split_at_their_first_equals_sign() -> None:
    assert texts_of(["retired=approved", "basis=a=b"], "--answer") == {"retired": "approved", "basis": "a=b"}
    for wrong in ("retired", "=approved"):
        with pytest.raises(Malformed, match="key=value"):
            texts_of([wrong], "--answer")
