"""What a doctor makes of what it finds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from cli import doctor_checks as checks
from storage.checkup import Findings, Schema

NOW = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)

WELL = Findings(
    server_version="18.4", server_major=18, now_at=NOW, database_bytes=10**7,
    accounts=[("main", "ready", None)], channels=3, blind=[], unread=0, with_holes=0, late=0, late_since_at=None,
    dead=0, failed_analyses=0, ingest_silence=dt.timedelta(seconds=3), has_bot=True,
)  # fmt: skip


def judged(**different: Any) -> list[tuple[str, str]]:
    """Name and verdict of whatever is not ok."""
    found = replace(WELL, **different)
    every = [
        checks.server(found),
        *checks.accounts(found, is_wanted=True),
        *checks.reading(found),
        *checks.sending(found, NOW),
    ]
    assert all(check.advice for check in every if check.verdict != "ok")
    return [(check.name, check.verdict) for check in every if check.verdict != "ok"]


@pytest.mark.parametrize(
    ("different", "expected"),
    [
        ({}, []),
        ({"server_major": 14}, [("database", "fail")]),
        ({"accounts": []}, [("account", "fail")]),
        ({"accounts": [("main", "revoked", "ended by its owner")]}, [("account", "fail")]),
        ({"channels": 0}, [("channels", "warn")]),
        ({"ingest_silence": None}, [("ingest", "warn")]),
        ({"ingest_silence": dt.timedelta(minutes=5)}, [("ingest", "warn")]),
        ({"unread": 2}, [("readers", "warn")]),
        ({"blind": [("@demo_harbour", NOW)]}, [("channels", "fail")]),
        ({"with_holes": 1}, [("channels", "warn")]),
        ({"failed_analyses": 1}, [("labels", "warn")]),
        ({"late": 5, "late_since_at": NOW - dt.timedelta(minutes=5)}, [("deliveries", "warn")]),
        ({"late": 5, "late_since_at": NOW - dt.timedelta(hours=2)}, [("deliveries", "fail")]),
        ({"dead": 1}, [("deliveries", "warn")]),
        ({"has_bot": False}, [("bot", "warn")]),
    ],
)
def test_what_is_not_well_is_said_with_what_to_do(different: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert judged(**different) == expected


@pytest.mark.parametrize(("seconds", "verdict"), [(-1, "ok"), (6, "warn"), (-6, "warn"), (31, "fail"), (-400, "fail")])
def test_a_clock_may_be_some_seconds_wrong_but_not_half_a_minute(seconds: int, verdict: str) -> None:
    assert checks.clock("clock", dt.timedelta(seconds=seconds), "Telegram's").verdict == verdict


@pytest.mark.parametrize(("free", "verdict"), [(10 * 2**30, "ok"), (2**30, "warn"), (2**20, "fail")])
def test_a_disk_that_fills_up_is_said_before_it_is_full(free: int, verdict: str) -> None:
    assert checks.disk(free, 2**40, "/srv").verdict == verdict


@pytest.mark.parametrize(
    ("found", "is_private", "verdict", "advice"),
    [
        (Schema("0023", is_known=True, is_half_restored=False), False, "ok", None),
        (Schema("0020", is_known=True, is_half_restored=False), False, "fail", "channelwatch migrate"),
        (Schema("0020", is_known=True, is_half_restored=False), True, "warn", "next program starts"),
        (Schema(None, is_known=True, is_half_restored=False), False, "fail", "channelwatch migrate"),
        (Schema("9999", is_known=False, is_half_restored=False), True, "fail", "Run that release"),
        (Schema("0023", is_known=True, is_half_restored=True), True, "fail", "channelwatch restore"),
        (Schema(None, is_known=True, is_half_restored=True), False, "fail", "channelwatch restore"),
    ],
)
def test_another_schema_is_said_with_the_way_to_go(
    found: Schema, is_private: bool, verdict: str, advice: str | None
) -> None:
    check = checks.schema(found, "0023", is_private=is_private)
    assert check.verdict == verdict
    assert advice is None or advice in (check.advice or "")


@pytest.mark.parametrize(("days", "verdict"), [(1, "ok"), (8, "warn"), (None, "warn")])
def test_a_backup_of_more_than_a_week_ago_is_old(days: int | None, verdict: str) -> None:
    made_at = None if days is None else NOW - dt.timedelta(days=days)
    assert checks.backups(made_at, NOW).verdict == verdict
