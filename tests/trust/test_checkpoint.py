"""Checkpoints: one text for one statement, signed by the log that it is about."""

from __future__ import annotations

import pytest

from trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from trust.errors import Malformed, Reason, Unauthenticated
from trust.keys import Algorithm, SoftwareSigner
from trust.merkle import EMPTY_ROOT, MAX_TREE_SIZE
from trust.note import NoteKey, sign_note

# The worked example of c2sp.org/tlog-checkpoint, without its signature.
PUBLISHED_TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

ORIGIN = "430600.gateway/log"
SIGNER = SoftwareSigner.generate(Algorithm.ED25519, "log-1")
LOG = NoteKey.of(SIGNER, ORIGIN)
CHECKPOINT = Checkpoint(ORIGIN, 42, bytes(range(32)))


def test_the_published_example_is_read_and_written_alike() -> None:
    checkpoint = Checkpoint.from_text(PUBLISHED_TEXT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e")
    assert checkpoint.to_text() == PUBLISHED_TEXT


@pytest.mark.parametrize(
    "checkpoint",
    [
        CHECKPOINT,
        Checkpoint(ORIGIN, 0, EMPTY_ROOT),
        Checkpoint(ORIGIN, MAX_TREE_SIZE, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(32), ("an extension", "another")),
    ],
)
def test_a_signed_checkpoint_opens_under_its_logs_key(checkpoint: Checkpoint) -> None:
    assert open_checkpoint(sign_checkpoint(checkpoint, SIGNER), LOG) == checkpoint


def test_a_checkpoint_signed_by_another_key_of_that_name_does_not_open() -> None:
    impostor = SoftwareSigner.generate(Algorithm.ED25519, "log-1")
    with pytest.raises(Unauthenticated) as caught:
        open_checkpoint(sign_checkpoint(CHECKPOINT, impostor), LOG)
    assert caught.value.reason is Reason.SIGNATURE_MISSING


def test_a_log_that_signs_for_another_origin_is_found_out() -> None:
    foreign = Checkpoint("421000.gateway/log", 42, bytes(32)).to_text()
    with pytest.raises(Unauthenticated, match="step 3") as caught:
        open_checkpoint(sign_note(foreign, SIGNER, ORIGIN), LOG)
    assert caught.value.reason is Reason.SIGNATURE_WRONG


@pytest.mark.parametrize(
    "text",
    [
        "",
        PUBLISHED_TEXT[:-1],
        PUBLISHED_TEXT.replace("20852163", "020852163"),
        PUBLISHED_TEXT.replace("20852163", "-1"),
        PUBLISHED_TEXT.replace("20852163", "２０"),
        PUBLISHED_TEXT.replace("20852163", "0x10"),
        PUBLISHED_TEXT.replace("20852163", str(MAX_TREE_SIZE + 1)),
        PUBLISHED_TEXT.replace("20852163", ""),
        PUBLISHED_TEXT.replace("q2I=", "q2J="),
        PUBLISHED_TEXT.replace("q2I=", ""),
        PUBLISHED_TEXT.replace("q2I=", "q2I"),
        PUBLISHED_TEXT.replace("CsUY", "Cs*Y"),
        PUBLISHED_TEXT.replace("behind-the-sofa", "behind the sofa"),
        PUBLISHED_TEXT + "\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        PUBLISHED_TEXT + "more\n" * 17,
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        Checkpoint.from_text(text)
    assert caught.value.reason is Reason.MESSAGE_MALFORMED
