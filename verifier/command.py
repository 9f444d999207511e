"""The command line: read a bundle, check it, tell the story, then the verdict with its reasons."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from trust.errors import Malformed
from trust.evidence import MAX_BUNDLE_BYTES, Manifest, invalid, write_time
from trust.evidence_check import Report, Verdict, check
from trust.evidence_events import Told
from trust.evidence_keys import Trustees
from trust.evidence_stamp import read_roots
from trust.evidence_words import PROVES, STEPS, Outcome, moment

_MAX_SIDE_FILE: Final = 16 * 1024 * 1024

_VERDICTS: Final = {
    Verdict.PROVED: ("结论：全部成立。", "Verdict: everything is proved."),
    Verdict.WRONG: ("结论：不成立。以下各项有误：", "Verdict: WRONG. This does not hold:"),
    Verdict.UNREADABLE: ("结论：无法读取，未作任何核验。", "Verdict: it can't be read; nothing was checked."),
    Verdict.INCOMPLETE: (
        "结论：未发现错误，但以下各项无法核验：",
        "Verdict: nothing is wrong, but this can't be checked:",
    ),
}
_MARKS: Final = {Outcome.PROVED: "✓", Outcome.FAILED: "✗", Outcome.MISSING: "?", Outcome.TOLD: "·"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status is the verdict."""
    parser = argparse.ArgumentParser(
        prog="tongban-verify",
        description="核验跨省通办证据包。Checks a Tongban evidence bundle offline. "
        "Exit status: 0 all proved, 1 something is wrong, 2 it can't be read, 3 incomplete.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="证据包 the evidence bundle, a zip")
    parser.add_argument("--trustees", metavar="FILE", type=Path, help="受托人公钥 the trustees' keys, had from them")
    parser.add_argument(
        "--threshold",
        metavar="N",
        type=int,
        default=0,
        help="需几人签名 how many must sign, for a file that says only who",
    )
    parser.add_argument("--tsa-roots", metavar="FILE", type=Path, help="时间戳根证书 roots of timestamps, PEM")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="语言 language of the answer")
    parser.add_argument("--json", action="store_true", help="供程序读取 print JSON, for programs")
    options = parser.parse_args(arguments)
    english = options.lang == "en"
    try:
        report = _check(options.bundle, options.trustees, options.threshold, options.tsa_roots)
    except (Malformed, OSError) as error:
        if options.json:
            _print(json.dumps({"verdict": Verdict.UNREADABLE.name.lower(), "error": str(error)}, ensure_ascii=False))
        else:
            _print(f"{_VERDICTS[Verdict.UNREADABLE][english]}\n{_why(error, english=english)}")
        return Verdict.UNREADABLE
    if options.json:
        _print(json.dumps(for_programs(report), ensure_ascii=False, indent=1))
    else:
        for line in for_people(report, english=english):
            _print(line)
    return report.verdict


def _why(error: Malformed | OSError, *, english: bool) -> str:
    """Why something can't be read, and what to do, for whoever has no gateway and no operator."""
    if isinstance(error, OSError):
        name = error.filename or ""
        if english:
            return f"{name}: can't be opened ({error.strerror}). Name a file that is there and that you may read."
        return f"{name}：打不开（{error.strerror}）。请检查文件名和读取权限。"
    if english:
        return str(error)
    return (
        "请检查所给的文件是否正确、完整、未经解压重新打包，必要时向提供者重新索取原件；"
        f"受托人公钥文件若只是一份名单，须另给 --threshold。\n详情：{error}"
    )


def _check(bundle: Path, trustees: Path | None, threshold: int, roots: Path | None) -> Report:
    keys = Trustees.from_bytes(_read(trustees, _MAX_SIDE_FILE), str(trustees), threshold) if trustees else None
    try:
        tsa_roots = read_roots(_read(roots, _MAX_SIDE_FILE)) if roots else ()
    except ValueError as error:
        raise invalid(str(roots), "no certificates", "certificates in PEM") from error
    return check(_read(bundle, MAX_BUNDLE_BYTES), keys, tsa_roots)


def _read(path: Path, longest: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(longest + 1)
    if len(content) > longest:
        raise invalid(str(path), f"more than {longest} bytes", "a smaller file")
    return content


def for_people(report: Report, *, english: bool) -> Iterator[str]:
    """The answer line by line: the case, the story, what was checked, the verdict with its reasons."""
    manifest = report.manifest
    yield f"{'Case' if english else '办件'} {manifest.number} ({manifest.case_id})"
    yield f"  {'accepting' if english else '收件地'} {manifest.accepting}"
    yield f"  {'processing' if english else '业务属地'} {manifest.processing}"
    yield f"  {'bundle by' if english else '导出'} {manifest.made_by}, {moment(manifest.made_at)}"
    yield ""
    yield "Who sent what, and when:" if english else "谁在何时发出了什么："
    for place, told in enumerate(report.story, start=1):
        yield from _told(place, told, manifest, english=english)
    yield ""
    yield "What was checked:" if english else "核验："
    for finding in report.findings:
        where = f"  [{finding.where}]" if finding.where else ""
        yield f"  {_MARKS[finding.outcome]} {finding.en if english else finding.zh}{where}"
    yield ""
    yield _VERDICTS[report.verdict][english]
    decisive = {Verdict.WRONG: Outcome.FAILED, Verdict.INCOMPLETE: Outcome.MISSING}.get(report.verdict)
    for finding in report.findings:
        if finding.outcome is decisive:
            where = f"  [{finding.where}]" if finding.where else ""
            yield f"  {finding.code}: {finding.en if english else finding.zh}{where}"
    if report.verdict is not Verdict.WRONG:
        yield ""
        yield from (words[english] for words in PROVES)


def _told(place: int, told: Told, manifest: Manifest, *, english: bool) -> Iterator[str]:
    other = manifest.other(told.emitter)
    yield f"{place:4d}. {told.emitter} #{told.seq}  {STEPS[told.kind][english]}  {told.digest[:16]}…"
    facts = (
        ("发生 happened", told.occurred_at),
        ("本方入日志 in its own log", told.logged_at.get(told.emitter)),
        ("签名发出 signed and sent", told.sent_at),
        ("对方入日志 in the other's log", told.logged_at.get(other)),
        ("对方回执 receipt signed", told.receipted_at),
    )
    for words, at in facts:
        if at is not None:
            zh, _, en = words.partition(" ")
            yield f"        {moment(at)}  {en if english else zh}"


def for_programs(report: Report) -> dict[str, object]:
    """The answer as JSON."""
    manifest = report.manifest
    return {
        "verdict": report.verdict.name.lower(),
        "case": {"id": manifest.case_id, "number": manifest.number},
        "accepting": manifest.accepting,
        "processing": manifest.processing,
        "made_by": manifest.made_by,
        "made_at": write_time(manifest.made_at),
        "redacted": manifest.redacted,
        "erased_at": write_time(manifest.erased_at) if manifest.erased_at else "",
        "story": [
            {
                "emitter": told.emitter,
                "seq": told.seq,
                "kind": told.kind,
                "digest": told.digest,
                "occurred_at": _utc(told.occurred_at),
                "sent_at": _utc(told.sent_at),
                "receipted_at": _utc(told.receipted_at),
                "logged_at": {member: _utc(at) for member, at in told.logged_at.items()},
            }
            for told in report.story
        ],
        "findings": [
            {
                "code": finding.code,
                "outcome": finding.outcome.value,
                "where": finding.where,
                "zh": finding.zh,
                "en": finding.en,
            }
            for finding in report.findings
        ],
    }


def _utc(at: datetime | None) -> str:
    return write_time(at) if at else ""


def _print(text: str) -> None:
    """Print what others wrote without letting it steer the terminal."""
    shown = "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)
    sys.stdout.buffer.write(f"{shown}\n".encode())
