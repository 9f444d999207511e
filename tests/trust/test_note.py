"""Signed notes: a note that Go's implementation signed, our own, and everything that may go wrong between."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from trust.errors import Malformed, Misconfigured, Reason, TongbanError, Unauthenticated
from trust.keys import Algorithm, SoftwareSigner
from trust.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    NoteKey,
    SignatureType,
    add_signature,
    cosign,
    open_note,
    sign_note,
    signature_lines,
)

# The worked example in the documentation of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

NAME = "430600.gateway/log"
TEXT = "one line\n\nand, after an empty line, 另一行\n"
SIGNER = SoftwareSigner.generate(Algorithm.ED25519, "log-1")
KEY = NoteKey.of(SIGNER, NAME)
WITNESS = SoftwareSigner.generate(Algorithm.ED25519, "witness-1")
WITNESS_KEY = NoteKey.of(WITNESS, "witness.example")


def test_a_note_that_go_signed_opens() -> None:
    opened = open_note(f"{GO_TEXT}\n{GO_SIGNATURE}", [NoteKey.from_verifier_key(GO_KEY)])
    assert opened.text == GO_TEXT


def test_a_verifier_key_is_written_as_it_was_read() -> None:
    assert NoteKey.from_verifier_key(GO_KEY).verifier_key == GO_KEY
    assert NoteKey.from_verifier_key(KEY.verifier_key).key_id == KEY.key_id


def test_a_note_is_opened_with_its_signers_key() -> None:
    opened = open_note(sign_note(TEXT, SIGNER, NAME), [WITNESS_KEY, KEY])
    assert opened.text == TEXT
    assert opened.signed_by == (KEY,)


def test_a_second_signature_is_added_and_both_are_named() -> None:
    note = add_signature(sign_note(TEXT, SIGNER, NAME), WITNESS, WITNESS_KEY.name)
    assert open_note(note, [WITNESS_KEY, KEY]).signed_by == (KEY, WITNESS_KEY)


def test_an_unknown_signature_is_ignored_whatever_it_says() -> None:
    note = sign_note(TEXT, SIGNER, NAME) + "— somebody.else AAAAAAA=\n"
    assert open_note(note, [KEY]).signed_by == (KEY,)


def test_a_signature_under_a_known_name_with_another_key_id_is_unknown() -> None:
    note = add_signature(sign_note(TEXT, SIGNER, NAME), WITNESS, NAME)
    assert open_note(note, [KEY]).signed_by == (KEY,)


def test_a_note_without_a_known_signature_does_not_open() -> None:
    with pytest.raises(Unauthenticated, match="step 4") as caught:
        open_note(sign_note(TEXT, SIGNER, NAME), [WITNESS_KEY])
    assert caught.value.reason is Reason.SIGNATURE_MISSING


def test_a_changed_text_does_not_open() -> None:
    note = sign_note(TEXT, SIGNER, NAME).replace("one line", "two lines")
    with pytest.raises(Unauthenticated, match="step 3") as caught:
        open_note(note, [KEY])
    assert caught.value.reason is Reason.SIGNATURE_WRONG


def test_one_wrong_known_signature_spoils_a_note_that_another_signed_rightly() -> None:
    other = add_signature(sign_note("another text\n", SIGNER, NAME), WITNESS, WITNESS_KEY.name)
    note = sign_note(TEXT, SIGNER, NAME) + other.splitlines(keepends=True)[-1]
    with pytest.raises(Unauthenticated) as caught:
        open_note(note, [KEY, WITNESS_KEY])
    assert caught.value.reason is Reason.SIGNATURE_WRONG


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n— a AAAAAAA=\n",
        "text\n\n— a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n— a\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a b AAAAAAA=\n",
        "text\n\n— a AAAA\n",
        "text\n\n— a AAAAAAAA=\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a AAAA*AAAA\n",
        "te\rxt\n\n— a AAAAAAA=\n",
        "te\tb\n\n— a AAAAAAA=\n",
        "te\x00xt\n\n— a AAAAAAA=\n",
        "te\ud800xt\n\n— a AAAAAAA=\n",
    ],
)
def test_bytes_that_are_no_note_are_refused_before_any_key_is_used(note: str) -> None:
    with pytest.raises(Malformed, match="step 1") as caught:
        open_note(note, [KEY])
    assert caught.value.reason is Reason.MESSAGE_MALFORMED


@pytest.mark.parametrize(("characters", "lines"), [(4, MAX_SIGNATURES + 1), (MAX_NOTE_BYTES, 1)])
def test_a_note_beyond_its_bounds_is_refused(characters: int, lines: int) -> None:
    with pytest.raises(Malformed, match=r"step 1.*at most"):
        open_note("x" * characters + "\n\n" + "— a AAAAAAA=\n" * lines, [KEY])


def test_sixteen_signatures_are_read() -> None:
    note = sign_note(TEXT, SIGNER, NAME) + "— somebody.else AAAAAAA=\n" * 15
    assert open_note(note, [KEY]).text == TEXT


@pytest.mark.parametrize("text", ["no newline", "", "tab\there\n"])
def test_a_text_that_no_note_can_carry_is_not_signed(text: str) -> None:
    with pytest.raises(Malformed):
        sign_note(text, SIGNER, NAME)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "full\u3000width"])
def test_a_name_that_a_signature_line_can_not_carry_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        sign_note(TEXT, SIGNER, name)
    assert caught.value.reason is Reason.CONFIG_INVALID


def test_a_key_of_another_algorithm_signs_no_note() -> None:
    with pytest.raises(Misconfigured, match="Ed25519"):
        NoteKey.of(SoftwareSigner.generate(Algorithm.ES256, "message-1"), NAME)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GO_KEY.replace("PeterNeumann", "PeterN"),
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("+ARpc", "+AR*c"),
        GO_KEY.replace("+ARpc", "+AhpC"),
        GO_KEY[:-4],
    ],
)
def test_a_verifier_key_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(TongbanError) as caught:
        NoteKey.from_verifier_key(text)
    assert caught.value.reason is Reason.FIELD_INVALID


# --- cosignatures: c2sp.org/tlog-cosignature ------------------------------------------------------------------------

AT = datetime(2026, 11, 21, 8, 0, 5, 999_000, tzinfo=UTC)
COSIGNER = NoteKey.of(WITNESS, WITNESS_KEY.name, SignatureType.COSIGNATURE)


def test_a_cosignature_says_when_it_was_made_to_the_second() -> None:
    note = sign_note(TEXT, SIGNER, NAME)
    opened = open_note(note + cosign(note, WITNESS, COSIGNER.name, AT), [KEY, COSIGNER])
    assert opened.signed_by == (KEY, COSIGNER)
    assert opened.cosigned == {COSIGNER.name: AT.replace(microsecond=0)}


def test_a_cosignature_is_made_over_its_time_and_the_text() -> None:
    line = cosign(sign_note(TEXT, SIGNER, NAME), WITNESS, COSIGNER.name, AT)
    payload = base64.b64decode(line.split(" ")[2])
    seconds = int(AT.timestamp())
    assert payload[:12] == COSIGNER.key_id + seconds.to_bytes(8, "big")
    assert COSIGNER.key.verify(f"cosignature/v1\ntime {seconds}\n{TEXT}".encode(), payload[12:])


def test_the_same_key_is_another_key_when_it_cosigns() -> None:
    assert COSIGNER.key_id != WITNESS_KEY.key_id
    assert NoteKey.from_verifier_key(COSIGNER.verifier_key).type is SignatureType.COSIGNATURE
    note = sign_note(TEXT, SIGNER, NAME)
    with_plain = add_signature(note, WITNESS, COSIGNER.name)
    assert open_note(with_plain, [KEY, COSIGNER]).signed_by == (KEY,)  # a log's signature does not pass for a witness's
    with pytest.raises(Unauthenticated):
        open_note(note + cosign(note, WITNESS, COSIGNER.name, AT), [WITNESS_KEY])


def test_a_cosignature_with_another_time_is_wrong() -> None:
    note = sign_note(TEXT, SIGNER, NAME)
    line = cosign(note, WITNESS, COSIGNER.name, AT)
    name, payload = line[:-1].split(" ")[1:]
    raw = base64.b64decode(payload)
    for seconds in (0, int(AT.timestamp()) + 1, 2**63, 2**64 - 1):
        changed = base64.b64encode(raw[:4] + seconds.to_bytes(8, "big") + raw[12:]).decode()
        with pytest.raises(Unauthenticated, match="step 3"):
            open_note(f"{note}— {name} {changed}\n", [KEY, COSIGNER])
    with pytest.raises(Unauthenticated, match="step 3"):
        open_note(f"{note}— {name} {base64.b64encode(raw[:9]).decode()}\n", [KEY, COSIGNER])


def test_of_several_cosignatures_by_one_witness_the_latest_counts() -> None:
    note = sign_note(TEXT, SIGNER, NAME)
    later = AT + timedelta(hours=1)
    lines = cosign(note, WITNESS, COSIGNER.name, later) + cosign(note, WITNESS, COSIGNER.name, AT)
    assert open_note(note + lines, [COSIGNER]).cosigned == {COSIGNER.name: later.replace(microsecond=0)}


def test_lines_that_stand_alone_are_read_as_a_witness_answers_them() -> None:
    note = sign_note(TEXT, SIGNER, NAME)
    lines = cosign(note, WITNESS, COSIGNER.name, AT) + cosign(note, SIGNER, NAME, AT)
    assert "".join(signature_lines(lines)) == lines
    for wrong in ("", "\n", lines[:-1], lines + "\n", "hello\n", lines.replace("— ", "- "), lines * 40):
        with pytest.raises(Malformed):
            signature_lines(wrong)
