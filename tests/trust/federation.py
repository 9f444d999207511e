"""Two cities that know each other, for every test of signed calls and of the directory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from trust.directory import Action, Directory, KeyEntry, Member, MemberStatus, Right, Role
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Federation:
    """岳阳 (ES256, also a licence key) and 荆州 (Ed25519), with the private keys of both."""

    now: datetime
    yueyang_signer: SoftwareSigner
    yueyang_licence_signer: SoftwareSigner
    jingzhou_signer: SoftwareSigner
    directory: Directory

    @property
    def yueyang(self) -> Member:
        return self.directory.member("430600.gateway")

    @property
    def jingzhou(self) -> Member:
        return self.directory.member("421000.gateway")

    def with_yueyang(self, **changes: object) -> Directory:
        changed = replace(self.yueyang, **changes)  # type: ignore[arg-type]
        return replace(self.directory, members=(changed, self.jingzhou))

    def with_yueyang_key(self, **changes: object) -> Directory:
        first, *others = self.yueyang.keys
        return self.with_yueyang(keys=(replace(first, **changes), *others))  # type: ignore[arg-type]


def entry(signer: SoftwareSigner, purpose: KeyPurpose, licence_types: tuple[str, ...] = ()) -> KeyEntry:
    key = VerifyingKey.from_jwk(signer.public_jwk(), signer.kid)
    return KeyEntry(key, purpose, NOW - 30 * DAY, NOW + 365 * DAY, licence_types=licence_types)


def two_cities() -> Federation:
    yueyang = SoftwareSigner.generate(Algorithm.ES256, "430600.gateway#m1")
    yueyang_licence = SoftwareSigner.generate(Algorithm.ES256, "430600.gateway#l1")
    jingzhou = SoftwareSigner.generate(Algorithm.ED25519, "421000.gateway#m1")
    members = (
        Member(
            id="430600.gateway",
            region="430600",
            role=Role.GATEWAY,
            name="岳阳市",
            spiffe_id="spiffe://tongban.example/430600/gateway",
            endpoint="gateway.yueyang.example:8443",
            versions=("v1",),
            status=MemberStatus.ACTIVE,
            valid_from=NOW - 30 * DAY,
            valid_until=NOW + 365 * DAY,
            keys=(entry(yueyang, KeyPurpose.MESSAGE), entry(yueyang_licence, KeyPurpose.LICENCE, ("1110*",))),
            rights=(
                Right(Action.CASE_OPEN, items=("1100*", "220001"), purposes=("case-handling",)),
                Right(Action.LICENCE_VERIFY, licence_types=("residence-*",), purposes=("case-handling", "audit")),
                Right(Action.CATALOGUE_READ),
            ),
        ),
        Member(
            id="421000.gateway",
            region="421000",
            role=Role.GATEWAY,
            name="荆州市",
            spiffe_id="spiffe://tongban.example/421000/gateway",
            endpoint="[2001:db8::1]:8443",
            versions=("v1",),
            status=MemberStatus.ACTIVE,
            valid_from=NOW - 30 * DAY,
            valid_until=NOW + 365 * DAY,
            keys=(entry(jingzhou, KeyPurpose.MESSAGE),),
            rights=(Right(Action.CASE_PROGRESS),),
        ),
    )
    directory = Directory(7, "tongban.example", NOW - DAY, NOW + 30 * DAY, members)
    return Federation(NOW, yueyang, yueyang_licence, jingzhou, directory)
