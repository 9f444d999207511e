"""Checking the signed calls of a bundle: whose they are, for whom, over which bytes, and what answers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from trust.errors import Malformed, TongbanError
from trust.evidence import CarriedCall, Manifest, numbered
from trust.evidence_keys import KeyHistory, SignedWord
from trust.evidence_wire import Delivered, ReceiptFact, read_delivered, read_receipt
from trust.evidence_words import Findings, Outcome
from trust.keys import decode_base64url, encode_base64url

REQUEST_TYPE: Final = "tongban-request+jwt"
RESPONSE_TYPE: Final = "tongban-response+jwt"
DELIVER_EVENTS: Final = "/tongban.exchange.v1.ExchangeService/DeliverEvents"


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A call whose request its member signed."""

    where: str
    """Its file."""
    digest: str
    """SHA-256 of the request JWS, in hex."""
    sender: str
    """Member id of the gateway that signed the request."""
    sent_at: datetime
    answered_at: datetime | None
    """When the other one signed the answer; None without one that holds."""
    response_digest: str
    """SHA-256 of the response's bytes as signed, in hex; empty without an answer that holds."""
    delivered: Delivered | None
    """What it delivered; None when that can't be read, or was left out."""
    receipt: ReceiptFact | None
    """What the answer says was recorded; likewise."""


def check_calls(
    files: Mapping[str, bytes], manifest: Manifest, keys: KeyHistory, findings: Findings
) -> tuple[CheckedCall, ...]:
    """Check every call of the bundle; those whose request holds."""
    before, checked = findings.count(Outcome.FAILED), []
    seen: set[str] = set()
    names = numbered(tuple(files), "calls")
    for name in names:
        where = f"{name}.json"
        try:
            call = CarriedCall.from_files(files, name)
        except (Malformed, KeyError):
            findings.add("file_unreadable", where)
            continue
        if call.digest in seen:
            findings.add("call_twice", where)
            continue
        seen.add(call.digest)
        fit = check_call(call, where, manifest, keys, findings, method=DELIVER_EVENTS, redacted=manifest.redacted)
        if fit is not None:
            checked.append(_with_content(fit, call, where, findings))
    if checked and findings.count(Outcome.FAILED) == before:
        findings.add("calls_signed", count=len(checked))
    return tuple(checked)


def check_call(
    call: CarriedCall,
    where: str,
    manifest: Manifest,
    keys: KeyHistory,
    findings: Findings,
    *,
    method: str,
    redacted: bool = False,
) -> CheckedCall | None:
    """Check one call between the two gateways; None when its request does not hold.

    1. The request is signed by one of the gateways, with a key in force then.
    2. It is for the other one, and for this method.
    3. Its bytes are those that were signed.
    4. The response likewise, to exactly this request. The maker's own calls have one.
    """
    # 1
    try:
        request = keys.signed(call.request, REQUEST_TYPE)
    except TongbanError as error:
        findings.add_reason("request_unproved", where, error)
        return None
    # 2
    if request.member not in manifest.parties or request.claims.get("aud") != manifest.other(request.member):
        findings.add("call_parties", where)
        return None
    if not call.method == method == request.claims.get("method"):
        findings.add("call_method", where)
        return None
    # 3
    _check_body(call.request_body, request, where, "request", findings, redacted=redacted)
    # 4
    response = _check_response(call, request, where, manifest, keys, findings)
    if response is not None:
        _check_body(call.response_body, response, where, "response", findings, redacted=redacted)
    elif not call.response and request.member == manifest.made_by:
        findings.add("response_absent", where)
    return CheckedCall(
        where=where,
        digest=call.digest,
        sender=request.member,
        sent_at=request.at,
        answered_at=response.at if response else None,
        response_digest=_signed_digest(response) if response else "",
        delivered=None,
        receipt=None,
    )


def _check_response(
    call: CarriedCall,
    request: SignedWord,
    where: str,
    manifest: Manifest,
    keys: KeyHistory,
    findings: Findings,
) -> SignedWord | None:
    if not call.response:
        if call.response_body is not None:
            findings.add("response_digest", where)
        return None
    try:
        response = keys.signed(call.response, RESPONSE_TYPE)
    except TongbanError as error:
        findings.add_reason("response_unproved", where, error)
        return None
    claims = response.claims
    if response.member != manifest.other(request.member) or claims.get("aud") != request.member:
        findings.add("call_parties", where)
        return None
    if claims.get("method") != call.method or claims.get("request") != encode_base64url(bytes.fromhex(call.digest)):
        findings.add("response_bound", where)
        return None
    if claims.get("status") != 0:
        findings.add("response_refused", where)
        return None
    return response


def _check_body(
    body: bytes | None, signed: SignedWord, where: str, part: str, findings: Findings, *, redacted: bool
) -> None:
    if body is None:
        if not redacted:
            findings.add("body_absent", where)
    elif sha256(body).hexdigest() != _signed_digest(signed):
        findings.add(f"{part}_digest", where)


def _signed_digest(signed: SignedWord) -> str:
    match signed.claims.get("digest"):
        case {"alg": "sha-256", "value": str(value)}:
            try:
                return decode_base64url(value).hex()
            except ValueError:
                return ""
        case _:
            return ""


def _with_content(fit: CheckedCall, call: CarriedCall, where: str, findings: Findings) -> CheckedCall:
    """The call with what its bodies say, as far as they are here."""
    delivered = receipt = None
    try:
        if call.request_body is not None:
            delivered = read_delivered(call.request_body)
        if call.response_body is not None and fit.answered_at is not None:
            receipt = read_receipt(call.response_body)
    except Malformed:
        findings.add("file_unreadable", where)
    return CheckedCall(
        fit.where, fit.digest, fit.sender, fit.sent_at, fit.answered_at, fit.response_digest, delivered, receipt
    )
