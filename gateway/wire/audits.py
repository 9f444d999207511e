"""AuditService and DirectoryService: requests to commands, answers to responses."""

from __future__ import annotations

from typing import Final

from tongban.audit.v1 import audit_service_pb2, log_pb2
from tongban.directory.v1 import directory_service_pb2

from gateway.domain import commands
from gateway.wire import fields

MAX_LEAVES: Final = 1000
_MAX_INDEX: Final = 2**62


def read_get_checkpoint(body: bytes) -> commands.GetCheckpoint:
    """GetCheckpointRequest."""
    fields.parse(audit_service_pb2.GetCheckpointRequest, body)
    return commands.GetCheckpoint()


def read_prove_inclusion(body: bytes) -> commands.ProveInclusion:
    """ProveInclusionRequest."""
    request = fields.parse(audit_service_pb2.ProveInclusionRequest, body)
    return commands.ProveInclusion(fields.octets(request.leaf_hash, "leaf_hash", 32))


def read_prove_consistency(body: bytes) -> commands.ProveConsistency:
    """ProveConsistencyRequest."""
    request = fields.parse(audit_service_pb2.ProveConsistencyRequest, body)
    return commands.ProveConsistency(
        fields.number(request.from_size, "from_size", 0, _MAX_INDEX),
        fields.number(request.to_size, "to_size", 0, _MAX_INDEX),
    )


def read_list_leaves(body: bytes) -> commands.ListLeaves:
    """ListLeavesRequest."""
    request = fields.parse(audit_service_pb2.ListLeavesRequest, body)
    return commands.ListLeaves(
        fields.number(request.start, "start", 0, _MAX_INDEX),
        fields.number(request.limit, "limit", 0, MAX_LEAVES) or MAX_LEAVES,
    )


def read_get_directory(body: bytes) -> commands.GetDirectory:
    """GetDirectoryRequest."""
    fields.parse(directory_service_pb2.GetDirectoryRequest, body)
    return commands.GetDirectory()


def write_checkpoint(answer: commands.Token) -> bytes:
    """GetCheckpointResponse."""
    return audit_service_pb2.GetCheckpointResponse(checkpoint=answer.text).SerializeToString()


def write_proved_leaf(answer: commands.ProvedLeaf) -> bytes:
    """ProveInclusionResponse."""
    return audit_service_pb2.ProveInclusionResponse(
        proof=log_pb2.InclusionProof(
            index=answer.index, leaf=answer.leaf, path=answer.path, checkpoint=answer.checkpoint
        )
    ).SerializeToString()


def write_path(answer: commands.Path) -> bytes:
    """ProveConsistencyResponse."""
    return audit_service_pb2.ProveConsistencyResponse(path=answer.hashes).SerializeToString()


def write_leaves(answer: commands.Leaves) -> bytes:
    """ListLeavesResponse."""
    return audit_service_pb2.ListLeavesResponse(leaves=answer.leaves).SerializeToString()


def write_directory(answer: commands.SignedDirectory) -> bytes:
    """GetDirectoryResponse."""
    return directory_service_pb2.GetDirectoryResponse(
        envelope=answer.envelope, version=answer.version
    ).SerializeToString()
