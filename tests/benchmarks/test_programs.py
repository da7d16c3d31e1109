"""Each benchmark runs from end to end at a size that takes seconds; what it measures is not judged here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tantivy", reason="the benchmarks' requirements are not installed (dependency group bench)")
pytest.importorskip("langdetect", reason="the benchmarks' requirements are not installed (dependency group bench)")

from benchmarks import percolating, percolator, pipeline
from matching.percolator import Percolator
from matching.query import parse


def last_line(output: str) -> dict[str, Any]:
    found = json.loads(output.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_percolator_reports_every_figure_and_no_mismatch(capfd: pytest.CaptureFixture[str]) -> None:
    assert percolator.main(["--quick", "--json", "--queries", "100,400", "--rounds", "2"]) == 0
    found = last_line(capfd.readouterr().out)
    assert found["mismatches"] == 0
    assert found["sizes"]["400"]["checked"] == {"posts": 20, "queries": 800}
    measured = "vs_regex vs_tantivy vs_tantivy_batched p99_ms posts_per_second add_microseconds"
    assert all(found[name] > 0 for name in measured.split())
    assert "mib" in found  # of a process that has run other tests before it may fall
    assert found["growth_10k_to_1m"] is None


def test_pipeline_reports_every_figure(capfd: pytest.CaptureFixture[str]) -> None:
    assert pipeline.main(["--quick", "--json", "--queries", "20,1000", "--rounds", "1"]) == 0
    found = last_line(capfd.readouterr().out)
    assert all(found[name] > 0 for name in ("posts_per_second_1k", "vs_typical_1k", "latency_p99_ms"))
    assert found["posts_per_second_100k"] is found["vs_typical_100k"] is None
    assert found["sizes"]["1000"]["alerts_a_post"] > 0


def test_pipeline_refuses_a_file_of_too_few_posts(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "Ракета упала"}\n' * 9)
    with pytest.raises(SystemExit, match=r"351 posts are needed .* 9 are there"):
        pipeline.main(["--quick", "--queries", "20", "--rounds", "1", "--posts", str(path)])


def test_stalled_database_loses_no_posts(capfd: pytest.CaptureFixture[str]) -> None:
    stalled = ["--stalled", "--stalled-posts", "3000", "--stalled-seconds", "1"]
    assert pipeline.main(["--quick", "--json", "--queries", "20", *stalled]) == 0
    found = last_line(capfd.readouterr().out)
    assert found["lost"] == 0
    assert found["posts"] == 3000
    assert found["rss_mib_above_start"] < found["rss_mib_at_start"]
    assert found["seconds_until_it_stored_again"] > 0
    assert "posts_per_second_afterwards" in found


def test_wrong_match_is_counted_and_shown(capfd: pytest.CaptureFixture[str]) -> None:
    asked = [parse("ракета"), parse("дождь")]
    swapped: Percolator[int] = Percolator()
    swapped.add(0, asked[1])
    swapped.add(1, asked[0])
    assert percolating.mismatches(swapped, asked, ["Упала ракета."]) == 2
    assert "missed by the percolator: ракета in: Упала" in capfd.readouterr().err


def test_table_for_people_names_every_size(capfd: pytest.CaptureFixture[str]) -> None:
    assert percolator.main(["--quick", "--queries", "50", "--rounds", "1"]) == 0
    table = capfd.readouterr().out.splitlines()
    assert len(table) == 3
    assert "vs_regex" in table[0]
