"""The ground that everything is measured on: the sandbox's federation and data, in a folder of this run.

Two gateways are configured as operators configure theirs, by a TOML file each; children of the benchmark get the path
of one as their only argument.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.config import Config, KeysSection, load
from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import Catalogue
from gateway.domain.catalogue_file import parse_catalogue
from gateway.domain.crosswalk import Crosswalk, Standing
from gateway.rpc.tls import CertificateFiles
from sandbox.federation import CITIES, CROSSWALKS, DATA, JINGZHOU, YUEYANG, City, Federation, found
from sandbox.reviews import claims_of

CALLER = YUEYANG
"""Whose gateway calls."""

CALLEE = JINGZHOU
"""Whose gateway is measured."""

CATALOGUES = tuple(sorted(DATA.glob("catalogue-*.json")))


@dataclass(frozen=True)
class Ground:
    """A federation of two cities, and the configurations of their gateways."""

    folder: Path
    federation: Federation

    @classmethod
    def lay(cls, folder: Path) -> Ground:
        """Found the federation in an empty folder and write the configurations."""
        ground = cls(folder, found(folder, {}, datetime.now(UTC)))
        for city in CITIES:
            ground.config(city).write_text(ground._toml(city), "utf-8")
        return ground

    def config(self, city: City) -> Path:
        """Configuration of a city's gateway. It has no platform, so that at rest nothing is polled in vain."""
        return self.folder / f"{city.gateway}.toml"

    def _toml(self, city: City) -> str:
        federation = self.federation
        certificate = federation.certificates[city.gateway]
        keys = {purpose: key for (member, purpose), key in federation.keys.items() if member == city.gateway}
        sections: dict[str, dict[str, object]] = {
            "member": {"id": city.gateway, "region": city.region},
            "server": {"listen": "127.0.0.1:0"},
            "tls": {
                "certificate": str(certificate.chain),
                "key": str(certificate.key),
                "roots": str(certificate.roots),
            },
            **{
                f"keys.{purpose.value}": {"kid": key.kid, "file": str(key.path)}
                for purpose, key in keys.items()
                if purpose.value in KeysSection.model_fields
            },
            "directory": {
                "file": str(federation.directory_file),
                "trustees": str(federation.trustees_file),
                "threshold": 2,
            },
            "store": {
                "path": str(self.folder / f"{city.gateway}.db"),
                "key": str(federation.store_keys[city.gateway]),
            },
            "catalogues": {
                "files": [str(path) for path in CATALOGUES],
                "crosswalks": [str(path) for path in CROSSWALKS],
                "reviews": [str(path) for path in federation.reviews.values()],
            },
        }
        # What these values are made of, TOML writes as JSON does.
        return "\n".join(
            f"[{section}]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
            for section, values in sections.items()
        )


def read_config(argument: str) -> Config:
    """The configuration that a child process was given."""
    return load(Path(argument))


def certificates(config: Config) -> CertificateFiles:
    """Certificate files of a configured gateway."""
    return CertificateFiles(config.tls.certificate, config.tls.key, config.tls.roots)


def catalogues() -> dict[str, Catalogue]:
    """The two cities' catalogues and the national list, by region."""
    read = [parse_catalogue(path.read_bytes()) for path in CATALOGUES]
    return {catalogue.id: catalogue for catalogue in read}


def crosswalk() -> Crosswalk:
    """The rows between them, each signed for by the gateways that its file names."""
    return Crosswalk(tuple(row.with_standing(Standing(members)) for row, members in claims_of(CROSSWALKS)))


def atlas() -> Atlas:
    """What translation goes by."""
    return Atlas(catalogues(), crosswalk())


def people() -> list[dict[str, Any]]:
    """The sandbox's invented people."""
    listed: list[dict[str, Any]] = json.loads((DATA / "people.json").read_bytes())["people"]
    return listed
