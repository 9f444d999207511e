"""The program that courts get: one file, the same wherever it is built, with nothing but Python and cryptography."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import cffi
import cryptography
import pytest

from tests.trust.evidence_world import Ground, played
from trust.evidence import pack
from verifier.build import MODULES, build
from verifier.command import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The program, a bundle, and its trustees' file."""
    folder = tmp_path_factory.mktemp("verifier")
    ground = played()
    program, bundle, trustees = (folder / name for name in ("tongban-verify", "evidence.zip", "trustees.json"))
    program.write_bytes(build())
    bundle.write_bytes(ground.made(ground.yueyang))
    trustees.write_bytes(ground.trust.to_bytes())
    return program, bundle, trustees


def test_it_is_built_the_same_each_time() -> None:
    assert build() == build()
    assert build().startswith(b"#!/usr/bin/env python3\n")


def test_it_holds_every_module_that_it_imports_and_nothing_else_of_the_project() -> None:
    imported = {"trust", "verifier", "verifier.command"}
    for name in MODULES:
        for node in ast.walk(ast.parse((ROOT / name).read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {each.name for each in node.names}
    held = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in MODULES}
    ours = {name for name in imported if name.partition(".")[0] in {"trust", "verifier", "gateway", "tongban"}}
    assert ours == held
    others = {name.partition(".")[0] for name in imported - ours}
    assert others <= {"cryptography"} | sys.stdlib_module_names


def test_it_runs_in_a_bare_environment(made: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Python and cryptography alone: no project, no site packages, not even this folder."""
    program, bundle, trustees = made
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    packages = next((tmp_path / "bare" / "lib").glob("python*")) / "site-packages"
    for package in (cryptography, cffi):
        source = Path(package.__file__).parent
        shutil.copytree(source, packages / source.name)
        for beside in source.parent.glob("_cffi_backend*"):
            shutil.copy(beside, packages)
    python = tmp_path / "bare" / "bin" / "python"
    ran = subprocess.run(
        [python, "-I", program, bundle, "--trustees", trustees, "--lang", "en"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert "everything is proved" in ran.stdout


def run(capsysbinary: pytest.CaptureFixture[bytes], *arguments: object) -> tuple[int, str]:
    status = main([str(each) for each in arguments])
    return status, capsysbinary.readouterr().out.decode()


def test_it_tells_who_sent_what_in_order(
    made: tuple[Path, Path, Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    _, bundle, trustees = made
    status, told = run(capsysbinary, bundle, "--trustees", trustees)
    assert status == 0
    steps = ["收件并转递", "受理", "一次性告知补正", "补正材料已补", "挂起", "办结", "好差评"]
    assert sorted(steps, key=told.index) == steps
    assert "结论：全部成立。" in told


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "不证明：所填内容是否属实"), ("en", "does not prove that what was stated is true")]
)
def test_it_says_what_is_not_proved_and_speaks_of_one_clock(
    made: tuple[Path, Path, Path], capsysbinary: pytest.CaptureFixture[bytes], lang: str, words: str
) -> None:
    _, bundle, trustees = made
    _, told = run(capsysbinary, bundle, "--trustees", trustees, "--lang", lang)
    assert words in told
    assert "+08:00" in told
    assert not re.search(r"[0-9]Z\b", told)


def test_why_a_file_can_not_be_read_is_told_in_both_languages(
    made: tuple[Path, Path, Path], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    _, bundle, trustees = made
    array = tmp_path / "array.json"
    array.write_text(json.dumps(json.loads(trustees.read_bytes())["trustees"]), "utf-8")
    assert "打不开" in run(capsysbinary, tmp_path / "nowhere.zip")[1]
    assert "can't be opened" in run(capsysbinary, tmp_path / "nowhere.zip", "--lang", "en")[1]
    assert "--threshold" in run(capsysbinary, bundle, "--trustees", array)[1]
    packed_anew = tmp_path / "anew.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(packed_anew, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert "重新打包" in run(capsysbinary, packed_anew)[1]
    status, told = run(capsysbinary, packed_anew, "--lang", "en")
    assert status == 2
    assert "packed anew" in told


def test_it_answers_programs_in_json(made: tuple[Path, Path, Path], capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    _, bundle, trustees = made
    status, told = run(capsysbinary, bundle, "--trustees", trustees, "--json")
    answer = json.loads(told)
    assert status == 0
    assert (answer["verdict"], len(answer["story"])) == ("proved", 7)


def test_it_takes_the_array_of_trustees_that_gateways_have(
    made: tuple[Path, Path, Path], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    _, bundle, trustees = made
    array = tmp_path / "trustees.json"
    array.write_text(json.dumps(json.loads(trustees.read_bytes())["trustees"]), "utf-8")
    assert run(capsysbinary, bundle, "--trustees", array, "--threshold", "2")[0] == 0
    assert run(capsysbinary, bundle, "--trustees", array)[0] == 2
    assert run(capsysbinary, bundle, "--trustees", array, "--threshold", "4")[0] == 2


def test_it_names_what_is_wrong_in_both_languages(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    ground = played()
    files = ground.files(ground.yueyang)
    files["calls/001.request.bin"] += b"\x00"
    bundle = wrote(tmp_path, ground, files)
    for lang, words in (("zh", "请求内容与签名的摘要不符"), ("en", "the request's content is not what was signed")):
        status, told = run(capsysbinary, bundle, "--trustees", tmp_path / "trustees.json", "--lang", lang)
        assert status == 1
        assert words in told
        assert "calls/001.json" in told


def wrote(folder: Path, ground: Ground, files: dict[str, bytes]) -> Path:
    (folder / "trustees.json").write_bytes(ground.trust.to_bytes())
    bundle = folder / "evidence.zip"
    bundle.write_bytes(ground.seal(files, ground.yueyang))
    return bundle


@pytest.mark.parametrize("content", [b"", b"no zip", pack({}), pack({"a": b"b"}), pack({"manifest.json": b"{}"})])
def test_what_is_no_bundle_can_not_be_read(
    tmp_path: Path, content: bytes, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    bundle = tmp_path / "evidence.zip"
    bundle.write_bytes(content)
    status, told = run(capsysbinary, bundle)
    assert status == 2
    assert "无法读取" in told
    assert run(capsysbinary, tmp_path / "nowhere.zip")[0] == 2


def test_nothing_in_a_bundle_steers_the_terminal(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    ground = played()
    files = ground.files(ground.yueyang)
    bundle = tmp_path / "evidence.zip"
    bundle.write_bytes(ground.seal(files, ground.yueyang, number="\x1b[31m\x9b31m\u202e"))
    _, told = run(capsysbinary, bundle)
    assert not {"\x1b", "\x9b", "\u202e"} & set(told)
