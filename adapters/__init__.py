"""Adapters: each teaches the gateway one platform's dialect. ``build`` makes one by the name that the config uses.

An adapter implements ``gateway.ports.Platform``, and ``CallbackReader`` if its platform calls back. How to write one
is in README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.hunan.client import HunanPlatform
from adapters.jingzhou.callback import JingzhouCallbacks
from adapters.jingzhou.client import JingzhouPlatform
from adapters.settings import Credentials, PlatformSettings
from gateway.ports import CallbackReader, Platform
from trust.errors import Misconfigured, Reason

__all__ = ["DIALECTS", "Credentials", "PlatformSettings", "build", "build_callback_reader"]

_PLATFORMS: Final[Mapping[str, type[HunanPlatform] | type[JingzhouPlatform]]] = {
    "hunan": HunanPlatform,
    "jingzhou": JingzhouPlatform,
}
_CALLBACK_READERS: Final[Mapping[str, type[JingzhouCallbacks]]] = {"jingzhou": JingzhouCallbacks}

DIALECTS: Final = tuple(sorted(_PLATFORMS))
"""Names that the config may use."""


def build(dialect: str, settings: PlatformSettings) -> Platform:
    """The adapter for a dialect. Raises Misconfigured(CONFIG_INVALID) for a name that no adapter has."""
    return _PLATFORMS[_known(dialect)](settings)


def build_callback_reader(dialect: str, settings: PlatformSettings) -> CallbackReader | None:
    """The reader of a dialect's callbacks; None when its platform is polled.

    Raises Misconfigured(CONFIG_INVALID) for a name that no adapter has, and when the callback secret is missing.
    """
    reader = _CALLBACK_READERS.get(_known(dialect))
    return None if reader is None else reader(settings)


def _known(dialect: str) -> str:
    if dialect not in _PLATFORMS:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "choose the adapter of the local platform",
            got=f"dialect {dialect!r}",
            expected=" or ".join(DIALECTS),
            mend="correct the platform's dialect in the config",
        )
    return dialect
