"""The encoded lists that the Token Status List draft publishes; expected values from its section "Test vectors"."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from trust.status_list import StatusList

FOLDER = os.environ.get("TONGBAN_VECTORS")
pytestmark = pytest.mark.skipif(not FOLDER, reason="TONGBAN_VECTORS does not name a folder of public vectors")

SET_IN_THE_LONG_LIST = {0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345}


def published(name: str) -> dict[str, object]:
    """The JSON object in a file of the draft, whose long texts are broken over lines."""
    text = (Path(FOLDER or "") / "status_list" / name).read_text("utf-8")
    encoded = json.loads(re.sub(r"\n\s*", "", text[text.index("{") :]))
    assert isinstance(encoded, dict)
    return encoded


def test_the_short_list_decodes_and_encodes_as_published() -> None:
    encoded = published("status_list_encoding_json.md")
    statuses = StatusList.decode(encoded)
    assert statuses == StatusList(1, bytes.fromhex("b9a3"))
    assert statuses.encode() == encoded


def test_the_long_list_says_invalid_where_the_draft_says_so_and_nowhere_else() -> None:
    statuses = StatusList.decode(published("status_list_encoding1_long_json.md"))
    assert len(statuses) == 2**20
    assert statuses == StatusList.blank(1, 2**20).set(dict.fromkeys(SET_IN_THE_LONG_LIST, 1))
    assert all(statuses.get(index) == 1 for index in SET_IN_THE_LONG_LIST)
