"""Checking an evidence bundle: everything it can prove, without asking anybody.

Rules of this module:

- A check looks at everything and reports all it finds; it does not stop at the first fault.
- Nothing in a bundle is believed because the bundle says so. Whoever made it is taken for a liar, and so is either
  gateway: what stands is what signatures, hashes and two logs that others cosigned leave no way around.
- What can't be checked is said, and is never passed over as if it held.
- Of the modules below, nothing needs more than Python and ``cryptography``, since the verifier that is given to courts
  is built from them (``verifier``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography import x509

from trust.checkpoint import Checkpoint
from trust.directory import Directory
from trust.errors import Malformed, TongbanError
from trust.evidence import (
    MANIFEST,
    MANIFEST_TYPE,
    SIGNATURE,
    TRUSTEES,
    Manifest,
    StampedCheckpoint,
    invalid,
    is_name,
    unpack,
)
from trust.evidence_calls import check_calls
from trust.evidence_events import Told, check_events
from trust.evidence_keys import KeyHistory, Trustees, open_then
from trust.evidence_logs import CheckedLog, check_logs
from trust.evidence_stamp import check_stamp
from trust.evidence_words import STEPS, Finding, Findings, Outcome
from trust.keys import encode_base64url
from trust.merkle import verify_consistency
from trust.note import open_note


class Verdict(IntEnum):
    """What a check comes to: the verifier's exit status."""

    PROVED = 0
    """Everything was checked and holds."""
    WRONG = 1
    """Something does not hold."""
    UNREADABLE = 2
    """It is no evidence bundle; nothing was checked."""
    INCOMPLETE = 3
    """Nothing is wrong, and something that matters can't be checked."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the check of a bundle found."""

    manifest: Manifest
    story: tuple[Told, ...]
    """The events in order, as far as they are known; to be read with the findings."""
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """What it comes to."""
        outcomes = {finding.outcome for finding in self.findings}
        if Outcome.FAILED in outcomes:
            return Verdict.WRONG
        return Verdict.INCOMPLETE if Outcome.MISSING in outcomes else Verdict.PROVED


def check(
    evidence: bytes | Mapping[str, bytes],
    trustees: Trustees | None = None,
    tsa_roots: Sequence[x509.Certificate] = (),
) -> Report:
    """Check a bundle: a zip's bytes, or the files of one that was unpacked.

    1. The zip is as ``trust.evidence`` writes it, and its manifest can be read.
    2. Its files are those that the manifest lists, byte for byte.
    3. The directories are signed by the trustees: those given, else those that the bundle names, which proves nothing
       until their fingerprints are compared.
    4. The maker's key signed the manifest.
    5. Every call is signed by its gateway, with a key in force then (``trust.evidence_calls``).
    6. Every leaf of the case is in each log, in its place, under a checkpoint that enough others cosigned
       (``trust.evidence_logs``).
    7. Events, leaves and receipts tell one complete story (``trust.evidence_events``).
    8. Timestamps are over what they are said to be over.

    Raises Malformed(EVIDENCE_INVALID) when 1 fails so that there is nothing to check.
    """
    findings = Findings()
    # 1
    if isinstance(evidence, Mapping):
        files: Mapping[str, bytes] = evidence
    else:
        files, faults = unpack(evidence)
        for name in faults:
            findings.add("zip_form", what=repr(name) if name else "-")
    if MANIFEST not in files:
        got = "a zip that was packed anew or damaged" if findings.count(Outcome.FAILED) else "no manifest"
        raise invalid("the bundle", got, "a bundle as `tongban audit export` writes it")
    manifest = Manifest.from_bytes(files[MANIFEST])
    # 2
    _check_files(files, manifest, findings)
    # 3
    keys = _check_directories(files, trustees, findings)
    if keys is None:
        return Report(manifest, (), findings.all())
    # 4
    _check_manifest(files, manifest, keys, findings)
    # 5, 6, 7
    calls = check_calls(files, manifest, keys, findings)
    logs = check_logs(files, manifest, keys, findings)
    story = check_events(calls, logs, manifest, findings)
    if story:
        findings.add("last_told", member=story[-1].emitter, seq=story[-1].seq, step=STEPS[story[-1].kind])
    began = min((each.leaf.at for log in logs.values() for each in log.leaves), default=manifest.made_at)
    if keys.since > began:
        findings.add("directory_late", at=keys.since)
    # 8
    _check_stamps(files, logs, keys, tsa_roots, findings)
    return Report(manifest, story, findings.all())


def _check_files(files: Mapping[str, bytes], manifest: Manifest, findings: Findings) -> None:
    before = findings.count(Outcome.FAILED)
    for name in sorted(files.keys() | manifest.files.keys()):
        if not is_name(name):
            findings.add("file_misplaced", name)
        if name not in files:
            findings.add("file_missing", name)
        elif name in {MANIFEST, SIGNATURE}:
            continue
        elif name not in manifest.files:
            findings.add("file_unlisted", name)
        elif sha256(files[name]).hexdigest() != manifest.files[name]:
            findings.add("file_changed", name)
    if findings.count(Outcome.FAILED) == before:
        findings.add("files_whole", count=len(manifest.files))


def _check_directories(files: Mapping[str, bytes], given: Trustees | None, findings: Findings) -> KeyHistory | None:
    trustees = given
    if trustees is None:
        try:
            trustees = Trustees.from_bytes(files.get(TRUSTEES, b""), TRUSTEES)
        except Malformed:
            findings.add("file_unreadable", TRUSTEES)
            findings.add("directory_none")
            return None
        shown = ", ".join(f"{kid} {fingerprint}" for kid, fingerprint in trustees.fingerprints())
        findings.add("trustees_own", TRUSTEES, fingerprints=shown)
    else:
        findings.add("trustees_given")
    before = findings.count(Outcome.FAILED)
    directories: list[Directory] = []
    for name in sorted(name for name in files if name.startswith("directory/")):
        try:
            directory = open_then(files[name], trustees)
        except TongbanError:
            findings.add("directory_untrusted", name)
            continue
        if name != f"directory/{directory.version}.json":
            findings.add("directory_misnamed", name)
        directories.append(directory)
    if not directories:
        findings.add("directory_none")
        return None
    keys = KeyHistory(directories)
    for kid in keys.changed_keys():
        findings.add("keys_changed", kid=kid)
    if findings.count(Outcome.FAILED) == before:
        findings.add("directories_signed", count=len(directories))
    return keys


def _check_manifest(files: Mapping[str, bytes], manifest: Manifest, keys: KeyHistory, findings: Findings) -> None:
    try:
        signed = keys.signed(files.get(SIGNATURE, b"").decode("ascii", "replace"), MANIFEST_TYPE)
    except TongbanError as error:
        findings.add_reason("manifest_unsigned", SIGNATURE, error)
        return
    digest = encode_base64url(sha256(files[MANIFEST]).digest())
    if signed.claims.get("sha256") != digest:
        findings.add("file_changed", MANIFEST)
    elif signed.member != manifest.made_by or signed.at != manifest.made_at or not keys.is_gateway(signed.member):
        findings.add("manifest_unsigned", SIGNATURE, reason=signed.member)
    else:
        findings.add("manifest_signed", SIGNATURE, member=signed.member, at=signed.at)


def _check_stamps(
    files: Mapping[str, bytes],
    logs: Mapping[str, CheckedLog],
    keys: KeyHistory,
    roots: Sequence[x509.Certificate],
    findings: Findings,
) -> None:
    names = sorted({name.rpartition(".")[0] for name in files if name.startswith("stamps/")})
    if not names:
        findings.add("stamp_none")
    for name in names:
        member = name.removeprefix("stamps/")
        where = f"{name}.tsr"
        try:
            stamped = StampedCheckpoint.from_bytes(files.get(f"{name}.json", b""), f"{name}.json")
            log = logs.get(member)
            if log is None or log.checkpoint is None:
                raise ValueError("the log that it is over does not hold")
            _check_stamped(stamped, log, log.checkpoint, keys)
            fact = check_stamp(files.get(where, b""), stamped.note.encode(), roots)
        except (Malformed, ValueError) as error:
            what = error.failed if isinstance(error, Malformed) else str(error)
            findings.add("stamp_wrong", where, what=what)
            continue
        except TongbanError as error:
            findings.add("stamp_wrong", where, what=error.reason)
            continue
        code = "stamp_proved" if fact.rooted else "stamp_unrooted"
        findings.add(code, where, at=fact.at, authority=fact.authority)


def _check_stamped(stamped: StampedCheckpoint, log: CheckedLog, checkpoint: Checkpoint, keys: KeyHistory) -> None:
    """The stamped checkpoint is the log's, has all leaves of the case, and agrees with the trail's checkpoint."""
    opened = Checkpoint.from_text(open_note(stamped.note, keys.log_keys(log.member)).text)
    if opened.size < log.size_needed:
        raise ValueError("it is over a checkpoint that does not have all leaves of the case")
    first, second = sorted((opened, checkpoint), key=lambda each: each.size)
    verify_consistency(first.size, first.root, second.size, second.root, stamped.path)
