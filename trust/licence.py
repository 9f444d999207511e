"""Electronic licences 电子证照 as credentials: issued, presented and judged (SD-JWT, RFC 9901).

Rules of this module:

- Five questions have five answers, and none stands for another: are the bytes what the issuer signed, may that issuer
  sign this, is it in its period, is it neither revoked nor suspended, and is it shown by its holder for this occasion.
  A licence that is genuine and expired is another matter at a counter than a forged one.
- Bad licences are answers, not exceptions. Only bytes that are no licence credential raise.
- What identifies a person, and the whole face of the licence 照面, is selectively disclosable; what everybody must be
  able to judge (issuer, type, identifier, period, status) is always there. A verdict shows claims only when the
  integrity holds.
- The key and its algorithm come from the directory by ``kid``, the status list from the caller. Nothing is fetched
  here: ``peek`` says which list is needed, and ``verify_presentation`` takes it, or None when it could not be had.
- A licence that is bound to its holder's key and comes without the holder's signature is not acceptable, even though
  everything that is there verifies.
- Licence types exist as data only; see ``trust.licence_id``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, TypeVar

from trust.directory import Directory, KeyEntry, Member, MemberStatus
from trust.errors import Malformed, NotFound, Reason, TongbanError, Unauthenticated
from trust.jws import ParsedJws, encode, parse, parse_object
from trust.keys import KeyPurpose, Signer, VerifyingKey
from trust.licence_id import TYPE_CODE_LENGTH, LicenceId
from trust.sd_jwt import (
    DIGEST_ALGORITHM,
    SALT_BYTES,
    Disclosure,
    DisclosureError,
    SdJwt,
    disclosed_payload,
    join,
    not_sd_jwt,
)
from trust.status_list import StatusType, VerifiedStatusList

LICENCE_TYP: Final = "dc+sd-jwt"
"""``typ`` of the issuer-signed JWT."""

KEY_BINDING_TYP: Final = "kb+jwt"
"""``typ`` of the key-binding JWT (RFC 9901 section 4.3)."""

MAX_CLOCK_SKEW: Final = timedelta(seconds=30)
"""How far the holder's or the issuer's clock may run ahead of ours."""

MAX_PRESENTATION_AGE: Final = timedelta(minutes=5)
"""How long a presentation may be under way."""

HOLDER_NAME: Final = "holder_name"
"""Disclosable claim: whom the licence is about 持证主体."""

HOLDER_CODE: Final = "holder_code"
"""Disclosable claim: the holder's identity number or USCC 持证主体代码."""

SURFACE: Final = "surface"
"""Claim that holds the disclosable fields of the licence's face 照面."""

_RESERVED: Final = frozenset({HOLDER_NAME, HOLDER_CODE, "_sd", "..."})
_VCT: Final = "urn:tongban:licence:"
_VCT_FORM = re.compile(rf"{_VCT}(?P<type_code>[0-9A-Z]{{{TYPE_CODE_LENGTH}}})", re.ASCII)
_REGION = re.compile(r"[0-9]{6}", re.ASCII)


class Integrity(StrEnum):
    """Whether the bytes are what the issuer signed."""

    INTACT = "intact"
    BROKEN = "broken"
    UNVERIFIABLE = "unverifiable"
    """The key that would tell is not in the directory."""


class Authority(StrEnum):
    """Whether this issuer may sign this licence."""

    AUTHORISED = "authorised"
    UNKNOWN_ISSUER = "unknown_issuer"
    """The key isn't in the directory, or belongs to another member than the one named."""
    ISSUER_NOT_IN_FORCE = "issuer_not_in_force"
    """Not a member when the licence was issued, or suspended now."""
    KEY_WRONG_PURPOSE = "key_wrong_purpose"
    """Not a licence key."""
    KEY_NOT_IN_FORCE = "key_not_in_force"
    """Outside its period when the licence was issued, or revoked by now."""
    TYPE_NOT_GRANTED = "type_not_granted"
    """The key may not sign licences of this type."""
    REGION_NOT_COVERED = "region_not_covered"
    """The licence is of a region for which the issuer doesn't speak."""


class Validity(StrEnum):
    """Whether the licence is in its period."""

    VALID = "valid"
    NOT_YET = "not_yet"
    EXPIRED = "expired"


class Status(StrEnum):
    """Whether the licence still stands, by its issuer's status list."""

    GOOD = "good"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The list could not be had, is stale, or says something that this version doesn't know."""


class Holder(StrEnum):
    """Whether the licence is shown by its holder, to this audience, on this occasion."""

    BOUND = "bound"
    NOT_REQUIRED = "not_required"
    """The licence isn't bound to a key."""
    MISSING = "missing"
    """The licence is bound to a key, and no holder's signature is there."""
    WRONG = "wrong"
    """There is a holder's signature, and it is not for this: another key, selection, audience, nonce or time."""


Answer = TypeVar("Answer", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Finding(Generic[Answer]):
    """The answer to one of the five questions."""

    value: Answer
    """The answer."""
    reason: str
    """Why, in one line, without personal data."""


@dataclass(frozen=True, slots=True)
class LicenceReference:
    """What an unverified licence says it is, so that the caller can fetch the status list it names."""

    issuer: str
    """Id of the member that is said to have issued it."""
    type_code: str
    """Licence type 证照类型代码, 21 characters."""
    status_uri: str
    """The status list that is said to hold it. Fetch only what the named issuer itself serves."""
    status_index: int
    """Place in that list, from 0."""


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence to be issued."""

    issuer: str
    """Id of the issuing member."""
    licence_id: LicenceId
    """Identifier 电子证照标识; must follow the layout, since its type code is the credential's type."""
    name: str
    """Name of the licence 证照名称, for example 二级建造师注册证书."""
    region: str
    """GB/T 2260 code of the region whose licence it is, six digits, within the issuer's region."""
    issuer_name: str
    """Issuing authority as people know it 颁证机构名称."""
    issued_at: datetime
    """When it is signed, UTC, kept to the second."""
    valid_from: datetime
    """First moment of its period (certificateValidateStart), UTC."""
    valid_until: datetime | None
    """First moment after its period (certificateValidateEnd), UTC; None for a licence without end 长期."""
    status_uri: str
    """The issuer's status list that holds it."""
    status_index: int
    """Place in that list, from 0."""
    holder_name: str = field(repr=False)
    """Whom it is about 持证主体."""
    holder_code: str = field(repr=False)
    """The holder's identity number or USCC 持证主体代码."""
    surface: Mapping[str, str] = field(repr=False, default_factory=dict)
    """The fields of its face 照面, by their Chinese names."""
    holder_key: Mapping[str, str] | None = None
    """The holder's public JWK, if the licence is bound to it; None for one that anybody may show."""


@dataclass(frozen=True, slots=True)
class LicenceVerdict:
    """Everything found out about a presented licence."""

    reference: LicenceReference
    """What it is, as far as ``integrity`` and ``authority`` stand behind it."""
    licence_id: LicenceId
    """Its identifier, which may be flagged as not conforming to the standard; a flag alone refuses nothing."""
    integrity: Finding[Integrity]
    """Are the bytes what the issuer signed?"""
    authority: Finding[Authority]
    """May this issuer sign this licence?"""
    validity: Finding[Validity]
    """Is it in its period?"""
    status: Finding[Status]
    """Does it still stand?"""
    holder: Finding[Holder]
    """Is it shown by its holder?"""
    claims: Mapping[str, object] = field(repr=False)
    """The claims, with those disclosed. Empty unless ``integrity`` is INTACT; only to be used if ``acceptable``."""

    @property
    def acceptable(self) -> bool:
        """Whether every one of the five answers is a good one."""
        return self.acceptable_but_for_status and self.status.value is Status.GOOD

    @property
    def acceptable_but_for_status(self) -> bool:
        """Whether the four answers other than the status are good: with the status unknown, it pays to ask again."""
        return (
            self.integrity.value is Integrity.INTACT
            and self.authority.value is Authority.AUTHORISED
            and self.validity.value is Validity.VALID
            and self.holder.value in {Holder.BOUND, Holder.NOT_REQUIRED}
        )


@dataclass(frozen=True, slots=True)
class _SignedClaims:
    """The claims that every licence credential has, read from the signed payload and never from a disclosure."""

    payload: Mapping[str, object]
    reference: LicenceReference
    licence_id: LicenceId
    region: str
    issued_at: datetime
    valid_from: datetime
    valid_until: datetime | None


def issue(licence: Licence, signer: Signer, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Sign a licence as a credential with all its disclosures; ``signer`` holds the issuer's licence key.

    ``random_bytes`` gives the salts. The result is personal data: it goes to the holder and to nobody else. Raises
    ``Malformed(FIELD_INVALID)`` for an identifier without the layout, a region, period or field name out of form, and
    ``Malformed(LICENCE_REFUSED)`` for a licence that is too large to be read again.
    """
    if not licence.licence_id.type_code or _REGION.fullmatch(licence.region) is None:
        raise _bad_licence("an identifier or region out of form", "an identifier by GB/T 36904 and six digits")
    if licence.valid_until is not None and licence.valid_until <= licence.valid_from:
        raise _bad_licence("a period that ends before it begins", "an end after the beginning, or none")
    if not _RESERVED.isdisjoint(licence.surface):
        raise _bad_licence("a field of the face with a reserved name", f"none of {', '.join(sorted(_RESERVED))}")

    def hide(name: str, value: str) -> Disclosure:
        return Disclosure.make(name, value, random_bytes(SALT_BYTES))

    holder = [hide(HOLDER_NAME, licence.holder_name), hide(HOLDER_CODE, licence.holder_code)]
    surface = [hide(name, value) for name, value in licence.surface.items()]
    claims: dict[str, object] = {
        "iss": licence.issuer,
        "iat": int(licence.issued_at.timestamp()),
        "nbf": int(licence.valid_from.timestamp()),
        "vct": f"{_VCT}{licence.licence_id.type_code}",
        "licence_id": licence.licence_id.text,
        "name": licence.name,
        "region": licence.region,
        "issuer_name": licence.issuer_name,
        "status": {"status_list": {"idx": licence.status_index, "uri": licence.status_uri}},
        # Sorted, so that the order tells nothing about the claims behind the digests (RFC 9901 section 4.2.4.1).
        "_sd": sorted(each.digest for each in holder),
        SURFACE: {"_sd": sorted(each.digest for each in surface)},
        "_sd_alg": DIGEST_ALGORITHM,
    }
    if licence.valid_until is not None:
        claims["exp"] = int(licence.valid_until.timestamp())
    if licence.holder_key is not None:
        claims["cnf"] = {"jwk": dict(licence.holder_key)}
    credential = join(encode({"typ": LICENCE_TYP}, claims, signer), [each.text for each in (*holder, *surface)])
    SdJwt.parse(credential)  # beyond the bounds of reading, nobody could use it
    return credential


def present(
    sd_jwt: str,
    disclose: Collection[str],
    *,
    audience: str,
    nonce: str,
    now: datetime,
    holder: Signer | None,
) -> str:
    """Select what to show of a licence, and sign the selection with the holder's key if the licence is bound to one.

    ``disclose`` names claims and fields of the face. ``audience`` is the id of the member that shall accept it,
    ``nonce`` the text it gave for this occasion. Raises ``Malformed(LICENCE_REFUSED)`` for bytes that are no licence or
    a name that the licence doesn't have, ``Malformed(FIELD_INVALID)`` when the licence is bound and ``holder`` is None.
    """
    parsed = SdJwt.parse(sd_jwt)
    signed = _read_claims(parsed.signed)
    try:
        available = [Disclosure.parse(text) for text in parsed.disclosures]
    except DisclosureError as error:
        raise not_sd_jwt(str(error), "the disclosures that the issuer gave") from error
    unknown = set(disclose) - {each.name for each in available}
    if unknown:
        raise not_sd_jwt(f"no claim named {', '.join(sorted(unknown))}", "names of claims that the licence has")
    selection = join(parsed.issuer_jwt, [each.text for each in available if each.name in disclose])
    if "cnf" not in signed.payload:
        return selection
    if holder is None:
        raise _bad_licence("no key of the holder", "the key to which the licence is bound")
    claims = {
        "iat": int(now.timestamp()),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": SdJwt.parse(selection).sd_hash,
    }
    return selection + encode({"typ": KEY_BINDING_TYP}, claims, holder)


def peek(text: str) -> LicenceReference:
    """Read what a licence says it is, without verifying anything. Raises ``Malformed(LICENCE_REFUSED)``."""
    return _read_claims(SdJwt.parse(text).signed).reference


def verify_presentation(
    text: str,
    directory: Directory,
    *,
    audience: str,
    nonce: str,
    now: datetime,
    status: VerifiedStatusList | None,
) -> LicenceVerdict:
    """Judge a presented licence.

    ``audience`` is our own member id, ``nonce`` the text that we gave for this occasion, ``status`` the list that
    ``peek`` named, freshly verified, or None when it could not be had.

    Steps, each with its own verdict:

    1. the bytes are a licence credential (the only step that raises);
    2. integrity: the issuer's signature and every disclosure;
    3. authority: issuer, key, type and region, by the directory;
    4. validity: the licence's own period;
    5. status: the issuer's list;
    6. holder: the key-binding signature over exactly this selection, for this audience and nonce.

    Raises ``Malformed(LICENCE_REFUSED)``.
    """
    # 1. form
    parsed = SdJwt.parse(text)
    signed = _read_claims(parsed.signed)
    kid = parsed.signed.header.get("kid")
    try:
        listed = directory.key(kid if isinstance(kid, str) else "")
    except Unauthenticated:
        listed = None
    # 2. integrity
    integrity, claims = _judge_integrity(parsed, signed, listed[1] if listed else None)
    return LicenceVerdict(
        reference=signed.reference,
        licence_id=signed.licence_id,
        integrity=integrity,
        authority=_judge_authority(signed, listed, now),  # 3. authority
        validity=_judge_validity(signed, now),  # 4. validity
        status=_judge_status(signed.reference, status, now),  # 5. status
        holder=_judge_holder(parsed, signed, audience=audience, nonce=nonce, now=now),  # 6. holder
        claims=claims,
    )


def _read_claims(jws: ParsedJws) -> _SignedClaims:
    if jws.header.get("typ") != LICENCE_TYP:
        raise not_sd_jwt("another typ", LICENCE_TYP)
    try:
        payload = parse_object(jws.payload_bytes)
    except ValueError as error:
        raise not_sd_jwt("a payload that isn't a JSON object", "the claims of a licence") from error
    match payload:
        case {
            "iss": str(issuer),
            "iat": int(iat),
            "nbf": int(nbf),
            "vct": str(vct),
            "licence_id": str(licence_id),
            "name": str(),
            "region": str(region),
            "issuer_name": str(),
            "status": {"status_list": {"idx": int(index), "uri": str(uri)}},
        } if (form := _VCT_FORM.fullmatch(vct)) and _REGION.fullmatch(region) and index >= 0:
            exp = payload.get("exp")
        case _:
            raise not_sd_jwt(
                "a payload without the claims of a licence", "iss, iat, nbf, vct, licence_id, region, status"
            )
    try:
        return _SignedClaims(
            payload=payload,
            reference=LicenceReference(issuer, form["type_code"], uri, index),
            licence_id=LicenceId.parse(licence_id),
            region=region,
            issued_at=datetime.fromtimestamp(iat, UTC),
            valid_from=datetime.fromtimestamp(nbf, UTC),
            valid_until=None if exp is None else _time(exp),
        )
    except (ValueError, OverflowError, OSError) as error:
        raise not_sd_jwt("a time out of bounds", "seconds since 1970") from error


def _time(seconds: object) -> datetime:
    if not isinstance(seconds, int):
        message = "not a whole number of seconds"
        raise ValueError(message)
    return datetime.fromtimestamp(seconds, UTC)


def _judge_integrity(
    parsed: SdJwt, signed: _SignedClaims, entry: KeyEntry | None
) -> tuple[Finding[Integrity], Mapping[str, object]]:
    if entry is None:
        return Finding(Integrity.UNVERIFIABLE, "the directory lists no key of this kid"), {}
    if parsed.signed.header.get("alg") != entry.algorithm.value:
        return Finding(Integrity.BROKEN, "the header's algorithm is not the key's"), {}
    if not entry.key.verify(parsed.signed.signing_input, parsed.signed.signature):
        return Finding(Integrity.BROKEN, "the issuer's signature does not verify"), {}
    try:
        claims = disclosed_payload(signed.payload, parsed.disclosures)
    except DisclosureError as error:
        return Finding(Integrity.BROKEN, str(error)), {}
    # What decides about the licence may not be hidden and shown at will (key binding least of all).
    if (claims.keys() - signed.payload.keys()) - {HOLDER_NAME, HOLDER_CODE}:
        return Finding(Integrity.BROKEN, "a disclosure of a claim that licences don't hide"), {}
    return Finding(Integrity.INTACT, "signature and disclosures hold"), claims


def _judge_authority(  # noqa: PLR0911 - one exit for each answer
    signed: _SignedClaims, listed: tuple[Member, KeyEntry] | None, now: datetime
) -> Finding[Authority]:
    issuer, type_code = signed.reference.issuer, signed.reference.type_code
    if listed is None:
        return Finding(Authority.UNKNOWN_ISSUER, "the directory lists no key of this kid")
    member, entry = listed
    if member.id != issuer:
        return Finding(Authority.UNKNOWN_ISSUER, f"the key belongs to {member.id}, not to the issuer named")
    if not member.in_force(signed.issued_at) or member.status is not MemberStatus.ACTIVE:
        return Finding(Authority.ISSUER_NOT_IN_FORCE, f"{issuer} was no member when it was issued, or is suspended now")
    if entry.purpose is not KeyPurpose.LICENCE:
        return Finding(Authority.KEY_WRONG_PURPOSE, f"{entry.kid} is a {entry.purpose.value} key")
    # A key that has run out leaves its licences standing; a revoked one does not, whatever time they claim to be of,
    # because whoever stole it writes that time.
    if not entry.in_force(signed.issued_at) or (entry.revoked_at is not None and entry.revoked_at <= now):
        return Finding(Authority.KEY_NOT_IN_FORCE, f"{entry.kid} was not in force when it was issued, or is revoked")
    if not entry.signs_licence_type(type_code):
        return Finding(Authority.TYPE_NOT_GRANTED, f"{entry.kid} may not sign licences of type {type_code}")
    if signed.licence_id.type_code not in {"", type_code}:
        return Finding(Authority.TYPE_NOT_GRANTED, "the identifier is of another type than the credential")
    if not _covers_region(member.region, signed.region):
        return Finding(Authority.REGION_NOT_COVERED, f"{issuer} does not speak for region {signed.region}")
    return Finding(Authority.AUTHORISED, f"{entry.kid} of {issuer} may sign licences of this type")


def _covers_region(outer: str, inner: str) -> bool:
    """Whether a GB/T 2260 code lies within another: two digits each for province, city and county, 00 for all of it."""
    return inner.startswith(re.sub(r"(00)+$", "", outer))


def _judge_validity(signed: _SignedClaims, now: datetime) -> Finding[Validity]:
    if now < signed.valid_from or now + MAX_CLOCK_SKEW < signed.issued_at:
        return Finding(Validity.NOT_YET, f"valid from {signed.valid_from.isoformat()}")
    if signed.valid_until is None:
        return Finding(Validity.VALID, "valid without end")
    if now >= signed.valid_until:
        return Finding(Validity.EXPIRED, f"expired at {signed.valid_until.isoformat()}")
    return Finding(Validity.VALID, f"valid until {signed.valid_until.isoformat()}")


def _judge_status(  # noqa: PLR0911 - one exit for each answer
    reference: LicenceReference, listed: VerifiedStatusList | None, now: datetime
) -> Finding[Status]:
    if listed is None:
        return Finding(Status.UNKNOWN, "the status list could not be had")
    if (listed.issuer, listed.uri) != (reference.issuer, reference.status_uri):
        return Finding(Status.UNKNOWN, "the status list is not the one that the licence names")
    if now >= listed.fresh_until:
        return Finding(Status.UNKNOWN, f"the status list is stale since {listed.fresh_until.isoformat()}")
    try:
        found = listed.statuses.get(reference.status_index)
    except NotFound:
        return Finding(Status.UNKNOWN, "the licence is not in its status list")
    as_of = f"by the list of {listed.issued_at.isoformat()}"
    match found:
        case StatusType.VALID:
            return Finding(Status.GOOD, f"stands {as_of}")
        case StatusType.INVALID:
            return Finding(Status.REVOKED, f"revoked {as_of}")
        case StatusType.SUSPENDED:
            return Finding(Status.SUSPENDED, f"suspended {as_of}")
    return Finding(Status.UNKNOWN, f"status {found} is not known to this version")


def _judge_holder(  # noqa: PLR0911 - one exit for each answer
    parsed: SdJwt, signed: _SignedClaims, *, audience: str, nonce: str, now: datetime
) -> Finding[Holder]:
    """Judge the key-binding JWT (RFC 9901 section 7.3, step 5).

    1. The licence says whether it must be there: with ``cnf`` always, without it never.
    2. The holder's key in ``cnf`` can be read, and the key-binding JWT has its form and type.
    3. Its algorithm is the key's, and its signature holds.
    4. It is for this selection, this audience and this nonce.
    5. It is fresh.
    """
    # 1. required
    if "cnf" not in signed.payload:
        if parsed.key_binding:
            return Finding(Holder.WRONG, "a holder's signature on a licence that is bound to no key")
        return Finding(Holder.NOT_REQUIRED, "the licence is bound to no key")
    if not parsed.key_binding:
        return Finding(Holder.MISSING, "the licence is bound to a key and was shown without its holder's signature")
    # 2. key and form
    match signed.payload["cnf"]:
        case {"jwk": dict(jwk)}:
            pass
        case _:
            return Finding(Holder.WRONG, "the licence's cnf holds no public key")
    try:
        key = VerifyingKey.from_jwk(jwk, str(jwk.get("kid", "cnf")))
        binding = parse(parsed.key_binding)
        claims = parse_object(binding.payload_bytes)
    except (TongbanError, ValueError):
        return Finding(Holder.WRONG, "the holder's key or signature can't be read")
    if binding.header.get("typ") != KEY_BINDING_TYP:
        return Finding(Holder.WRONG, f"the holder's signature is no {KEY_BINDING_TYP}")
    # 3. signature
    if binding.header.get("alg") != key.algorithm.value or not key.verify(binding.signing_input, binding.signature):
        return Finding(Holder.WRONG, "the holder's signature does not verify with the key of the licence")
    # 4. for this
    wanted = {"sd_hash": parsed.sd_hash, "aud": audience, "nonce": nonce}
    for name, value in wanted.items():
        if claims.get(name) != value:
            return Finding(Holder.WRONG, f"the holder signed another {name}")
    # 5. fresh
    iat = claims.get("iat")
    if not isinstance(iat, int):
        return Finding(Holder.WRONG, "the holder signed no time")
    age = int(now.timestamp()) - iat  # whole numbers: the holder's may be longer than a float holds
    if not -MAX_CLOCK_SKEW.total_seconds() <= age <= MAX_PRESENTATION_AGE.total_seconds():
        return Finding(Holder.WRONG, "the holder signed too long ago, or in the future")
    return Finding(Holder.BOUND, "the holder signed this selection for this occasion")


def _bad_licence(got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        "A licence can't be issued or presented",
        got=got,
        expected=expected,
        mend="correct the licence's data or the call",
    )
