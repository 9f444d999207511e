"""Witnessing as c2sp.org/tlog-witness says, step by step, and logs convicted by what they signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.errors import Conflict, Internal, Malformed, NotFound, Reason, TongbanError, Unauthenticated
from trust.keys import Algorithm, SoftwareSigner
from trust.merkle import EMPTY_ROOT, CompactRange, leaf_hash, make_consistency, make_inclusion, node_hash
from trust.note import NoteKey
from trust.witness import (
    AddCheckpoint,
    Contradiction,
    enough_witnesses,
    find_contradiction,
    http_status,
    judge,
    verify_contradiction,
)

ORIGIN = "tongban/430600.gateway/log"
SIGNER = SoftwareSigner.generate(Algorithm.ED25519, "log-1")
STRANGER = SoftwareSigner.generate(Algorithm.ED25519, "log-2")
KEYS = (NoteKey.of(SIGNER, ORIGIN),)


def keys_of(origin: str) -> Sequence[NoteKey]:
    return KEYS if origin == ORIGIN else ()


class Log:
    """A log of numbered leaves that remembers all that it ever was; ``told`` tells another story from a leaf on."""

    def __init__(self, size: int, *, other_from: int | None = None) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        tree = CompactRange()
        self.roots = [tree.root()]
        for number in range(size):
            other = other_from is not None and number >= other_from
            tree, finished = tree.append(leaf_hash(f"{number}{'!' if other else ''}".encode()))
            self.nodes.update({(node.level, node.index): node.hash for node in finished})
            self.roots.append(tree.root())

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def at(self, size: int) -> Checkpoint:
        return Checkpoint(ORIGIN, size, self.roots[size])

    def note(self, size: int) -> str:
        return sign_checkpoint(self.at(size), SIGNER)

    def ask(self, old: int, new: int) -> AddCheckpoint:
        return AddCheckpoint(old, make_consistency(old, new, self.node), self.note(new))


LOG = Log(40)


def test_the_specifications_request_reads_and_is_written_back() -> None:
    text = (
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "\n"
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
        "+xeMcTOAYQ8=\n"
    )
    request = AddCheckpoint.from_text(text)
    assert (request.old_size, len(request.proof)) == (20852014, 2)
    assert request.to_text() == text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("old 5", "old 05"),
        lambda text: text.replace("old 5", "old -5"),
        lambda text: text.replace("old 5", "OLD 5"),
        lambda text: text.replace("old 5\n", ""),
        lambda text: text.replace("\n\n", "\n", 1),
        lambda text: text.replace("=\n", "\n", 1),
        lambda text: text.replace("=\n", "=\nAAAA\n", 1),
        lambda text: text.replace("=\n", "=\r\n", 1),
        lambda _: "old 5\n" + ("A" * 43 + "=\n") * 64 + "\n" + LOG.note(9),
        lambda _: "",
    ],
)
def test_any_other_request_is_malformed(change: Callable[[str], str]) -> None:
    with pytest.raises(Malformed) as caught:
        AddCheckpoint.from_text(change(LOG.ask(5, 9).to_text()))
    assert http_status(caught.value) == 400


def test_a_log_that_grows_is_cosigned_from_its_first_leaf_on() -> None:
    held = None
    for size in (0, 1, 2, 7, 7, 8, 32, 40):
        request = AddCheckpoint.from_text(LOG.ask(held.size if held else 0, size).to_text())
        held = judge(request, held, keys_of)
        assert held == LOG.at(size)


def step_failed(request: AddCheckpoint, held: Checkpoint | None) -> TongbanError:
    with pytest.raises(TongbanError) as caught:
        judge(request, held, keys_of)
    return caught.value


def test_each_refusal_has_the_status_that_the_specification_gives_it() -> None:
    held = LOG.at(5)
    good = LOG.ask(5, 9)
    other = Checkpoint("tongban/500000.gateway/log", 9, LOG.roots[9])
    wrong_signature = good.note.replace("— tongban", "— tongban", 1)[:-10] + "AAAAAAAA=\n"
    cases = [
        (AddCheckpoint(5, good.proof, "nothing\n"), Reason.MESSAGE_MALFORMED, 400),
        (AddCheckpoint(5, good.proof, sign_checkpoint(other, SIGNER)), Reason.LOG_UNKNOWN, 404),
        (AddCheckpoint(5, good.proof, sign_checkpoint(LOG.at(9), STRANGER)), Reason.SIGNATURE_MISSING, 403),
        (AddCheckpoint(5, good.proof, wrong_signature), Reason.SIGNATURE_WRONG, 403),
        (AddCheckpoint(10, (), LOG.note(9)), Reason.FIELD_INVALID, 400),
        (LOG.ask(4, 9), Reason.CHECKPOINT_STALE, 409),
        (AddCheckpoint(0, (), LOG.note(9)), Reason.CHECKPOINT_STALE, 409),
        (AddCheckpoint(5, good.proof[1:], good.note), Reason.LOG_INCONSISTENT, 422),
        (AddCheckpoint(5, (), Log(9, other_from=3).note(5)), Reason.LOG_INCONSISTENT, 422),
        (Log(9, other_from=3).ask(5, 9), Reason.LOG_INCONSISTENT, 422),
    ]
    for request, reason, status in cases:
        error = step_failed(request, held)
        assert (error.reason, http_status(error)) == (reason, status)
    assert step_failed(LOG.ask(4, 9), held).details["size"] == "5"
    assert http_status(Internal(Reason.INTERNAL, "a defect")) == 500


def test_from_nothing_no_proof_is_wanted_and_the_empty_tree_has_its_root() -> None:
    error = step_failed(AddCheckpoint(0, (LOG.roots[3],), LOG.note(9)), None)
    assert http_status(error) == 422
    error = step_failed(AddCheckpoint(0, (), sign_checkpoint(Checkpoint(ORIGIN, 0, LOG.roots[1]), SIGNER)), None)
    assert http_status(error) == 422


@pytest.mark.parametrize(("gateways", "enough"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (31, 16)])
def test_more_than_half_of_the_others_are_enough(gateways: int, enough: int) -> None:
    assert enough_witnesses(gateways) == enough


# --- two stories ----------------------------------------------------------------------------------------------------


def claimed_by(log: Log, first: int, second: int) -> bytes:
    """What the log itself says its first leaves come to, out of the inclusion proof of the last of them."""
    index = first - 1
    hashed = log.node(0, index)
    for level, sibling in enumerate(make_inclusion(index, second, log.node)):
        if 1 << level >= first:
            break
        hashed = node_hash(sibling, hashed) if index >> level & 1 else node_hash(hashed, sibling)
    return hashed


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_a_log_that_rewrote_a_leaf_convicts_itself_and_an_honest_one_never_is(
    one: int, two: int, data: st.DataObject
) -> None:
    first, second = sorted((one, two))
    rewritten = Log(40, other_from=data.draw(st.integers(0, first - 1)))
    path = make_consistency(first, second, rewritten.node)
    claimed = claimed_by(rewritten, first, second) if first.bit_count() == 1 else b""

    found = find_contradiction(LOG.note(first), rewritten.note(second), KEYS, path=path, claimed=claimed)
    assert found is not None
    assert verify_contradiction(found, KEYS) == (LOG.at(first), rewritten.at(second))
    swapped = find_contradiction(rewritten.note(second), LOG.note(first), KEYS, path=path, claimed=claimed)
    assert swapped is not None
    assert {swapped.first, swapped.second} == {found.first, found.second}

    honest = make_consistency(first, second, LOG.node)
    claimed = claimed_by(LOG, first, second) if first.bit_count() == 1 else b""
    assert find_contradiction(LOG.note(first), LOG.note(second), KEYS, path=honest, claimed=claimed) is None


def test_nobody_is_convicted_by_a_proof_that_does_not_hold() -> None:
    rewritten = Log(40, other_from=3)
    path = make_consistency(7, 20, rewritten.node)
    for wrong in ((), path[1:], (*path, path[0]), (LOG.roots[1], *path[1:]), make_consistency(7, 20, LOG.node)):
        assert find_contradiction(LOG.note(7), rewritten.note(20), KEYS, path=wrong) is None
    other_log = sign_checkpoint(Checkpoint("tongban/500000.gateway/log", 7, LOG.roots[6]), SIGNER)
    both = (*KEYS, NoteKey.of(SIGNER, "tongban/500000.gateway/log"))
    assert find_contradiction(LOG.note(7), other_log, both) is None
    with pytest.raises(Conflict):
        verify_contradiction(Contradiction(LOG.note(7), LOG.note(20), LOG.roots[7], path), KEYS)


def test_nobody_is_convicted_by_what_he_did_not_sign() -> None:
    forged = sign_checkpoint(Checkpoint(ORIGIN, 7, LOG.roots[6]), STRANGER)
    with pytest.raises(Unauthenticated):
        find_contradiction(LOG.note(7), forged, KEYS)


def test_an_empty_tree_with_a_root_contradicts_every_checkpoint() -> None:
    odd = sign_checkpoint(Checkpoint(ORIGIN, 0, LOG.roots[1]), SIGNER)
    found = find_contradiction(LOG.note(7), odd, KEYS)
    assert found is not None
    assert verify_contradiction(found, KEYS)[0].size == 0
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), SIGNER)
    assert find_contradiction(LOG.note(7), empty, KEYS) is None


def test_an_unknown_log_is_not_asked_for_its_signature() -> None:
    request = AddCheckpoint(0, (), sign_checkpoint(Checkpoint("example.com/log", 1, LOG.roots[1]), STRANGER))
    with pytest.raises(NotFound):
        judge(request, None, lambda _: ())
