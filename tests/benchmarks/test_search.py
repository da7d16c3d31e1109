"""The benchmark of search runs from end to end at a size that takes seconds; what it measures is not judged here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tantivy", reason="the benchmarks' requirements are not installed (dependency group bench)")

from benchmarks import search
from benchmarks.search_queries import CLASSES


def test_every_figure_is_reported_and_no_result_is_wrong(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert search.main(["--quick", "--json", "--posts", "1500", "--cache", str(tmp_path)]) == 0
    found = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert found["mismatches"] == 0
    assert found["posts"] == 1_500
    for times in (found["classes"], *found["peers"].values()):
        assert list(times) == list(CLASSES)
        assert all(each["p50_ms"] > 0 and each["p99_ms"] > 0 for each in times.values())
    assert found["peers"].keys() == {"postgresql_own", "tantivy"}
    assert "rare_vs_plain" in found
