"""``tongban audit export``: what is said when there is nothing to export. What it exports is tried between two gateways
(tests/pairs/test_evidence.py) and in parts (tests/gateway/test_evidence.py)."""

from __future__ import annotations

import pytest

from tests.gateway.cli.installation import YUEYANG, Federation, Run


@pytest.fixture
def config(federation: Federation) -> object:
    federation.fill_log(YUEYANG, [])
    return federation.gateway_config(YUEYANG)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["01234567-89ab-7def-8123-456789abcdef"], 1, "CASE_UNKNOWN"),
        (["43060020261121"], 1, "FIELD_INVALID"),
        (["01234567-89ab-7def-8123-456789abcdef", "--lang", "fr"], 2, "zh or en"),
    ],
)
def test_what_can_not_be_exported_is_named_and_leaves_no_file(
    run: Run, config: object, federation: Federation, arguments: list[str], status: int, said: str
) -> None:
    into = federation.folder / "evidence.zip"
    result = run("audit", "export", *arguments, "--config", config, "--out", into)
    assert result.exit_code == status
    assert said in result.stderr
    assert not into.exists()
