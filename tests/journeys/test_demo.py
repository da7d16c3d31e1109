"""`channelwatch demo --exit`: the whole product on an invented feed, counted by a matcher of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "demo", "--exit"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    totals = json.loads(done.stdout.splitlines()[-1])
    assert totals["alerts_expected"] >= 100
    assert totals["alerts_delivered"] == totals["alerts_expected"]
    assert (totals["alerts_lost"], totals["duplicates"]) == (0, 0)
    assert totals["posts_published"] == totals["posts_stored"] >= 150
