"""docs/operating.md and its Chinese twin against the configuration, the log, the limits and the failpoints."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

import adapters
from gateway import failpoints
from gateway.config import ClientConfig, Config
from tests.docs.conftest import Running
from tests.docs.pages import ROOT, block_after, plain, rows_after, text_of
from trust.directory_file import read_content, write_content
from trust.keys import Algorithm, SoftwareSigner

PAGES = ("operating.md", "operating.zh-CN.md")
TWINS = pytest.mark.parametrize("page", PAGES)
UNITS = {"KiB": 1024, "MiB": 1024**2, "s": 1, "min": 60}


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted name and field of every setting."""
    for name, field in model.model_fields.items():
        section = next((kind for kind in (field.annotation, *get_args(field.annotation)) if _is_model(kind)), None)
        if section is None:
            yield prefix + name, field
        else:
            yield from settings_of(section, f"{prefix}{name}.")


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


@TWINS
def test_the_page_names_exactly_the_settings_there_are(page: str) -> None:
    named = [plain(row[0]) for row in rows_after(page, "settings")]
    assert sorted(named) == sorted(name for name, _ in settings_of(Config))
    assert len(named) == len(set(named))


@TWINS
def test_the_page_names_exactly_the_settings_of_a_client(page: str) -> None:
    named = [plain(row[0]) for row in rows_after(page, "client settings")]
    assert sorted(named) == sorted(name for name, _ in settings_of(ClientConfig))


@TWINS
def test_defaults_choices_and_dialects_are_the_codes(page: str) -> None:
    fields = dict(settings_of(Config))
    for name, _, bound, default in rows_after(page, "settings"):
        field = fields[plain(name)]
        if field.is_required():
            assert not default, name
        elif field.default:
            assert float(default) == field.default if default.isdecimal() else plain(default) == field.default, name
        else:
            assert default in {"none", "无"}, name
        if get_origin(field.annotation) is Literal:
            assert re.findall(r"`([^`]+)`", bound) == list(get_args(field.annotation))
    (dialects,) = (row[2] for row in rows_after(page, "settings") if row[0] == "`platform.dialect`")
    assert tuple(re.findall(r"`([^`]+)`", dialects)) == adapters.DIALECTS


@TWINS
def test_the_page_names_exactly_the_failpoints_in_their_order(page: str) -> None:
    assert tuple(plain(row[0]) for row in rows_after(page, "failpoints")) == failpoints.NAMES


@TWINS
def test_each_limit_is_what_the_code_says(page: str) -> None:
    for what, limit, where in rows_after(page, "limits"):
        module, _, name = plain(where).rpartition(".")
        value = getattr(import_module(module), name)
        number, _, unit = limit.partition(" ")
        expected = int(number) * UNITS.get(unit, 1)
        assert (value.total_seconds() if isinstance(value, timedelta) else value) == expected, what


def logged() -> dict[str, set[str]]:
    """Message to levels, from every call of a log in the code."""
    found: dict[str, set[str]] = {}
    for room in ("gateway", "adapters"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id="_log"), attr=level),
                        args=[ast.Constant(value=str(message))],
                    ):
                        found.setdefault(message, set()).add(level)
                    case ast.Call(func=ast.Name(id="log"), args=[ast.Constant(value=str(message))]):
                        found.setdefault(message, set()).update({"warning", "error"})  # chosen just before
    return found


@TWINS
def test_the_page_lists_exactly_what_is_logged(page: str) -> None:
    listed = {plain(row[0]): set(row[1].split(", ")) for row in rows_after(page, "log")}
    assert listed == logged()


def test_both_pages_show_the_same_configuration() -> None:
    assert block_after("operating.zh-CN.md", "example", "toml") == block_after("operating.md", "example", "toml")


def test_the_content_shown_is_a_directorys_and_the_same_on_both_pages() -> None:
    shown = json.loads(block_after("operating.md", "content", "json"))
    assert json.loads(block_after("operating.zh-CN.md", "content", "json")) == shown
    (member,) = shown["members"]
    (key,) = member["keys"]
    kid = key["jwk"]["kid"]
    assert (key["jwk"]["x"], key["jwk"]["y"]) == ("…", "…"), "an example's key is nobody's"
    key["jwk"] = SoftwareSigner.generate(Algorithm.ES256, kid).public_jwk()
    directory = read_content(json.dumps(shown).encode())
    assert directory.member("430600.gateway").keys[0].kid == kid
    assert json.loads(write_content(directory)) == shown, "no field is left out"


def test_both_pages_give_the_same_commands() -> None:
    pages = [re.findall(r"^   ```\n(.*?)^   ```", text_of(page), re.DOTALL | re.MULTILINE) for page in PAGES]
    assert pages[0] == pages[1]
    assert any("tongban serve" in command for command in pages[0])


async def test_a_gateway_starts_from_the_configuration_shown_with_a_setting_overridden(running: Running) -> None:
    assert running.gateway.house.member_id == "430600.gateway"
    assert running.gateway.listener.port not in {0, 7430}
