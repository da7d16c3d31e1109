"""`channelwatch evaluate topics`: the figures on the last line, and a sentence for what cannot be measured."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.evaluate import app

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


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"text": "a"}', b"\xff\xfe", b"\x1f\x8b nothing packed"])
def test_a_file_that_cannot_be_measured_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_bytes(content)
    result = CliRunner().invoke(app, ["topics", str(file)])
    assert result.exit_code == 1
    assert "posts.jsonl cannot be measured" in result.stderr
