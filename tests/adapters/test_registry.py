"""Adapters by name, and the credentials they are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters import DIALECTS, Credentials, PlatformSettings, build, build_callback_reader
from adapters.hunan.client import HunanPlatform
from adapters.jingzhou.callback import JingzhouCallbacks
from adapters.jingzhou.client import JingzhouPlatform
from trust.errors import Misconfigured, Reason

SETTINGS = PlatformSettings("http://127.0.0.1:1", "430600", Credentials("account", "s3cret", "shared"))


def test_a_dialect_is_built_by_its_name() -> None:
    assert DIALECTS == ("hunan", "jingzhou")
    assert isinstance(build("hunan", SETTINGS), HunanPlatform)
    assert isinstance(build("jingzhou", SETTINGS), JingzhouPlatform)
    assert build_callback_reader("hunan", SETTINGS) is None
    assert isinstance(build_callback_reader("jingzhou", SETTINGS), JingzhouCallbacks)


@pytest.mark.parametrize("name", ["", "Hunan", "guangdong"])
def test_an_unknown_dialect_is_refused_with_the_known_ones_named(name: str) -> None:
    for make in (build, build_callback_reader):
        with pytest.raises(Misconfigured, match="hunan or jingzhou") as caught:
            make(name, SETTINGS)
        assert caught.value.reason is Reason.CONFIG_INVALID


def test_settings_show_no_secret() -> None:
    shown = repr(SETTINGS) + str(SETTINGS)
    assert not any(secret in shown for secret in ("account", "s3cret", "shared"))


def write(path: Path, content: object, mode: int = 0o600) -> Path:
    path.write_text(json.dumps(content))
    path.chmod(mode)
    return path


def test_credentials_come_from_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "c.json", {"account": "a", "secret": "b"})
    assert Credentials.load(file) == Credentials("a", "b", "")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(Misconfigured, match="chmod 600") as caught:
        Credentials.load(write(tmp_path / "c.json", {"account": "a", "secret": "b"}, mode))
    assert caught.value.reason is Reason.KEY_FILE_EXPOSED


@pytest.mark.parametrize(
    "content", [{"account": "a"}, {"account": "a", "secret": 5}, {"account": "a", "secret": "hidden", "x": "y"}, [], 1]
)
def test_a_file_that_says_something_else_is_refused_without_quoting_it(tmp_path: Path, content: object) -> None:
    with pytest.raises(Misconfigured) as caught:
        Credentials.load(write(tmp_path / "c.json", content))
    assert caught.value.reason is Reason.KEY_FILE_UNREADABLE
    assert "hidden" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.json"):
        Credentials.load(tmp_path / "none.json")
