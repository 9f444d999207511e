"""Proofs that transparency-dev/merkle publishes, read from the folder that TONGBAN_VECTORS names: its suites of
inclusion, consistency and subtree proofs, as many of them as the folder holds."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trust.errors import Conflict, Reason
from trust.merkle import verify_consistency, verify_inclusion
from trust.subtrees import verify_subtree_consistency, verify_subtree_inclusion

FOLDER = os.environ.get("TONGBAN_VECTORS")
ROOT = Path(FOLDER or "none") / "merkle"
pytestmark = pytest.mark.skipif(not FOLDER, reason="TONGBAN_VECTORS does not name a folder of public vectors")

Vector = dict[str, Any]


def octets(text: str | None) -> bytes:
    return base64.b64decode(text or "")


CHECKS: dict[str, Callable[[Vector, list[bytes]], None]] = {
    "inclusion": lambda vector, path: verify_inclusion(
        octets(vector["leafHash"]), vector["leafIdx"], vector["treeSize"], path, octets(vector["root"])
    ),
    "consistency": lambda vector, path: verify_consistency(
        vector["size1"], octets(vector["root1"]), vector["size2"], octets(vector["root2"]), path
    ),
    "subtreeinclusion": lambda vector, path: verify_subtree_inclusion(
        octets(vector["leafHash"]), vector["leafIdx"], vector["start"], vector["end"], path, octets(vector["root"])
    ),
    "subtreeconsistency": lambda vector, path: verify_subtree_consistency(
        vector["start"], vector["end"], octets(vector["root1"]), vector["size"], octets(vector["root2"]), path
    ),
}
CASES = [
    pytest.param(suite, path, id=f"{suite}/{path.parent.name}/{path.stem}")
    for suite in CHECKS
    for path in sorted((ROOT / suite).rglob("*.json"))
] or [pytest.param("inclusion", Path("none"), id="none")]


def test_the_published_vectors_are_there() -> None:
    assert len(list((ROOT / "inclusion").rglob("*.json"))) >= 90


@pytest.mark.parametrize(("suite", "case"), CASES)
def test_a_published_proof_is_judged_as_its_authors_judge_it(suite: str, case: Path) -> None:
    vector: Vector = json.loads(case.read_text("utf-8"))
    path = [octets(each) for each in vector["proof"] or ()]

    if vector["wantErr"]:
        with pytest.raises(Conflict) as caught:
            CHECKS[suite](vector, path)
        assert caught.value.reason is Reason.LOG_INCONSISTENT
    else:
        CHECKS[suite](vector, path)
