"""What a peer is asked, and what its signed answer must say to be taken."""

from __future__ import annotations

import pytest
from tongban.catalogue.v1 import catalogue_service_pb2
from tongban.crosswalk.v1 import crosswalk_service_pb2

from gateway.domain.catalogue import Window
from gateway.domain.commands import CatalogueChanges, JournalPiece, Receipt
from gateway.ports import CataloguePage, CrosswalkEntry, Heads, SignedAnswer
from gateway.rpc.client import VerifiedAnswer
from gateway.rpc.peers import GrpcPeers
from gateway.wire import routes
from gateway.wire.cases import write_receipt
from gateway.wire.catalogues import write_changes
from gateway.wire.crosswalks import write_journal_piece
from trust.errors import Malformed, Reason, Unavailable

CASE_ID = "00000000-0000-7000-8000-000000000001"
LEAF = bytes(32)
PEER = "421000.gateway"


class Client:
    """A peer that signs this answer, whatever it is sent."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.asked: list[tuple[str, str, bytes]] = []

    async def call(self, member: str, method: str, body: bytes, **_: object) -> VerifiedAnswer:
        self.asked.append((member, method, body))
        return VerifiedAnswer("request", body, "response", self._answer)


def peers_over(client: Client) -> GrpcPeers:
    return GrpcPeers(client)  # type: ignore[arg-type]


async def delivered(receipt: Receipt) -> SignedAnswer:
    return await peers_over(Client(write_receipt(receipt))).deliver(PEER, CASE_ID, [b"one", b"two"], Heads())


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


async def test_a_page_of_a_catalogue_is_asked_for_and_read() -> None:
    window = Window("荆州市政务服务中心", "江津西路", "0716-0000000", "周一至周五")
    said = (7, 5, "荆州目录", (window,), (b"{}",), "page-2", bytes(32), 1)
    client = Client(write_changes(CatalogueChanges(*said)))
    assert await peers_over(client).catalogue_page(PEER, "421000", 5, "page-1") == CataloguePage(*said)
    ((member, method, body),) = client.asked
    assert (member, method) == (PEER, routes.SYNC_CATALOGUE)
    request = catalogue_service_pb2.SyncCatalogueRequest.FromString(body)
    assert (request.catalogue, request.since_edition, request.page) == ("421000", 5, "page-1")


async def test_what_a_journal_has_behind_a_position_is_asked_for_and_read() -> None:
    client = Client(write_journal_piece(JournalPiece(((8, b"{}", ""), (9, b"", "a.b.c")))))
    changes = await peers_over(client).crosswalk_changes(PEER, 7)
    assert changes == [(8, CrosswalkEntry(record=b"{}")), (9, CrosswalkEntry(review="a.b.c"))]
    ((member, method, body),) = client.asked
    assert (member, method) == (PEER, routes.LIST_CHANGES)
    assert crosswalk_service_pb2.ListChangesRequest.FromString(body).after == 7


async def test_an_answer_that_is_none_is_refused() -> None:
    peers = peers_over(Client(b"\xff"))
    with pytest.raises(Malformed):
        await peers.catalogue_page(PEER, "421000", 0, "")
    with pytest.raises(Malformed):
        await peers.crosswalk_changes(PEER, 0)
