from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.app import Gateway
from gateway.config import load
from sandbox.federation import DATA, YUEYANG, Federation, found
from tests.docs.pages import block_after
from trust.keys import KeyPurpose

PURPOSES = (KeyPurpose.MESSAGE, KeyPurpose.LICENCE, KeyPurpose.STATUS, KeyPurpose.LOG, KeyPurpose.WITNESS)


@dataclass(frozen=True)
class Running:
    """A gateway started from the configuration that docs/operating.md shows, and the federation it is in."""

    gateway: Gateway
    federation: Federation


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """The example's folder, with the sandbox's keys and data in it. A variable overrides the port, as the page says."""
    member = YUEYANG.gateway
    federation = found(tmp_path / "federation", {member: "127.0.0.1:7430"}, datetime.now(UTC))
    certificates = federation.certificates[member]
    wanted = {
        "tls/member.pem": certificates.chain,
        "tls/member.key": certificates.key,
        "tls/roots.pem": certificates.roots,
        **{f"keys/{purpose.value}.pem": federation.keys[member, purpose].path for purpose in PURPOSES},
        "keys/store.key": federation.store_keys[member],
        "directory.jws": federation.directory_file,
        "trustees.json": federation.trustees_file,
        "catalogues/430600.json": DATA / "catalogue-430600.json",
        "catalogues/421000.json": DATA / "catalogue-421000.json",
        "catalogues/430600-421000.csv": DATA / "crosswalk-430600-421000.csv",
    }
    (tmp_path / "store").mkdir()
    for name, source in wanted.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(source, tmp_path / name)
    file = tmp_path / "gateway.toml"
    file.write_text(block_after("operating.md", "example", "toml"), "utf-8")
    monkeypatch.setenv("TONGBAN_SERVER__LISTEN", "127.0.0.1:0")
    # The other city's gateway, from which its reviews would come, does not run here.
    reviews = [str(path) for path in federation.reviews.values()]
    monkeypatch.setenv("TONGBAN_CATALOGUES__REVIEWS", json.dumps(reviews))
    gateway = await Gateway.start(load(file))
    yield Running(gateway, federation)
    await gateway.close()
