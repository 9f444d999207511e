from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import licences, translation


def test_translations_are_checked_and_counted() -> None:
    measured = translation.measure(seconds=0.01, inputs=200)
    assert measured.per_second > 0
    assert measured.checked >= 30
    assert measured.kinds >= 5


def test_licences_are_checked_and_counted() -> None:
    measured = licences.measure(seconds=0.01, licences=4)
    assert measured.per_second > 0
    assert measured.presentations == 4


def test_one_bench_keeps_the_other_figures_and_the_file_has_exactly_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "build" / "bench.json"
    results.parent.mkdir()
    results.write_text(json.dumps({"echo_mtls_rps": 6000.0, "of an earlier version": 1}))
    monkeypatch.setattr(bench, "RESULTS", results)
    monkeypatch.setattr(translation, "SECONDS", 0.01)
    assert bench.main(["--only", "translate"]) == 0
    written = json.loads(results.read_text())
    assert tuple(written) == bench.KEYS
    assert written["echo_mtls_rps"] == 6000.0
    assert written["translate_per_s"] > 0
    assert written["demo_first_s"] is None
