"""The configuration files of the sandbox's programs, as an operator would write them by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.domain.catalogue import NATIONAL
from sandbox.authority import CertificatePaths
from sandbox.federation import CROSSWALKS, DATA, THRESHOLD, City, Federation, KeyFile
from trust.keys import KeyPurpose

HOST: Final = "127.0.0.1"
"""Everything listens on this machine only."""

POLL_SECONDS: Final = 0.2
"""Far shorter than in production, since somebody watches."""

SYNC_SECONDS: Final = 0.5
CATALOGUE_SECONDS: Final = 60.0
"""Likewise: how often peers are followed, and the platform's catalogue is pulled."""

COSIGN_SECONDS: Final = 1.0
"""Likewise: how often the witnesses are asked."""

CALLBACK_PATH: Final = "/callback"

_GATEWAY_KEYS: Final = (
    KeyPurpose.MESSAGE, KeyPurpose.LICENCE, KeyPurpose.STATUS, KeyPurpose.LOG, KeyPurpose.WITNESS,
)  # fmt: skip

_Value = str | int | float | Sequence[str]


def write_gateway(folder: Path, city: City, federation: Federation, ports: Mapping[str, int]) -> Path:
    """Write a gateway's ``<member>.toml``; its path. ``ports`` by the names of ``sandbox.world.port_names``."""
    member = city.gateway
    sections: dict[str, dict[str, _Value]] = {
        "member": {"id": member, "region": city.region},
        "server": {"listen": f"{HOST}:{ports[member]}"},
        "tls": _tls(federation.certificates[member]),
        **{f"keys.{purpose.value}": _key(federation.keys[member, purpose]) for purpose in _GATEWAY_KEYS},
        "directory": _directory(federation),
        "store": {"path": str(folder / "data" / f"{member}.sqlite"), "key": str(federation.store_keys[member])},
        "catalogues": {
            # The national list belongs to nobody here. The city's own catalogue comes from its platform, and the other
            # city's from its gateway, as do the reviews that it signed.
            "files": [str(DATA / f"catalogue-{NATIONAL}.json")],
            "crosswalks": [str(path) for path in CROSSWALKS],
            "reviews": [str(federation.reviews[member])],
            "sync_seconds": SYNC_SECONDS,
        },
        "platform": {
            "member": city.platform,
            "dialect": city.dialect,
            "base_url": f"http://{HOST}:{ports[city.platform]}",
            "credentials": str(federation.credentials[city.platform]),
            "poll_seconds": POLL_SECONDS,
            "catalogue_seconds": CATALOGUE_SECONDS,
        },
    }
    sections["audit"] = {"listen": f"{HOST}:{ports[log_name(city)]}", "cosign_seconds": COSIGN_SECONDS}
    if not city.polls:
        sections["platform"]["callback_listen"] = f"{HOST}:{ports[callback_name(city)]}"
    return _write(folder / f"{member}.toml", f"The gateway of {city.name}, for `tongban serve --config`", sections)


def write_client(folder: Path, city: City, federation: Federation) -> Path:
    """Write the configuration with which ``city``'s platform and windows call their gateway; its path."""
    member = city.platform
    sections: dict[str, dict[str, _Value]] = {
        "": {"gateway": city.gateway},
        "member": {"id": member, "region": city.region},
        "tls": _tls(federation.certificates[member]),
        "key": _key(federation.keys[member, KeyPurpose.MESSAGE]),
        "directory": _directory(federation),
    }
    return _write(folder / f"{member}.toml", f"A window of {city.name}, for `tongban case --as`", sections)


def callback_name(city: City) -> str:
    """Name of the port on which a city's gateway takes its platform's callbacks."""
    return f"{city.region}.callback"


def log_name(city: City) -> str:
    """Name of the port on which a city's gateway shows its audit log to everybody."""
    return f"{city.region}.log"


def callback_url(city: City, ports: Mapping[str, int]) -> str:
    """Where a platform that calls back tells its progress."""
    return f"http://{HOST}:{ports[callback_name(city)]}{CALLBACK_PATH}"


def _tls(paths: CertificatePaths) -> dict[str, _Value]:
    return {"certificate": str(paths.chain), "key": str(paths.key), "roots": str(paths.roots)}


def _key(key: KeyFile) -> dict[str, _Value]:
    return {"kid": key.kid, "file": str(key.path)}


def _directory(federation: Federation) -> dict[str, _Value]:
    return {
        "file": str(federation.directory_file),
        "trustees": str(federation.trustees_file),
        "threshold": THRESHOLD,
    }


def _write(path: Path, what: str, sections: Mapping[str, Mapping[str, _Value]]) -> Path:
    lines = [f"# {what}. Written by the sandbox at every start; changes are lost."]
    for section, settings in sections.items():
        lines += ["", f"[{section}]"] if section else [""]
        # A JSON string, number or array of strings is the same in TOML.
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
