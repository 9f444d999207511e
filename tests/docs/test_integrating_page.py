"""The program and the bytes of docs/integrating.md, against a real gateway with a real store."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
from tongban.catalogue.v1 import catalogue_service_pb2

from sandbox.federation import JINGZHOU, YUEYANG
from tests.docs.conftest import Running
from tests.docs.pages import block_after, text_of
from trust.keys import KeyPurpose
from trust.signed_call import MAX_LIFETIME, MIN_JTI_BYTES

PAGE, TWIN = "integrating.md", "integrating.zh-CN.md"


def caller_settings(running: Running) -> dict[str, object]:
    """What the page has a caller write down, for 岳阳's platform in the sandbox."""
    known, caller = running.federation, YUEYANG.platform
    certificates, key = known.certificates[caller], known.keys[caller, KeyPurpose.MESSAGE]
    return {
        "member": caller,
        "kid": key.kid,
        "key": str(key.path),
        "gateway": YUEYANG.gateway,
        "endpoint": f"127.0.0.1:{running.gateway.listener.port}",
        "certificate": str(certificates.chain),
        "certificate_key": str(certificates.key),
        "roots": str(certificates.roots),
        "gateway_jwk": known.signer(YUEYANG.gateway).public_jwk(),
    }


def as_toml(settings: dict[str, object]) -> str:
    """A JSON text is a TOML text; the key goes into an inline table."""
    inner = {name: value for name, value in settings.items() if isinstance(value, dict)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if name not in inner]
    for name, table in inner.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines)


def shown_arguments() -> tuple[str, list[str]]:
    """The code and the answers with which the page calls its program."""
    (arguments,) = re.findall(r"`python call\.py settings\.toml ([^`]+)`", text_of(PAGE))
    code, *answers = arguments.split()
    return code, answers


async def call(folder: Path, settings: dict[str, object], *arguments: str) -> tuple[int, str]:
    """Run the page's program as a reader would; its exit status and what it said."""
    (folder / "call.py").write_text(block_after(PAGE, "call.py", "python"), "utf-8")
    (folder / "settings.toml").write_text(as_toml(settings), "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "call.py",
        "settings.toml",
        *arguments,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, said.decode()


async def test_the_program_gets_a_signed_answer_and_a_signed_refusal(running: Running, tmp_path: Path) -> None:
    settings = caller_settings(running)
    code, answers = shown_arguments()
    another_key = running.federation.signer(JINGZHOU.gateway).public_jwk()

    (answered, answer), (refused, refusal), (unknown, forged) = await asyncio.gather(
        call(_folder(tmp_path, "answered"), settings, code, *answers),
        call(_folder(tmp_path, "refused"), settings, "x" * 101),
        call(_folder(tmp_path, "forged"), settings | {"gateway_jwk": another_key}, code),
    )

    assert answered == 0, answer
    assert "TRANSLATION_OUTCOME_MATCHED" in answer
    assert "12421000TB421001493422090002000" in answer
    assert refused == 1
    assert refusal.startswith("INVALID_ARGUMENT FIELD_INVALID {")
    assert "'field': 'code'" in refusal
    assert unknown == 1, "an answer by another key is no answer"
    assert "InvalidSignatureError" in forged


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def test_the_settings_shown_are_those_that_the_program_reads() -> None:
    shown = tomllib.loads(block_after(PAGE, "settings", "toml"))
    assert set(re.findall(r'me\["(\w+)"\]', block_after(PAGE, "call.py", "python"))) | {
        "roots",
        "certificate_key",
        "certificate",
    } == set(shown)


def test_the_bytes_shown_are_the_bytes_that_result() -> None:
    code, answers = shown_arguments()
    body = catalogue_service_pb2.TranslateRequest(
        source_catalogue="430600",
        target_catalogue="421000",
        code=code,
        answers=dict(answer.split("=") for answer in answers),
    ).SerializeToString()
    shown = block_after(PAGE, "bytes")
    message, rest = shown.removeprefix("message").split("sha-256 ", 1)
    octets = re.findall(r"\b(?:[0-9a-f]{2})+\b(?! bytes)", re.sub(r"\d: .*", "", message))
    assert "".join(octets) == body.hex()
    digest = base64.urlsafe_b64encode(sha256(body).digest()).rstrip(b"=").decode()
    assert rest.count(digest) == 2
    assert f"of these {len(body)} bytes" in rest
    claims = json.loads(re.split(r"\nsignature ", rest.split("claims ", 1)[1])[0])
    assert claims["exp"] - claims["iat"] == MAX_LIFETIME.total_seconds()
    assert len(base64.urlsafe_b64decode(claims["jti"] + "==")) == MIN_JTI_BYTES


def test_the_program_is_short_and_the_same_on_both_pages() -> None:
    program = block_after(PAGE, "call.py", "python")
    assert len(program.splitlines()) <= 60
    for marker, language in (("call.py", "python"), ("settings", "toml"), ("bytes", "")):
        assert block_after(TWIN, marker, language) == block_after(PAGE, marker, language)


@pytest.mark.parametrize("page", [PAGE, TWIN])
def test_the_program_uses_nothing_else_of_this_project(page: str) -> None:
    imported = re.findall(r"^(?:from|import) (\w+)", block_after(page, "call.py", "python"), re.MULTILINE)
    assert set(imported) - set(sys.stdlib_module_names) == {"grpc", "jwt", "google", "tongban"}
