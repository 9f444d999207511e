"""Configuration: one TOML file, overridden by ``TONGBAN_…`` variables, checked whole before anything starts.

Paths are relative to the file. Secrets are never in it, only the paths of files that hold them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from trust.errors import Misconfigured, Reason

_Region = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
_MemberId = Annotated[str, Field(pattern=r"^[0-9]{6}\.[a-z][a-z0-9-]{0,31}$")]


def _check_address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        message = "expected host:port, for example 127.0.0.1:7430"
        raise ValueError(message)
    return value


_Address = Annotated[str, AfterValidator(_check_address)]


class _Section(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class MemberSection(_Section):
    """Who this is."""

    id: _MemberId
    """Member id in the directory, for example 430600.gateway."""
    region: _Region
    """The region it serves."""


class TlsSection(_Section):
    """Mutual TLS, as PEM files."""

    certificate: Path
    """The member's certificate chain, its own first."""
    key: Path
    """Its private key."""
    roots: Path
    """Certificates that the trust domain's members chain up to."""


class ServerSection(_Section):
    """The listener."""

    listen: _Address
    """host:port; port 0 takes any."""


class KeySection(_Section):
    """A signing key."""

    kid: str = Field(min_length=1, max_length=128)
    """Its id in the directory."""
    file: Path
    """PKCS #8 PEM, mode 0600."""


class KeysSection(_Section):
    """The gateway's keys, one for each purpose."""

    message: KeySection
    licence: KeySection
    status: KeySection
    log: KeySection
    witness: KeySection


class DirectorySection(_Section):
    """Whom this gateway trusts to say who its members are."""

    file: Path
    """The signed directory."""
    trustees: Path
    """JSON array of {kid, jwk} of the directory's trustees."""
    threshold: int = Field(ge=1)
    """How many trustees must have signed."""


class StoreSection(_Section):
    """Where it remembers."""

    path: Path
    """SQLite file."""
    key: Path
    """Key that encrypts personal data at rest: 32 bytes in base64, mode 0600."""
    cipher: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    """How personal data is sealed; what the other cipher sealed stays readable."""


class CataloguesSection(_Section):
    """What it translates with."""

    files: tuple[Path, ...] = ()
    """Catalogues of peers, and of this region until its platform's is pulled."""
    crosswalks: tuple[Path, ...] = ()
    """Rows of the crosswalk, put into its journal at each start; a name that ends in .tsv is SSSOM, else CSV."""
    reviews: tuple[Path, ...] = ()
    """Signed reviews of rows, one a line, put into the journal at each start."""
    calendars: tuple[Path, ...] = ()
    """Working-day calendars of years that the built-in one lacks."""
    sync_seconds: float = Field(default=60.0, ge=0.1, le=86_400)
    """How often to ask each other gateway for its catalogue and its journal of the crosswalk."""


_Months = Annotated[int, Field(ge=0, le=1200)]


class RetentionSection(_Section):
    """For how long personal data of cases that are over are kept, as the agreement with the other place says."""

    months: _Months = 0
    """Months after the last event; 0 for ever."""
    regions: dict[_Region, _Months] = {}
    """Otherwise, by the code of the other place's region."""

    def in_words(self) -> str:
        """The rule, for whoever has to answer for it."""
        others = (f"{region}: {_months_in_words(months)}" for region, months in sorted(self.regions.items()))
        return "; ".join((_months_in_words(self.months), *others))


def _months_in_words(months: int) -> str:
    return f"{months} months after a case's last event" if months else "for ever"


class PlatformSection(_Section):
    """The local platform behind an adapter."""

    member: _MemberId
    """Its member id in the directory."""
    dialect: str
    """Name of the adapter, for example hunan."""
    base_url: str
    credentials: Path
    """JSON file, mode 0600."""
    poll_seconds: float = Field(default=5.0, ge=0.05, le=3600)
    catalogue_seconds: float = Field(default=3600.0, ge=1, le=604_800)
    """How often to pull its catalogue."""
    callback_listen: _Address | None = None
    """host:port for platforms that call back."""


def _check_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname or url.username is not None:
        message = "expected a URL of http or https without a name and password, for example http://tsa.example/tsr"
        raise ValueError(message)
    return value


class TimestampsSection(_Section):
    """Who timestamps the audit log (RFC 3161)."""

    authorities: Annotated[tuple[Annotated[str, AfterValidator(_check_url)], ...], Field(min_length=1, max_length=8)]
    """URLs of time-stamping authorities, asked in this order until one gives a timestamp."""
    roots: Path
    """Certificates that the authorities' chain up to, PEM."""
    policy: str = Field(default="", pattern=r"^([0-2](\.(0|[1-9][0-9]{0,18})){1,30})?$")
    """The only policy of the authorities that is taken, as dotted OID; empty for any."""
    every_seconds: float = Field(default=60.0, ge=0.1, le=86_400)
    """How often to ask, when the log grew."""
    closed_after_seconds: float = Field(default=0.0, ge=0, le=2_592_000)
    """How long a leaf may wait for its timestamp before cases are refused; 0 for ever."""

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if 0 < self.closed_after_seconds < 2 * self.every_seconds:
            message = "closed_after_seconds is 0 or at least twice every_seconds: a leaf waits for its round anyway"
            raise ValueError(message)
        return self


class WitnessSection(_Section):
    """A third party that witnesses the audit log (c2sp.org/tlog-witness)."""

    url: Annotated[str, AfterValidator(_check_url)]
    """Its submission prefix, http or https."""
    key: str = Field(max_length=512)
    """Its verifier key: <name>+<key id>+<base64>."""


class AuditSection(_Section):
    """Who reads the audit log, and who else vouches for it."""

    listen: _Address | None = None
    """host:port on which anybody reads the log as tiles and asks for cosignatures, over plain HTTP."""
    cosign_seconds: float = Field(default=5.0, ge=0.1, le=3600)
    """How often to ask the witnesses, when the log grew."""
    closed_after_seconds: float = Field(default=0.0, ge=0, le=2_592_000)
    """How old what enough witnesses cosigned may become before cases are refused; 0 for ever."""
    witnesses: Annotated[tuple[WitnessSection, ...], Field(max_length=16)] = ()
    """Third parties that witness the log, beside the other gateways."""
    timestamps: TimestampsSection | None = None

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if 0 < self.closed_after_seconds < max(120, 2 * self.cosign_seconds):
            message = "closed_after_seconds is 0, or at least 120 and twice cosign_seconds: a quiet log waits a minute"
            raise ValueError(message)
        return self


class Config(BaseSettings):
    """A gateway's configuration."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="TONGBAN_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    member: MemberSection
    server: ServerSection
    tls: TlsSection
    keys: KeysSection
    directory: DirectorySection
    store: StoreSection
    catalogues: CataloguesSection = CataloguesSection()
    platform: PlatformSection | None = None
    audit: AuditSection = AuditSection()
    retention: RetentionSection = RetentionSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment stands above the file."""
        return env_settings, init_settings


class ClientConfig(_Section):
    """What a local member's program needs to call its gateway: ``tongban case``, ``tongban licence`` and others."""

    member: MemberSection
    """Who calls."""
    gateway: _MemberId
    """Whom it calls."""
    tls: TlsSection
    key: KeySection
    """Its message key."""
    directory: DirectorySection


def load(path: Path) -> Config:
    """A gateway's configuration from a file. Misconfigured(CONFIG_INVALID) that names every fault in one line each."""
    content = _read(path)
    try:
        return Config(**_anchored(content, path.parent.resolve()))
    except ValidationError as error:
        raise _invalid(
            path,
            "a gateway's",
            error,
            "correct these settings, or the TONGBAN_ variables that override them; docs/operating.md describes each",
        ) from None


def load_client(path: Path) -> ClientConfig:
    """A client's configuration from a file. Misconfigured(CONFIG_INVALID)."""
    content = _read(path)
    try:
        return ClientConfig(**_anchored(content, path.parent.resolve()))
    except ValidationError as error:
        raise _invalid(
            path, "a client's", error, "correct these settings; docs/operating.md describes each, below a gateway's"
        ) from None


_PATHS = {
    "certificate", "key", "roots", "file", "trustees", "path", "credentials", "files", "crosswalks", "reviews",
    "calendars",
}  # fmt: skip


def _anchored(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same content with every path made absolute, from the file's folder."""

    def anchor(name: str, value: Any) -> Any:
        match value:
            case dict():
                return {key: anchor(key, inner) for key, inner in value.items()}
            case list() if name in _PATHS:
                return [str(folder / item) for item in value]
            case str() if name in _PATHS:
                return str(folder / value)
            case _:
                return value

    return {name: anchor(name, value) for name, value in content.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"{path} can't be read",
            got=error.strerror or "an error",
            mend="correct the path after --config, or after --as for a client, or the file's owner and mode",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID, f"{path} is not TOML", got=str(error), mend="correct the line that it names"
        ) from error


def _invalid(path: Path, whose: str, error: ValidationError, mend: str) -> Misconfigured:
    faults = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {_said(fault)}" for fault in error.errors(include_input=False)
    )
    return Misconfigured(
        Reason.CONFIG_INVALID,
        f"{path} is not {whose} configuration",
        got=faults,
        mend=mend,
    )


def _said(fault: ErrorDetails) -> str:
    """What is wrong with a setting, in words that don't need to know the library."""
    match fault["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is no setting"
        case _:
            return fault["msg"].removeprefix("Value error, ")
