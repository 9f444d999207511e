"""Inclusion proofs that transparency-dev/merkle publishes, read from the folder that TONGBAN_VECTORS names."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from trust.errors import Conflict, Reason
from trust.merkle import verify_inclusion

FOLDER = os.environ.get("TONGBAN_VECTORS")
CASES = sorted((Path(FOLDER) / "merkle" / "inclusion").rglob("*.json")) if FOLDER else [Path("none/none")]
pytestmark = pytest.mark.skipif(not FOLDER, reason="TONGBAN_VECTORS does not name a folder of public vectors")


def test_the_published_vectors_are_there() -> None:
    assert len(CASES) >= 90


@pytest.mark.parametrize("case", [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in CASES])
def test_a_published_inclusion_proof_is_judged_as_its_authors_judge_it(case: Path) -> None:
    vector = json.loads(case.read_text("utf-8"))
    leaf, root = base64.b64decode(vector["leafHash"]), base64.b64decode(vector["root"])
    path = [base64.b64decode(each) for each in vector["proof"] or ()]

    if vector["wantErr"]:
        with pytest.raises(Conflict) as caught:
            verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], path, root)
        assert caught.value.reason is Reason.LOG_INCONSISTENT
    else:
        verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], path, root)
