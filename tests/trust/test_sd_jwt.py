"""SD-JWT against the worked example of RFC 9901 section 5, and every rule of its section 7.1."""

from __future__ import annotations

import json

import pytest

from trust.errors import Malformed, Reason
from trust.jws import parse_object
from trust.keys import VerifyingKey, encode_base64url
from trust.sd_jwt import (
    MAX_CHARACTERS,
    MAX_DISCLOSURES,
    Disclosure,
    DisclosureError,
    SdJwt,
    disclosed_payload,
    hash_text,
)

# RFC 9901 section 5: the issuer-signed JWT of 5.1, and from the presentation of 5.2 two disclosures.
RFC_JWT = (
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogImV4YW1wbGUrc2Qtand0In0.eyJfc2QiOiBbIkNyUWU3UzVrcUJBSHQtbk1ZWGdjNmJkdDJTSDVhVFkx"
    "c1VfTS1QZ2tqUEkiLCAiSnpZakg0c3ZsaUgwUjNQeUVNZmVadTZKdDY5dTVxZWhabzdGN0VQWWxTRSIsICJQb3JGYnBLdVZ1Nnh5bUphZ3ZrRnNG"
    "WEFiUm9jMkpHbEFVQTJCQTRvN2NJIiwgIlRHZjRvTGJnd2Q1SlFhSHlLVlFaVTlVZEdFMHc1cnREc3JaemZVYW9tTG8iLCAiWFFfM2tQS3QxWHlY"
    "N0tBTmtxVlI2eVoyVmE1TnJQSXZQWWJ5TXZSS0JNTSIsICJYekZyendzY002R242Q0pEYzZ2Vks4QmtNbmZHOHZPU0tmcFBJWmRBZmRFIiwgImdi"
    "T3NJNEVkcTJ4Mkt3LXc1d1BFemFrb2I5aFYxY1JEMEFUTjNvUUw5Sk0iLCAianN1OXlWdWx3UVFsaEZsTV8zSmx6TWFTRnpnbGhRRzBEcGZheVF3"
    "TFVLNCJdLCAiaXNzIjogImh0dHBzOi8vaXNzdWVyLmV4YW1wbGUuY29tIiwgImlhdCI6IDE2ODMwMDAwMDAsICJleHAiOiAxODgzMDAwMDAwLCAi"
    "c3ViIjogInVzZXJfNDIiLCAibmF0aW9uYWxpdGllcyI6IFt7Ii4uLiI6ICJwRm5kamtaX1ZDem15VGE2VWpsWm8zZGgta284YUlLUWM5RGxHemhh"
    "VllvIn0sIHsiLi4uIjogIjdDZjZKa1B1ZHJ5M2xjYndIZ2VaOGtoQXYxVTFPU2xlclAwVmtCSnJXWjAifV0sICJfc2RfYWxnIjogInNoYS0yNTYi"
    "LCAiY25mIjogeyJqd2siOiB7Imt0eSI6ICJFQyIsICJjcnYiOiAiUC0yNTYiLCAieCI6ICJUQ0FFUjE5WnZ1M09IRjRqNFc0dmZTVm9ISVAxSUxp"
    "bERsczd2Q2VHZW1jIiwgInkiOiAiWnhqaVdXYlpNUUdIVldLVlE0aGJTSWlyc1ZmdWVjQ0U2dDRqVDlGMkhaUSJ9fX0.MczwjBFGtzf-6WMT-hIv"
    "Ybkb11NrV1WMO-jTijpMPNbswNzZ87wY2uHz-CXo6R04b7jYrpj9mNRAvVssXou1iw"
)
RFC_GIVEN_NAME = "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd"
RFC_NATIONALITY = "WyJuUHVvUW5rUkZxM0JJZUFtN0FuWEZBIiwgIkRFIl0"
RFC_NATIONALITY_DIGEST = "7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0"
RFC_ISSUER_KEY = {
    "kty": "EC", "crv": "P-256",
    "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ", "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
}  # fmt: skip

NAME = Disclosure.make("name", "某人", bytes(16))
INNER = Disclosure.make("street", "某路", bytes(range(16)))
OUTER = Disclosure.make("address", {"_sd": [INNER.digest], "city": "岳阳"}, bytes(range(1, 17)))


def element(value: object) -> Disclosure:
    """A disclosure of an array's element, which this program reads and never writes."""
    return Disclosure.parse(encoded(["salt", value]))


def encoded(content: object) -> str:
    return encode_base64url(json.dumps(content).encode())


def test_the_rfcs_example_verifies_and_discloses() -> None:
    parsed = SdJwt.parse(f"{RFC_JWT}~{RFC_GIVEN_NAME}~{RFC_NATIONALITY}~")
    key = VerifyingKey.from_jwk(RFC_ISSUER_KEY, "rfc")
    assert key.verify(parsed.signed.signing_input, parsed.signed.signature)
    claims = disclosed_payload(parse_object(parsed.signed.payload_bytes), parsed.disclosures)
    assert claims["given_name"] == "John"
    assert claims["nationalities"] == ["DE"]
    assert claims.keys() == {"given_name", "iss", "iat", "exp", "sub", "nationalities", "cnf"}


def test_the_rfcs_digest_is_computed_alike() -> None:
    assert Disclosure.parse(RFC_NATIONALITY).digest == RFC_NATIONALITY_DIGEST


def test_what_is_made_is_read_back() -> None:
    assert Disclosure.parse(NAME.text) == NAME
    assert "某人" not in repr(NAME)


def test_a_disclosure_inside_a_disclosed_claim_is_found() -> None:
    claims = disclosed_payload({"_sd": [OUTER.digest]}, [OUTER.text, INNER.text])
    assert claims == {"address": {"city": "岳阳", "street": "某路"}}


def test_what_is_not_disclosed_leaves_no_trace() -> None:
    payload = {"iss": "x", "_sd": [NAME.digest], "list": [{"...": hash_text("hidden")}, 1], "_sd_alg": "sha-256"}
    assert disclosed_payload(payload, []) == {"iss": "x", "list": [1]}


@pytest.mark.parametrize(
    ("payload", "disclosures", "message"),
    [
        ({"_sd": [NAME.digest], "_sd_alg": "sha-512"}, [NAME.text], "step 1"),
        ({"_sd": [NAME.digest]}, [NAME.text, NAME.text], "same disclosure twice"),
        ({"_sd": [NAME.digest]}, ["*"], "base64url"),
        ({"_sd": [NAME.digest]}, [encoded({"a": 1})], "isn't .salt"),
        ({"_sd": [NAME.digest]}, [encoded(["salt"])], "isn't .salt"),
        ({"_sd": [NAME.digest]}, [encoded([1, "name", 2])], "isn't .salt"),
        ({"_sd": []}, [NAME.text], "nothing refers to"),
        ({"_sd": [OUTER.digest]}, [INNER.text], "nothing refers to"),
        ({"_sd": [NAME.digest, NAME.digest]}, [], "same digest twice"),
        ({"_sd": [NAME.digest], "a": {"_sd": [NAME.digest]}}, [NAME.text], "same digest twice"),
        ({"_sd": [NAME.digest], "name": "signed"}, [NAME.text], "name is taken"),
        ({"_sd": [element("x").digest]}, [element("x").text], "no claim here"),
        ({"list": [{"...": NAME.digest}]}, [NAME.text], "array's element"),
        ({"list": [{"...": 5}]}, [], "isn't a text"),
        ({"_sd": "digest"}, [], "another form"),
        ({"_sd": [5]}, [], "isn't a text"),
        ({"...": "x"}, [], "another form"),
        ({"list": [{"...": NAME.digest, "more": 1}]}, [], "another form"),
        ({"_sd": [(taken := Disclosure.make("_sd", [], bytes(16))).digest]}, [taken.text], "no claim here"),
        ({"_sd": [(taken := Disclosure.make("...", [], bytes(16))).digest]}, [taken.text], "no claim here"),
    ],
)
def test_disclosures_that_do_not_fit_the_payload_break_it(
    payload: dict[str, object], disclosures: list[str], message: str
) -> None:
    with pytest.raises(DisclosureError, match=message):
        disclosed_payload(payload, disclosures)


def test_a_disclosed_element_of_an_array_takes_its_place() -> None:
    payload = {"list": [1, {"...": element("x").digest}, 3]}
    assert disclosed_payload(payload, [element("x").text]) == {"list": [1, "x", 3]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        RFC_JWT,
        f"~{RFC_JWT}",
        f"{RFC_JWT}~~",
        f"{RFC_JWT}~{RFC_GIVEN_NAME}~~{RFC_NATIONALITY}~",
        "a.b~",
        "not base64.*.x~",
        RFC_JWT + "~a" * (MAX_DISCLOSURES + 1) + "~",
    ],
    ids=range(9),
)
def test_a_text_that_is_no_sd_jwt_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        SdJwt.parse(text)
    assert caught.value.reason is Reason.LICENCE_REFUSED


def test_a_text_beyond_its_bound_is_refused_before_it_is_split() -> None:
    with pytest.raises(Malformed, match="step 1"):
        SdJwt.parse(f"{RFC_JWT}~{'x' * MAX_CHARACTERS}~")


def test_the_hash_for_key_binding_covers_the_selection_and_not_the_binding() -> None:
    selection = f"{RFC_JWT}~{RFC_GIVEN_NAME}~"
    assert SdJwt.parse(selection).sd_hash == SdJwt.parse(f"{selection}any.key.binding").sd_hash == hash_text(selection)
    assert SdJwt.parse(f"{RFC_JWT}~").sd_hash != hash_text(selection)
