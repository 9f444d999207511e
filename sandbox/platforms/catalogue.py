"""What a platform has of its catalogue file: the present. It keeps no history for anybody."""

from __future__ import annotations

from datetime import date
from typing import Any


def present_items(catalogue: dict[str, Any], on: date) -> list[dict[str, Any]]:
    """List one version of each code: the highest that had begun by that Beijing day, the lowest where none had."""
    versions: dict[str, list[dict[str, Any]]] = {}
    for item in catalogue["items"]:
        versions.setdefault(item["code"], []).append(item)
    return [_present(each, on.isoformat()) for each in versions.values()]


def _present(versions: list[dict[str, Any]], on: str) -> dict[str, Any]:
    newest_first = sorted(versions, key=lambda item: -item["version"])
    begun = (item for item in newest_first if max(item["valid_from"], item.get("listed_from", "")) <= on)
    return next(begun, newest_first[-1])
