"""The directory as trustees and operators handle it: looked at, verified, changed, sealed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.gateway.cli.installation import BEGIN, JINGZHOU, YUEYANG, Federation, Run
from trust.directory_file import open_directory
from trust.keys import VerifyingKey


def test_show_prints_members_keys_and_rights(federation: Federation, run: Run) -> None:
    answer = run("directory", "show", *federation.directory_options)
    assert answer.exit_code == 0
    for wanted in (YUEYANG, "荆州市", f"{JINGZHOU}#log", "Ed25519", "in force", "case.open", "1100*", "acceptance"):
        assert wanted in answer.stdout
    assert answer.stdout.startswith("directory version 7 of tongban.example: 3 members")


def test_verify_prints_one_line(federation: Federation, run: Run) -> None:
    answer = run("directory", "verify", *federation.directory_options)
    assert (answer.exit_code, answer.stdout.count("\n")) == (0, 1)


def test_a_directory_that_too_few_signed_is_refused(federation: Federation, run: Run) -> None:
    envelope = json.loads((federation.folder / "directory.jws").read_bytes())
    envelope["signatures"].pop()
    (federation.folder / "directory.jws").write_text(json.dumps(envelope))
    answer = run("directory", "verify", *federation.directory_options)
    assert answer.exit_code == 2
    assert "valid signatures of 1 of 2 trustees" in answer.stderr


def _seal(
    federation: Federation, run: Run, content: object, trustees: tuple[str, ...] = ("trustee-1", "trustee-2")
) -> tuple[Result, Path]:
    draft, out = federation.folder / "content.json", federation.folder / "new.jws"
    draft.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    keys = [word for kid in trustees for word in ("--key", f"{kid}={federation.folder / kid}.pem")]
    return run("directory", "seal", draft, *keys, "--out", out), out


def test_what_show_prints_is_what_seal_takes(federation: Federation, run: Run) -> None:
    content = json.loads(run("directory", "show", *federation.directory_options, "--json").stdout)
    content["version"] = 8
    content["members"][0]["status"] = "suspended"
    answer, out = _seal(federation, run, content)
    assert answer.exit_code == 0
    assert "version 8" in answer.stdout
    trustees = [VerifyingKey.from_jwk(trustee.public_jwk(), trustee.kid) for trustee in federation.trustees]
    sealed = open_directory(out.read_bytes(), trustees, 2, now=BEGIN)
    assert [member.status for member in sealed.members] == ["suspended", "active", "active"]


@pytest.mark.parametrize("fault", ["status", "kid"])
def test_content_that_no_member_could_read_is_not_signed(federation: Federation, run: Run, fault: str) -> None:
    content = json.loads(run("directory", "show", *federation.directory_options, "--json").stdout)
    if fault == "status":
        content["members"][0]["status"] = "asleep"
    else:
        content["members"][0]["keys"][0] = content["members"][1]["keys"][0]
    answer, out = _seal(federation, run, content)
    assert answer.exit_code == 2
    assert answer.stderr.startswith("error: DIRECTORY_UNTRUSTED")
    assert not out.exists()


def test_one_trustee_does_not_sign_twice(federation: Federation, run: Run) -> None:
    content = json.loads(run("directory", "show", *federation.directory_options, "--json").stdout)
    answer, out = _seal(federation, run, content, ("trustee-1", "trustee-1"))
    assert answer.exit_code == 2
    assert not out.exists()


def test_a_key_option_without_a_kid_is_explained(federation: Federation, run: Run, tmp_path: Path) -> None:
    draft = tmp_path / "content.json"
    draft.write_text(json.dumps(json.loads(run("directory", "show", *federation.directory_options, "--json").stdout)))
    answer = run("directory", "seal", draft, "--key", "trustee-1.pem", "--out", tmp_path / "new.jws")
    assert answer.exit_code == 2
    assert "KID=FILE" in answer.stderr
