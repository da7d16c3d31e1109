"""What keeps ingest alive."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from telethon import errors

from ingest.supervision import AccountRefused, first_to_end, keep_alive, refusal_of

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
