"""What the tests of the commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.app import build
from tests.gateway.cli.installation import AnsweringGateway, Federation, Run, found


@pytest.fixture
def run() -> Run:
    """Run ``tongban`` with these arguments; what it did."""

    def invoke(*args: object, **options: Any) -> Result:
        return CliRunner().invoke(build(), [str(each) for each in args], catch_exceptions=False, **options)

    return invoke


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return found(tmp_path)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, federation: Federation) -> AnsweringGateway:
    answering = AnsweringGateway()
    monkeypatch.setattr("gateway.rpc.client.SignedClient", answering.client)
    monkeypatch.setenv("TONGBAN_CLIENT", str(federation.client_config()))
    return answering
