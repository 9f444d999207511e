"""The SD-JWT working group's example, issued and presented with the keys and claims of its specification."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

from trust import jws
from trust.keys import Algorithm, SoftwareSigner, VerifyingKey, decode_base64url, encode_base64url
from trust.sd_jwt import Disclosure, SdJwt, disclosed_payload, join

FOLDER = os.environ.get("TONGBAN_VECTORS")
pytestmark = pytest.mark.skipif(not FOLDER, reason="TONGBAN_VECTORS does not name a folder of public vectors")


class Hidden(str):
    """A claim's name, or an element of an array, that the specification marks as selectively disclosable."""

    __slots__ = ()


class SpecificationLoader(yaml.SafeLoader):
    """YAML in which ``!sd`` marks what is selectively disclosable."""


def construct_hidden(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Hidden:
    return Hidden(loader.construct_scalar(node))


SpecificationLoader.add_constructor("!sd", construct_hidden)


def published(name: str) -> dict[str, Any]:
    text = (Path(FOLDER or "") / "sd_jwt" / "examples" / name).read_text("utf-8")
    loaded = yaml.load(text, SpecificationLoader)  # noqa: S506 - a subclass of the safe loader
    assert isinstance(loaded, dict)
    return loaded


def signer(jwk: dict[str, str], kid: str) -> SoftwareSigner:
    """A signer of the published private key, after checking that it belongs to the published public key."""
    private_key = ec.derive_private_key(int.from_bytes(decode_base64url(jwk["d"]), "big"), ec.SECP256R1())
    made = SoftwareSigner(private_key, Algorithm.ES256, kid)
    assert (made.public_jwk()["x"], made.public_jwk()["y"]) == (jwk["x"], jwk["y"])
    return made


def hide_element(value: str) -> Disclosure:
    return Disclosure.parse(encode_base64url(json.dumps([f"salt of {value}", str(value)]).encode()))


def test_the_simple_example_discloses_what_its_holder_chose() -> None:
    settings, specification = published("settings.yml"), published("simple/specification.yml")
    chosen = specification["holder_disclosed_claims"]
    issuer, holder = (
        signer(settings["key_settings"]["issuer_keys"][0], "i"),
        signer(settings["key_settings"]["holder_key"], "h"),
    )

    claims: dict[str, Any] = {}
    hidden: list[Disclosure] = []
    shown: list[Disclosure] = []
    expected: dict[str, Any] = {}
    for name, value in specification["user_claims"].items():
        if isinstance(name, Hidden):
            disclosure = Disclosure.make(str(name), value, name.encode())
            hidden.append(disclosure)
            if chosen.get(str(name)):
                shown.append(disclosure)
                expected[str(name)] = value
        elif isinstance(value, list):
            elements = [hide_element(each) for each in value]
            claims[name] = [{"...": each.digest} for each in elements]
            kept = [each for each, wanted in zip(elements, chosen[name], strict=True) if wanted]
            shown += kept
            expected[name] = [each.value for each in kept]
        else:
            claims[name] = expected[name] = value
    claims["_sd"] = sorted(each.digest for each in hidden)
    claims |= {
        "iat": settings["iat"],
        "exp": settings["exp"],
        "cnf": {"jwk": holder.public_jwk()},
        "_sd_alg": "sha-256",
    }

    selection = join(jws.encode({"typ": "example+sd-jwt"}, claims, issuer), [each.text for each in shown])
    binding = {"nonce": settings["key_binding_nonce"], "aud": settings["identifiers"]["verifier"],
               "iat": settings["iat"], "sd_hash": SdJwt.parse(selection).sd_hash}  # fmt: skip
    presented = SdJwt.parse(selection + jws.encode({"typ": "kb+jwt"}, binding, holder))

    key = VerifyingKey.from_jwk(issuer.public_jwk(), "i")
    assert key.verify(presented.signed.signing_input, presented.signed.signature)
    disclosed = disclosed_payload(jws.parse_object(presented.signed.payload_bytes), presented.disclosures)
    assert {name: disclosed[name] for name in expected} == expected
    assert disclosed.keys() - expected.keys() == {"iat", "exp", "cnf"}
    assert jws.parse_object(jws.parse(presented.key_binding).payload_bytes)["sd_hash"] == presented.sd_hash
