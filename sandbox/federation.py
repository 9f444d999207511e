"""Who is in the sandbox: two cities, each with a gateway and a platform, their keys, and the directory of them all.

Keys are made once and kept with the folder, so that what an earlier run signed is still verifiable. The directory is
signed anew at every start, one version on, because the addresses in it change.

    trust/       root certificate, members' certificates
    keys/        one private key a file, named by its kid
    reviews/     what each gateway signed of the crosswalk
    directory.jws, trustees.json
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.domain.catalogue import NATIONAL
from sandbox.authority import Authority, CertificatePaths
from sandbox.files import write_secret
from sandbox.reviews import Claim, claims_of, sign_reviews
from trust.directory import Action, Directory, KeyEntry, Member, MemberStatus, Right, Role
from trust.directory_file import seal
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey

DATA: Final = Path(__file__).resolve().parent / "data"
"""Catalogues, crosswalk, people: the sandbox's own, part of the program."""

CROSSWALKS: Final = tuple(sorted(DATA.glob("crosswalk-*.csv")))
"""The files of the crosswalk."""

TRUST_DOMAIN: Final = "sandbox.tongban"
TRUSTEES: Final = ("trustee-1", "trustee-2")
THRESHOLD: Final = 2
"""Both trustees sign the directory, and gateways want both signatures."""

DIRECTORY_LIFETIME: Final = timedelta(days=30)
LICENCE_TYPES: Final = ("11000000TB000001XLT*",)
"""The invented types of ``data/licence-types.json``."""

PURPOSE_ACCEPTANCE: Final = "acceptance"
"""Why a window looks at a licence: it takes an application."""
PURPOSE_RESULT: Final = "result"
"""Or it hands a result over."""


@dataclass(frozen=True, slots=True)
class City:
    """One side of the sandbox."""

    region: str
    """GB/T 2260 code, six digits."""
    name: str
    """As people say it."""
    dialect: str
    """Which adapter its gateway uses, and which program its platform is."""
    polls: bool
    """Whether its gateway asks for news; otherwise its platform calls back."""

    @property
    def gateway(self) -> str:
        """Member id of its gateway."""
        return f"{self.region}.gateway"

    @property
    def platform(self) -> str:
        """Member id of its platform."""
        return f"{self.region}.platform"


YUEYANG: Final = City("430600", "岳阳", "hunan", polls=True)
JINGZHOU: Final = City("421000", "荆州", "jingzhou", polls=False)
CITIES: Final = (YUEYANG, JINGZHOU)


def city_of(member_or_region: str) -> City:
    """The city of a region code or member id. KeyError for another one."""
    region = member_or_region.partition(".")[0]
    return {city.region: city for city in CITIES}[region]


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key of a member, and where it lies."""

    kid: str
    path: Path
    signer: SoftwareSigner = field(repr=False)


@dataclass(frozen=True, slots=True)
class Federation:
    """Everything that the members of this folder have to prove who they are."""

    directory: Directory
    directory_file: Path
    trustees_file: Path
    certificates: dict[str, CertificatePaths]
    """By member id."""
    keys: dict[tuple[str, KeyPurpose], KeyFile]
    """By member id and purpose."""
    store_keys: dict[str, Path]
    """Where each gateway's key for personal data at rest lies, by member id."""
    reviews: dict[str, Path]
    """What each gateway signed of the crosswalk, one review a line, by member id."""
    agreed: dict[str, tuple[str, ...]]
    """Codes of each city's own items from which a row that both cities signed leads to the other, by region."""
    credentials: dict[str, Path]
    """What a gateway and its platform share to sign each other's calls, by the platform's member id."""

    def signer(self, member: str, purpose: KeyPurpose = KeyPurpose.MESSAGE) -> SoftwareSigner:
        """A member's key."""
        return self.keys[member, purpose].signer


def found(folder: Path, endpoints: dict[str, str], now: datetime) -> Federation:
    """Make the federation of this folder, or renew the one that is there.

    ``endpoints`` are the gateways' ``host:port`` by member id. Raises ``Malformed`` when a crosswalk file has faults.
    """
    claims = claims_of(CROSSWALKS)
    version, founded_at = _last(folder / "directory.json", now)
    authority = Authority.of(folder / "trust", now)
    keys = {
        (member, purpose): _key(folder, f"{member}#{purpose.value}", algorithm)
        for member, purpose, algorithm in _wanted_keys()
    }
    trustees = [_key(folder, trustee, Algorithm.ED25519) for trustee in TRUSTEES]
    period = (founded_at, now + 10 * timedelta(days=365))
    members = tuple(
        _member(city, role, endpoints.get(_id(city, role), ""), keys, period, claims)
        for city in CITIES
        for role in Role
    )
    directory = Directory(version + 1, TRUST_DOMAIN, now, now + DIRECTORY_LIFETIME, members)
    directory_file, trustees_file = folder / "directory.jws", folder / "trustees.json"
    listed = [{"kid": key.kid, "jwk": key.signer.public_jwk()} for key in trustees]
    write_secret(trustees_file, json.dumps(listed, indent=1).encode())
    write_secret(directory_file, seal(directory, [key.signer for key in trustees]))
    state = {"version": directory.version, "founded_at": founded_at.isoformat()}
    write_secret(folder / "directory.json", json.dumps(state).encode())
    return Federation(
        directory=directory,
        directory_file=directory_file,
        trustees_file=trustees_file,
        certificates={member.id: authority.certify(member.id, member.spiffe_id, now) for member in members},
        keys=keys,
        store_keys={city.gateway: _store_key(folder, city.gateway) for city in CITIES},
        reviews={
            city.gateway: sign_reviews(
                folder, city.gateway, claims, directory, keys[city.gateway, KeyPurpose.MESSAGE].signer, now
            )
            for city in CITIES
        },
        agreed={city.region: _agreed_items(city, claims) for city in CITIES},
        credentials={city.platform: _credentials(folder, city.platform) for city in CITIES},
    )


def _last(state_file: Path, now: datetime) -> tuple[int, datetime]:
    """The directory's last version, and since when the members have been members."""
    if not state_file.exists():
        return 0, now.replace(microsecond=0) - timedelta(minutes=5)
    state = json.loads(state_file.read_bytes())
    return state["version"], datetime.fromisoformat(state["founded_at"]).astimezone(UTC)


# --------------------------------------------------------------------------------------------------------------------
# Members and their rights
# --------------------------------------------------------------------------------------------------------------------

_SPOKEN_ROLE: Final = {Role.GATEWAY: "通办网关", Role.PLATFORM: "政务服务平台"}


def _id(city: City, role: Role) -> str:
    return city.gateway if role is Role.GATEWAY else city.platform


def _member(
    city: City,
    role: Role,
    endpoint: str,
    keys: dict[tuple[str, KeyPurpose], KeyFile],
    period: tuple[datetime, datetime],
    claims: Sequence[Claim],
) -> Member:
    member_id = _id(city, role)
    return Member(
        id=member_id,
        region=city.region,
        role=role,
        name=f"{city.name}市{_SPOKEN_ROLE[role]}",
        spiffe_id=f"spiffe://{TRUST_DOMAIN}/{city.region}/{role.value}",
        endpoint=endpoint,
        versions=("v1",),
        status=MemberStatus.ACTIVE,
        valid_from=period[0],
        valid_until=period[1],
        keys=tuple(
            KeyEntry(
                key=VerifyingKey.from_jwk(key.signer.public_jwk(), key.kid),
                purpose=purpose,
                valid_from=period[0],
                valid_until=period[1],
                licence_types=LICENCE_TYPES if purpose is KeyPurpose.LICENCE else (),
            )
            for (owner, purpose), key in keys.items()
            if owner == member_id
        ),
        rights=_gateway_rights(_joined_items(city, claims)) if role is Role.GATEWAY else _platform_rights(),
    )


def _gateway_rights(joined: tuple[str, ...]) -> tuple[Right, ...]:
    """What other gateways let this one do: deliver cases of ``joined`` items, and read and follow what is shared."""
    return (
        Right(Action.EXCHANGE_DELIVER, items=joined),
        Right(Action.CATALOGUE_READ),
        Right(Action.CATALOGUE_TRANSLATE),
        Right(Action.CROSSWALK_READ),
        Right(Action.LICENCE_STATUS),
        Right(Action.AUDIT_READ),
        Right(Action.AUDIT_WITNESS),
        Right(Action.DIRECTORY_READ),
    )


def _joined_items(city: City, claims: Iterable[Claim]) -> tuple[str, ...]:
    """Codes of the other cities' items that the crosswalk joins to this city's."""
    codes: set[str] = set()
    for row, _ in claims:
        ends = {row.source_catalogue: row.source_code, row.target_catalogue: row.target_code}
        if ends.pop(city.region, "") and NATIONAL not in ends:
            codes.update(ends.values())
    return tuple(sorted(codes - {""}))


def _agreed_items(city: City, claims: Iterable[Claim]) -> tuple[str, ...]:
    """Codes of a city's items from which a row that both cities signed leads to the other, in the order of the file."""
    gateways = {each.gateway for each in CITIES}
    return tuple(
        row.source_code
        for row, signed_by in claims
        if row.source_catalogue == city.region and row.target_catalogue != NATIONAL and gateways <= set(signed_by)
    )


def _platform_rights() -> tuple[Right, ...]:
    """What a gateway lets its own platform, and the windows behind it, do."""
    return (
        Right(Action.CASE_OPEN),
        Right(Action.CASE_PROGRESS),
        Right(Action.CASE_READ),
        Right(Action.CASE_ERASE),
        Right(Action.CATALOGUE_READ),
        Right(Action.CATALOGUE_TRANSLATE),
        Right(Action.CROSSWALK_READ),
        Right(Action.CROSSWALK_PROPOSE),
        Right(Action.CROSSWALK_REVIEW),
        Right(Action.LICENCE_ISSUE, licence_types=LICENCE_TYPES),
        Right(Action.LICENCE_VERIFY, purposes=(PURPOSE_ACCEPTANCE, PURPOSE_RESULT)),
        Right(Action.LICENCE_STATUS),
        Right(Action.AUDIT_READ),
        Right(Action.AUDIT_SEARCH),
        Right(Action.DIRECTORY_READ),
    )


# --------------------------------------------------------------------------------------------------------------------
# Keys and shared secrets
# --------------------------------------------------------------------------------------------------------------------


def _wanted_keys() -> list[tuple[str, KeyPurpose, Algorithm]]:
    wanted = []
    for city in CITIES:
        wanted += [
            (city.gateway, KeyPurpose.MESSAGE, Algorithm.ES256),
            (city.gateway, KeyPurpose.LICENCE, Algorithm.ES256),
            (city.gateway, KeyPurpose.STATUS, Algorithm.ES256),
            (city.gateway, KeyPurpose.LOG, Algorithm.ED25519),
            (city.gateway, KeyPurpose.WITNESS, Algorithm.ED25519),
            (city.platform, KeyPurpose.MESSAGE, Algorithm.ES256),
        ]
    return wanted


def _key(folder: Path, kid: str, algorithm: Algorithm) -> KeyFile:
    path = folder / "keys" / f"{kid.replace('#', '.')}.pem"
    if not path.exists():
        write_secret(path, SoftwareSigner.generate(algorithm, kid).to_pem())
    return KeyFile(kid, path, SoftwareSigner.from_pem(path.read_bytes(), kid))


def _store_key(folder: Path, gateway: str) -> Path:
    path = folder / "keys" / f"{gateway}.store.key"
    if not path.exists():
        write_secret(path, base64.b64encode(secrets.token_bytes(32)) + b"\n")
    return path


def _credentials(folder: Path, platform: str) -> Path:
    path = folder / "keys" / f"{platform}.credentials.json"
    if not path.exists():
        content = {
            "account": f"tongban-{platform.partition('.')[0]}",
            "secret": secrets.token_urlsafe(24),
            "callback_secret": secrets.token_urlsafe(24),
        }
        write_secret(path, json.dumps(content).encode())
    return path
