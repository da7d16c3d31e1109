"""Channels are known by Telegram's number: a renamed one stays itself, a resold name redirects nothing."""

from __future__ import annotations

from typing import Any

import pytest

from storage import channel_states, channels, readers
from storage.accounts import load_account, mark_refused, save_account
from storage.channels import Channel
from storage.completeness import begin_at
from storage.database import Database
from storage.ids import AccountId, ChannelId, TelegramChannelId
from tests.storage.makers import rows


@pytest.fixture
async def account(database: Database) -> AccountId:
    async with database.begin() as connection:
        return await save_account(connection, "reader", b"sealed", 42)


async def request(database: Database, username: str) -> ChannelId:
    async with database.begin() as connection:
        return (await channels.request_channel(connection, username)).id


async def activate(
    database: Database, account: AccountId, channel_id: ChannelId, telegram_id: int, username: str, title: str = "News"
) -> ChannelId:
    async with database.begin() as connection:
        return await channels.activate_channel(
            connection,
            channel_id,
            account_id=account,
            telegram_id=TelegramChannelId(telegram_id),
            access_hash=telegram_id * 10,
            username=username,
            title=title,
            is_protected=False,
        )


async def find(database: Database, username: str) -> Channel:
    async with database.begin() as connection:
        found = await channels.find_channel(connection, username)
    assert found is not None
    return found


async def test_requested_channel_is_joined_by_an_account(database: Database, account: AccountId) -> None:
    channel_id = await request(database, "Kyiv_News")
    assert await request(database, "kyiv_news") == channel_id
    assert await activate(database, account, channel_id, 1, "Kyiv_News", "Київ\x00\ud800") == channel_id
    async with database.begin() as connection:
        assert await channels.requested_channels(connection) == []
        ((active, access_hash),) = await readers.held_channels(connection, account)
        assert await channels.channel_names(connection) == {"kyiv_news": channel_id}
    assert (active.title, active.state, access_hash) == ("Київ\ufffd\ufffd", "active", 10)


async def test_active_channel_that_is_requested_again_stays_active(database: Database, account: AccountId) -> None:
    channel_id = await request(database, "news")
    await activate(database, account, channel_id, 1, "news")
    async with database.begin() as connection:
        again = await channels.request_channel(connection, "NEWS")
    assert (again.id, again.state) == (channel_id, "active")


async def test_renamed_channel_is_still_the_same_one(database: Database, account: AccountId) -> None:
    channel_id = await request(database, "old_name")
    await activate(database, account, channel_id, 1, "old_name")
    asked = await request(database, "new_name")
    assert await activate(database, account, asked, 1, "new_name") == channel_id
    async with database.begin() as connection:
        listed = await channels.list_channels(connection)
    assert [(channel.id, channel.username) for channel in listed] == [(channel_id, "new_name")]


async def test_resold_name_leaves_the_old_channel_to_itself(database: Database, account: AccountId) -> None:
    old = await request(database, "news")
    await activate(database, account, old, 1, "news")
    async with database.begin() as connection:
        await channels.mark_lost(connection, old, "private")
    asked = await request(database, "news")  # the name is the old row's, the channel is another
    new = await activate(database, account, asked, 2, "news")
    assert new != old
    assert (await find(database, "news")).id == new
    assert await rows(database, "SELECT telegram_id, username, state FROM channels WHERE id = :id", id=old) == [
        (1, None, "lost")
    ]


async def test_name_that_moved_to_a_known_channel_is_taken_from_its_holder(
    database: Database, account: AccountId
) -> None:
    one, two = await request(database, "one"), await request(database, "two")
    await activate(database, account, one, 1, "one")
    await activate(database, account, two, 2, "two")
    assert await activate(database, account, two, 2, "one") == two
    assert (await find(database, "one")).id == two
    assert await rows(database, "SELECT username, state FROM channels WHERE id = :id", id=one) == [(None, "active")]


async def test_request_that_was_removed_stays_removed(database: Database, account: AccountId) -> None:
    joined, refused = await request(database, "joined"), await request(database, "refused")
    async with database.begin() as connection:
        assert await channels.remove_channel(connection, "JOINED")
        assert await channels.remove_channel(connection, "refused")
        assert not await channels.remove_channel(connection, "nobody")
    await activate(database, account, joined, 1, "joined")
    async with database.begin() as connection:
        await channels.refuse_channel(connection, refused, "no such channel")
        assert await channels.list_channels(connection) == []
        assert await readers.held_channels(connection, account) == []
    assert await request(database, "joined") == joined
    assert (await find(database, "joined")).state == "requested"


async def test_refused_channel_says_why(database: Database) -> None:
    channel_id = await request(database, "nobody")
    async with database.begin() as connection:
        await channels.refuse_channel(connection, channel_id, "There is no such channel.")
    refused = await find(database, "nobody")
    assert (refused.state, refused.state_detail) == ("lost", "There is no such channel.")


async def archive(database: Database, **named: Any) -> ChannelId:
    async with database.begin() as connection:
        return await channels.archived_channel(connection, title="News", **named)


async def test_archive_is_filed_under_the_channel_it_names(database: Database) -> None:
    by_number = await archive(database, telegram_id=1)
    by_name = await archive(database, username="news")
    assert await archive(database, telegram_id=1, username="whatever") == by_number
    assert await archive(database, username="NEWS") == by_name
    assert by_number != by_name
    with pytest.raises(ValueError, match="number or by username"):
        await archive(database)


async def test_archive_tells_the_number_of_a_channel_known_by_name(database: Database) -> None:
    requested = await request(database, "news")
    assert await archive(database, telegram_id=1, username="News") == requested
    assert await archive(database, telegram_id=1) == requested


async def test_archive_takes_no_name_from_another_channel(database: Database, account: AccountId) -> None:
    holder = await request(database, "news")
    await activate(database, account, holder, 2, "news")
    archived = await archive(database, telegram_id=1, username="news")
    assert archived != holder
    assert (await find(database, "news")).id == holder


async def test_last_session_of_an_account_counts(database: Database, account: AccountId) -> None:
    async with database.begin() as connection:
        await mark_refused(connection, account, "revoked", "its session was ended")
        assert await save_account(connection, "reader", b"new", 42) == account
        stored = await load_account(connection, "reader")
        assert await load_account(connection, "nobody") is None
    assert stored is not None
    assert (stored.session, stored.state, stored.state_detail) == (b"new", "ready", None)


async def test_another_person_under_an_accounts_name_is_in_none_of_its_channels(
    database: Database, account: AccountId
) -> None:
    await activate(database, account, await request(database, "news"), 1, "news")
    for user, hashes in ((42, 1), (43, 0)):
        async with database.begin() as connection:
            await save_account(connection, "reader", b"new", user)
        assert await rows(database, "SELECT count(*) FROM account_channels") == [(hashes,)]


async def test_removed_channel_that_is_asked_for_again_begins_anew(database: Database, account: AccountId) -> None:
    channel_id = await request(database, "news")
    await activate(database, account, channel_id, 1, "news")
    async with database.begin() as connection:
        await begin_at(connection, channel_id, 100)
        await channels.remove_channel(connection, "news")
        await channels.request_channel(connection, "news")
        await begin_at(connection, channel_id, 900)
    assert await rows(database, "SELECT watermark FROM channels") == [(900,)]


async def test_channel_that_is_asked_for_twice_is_read_on_where_it_was(database: Database, account: AccountId) -> None:
    channel_id = await request(database, "news")
    await activate(database, account, channel_id, 1, "news")
    async with database.begin() as connection:
        await begin_at(connection, channel_id, 100)
        await channels.request_channel(connection, "news")
        await begin_at(connection, channel_id, 900)
    assert await rows(database, "SELECT watermark, state FROM channels") == [(100, "active")]


async def test_channel_that_lost_its_name_to_another_is_no_longer_said_to_when_it_has_one(
    database: Database, account: AccountId
) -> None:
    for telegram_id, name in ((1, "first_news"), (2, "second_news")):
        await activate(database, account, await request(database, name), telegram_id, name)
    first, second = await find(database, "first_news"), await find(database, "second_news")
    async with database.begin() as connection:  # they change names
        for channel, name in ((first, "second_news"), (second, "first_news")):
            assert await channel_states.note_names(
                connection, channel, username=name, title=channel.title, is_protected=False
            )
    found = [await find(database, name) for name in ("second_news", "first_news")]
    assert [(channel.id, channel.state_detail) for channel in found] == [(first.id, None), (second.id, None)]
