"""AuditService and DirectoryService: requests to commands, answers to responses."""

from __future__ import annotations

from typing import Final

from tongban.audit.v1 import audit_service_pb2, log_pb2
from tongban.directory.v1 import directory_service_pb2

from gateway.domain import commands
from gateway.ports import LeafProof
from gateway.wire import fields
from trust.errors import NotFound, Reason
from trust.witness import MAX_REQUEST_BYTES

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


def read_add_checkpoint(body: bytes) -> commands.AddCheckpoint:
    """AddCheckpointRequest. What it holds has a form of its own, with line breaks (``trust.witness``)."""
    request = fields.parse(audit_service_pb2.AddCheckpointRequest, body).request
    if len(request.encode()) > MAX_REQUEST_BYTES:
        raise fields.invalid("request", f"{len(request)} characters", f"at most {MAX_REQUEST_BYTES} bytes")
    return commands.AddCheckpoint(request)


def read_list_alarms(body: bytes) -> commands.ListAlarms:
    """ListAlarmsRequest."""
    return commands.ListAlarms(fields.parse(audit_service_pb2.ListAlarmsRequest, body).open_only)


def read_acknowledge(body: bytes) -> commands.AcknowledgeAlarm:
    """AcknowledgeAlarmRequest."""
    request = fields.parse(audit_service_pb2.AcknowledgeAlarmRequest, body)
    return commands.AcknowledgeAlarm(
        fields.idempotency_key(request.idempotency_key), fields.text(request.alarm_id, "alarm_id", 64, shortest=1)
    )


def write_checkpoint(answer: commands.Checkpoints) -> bytes:
    """GetCheckpointResponse."""
    return audit_service_pb2.GetCheckpointResponse(
        checkpoint=answer.newest, cosigned=answer.cosigned
    ).SerializeToString()


def write_cosignature(answer: commands.Token) -> bytes:
    """AddCheckpointResponse."""
    return audit_service_pb2.AddCheckpointResponse(signatures=answer.text).SerializeToString()


def write_alarms(answer: commands.Alarms) -> bytes:
    """ListAlarmsResponse."""
    return audit_service_pb2.ListAlarmsResponse(
        alarms=[
            audit_service_pb2.Alarm(
                alarm_id=each.alarm_id,
                kind=each.kind,
                member=each.member,
                at=fields.stamp(each.at),
                text=each.text,
                proof=each.proof,
                acknowledged_by=each.acknowledged_by,
            )
            for each in answer.alarms
        ]
    ).SerializeToString()


def write_acknowledged(_: commands.Done) -> bytes:
    """AcknowledgeAlarmResponse."""
    return audit_service_pb2.AcknowledgeAlarmResponse().SerializeToString()


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


# --------------------------------------------------------------------------------------------------------------------
# A peer's answers, as whoever asked reads them; nothing of them is verified here
# --------------------------------------------------------------------------------------------------------------------


def read_checkpoint(body: bytes) -> str:
    """The newest checkpoint of a GetCheckpointResponse."""
    return fields.parse(audit_service_pb2.GetCheckpointResponse, body).checkpoint


def read_path(body: bytes) -> tuple[bytes, ...]:
    """ProveConsistencyResponse."""
    return tuple(fields.parse(audit_service_pb2.ProveConsistencyResponse, body).path)


def read_leaf(body: bytes) -> bytes:
    """The one leaf of a ListLeavesResponse. NotFound(LEAF_UNKNOWN) when there is none, or another number of them."""
    leaves = fields.parse(audit_service_pb2.ListLeavesResponse, body).leaves
    if len(leaves) != 1:
        raise NotFound(Reason.LEAF_UNKNOWN, "a peer gave no leaf", got=f"{len(leaves)} leaves", expected="one")
    return leaves[0]


def read_proof(body: bytes) -> LeafProof:
    """ProveInclusionResponse."""
    proof = fields.parse(audit_service_pb2.ProveInclusionResponse, body).proof
    return LeafProof(proof.index, tuple(proof.path), proof.checkpoint)


def read_cosignature(body: bytes) -> str:
    """AddCheckpointResponse."""
    return fields.parse(audit_service_pb2.AddCheckpointResponse, body).signatures
