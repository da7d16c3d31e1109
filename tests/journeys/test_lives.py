"""Programs begin, end and begin again: nobody signs in twice, and nothing that was heard is lost at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from storage.holding import only_one
from tests.journeys.people import until
from tests.journeys.stage import Stage

ROOT = Path(__file__).parents[2]


async def test_the_accounts_session_survives_a_restart_of_ingest(stage: Stage) -> None:
    news = await stage.channel("river_news")
    async with stage.reading():
        stage.world.channels.publish(news, "The first life")
        await stage.found("first")
    sign_ins = stage.telegram.calls["auth.SignIn"]
    resolved = stage.telegram.calls["contacts.ResolveUsername"]
    async with stage.reading():
        stage.world.channels.publish(news, "The second life")
        await stage.found("second")
    assert stage.telegram.calls["auth.SignIn"] == sign_ins == 1
    assert stage.telegram.calls["contacts.ResolveUsername"] == resolved == 1
    assert stage.telegram.calls["auth.SendCode"] == 1


async def test_a_program_may_begin_while_the_connection_of_the_last_one_still_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang_up = psycopg.AsyncConnection.close
    begun = []

    async def hang_up_slowly(connection: psycopg.AsyncConnection[object]) -> None:
        monkeypatch.undo()
        async with only_one(stage.database, "account main"):
            begun.append(True)
        await hang_up(connection)

    async with only_one(stage.database, "account main"):
        monkeypatch.setattr(psycopg.AsyncConnection, "close", hang_up_slowly)
    assert begun == [True]


async def test_everything_heard_before_the_end_is_committed_and_nothing_is_left_running(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.answering():
        await anna.subscribe("bridge")
    before = asyncio.all_tasks()
    async with stage.running():
        for number in range(30):
            stage.world.channels.publish(news, f"Bridge number {number}")
        stage.world.channels.publish_album(news, "Bridges in pictures", [b"one", b"two"])
        await stage.found("bridge 0")
    # Told to stop in the middle of it: what was stored is owed, what is owed is in a state that goes on.
    stored = await stage.value("SELECT count(*) FROM posts")
    assert await stage.value("SELECT count(*) FROM deliveries") == stored
    assert await stage.value("SELECT count(*) FROM deliveries WHERE state IN ('leased', 'sending')") == 0
    await until(lambda: asyncio.all_tasks() <= before, "every task to end")


async def test_what_was_owed_at_the_end_of_one_life_is_sent_in_the_next_once(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.answering():
        await anna.subscribe("bridge")
    async with stage.reading():
        for number in range(3):
            stage.world.channels.publish(news, f"Bridge number {number}")
        await stage.found("bridge 2")
    async with stage.answering():
        await anna.alerted(1)
    async with stage.answering():
        await anna.alerted(3)
    assert sorted(alert.text for alert in anna.alerts() if "possibly repeated" in alert.text) == []
    assert len({alert.link for alert in anna.alerts()}) == len(anna.alerts()) == 3


async def test_the_bot_answers_while_alerts_drain(stage: Stage) -> None:
    news, anna, boris = await stage.channel("river_news"), stage.person("Anna"), stage.person("Boris")
    async with stage.running():
        await anna.subscribe("bridge")
        for number in range(12):
            stage.world.channels.publish(news, f"Bridge number {number}")
        await anna.alerted(1)
        listed = await boris.ask("/list")
        still_owed = await stage.value("SELECT count(*) FROM deliveries WHERE state <> 'sent'")
    assert "no subscription" in listed.text
    assert still_owed > 0


@pytest.mark.slow
async def test_the_command_run_reads_alerts_and_ends_at_sigterm(stage: Stage, tmp_path: Path) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    with (tmp_path / "run.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from cli.main import main; main()", "run",
            cwd=tmp_path, env={**os.environ, **stage.environment(), "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            await until(lambda: stage.rows("SELECT 1 FROM channels WHERE state = 'active'"), "the channel to be joined")
            await anna.subscribe("bridge")
            stage.world.channels.publish(news, "The bridge is open")
            await anna.alerted(1)
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    said = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert "never retrieved" not in said
    assert "destroyed but it is pending" not in said
    assert len(anna.alerts()) == 1
