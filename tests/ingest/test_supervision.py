"""What keeps ingest alive."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
import structlog
from telethon import errors

from ingest import supervision
from ingest.client import NoAnswer
from ingest.supervision import AccountRefused, first_to_end, keep_alive, refusal_of, watch_answers
from sandbox.mtproto import MtprotoServer
from sandbox.world import User
from storage.database import DatabaseAway
from tests.ingest.values import until
from tests.sandbox.mtproto_fixtures import new_client, sign_in

SOON = dt.timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (errors.AuthKeyDuplicatedError(None), "revoked"),
        (errors.AuthKeyUnregisteredError(None), "revoked"),
        (errors.SessionRevokedError(None), "revoked"),
        (errors.UserDeactivatedBanError(None), "banned"),
        (errors.AuthKeyNotFound(), "revoked"),
        (errors.FrozenMethodInvalidError(None), "frozen"),
    ],
)
def test_an_account_that_telegram_refuses_is_not_tried_again(error: Exception, state: str) -> None:
    refusal = refusal_of(error)
    assert refusal is not None
    assert refusal.state == state
    assert len(refusal.reason) <= 60  # what a notice shows of it
    assert "channelwatch login" in str(refusal)


def test_what_passes_is_no_refusal() -> None:
    assert refusal_of(ConnectionError()) is None
    assert refusal_of(errors.FloodWaitError(None, 5)) is None


async def test_lives_follow_each_other_until_the_account_is_refused() -> None:
    ends = [ConnectionError(), ValueError("a defect"), errors.SessionRevokedError(None)]

    async def live() -> None:
        raise ends.pop(0)

    with pytest.raises(AccountRefused):
        await keep_alive(live, shortest=SOON, longest=SOON)
    assert ends == []


async def test_an_error_that_is_passed_on_ends_it() -> None:
    async def live() -> None:
        raise KeyError("settings")

    with pytest.raises(KeyError):
        await keep_alive(live, pass_on=(KeyError,))


async def test_the_first_to_end_takes_the_others_along() -> None:
    ended: list[str] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await first_to_end(wait_for_ever(), fail())
    assert ended == ["cancelled"]


async def test_to_be_told_to_wait_is_a_sign_of_life(server: MtprotoServer, reader: User) -> None:
    async with new_client(server) as client:
        await sign_in(client, reader)
        with server.troubles.flood(300, "GetState") as flood, pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await watch_answers(client, SOON)
        assert flood.hits


async def test_silence_is_none(server: MtprotoServer, reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "CANARY_TIMEOUT", dt.timedelta(milliseconds=50))
    async with new_client(server) as client:
        await sign_in(client, reader)
        with server.troubles.ignore("GetState"), pytest.raises(NoAnswer):
            await watch_answers(client, SOON)


async def test_end_by_an_absent_database_is_told_without_the_statement_that_it_met() -> None:
    async def live() -> None:
        raise DatabaseAway("OperationalError")

    with structlog.testing.capture_logs() as logged:
        task = asyncio.create_task(keep_alive(live, shortest=SOON, longest=SOON))
        await until(lambda: logged)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert logged[0]["exc_info"] is False
