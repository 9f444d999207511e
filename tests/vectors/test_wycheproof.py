"""Signatures that break careless verifiers, from C2SP/Wycheproof."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trust.keys import VerifyingKey, encode_base64url

VECTORS = os.environ.get("TONGBAN_VECTORS")

pytestmark = pytest.mark.skipif(VECTORS is None, reason="TONGBAN_VECTORS names no folder of public test vectors")


def p256_jwk(public_key: dict[str, str]) -> dict[str, str]:
    point = bytes.fromhex(public_key["uncompressed"])
    return {"kty": "EC", "crv": "P-256", "x": encode_base64url(point[1:33]), "y": encode_base64url(point[33:])}


def ed25519_jwk(public_key: dict[str, str]) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(bytes.fromhex(public_key["pk"]))}


@pytest.mark.parametrize(
    ("file", "to_jwk"),
    [("ecdsa_secp256r1_sha256_p1363_test.json", p256_jwk), ("ed25519_test.json", ed25519_jwk)],
)
def test_every_signature_is_judged_as_wycheproof_does(
    file: str, to_jwk: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    assert VECTORS is not None
    suite = json.loads((Path(VECTORS) / "wycheproof" / file).read_text())
    judged = 0
    for group in suite["testGroups"]:
        key = VerifyingKey.from_jwk(to_jwk(group["publicKey"]), "wycheproof")
        for case in group["tests"]:
            verdict = key.verify(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert verdict == (case["result"] == "valid"), f"{case['tcId']}: {case['comment']}"
            judged += 1
    assert judged == suite["numberOfTests"]
