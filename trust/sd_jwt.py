"""SD-JWT: a signed JSON object whose holder shows only some of its claims (RFC 9901).

    <issuer-signed JWT>~<disclosure>~…~<disclosure>~[<key-binding JWT>]

Rules of this module:

- It knows the format, not licences: digests, disclosures, the key-binding hash. Whose signature counts and what the
  claims mean is ``trust.licence``.
- A disclosure counts only if its digest stands in the signed payload exactly once. One that is repeated, that nothing
  refers to, or that would overwrite a signed claim breaks the whole, because somebody put it there (RFC 9901
  section 7.1).
- Everything hashed is hashed as carried; nothing is written again before it is hashed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

from trust.errors import Malformed, Reason, Unauthenticated
from trust.jws import ParsedJws, parse
from trust.keys import decode_base64url, encode_base64url

MAX_CHARACTERS: Final = 512 * 1024
"""Longest SD-JWT that is read; a licence with a photograph stays below it."""

MAX_DISCLOSURES: Final = 256
"""Most disclosures that are read."""

SALT_BYTES: Final = 16
"""Randomness in each disclosure, 128 bits, so that nobody guesses a claim from its digest (RFC 9901 section 9.3)."""

DIGEST_ALGORITHM: Final = "sha-256"
"""The only ``_sd_alg`` that is written and read."""

_DIGESTS: Final = "_sd"
_ELEMENT: Final = "..."


class DisclosureError(ValueError):
    """The disclosures and the signed payload don't belong together; the message says how, without any claim."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One claim, or one element of an array, that its holder may show or keep back."""

    text: str
    """As carried: base64url of ``[salt, name, value]``, or ``[salt, value]`` for an element of an array."""
    name: str | None = field(repr=False)
    """The claim's name; None for an element of an array."""
    value: object = field(repr=False)
    """The claim's value: personal data, kept out of the repr."""

    @classmethod
    def make(cls, name: str, value: object, salt: bytes) -> Self:
        """Hide a claim behind ``salt``, ``SALT_BYTES`` fresh random bytes."""
        content = json.dumps([encode_base64url(salt), name, value], ensure_ascii=False, separators=(",", ":"))
        return cls(encode_base64url(content.encode()), name, value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a disclosure; raises ``DisclosureError``."""
        try:
            content: object = json.loads(decode_base64url(text))
        except (ValueError, RecursionError) as error:
            message = "a disclosure that isn't base64url of JSON"
            raise DisclosureError(message) from error
        match content:
            case [str(), str(name), value]:
                return cls(text, name, value)
            case [str(), value]:
                return cls(text, None, value)
        message = "a disclosure that isn't [salt, name, value] or [salt, value]"
        raise DisclosureError(message)

    @property
    def digest(self) -> str:
        """What stands for it in the signed payload: base64url of SHA-256 over its text."""
        return hash_text(self.text)


@dataclass(frozen=True, slots=True)
class SdJwt:
    """The parts of an SD-JWT. Nothing in it is trusted yet."""

    issuer_jwt: str = field(repr=False)
    """The issuer-signed JWT as carried."""
    signed: ParsedJws = field(repr=False)
    """The same, parsed."""
    disclosures: tuple[str, ...] = field(repr=False)
    """The disclosures as carried, not parsed."""
    key_binding: str = field(repr=False)
    """The key-binding JWT as carried; empty when there is none."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split an SD-JWT.

        Steps:

        1. its length and the number of disclosures are bounded;
        2. it has the parts of an SD-JWT;
        3. the first part is a compact JWS.

        Raises ``Malformed(LICENCE_REFUSED)``.
        """
        # 1. bounds
        if len(text) > MAX_CHARACTERS or text.count("~") > MAX_DISCLOSURES + 1:
            raise not_sd_jwt("too many characters or disclosures (step 1)", f"{MAX_CHARACTERS} and {MAX_DISCLOSURES}")
        # 2. parts
        issuer_jwt, *parts = text.split("~")
        if not parts or not all(parts[:-1]) or not text.isascii():
            raise not_sd_jwt("a text without its tildes, or an empty part (step 2)", "<JWT>~<disclosure>~…~ in ASCII")
        # 3. JWS
        try:
            signed = parse(issuer_jwt)
        except Unauthenticated as error:
            raise not_sd_jwt(f"{error.got} (step 3)", error.expected) from error
        return cls(issuer_jwt, signed, tuple(parts[:-1]), key_binding=parts[-1])

    @property
    def presented(self) -> str:
        """Everything before the key-binding JWT, with the last tilde."""
        return join(self.issuer_jwt, self.disclosures)

    @property
    def sd_hash(self) -> str:
        """The hash by which a key-binding JWT names exactly this selection (RFC 9901 section 4.3.1)."""
        return hash_text(self.presented)


def join(issuer_jwt: str, disclosures: Sequence[str]) -> str:
    """Write an SD-JWT without key binding."""
    return "".join(f"{part}~" for part in (issuer_jwt, *disclosures))


def hash_text(text: str) -> str:
    """Base64url of SHA-256 over a text as carried."""
    return encode_base64url(sha256(text.encode()).digest())


def disclosed_payload(payload: Mapping[str, object], disclosures: Sequence[str]) -> dict[str, object]:
    """Put the disclosed claims into a payload whose signature was verified.

    Steps (RFC 9901 section 7.1, step 3 on):

    1. the digest algorithm is known;
    2. every disclosure is parsed and hashed as carried, and none is there twice;
    3. wherever a digest stands, its disclosure takes its place: a claim beside ``_sd``, an element in an array. What it
       brings may hold digests itself. It must have the right form, and its name must not be taken;
    4. no digest stands twice, and no disclosure is left over;
    5. what remains hidden is dropped, together with the digests.

    Raises ``DisclosureError``.
    """
    # 1. algorithm
    if payload.get("_sd_alg", DIGEST_ALGORITHM) != DIGEST_ALGORITHM:
        message = f"a digest algorithm other than {DIGEST_ALGORITHM} (step 1)"
        raise DisclosureError(message)
    # 2. parse and hash
    by_digest = {parsed.digest: parsed for parsed in map(Disclosure.parse, disclosures)}
    if len(by_digest) != len(disclosures):
        message = "the same disclosure twice (step 2)"
        raise DisclosureError(message)
    # 3. to 5. substitute
    substitution = _Substitution(by_digest)
    try:
        claims = substitution.of_object(payload)
    except RecursionError as error:
        message = "claims nested too deeply (step 3)"
        raise DisclosureError(message) from error
    # 4. left over
    if not by_digest.keys() <= substitution.seen:
        message = "a disclosure that nothing refers to (step 4)"
        raise DisclosureError(message)
    claims.pop("_sd_alg", None)
    return claims


class _Substitution:
    """One walk over a payload; ``seen`` collects every digest met, in order to notice the second."""

    def __init__(self, by_digest: Mapping[str, Disclosure]) -> None:
        self.by_digest = by_digest
        self.seen: set[str] = set()

    def of_object(self, value: Mapping[str, object]) -> dict[str, object]:
        claims = {name: self.of_value(each) for name, each in value.items() if name != _DIGESTS}
        digests = value.get(_DIGESTS, [])
        if not isinstance(digests, list) or _ELEMENT in value:
            message = "digests of another form (step 3)"
            raise DisclosureError(message)
        for digest in digests:
            disclosure = self.take(digest)
            if disclosure is None:
                continue
            if disclosure.name is None or disclosure.name in {_DIGESTS, _ELEMENT} or disclosure.name in claims:
                message = "a disclosure that is no claim here, or whose name is taken (step 3)"
                raise DisclosureError(message)
            claims[disclosure.name] = self.of_value(disclosure.value)
        return claims

    def of_value(self, value: object) -> object:
        if isinstance(value, dict):
            return self.of_object(value)
        if isinstance(value, list):
            return self.of_array(value)
        return value

    def of_array(self, value: Sequence[object]) -> list[object]:
        elements: list[object] = []
        for each in value:
            if not (isinstance(each, dict) and each.keys() == {_ELEMENT}):
                elements.append(self.of_value(each))
                continue
            disclosure = self.take(each[_ELEMENT])
            if disclosure is None:
                continue
            if disclosure.name is not None:
                message = "a disclosure of a claim where an array's element is hidden (step 3)"
                raise DisclosureError(message)
            elements.append(self.of_value(disclosure.value))
        return elements

    def take(self, digest: object) -> Disclosure | None:
        if not isinstance(digest, str):
            message = "a digest that isn't a text (step 3)"
            raise DisclosureError(message)
        if digest in self.seen:
            message = "the same digest twice (step 4)"
            raise DisclosureError(message)
        self.seen.add(digest)
        return self.by_digest.get(digest)


def not_sd_jwt(got: str, expected: str) -> Malformed:
    """Build the error for bytes that are no licence in SD-JWT form; ``got`` quotes nothing of them."""
    return Malformed(
        Reason.LICENCE_REFUSED,
        "The bytes are no licence credential",
        got=got,
        expected=expected,
        mend="present the credential exactly as its issuer gave it (RFC 9901)",
    )
