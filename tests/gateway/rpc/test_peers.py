"""What a peer's signed answer must say to be a receipt."""

from __future__ import annotations

import pytest

from gateway.domain.commands import Receipt
from gateway.ports import SignedAnswer
from gateway.rpc.client import VerifiedAnswer
from gateway.rpc.peers import GrpcPeers
from gateway.wire.cases import write_receipt
from trust.errors import Reason, Unavailable

CASE_ID = "00000000-0000-7000-8000-000000000001"
LEAF = bytes(32)


class Client:
    """A peer that signs this receipt, whatever it is sent."""

    def __init__(self, receipt: Receipt) -> None:
        self._receipt = receipt

    async def call(self, _member: str, _method: str, body: bytes, **_: object) -> VerifiedAnswer:
        return VerifiedAnswer("request", body, "response", write_receipt(self._receipt))


async def delivered(receipt: Receipt) -> SignedAnswer:
    peers = GrpcPeers(Client(receipt))  # type: ignore[arg-type]
    return await peers.deliver("421000.gateway", CASE_ID, [b"one", b"two"])


async def test_a_receipt_for_what_was_sent_is_taken() -> None:
    answer = await delivered(Receipt(CASE_ID, 2, (LEAF, LEAF)))
    assert (answer.accepted_through, answer.leaf_hashes) == (2, (LEAF, LEAF))


@pytest.mark.parametrize(
    "receipt",
    [
        Receipt("00000000-0000-7000-8000-000000000002", 2, (LEAF, LEAF)),
        Receipt(CASE_ID, 2, ()),
        Receipt(CASE_ID, 2, (LEAF,)),
        Receipt(CASE_ID, 2, (LEAF, LEAF, LEAF)),
        Receipt(CASE_ID, 2, (LEAF, b"")),
    ],
    ids=["another case", "no leaf", "a leaf too few", "a leaf too many", "no hash"],
)
async def test_a_receipt_for_anything_else_leaves_the_outcome_open(receipt: Receipt) -> None:
    with pytest.raises(Unavailable) as error:
        await delivered(receipt)
    assert error.value.reason is Reason.PEER_UNAVAILABLE


async def test_nothing_that_was_sent_stands_in_a_repr() -> None:
    assert "one" not in repr(await delivered(Receipt(CASE_ID, 2, (LEAF, LEAF))))
