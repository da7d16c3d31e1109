"""An account's leases as its process sees them: what the listener may hear, and when it must be deaf."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import time

import pytest

from ingest.leases import Leases
from ingest.listener import Listener
from sandbox.channels import Channel
from storage.accounts import save_account
from storage.database import Database, DatabaseAway
from tests.ingest.conftest import ask_for
from tests.ingest.values import Collector
from tests.storage.makers import change


async def test_listener_is_deaf_before_anything_else_when_the_leases_ended_in_a_stopped_process(
    database: Database, news: Channel
) -> None:
    leases = await leases_of(database, news)
    assert leases.listener._channels
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    def be_stopped() -> None:
        theirs.send(b"a push")  # and it waits in the socket, as Telegram's do
        time.sleep(0.3)  # as SIGSTOP does: nothing of this process runs

    loop = asyncio.get_running_loop()
    loop.call_soon(be_stopped)
    await loop.sock_recv(ours, 100)
    assert not leases.listener._channels
    assert not leases.held
    await leases.refresh()
    assert leases.listener._channels
    leases.stop()
    ours.close()
    theirs.close()


async def test_listener_hears_nothing_of_a_channel_that_another_account_took_over(
    database: Database, news: Channel
) -> None:
    leases = await leases_of(database, news)
    async with database.begin() as connection:
        second = await save_account(connection, "second", b"sealed", 2)
    await change(database, "UPDATE channels SET reader_id = :id, reader_until_at = now() + interval '9 s'", id=second)
    await leases.refresh()
    assert not leases.listener._channels
    leases.stop()


async def leases_of(database: Database, news: Channel) -> Leases:
    """The leases of `main` on one channel that it is in, for 0.2 s."""
    async with database.begin() as connection:
        account = await save_account(connection, "main", b"sealed", 1)
    await ask_for(database, "news_box")
    await change(database, "UPDATE channels SET state = 'active', telegram_id = :id", id=news.id)
    await change(database, "INSERT INTO account_channels VALUES (:account, 1, 7)", account=account)
    leases = Leases(database, account, Listener(Collector()), lease=dt.timedelta(seconds=0.2))
    await leases.refresh()
    return leases


async def test_listener_hears_on_while_the_database_is_away(database: Database, news: Channel) -> None:
    leases = await leases_of(database, news)
    leases._database = Database("postgresql://nobody@127.0.0.1:1/nowhere")
    with pytest.raises(DatabaseAway):
        await leases.refresh()
    await asyncio.sleep(0.3)
    assert leases.listener._channels
    leases.stop()
    assert not leases.listener._channels
