from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import (
    bundles,
    called,
    cosigning,
    holding,
    imports,
    large,
    leaves,
    licences,
    signed_call,
    translation,
    whole_log,
)
from tests.bench.large import Plain, Size

TINY = Size(items=200, rows=100)


def test_translations_are_checked_and_counted() -> None:
    measured = translation.measure(TINY, seconds=0.01, inputs=400)
    assert min(measured.per_second, measured.batch_per_second) > 0
    assert measured.checked >= 200
    assert measured.kinds == 7


def test_a_translation_that_comes_out_wrong_stops_the_bench() -> None:
    made = large.make(TINY)
    asked = translation.questions(made, 50)
    translation.check(made, asked)
    wrong = [Plain(*row[:4], "another", "counts") for row in made.plain]
    with pytest.raises(ValueError, match="is right"):
        translation.check(large.Large(made.atlas, wrong), asked)


def test_calls_for_translations_are_checked_and_counted(tmp_path: Path) -> None:
    measured = called.measure(tmp_path, TINY, calls=20, batches=1)
    assert measured.checked == 40
    assert min(measured.p50_ms, measured.batch_per_second) > 0


def test_an_import_keeps_every_row() -> None:
    assert imports.measure(TINY).rows == TINY.rows


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the size of a process is read there")
def test_a_process_that_holds_everything_is_measured(tmp_path: Path) -> None:
    assert 10 < holding.measure(tmp_path, TINY) < 200


def test_signed_calls_are_all_in_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ECHO_CALLS", 100), ("SIGNED_CALLS", 60), ("WARM_UP_CALLS", 10)):
        monkeypatch.setattr(signed_call, name, value)
    measured = signed_call.measure(tmp_path, rounds=1)
    assert measured.signed_calls == 70
    assert measured.verified > 0


def test_licences_are_checked_and_counted() -> None:
    measured = licences.measure(seconds=0.01, licences=4)
    assert measured.per_second > 0
    assert measured.presentations == 4


def test_leaves_are_counted_when_they_are_in_the_store(tmp_path: Path) -> None:
    measured = leaves.measure(tmp_path, rounds=1, together=200, alone=20)
    assert measured.leaves == 220
    assert min(measured.together_per_second, measured.alone_per_second) > 0


def test_a_whole_log_is_proved_and_verified(tmp_path: Path) -> None:
    measured = whole_log.measure(tmp_path, leaves=250, proofs=10)
    assert measured.leaves == 250
    assert min(measured.prove_ms, measured.verify_ms, measured.full_verify_seconds) > 0


def test_a_witness_cosigns_a_log_that_grows(tmp_path: Path) -> None:
    assert cosigning.measure(tmp_path, rounds=4, first_size=50).p50_ms > 0


def test_a_bundle_of_thirty_events_is_verified() -> None:
    assert bundles.measure(times=1).events == 30


def test_one_bench_keeps_the_other_figures_and_the_file_has_exactly_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "build" / "bench.json"
    results.parent.mkdir()
    results.write_text(json.dumps({"echo_mtls_rps": 6000.0, "of an earlier version": 1}))
    monkeypatch.setattr(bench, "RESULTS", results)
    assert bench.main(["--only", "audit_bundle"]) == 0
    written = json.loads(results.read_text())
    assert tuple(written) == bench.KEYS
    assert written["echo_mtls_rps"] == 6000.0
    assert written["audit_bundle_verify_ms"] > 0
    assert written["demo_first_s"] is None


def test_small_figures_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "bench.json")
    assert bench.main(["--only", "audit_leaves", "--small"]) == 0
    assert not (tmp_path / "bench.json").exists()
