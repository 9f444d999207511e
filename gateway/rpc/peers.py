"""The other gateways, as the exchange and the dispatcher see them."""

from __future__ import annotations

from collections.abc import Sequence

from tongban.audit.v1 import audit_service_pb2
from tongban.catalogue.v1 import catalogue_service_pb2
from tongban.crosswalk.v1 import crosswalk_service_pb2
from tongban.exchange.v1 import exchange_service_pb2
from tongban.licence.v1 import licence_service_pb2

from gateway.ports import CataloguePage, CrosswalkEntry, Heads, LeafProof, SignedAnswer
from gateway.rpc.client import SignedClient
from gateway.wire import audits, cases, catalogues, crosswalks, licences, routes
from trust.errors import Reason, Unavailable
from trust.merkle import HASH_SIZE


class GrpcPeers:
    """``gateway.ports.Peer`` over signed gRPC."""

    def __init__(self, client: SignedClient) -> None:
        self._client = client

    async def deliver(self, member: str, case_id: str, events: Sequence[bytes], heads: Heads) -> SignedAnswer:
        """Deliver a case's events; the verified receipt, with the call it answers."""
        body = exchange_service_pb2.DeliverEventsRequest(
            case_id=case_id, events=events, own_checkpoint=heads.own, your_checkpoint=heads.yours
        ).SerializeToString()
        # One attempt: a delivery that fails is the outbox's to repeat, with its own patience.
        answer = await self._client.call(member, routes.DELIVER_EVENTS, body, attempts=1)
        receipt = cases.read_receipt(answer.body)
        if receipt.case_id != case_id or list(map(len, receipt.leaf_hashes)) != [HASH_SIZE] * len(events):
            raise Unavailable(
                Reason.PEER_UNAVAILABLE,
                f"{member} signed a receipt for something else",
                got=f"{len(receipt.leaf_hashes)} leaf hashes, for this case or another",
                expected="this case, and the hash of one audit leaf for each event",
                mend="it is sent again; if it stays so, tell the member's operators",
            )
        return SignedAnswer(
            request=answer.request,
            request_body=answer.request_body,
            response=answer.response,
            response_body=answer.body,
            accepted_through=receipt.accepted_through,
            leaf_hashes=receipt.leaf_hashes,
            heads=Heads(receipt.own_checkpoint, receipt.your_checkpoint),
        )

    async def status_list(self, member: str, uri: str) -> str:
        """An issuer's status list token."""
        body = licence_service_pb2.GetStatusListRequest(uri=uri).SerializeToString()
        answer = await self._client.call(member, routes.GET_STATUS_LIST, body)
        return licences.read_status_list(answer.body)

    async def catalogue_page(self, member: str, catalogue: str, since_edition: int, page: str) -> CataloguePage:
        """A page of a member's own catalogue."""
        body = catalogue_service_pb2.SyncCatalogueRequest(
            catalogue=catalogue, since_edition=since_edition, page=page
        ).SerializeToString()
        answer = await self._client.call(member, routes.SYNC_CATALOGUE, body)
        return catalogues.read_sync_page(answer.body)

    async def crosswalk_changes(self, member: str, after: int) -> list[tuple[int, CrosswalkEntry]]:
        """What a member's journal has behind a position."""
        body = crosswalk_service_pb2.ListChangesRequest(after=after).SerializeToString()
        answer = await self._client.call(member, routes.LIST_CHANGES, body)
        return crosswalks.read_changes(answer.body)

    async def checkpoint(self, member: str) -> str:
        """A member's newest checkpoint."""
        body = audit_service_pb2.GetCheckpointRequest().SerializeToString()
        answer = await self._client.call(member, routes.GET_CHECKPOINT, body)
        return audits.read_checkpoint(answer.body)

    async def consistency(self, member: str, from_size: int, to_size: int) -> tuple[bytes, ...]:
        """A member's proof that its log of one size begins its log of another."""
        request = audit_service_pb2.ProveConsistencyRequest(from_size=from_size, to_size=to_size)
        answer = await self._client.call(member, routes.PROVE_CONSISTENCY, request.SerializeToString())
        return audits.read_path(answer.body)

    async def leaf(self, member: str, index: int) -> bytes:
        """Exact bytes of one leaf of a member's log."""
        body = audit_service_pb2.ListLeavesRequest(start=index, limit=1).SerializeToString()
        answer = await self._client.call(member, routes.LIST_LEAVES, body)
        return audits.read_leaf(answer.body)

    async def inclusion(self, member: str, leaf_hash: bytes) -> LeafProof:
        """A member's proof that a leaf is in its log."""
        body = audit_service_pb2.ProveInclusionRequest(leaf_hash=leaf_hash).SerializeToString()
        answer = await self._client.call(member, routes.PROVE_INCLUSION, body)
        return audits.read_proof(answer.body)

    async def cosign(self, member: str, request: str) -> str:
        """A member's cosignature. One attempt: whoever asks comes again by itself."""
        body = audit_service_pb2.AddCheckpointRequest(request=request).SerializeToString()
        answer = await self._client.call(member, routes.ADD_CHECKPOINT, body, attempts=1)
        return audits.read_cosignature(answer.body)
