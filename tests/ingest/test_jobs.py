"""What ingest does by the clock."""

from __future__ import annotations

from pathlib import Path

import structlog
from structlog.testing import capture_logs

from analysis.kept_lemmas import FILE, load_lemmas
from analysis.text import LEMMAS, analyse
from ingest.jobs import PaceLog, make_scheduler, save_lemmas
from ingest.stages import Stages


async def nothing() -> None:
    pass


async def none_failed() -> int:
    return 0


async def test_a_late_job_runs_once_and_never_twice_at_a_time(tmp_path: Path) -> None:
    scheduler = make_scheduler(tmp_path, retry_failed=none_failed, save_session=nothing, stages=Stages())
    jobs = scheduler.get_jobs()
    assert {job.id for job in jobs} == {
        "save lemmas",
        "retry failed analyses",
        "save session",
        "log pace",
        "give back memory",
    }
    scheduler.start(paused=True)
    for job in scheduler.get_jobs():
        assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)
    scheduler.shutdown(wait=False)


async def test_lemmas_are_kept_for_the_next_run(tmp_path: Path) -> None:
    expected = analyse("мости відкрито").lemmas
    await save_lemmas(tmp_path)
    LEMMAS.forget()
    assert load_lemmas(tmp_path)
    assert LEMMAS.remembered > 0
    assert analyse("мости відкрито").lemmas == expected


async def test_a_folder_that_cannot_be_written_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    await save_lemmas(tmp_path / "file")
    assert not (tmp_path / FILE).exists()


async def test_pace_is_told_of_new_posts_only() -> None:
    structlog.reset_defaults()  # this line is no warning
    stages = Stages(posts=7, storing=7.0)
    pace = PaceLog(stages)
    with capture_logs() as lines:
        await pace.write()
        stages.posts, stages.storing = 9, 8.0
        await pace.write()
        await pace.write()
    assert [(line["event"], line["posts"], line["storing_us"]) for line in lines] == [("pipeline pace", 2, 500_000)]
