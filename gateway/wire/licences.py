"""LicenceService: requests to commands, answers to responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tongban.licence.v1 import licence_pb2, licence_service_pb2

from gateway.domain import commands
from gateway.wire import fields
from gateway.wire.events import MAX_LICENCE_CHARACTERS
from trust.errors import TongbanError
from trust.keys import VerifyingKey
from trust.licence import Finding, Integrity, LicenceVerdict

_STATUSES: Final[Mapping[int, int]] = {
    licence_service_pb2.LICENCE_STATUS_VALID: 0,
    licence_service_pb2.LICENCE_STATUS_REVOKED: 1,
    licence_service_pb2.LICENCE_STATUS_SUSPENDED: 2,
}
"""To the values of the Token Status List."""


def read_issue(body: bytes) -> commands.IssueLicence:
    """IssueLicenceRequest."""
    request = fields.parse(licence_service_pb2.IssueLicenceRequest, body)
    if len(request.surface) > fields.MAX_ANSWERS:
        raise fields.invalid("surface", f"{len(request.surface)} entries", f"at most {fields.MAX_ANSWERS}")
    return commands.IssueLicence(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        licence_type=fields.text(request.licence_type, "licence_type", 21, shortest=21),
        name=fields.text(request.name, "name", 100, shortest=1),
        issuer_name=fields.text(request.issuer_name, "issuer_name", 200, shortest=1),
        holder_name=fields.text(request.holder_name, "holder_name", 100, shortest=1),
        holder_id_number=fields.text(request.holder_id_number, "holder_id_number", 50, shortest=1),
        surface={
            fields.text(name, "surface key", 50, shortest=1): fields.text(value, "surface value", 500)
            for name, value in request.surface.items()
        },
        valid_from=fields.day(request.valid_from, "valid_from"),
        valid_until=fields.day(request.valid_until, "valid_until") if request.valid_until else None,
        holder_jwk=_read_jwk(request.holder_jwk) if request.holder_jwk else None,
    )


def _read_jwk(text: str) -> Mapping[str, str]:
    """A public key that this program can verify with, reduced to what makes it a key; the holder's own kid is none."""
    try:
        jwk = json.loads(fields.text(text, "holder_jwk", 1000))
        jwk = {name: value for name, value in jwk.items() if name != "kid"} if isinstance(jwk, dict) else {}
        return VerifyingKey.from_jwk(jwk, "holder").to_jwk()
    except (ValueError, RecursionError, TongbanError) as error:
        raise fields.invalid("holder_jwk", "something else", "a public JWK, P-256 or Ed25519") from error


def read_set_status(body: bytes) -> commands.SetLicenceStatus:
    """SetLicenceStatusRequest."""
    request = fields.parse(licence_service_pb2.SetLicenceStatusRequest, body)
    if request.status not in _STATUSES:
        raise fields.invalid("status", str(int(request.status)), "VALID, REVOKED or SUSPENDED")
    return commands.SetLicenceStatus(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        licence_id=fields.text(request.licence_id, "licence_id", 200, shortest=1),
        status=_STATUSES[request.status],
    )


def read_verify(body: bytes) -> commands.VerifyLicence:
    """VerifyLicenceRequest."""
    request = fields.parse(licence_service_pb2.VerifyLicenceRequest, body)
    return commands.VerifyLicence(
        presentation=fields.text(request.presentation, "presentation", MAX_LICENCE_CHARACTERS, shortest=1),
        nonce=fields.nonce(request.nonce, "nonce", wanted=False),
    )


def read_get_status_list(body: bytes) -> commands.GetStatusList:
    """GetStatusListRequest."""
    request = fields.parse(licence_service_pb2.GetStatusListRequest, body)
    return commands.GetStatusList(fields.text(request.uri, "uri", 200, shortest=1))


def write_issued(answer: commands.IssuedLicence) -> bytes:
    """IssueLicenceResponse."""
    return licence_service_pb2.IssueLicenceResponse(
        licence=answer.licence, licence_id=answer.licence_id
    ).SerializeToString()


def write_status_set(_: commands.Done) -> bytes:
    """SetLicenceStatusResponse."""
    return licence_service_pb2.SetLicenceStatusResponse().SerializeToString()


def write_verdict(verdict: LicenceVerdict) -> bytes:
    """VerifyLicenceResponse: the verdicts side by side, and what it is when its integrity stands behind it."""
    intact = verdict.integrity.value is Integrity.INTACT
    message = licence_pb2.LicenceVerdict(
        acceptable=verdict.acceptable,
        integrity=_write_finding(verdict.integrity),
        authority=_write_finding(verdict.authority),
        validity=_write_finding(verdict.validity),
        status=_write_finding(verdict.status),
        holder=_write_finding(verdict.holder),
        licence_id=verdict.licence_id.text if intact else "",
        licence_type=verdict.reference.type_code,
        name=str(verdict.claims.get("name", "")),
        issuer=verdict.reference.issuer,
    )
    return licence_service_pb2.VerifyLicenceResponse(verdict=message).SerializeToString()


def _write_finding(finding: Finding[Any]) -> licence_pb2.Verdict:
    return licence_pb2.Verdict(code=str(finding.value).upper(), because=finding.reason)


def write_status_list(answer: commands.Token) -> bytes:
    """GetStatusListResponse."""
    return licence_service_pb2.GetStatusListResponse(token=answer.text).SerializeToString()


def read_status_list(body: bytes) -> str:
    """GetStatusListResponse, as the verifier reads it."""
    return fields.parse(licence_service_pb2.GetStatusListResponse, body).token
