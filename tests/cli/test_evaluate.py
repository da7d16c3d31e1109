"""`channelwatch evaluate`: the figures on the last line, and a sentence for what cannot be measured."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.evaluate import app
from cli.labelled_files import Unmeasurable

ROW = {"text": "Вратарь отбил пенальти, и сборная вышла в полуфинал", "lang": "ru", "topics": ["sport"]}


def test_the_last_line_holds_the_figures(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(ROW).encode()))
    result = CliRunner().invoke(app, ["topics", str(file)])
    figures = json.loads(result.stdout.splitlines()[-1])
    assert figures["micro_f1"] == 1.0
    assert set(figures) == {
        "micro_f1", "macro_f1", "precision", "recall", "accuracy", "by_language", "by_topic", "precision_by_topic",
        "recall_by_topic", "none_rejected", "rows",
    }  # fmt: skip


def test_shares_have_four_digits_at_any_depth(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    rows = [ROW, ROW | {"topics": ["arts"]}, ROW | {"topics": ["arts", "sport"]}]
    file.write_text("\n".join(map(json.dumps, rows)))
    figures = json.loads(CliRunner().invoke(app, ["topics", str(file)]).stdout)
    assert figures["precision_by_topic"]["sport"] == 0.6667


@pytest.mark.parametrize("what", ["topics", "stories", "keywords"])
@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[1]", b'{"text": "a"}', b"\xff\xfe", b"\x1f\x8b nothing packed",
        pytest.param(gzip.compress(b"{}" * 99)[:-9], id="packed and cut off"),  # holds the time at which it was packed
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_measured_gets_a_sentence(tmp_path: Path, what: str, content: bytes) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_bytes(content)
    result = CliRunner().invoke(app, [what, str(file)])
    assert result.exit_code == 1
    assert isinstance(result.exception, Unmeasurable)
    assert str(result.exception).startswith("posts.jsonl cannot be measured: ")
