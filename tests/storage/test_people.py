"""Who may use the bot, and invitations."""

from __future__ import annotations

import asyncio
import datetime as dt

from matching.query import parse
from storage import invites, migrations, people
from storage.database import Database
from storage.ids import ChatId
from storage.people import Standing
from storage.subscription_room import has_room
from storage.subscriptions import confirm, draft
from tests.storage.makers import change, make_owed, make_subscriber, rows, subscribe

ANNA, BORYS, VIRA = 111, 222, 333
GROUP = ChatId(-1001)


async def standing(database: Database, user_id: int | None, chat_id: int | None = None) -> Standing:
    async with database.begin() as connection:
        return await people.standing_of(connection, user_id=user_id, chat_id=chat_id or user_id or 0)


async def invitation(database: Database, role: str = people.SUBSCRIBER, uses: int = 1, days: int = 7) -> str:
    async with database.begin() as connection:
        return await invites.make(connection, role=role, uses=uses, lasts=dt.timedelta(days=days), made_by=ANNA)


async def opened(database: Database, token: str, user_id: int) -> str | None:
    async with database.begin() as connection:
        return await invites.redeem(connection, token, user_id)


async def test_who_used_the_bot_before_it_had_a_door_stays_in(database_url: str) -> None:
    migrations.downgrade(database_url, "0015")
    database = Database(database_url)
    await make_subscriber(database, ANNA)
    await make_subscriber(database, GROUP)
    migrations.upgrade(database_url)
    assert (await standing(database, ANNA)).role == "subscriber"
    assert (await standing(database, VIRA, GROUP)).is_chat_admitted
    await database.close()


async def test_an_invitation_lets_in_as_many_as_it_says(database: Database) -> None:
    token = await invitation(database, uses=2)
    assert [await opened(database, token, user) for user in (BORYS, BORYS, VIRA, 444)] == [
        "subscriber", "subscriber", "subscriber", None,
    ]  # fmt: skip
    assert (await standing(database, VIRA)).role == "subscriber"
    assert (await standing(database, 444)).role is None


async def test_of_two_who_open_the_last_use_at_once_one_is_let_in(database: Database) -> None:
    token = await invitation(database)
    done = await asyncio.gather(opened(database, token, BORYS), opened(database, token, VIRA))
    assert sorted(done, key=str) == [None, "subscriber"]


async def test_an_old_invitation_lets_nobody_in(database: Database) -> None:
    token = await invitation(database)
    await change(database, "UPDATE invites SET expires_at = now()")
    assert await opened(database, token, BORYS) is None


async def test_only_the_hash_of_an_invitation_is_stored(database: Database) -> None:
    token = await invitation(database)
    (stored,) = await rows(database, "SELECT invites::text FROM invites")
    assert token not in stored[0]
    assert await opened(database, token[:-1] + ("A" if token[-1] != "A" else "B"), BORYS) is None
    assert await opened(database, "'; --", BORYS) is None


async def test_an_invitation_may_make_an_operator_once(database: Database) -> None:
    token = await invitation(database, people.OPERATOR, uses=9)
    assert await opened(database, token, BORYS) == "operator"
    assert await opened(database, token, VIRA) is None
    async with database.begin() as connection:
        assert await people.operators(connection) == {BORYS}


async def test_an_operator_who_opens_an_ordinary_invitation_stays_one(database: Database) -> None:
    await opened(database, await invitation(database, people.OPERATOR), BORYS)
    assert await opened(database, await invitation(database), BORYS) == "operator"


async def test_who_is_kept_out_is_owed_nothing_and_no_invitation_helps(database: Database) -> None:
    await make_owed(database, chats=[BORYS])
    token = await invitation(database)
    async with database.begin() as connection:
        await people.block(connection, BORYS)
    assert await opened(database, token, BORYS) is None
    assert await standing(database, BORYS) == Standing(is_blocked=True, language="en")
    assert await rows(database, "SELECT DISTINCT state FROM deliveries") == [("cancelled",)]


async def test_keeping_somebody_out_undoes_what_they_let_in(database: Database) -> None:
    token = await invitation(database)
    async with database.begin() as connection:
        await people.admit_chat(connection, GROUP, ANNA)
        await people.block(connection, ANNA)
    assert not (await standing(database, VIRA, GROUP)).is_chat_admitted
    assert await opened(database, token, BORYS) is None


async def test_a_group_is_kept_out_by_its_number_and_allowed_again(database: Database) -> None:
    async with database.begin() as connection:
        await people.block(connection, GROUP)
        assert (await people.standing_of(connection, user_id=ANNA, chat_id=GROUP)).is_blocked
        await people.allow(connection, GROUP, people.SUBSCRIBER)
        assert (await people.standing_of(connection, user_id=ANNA, chat_id=GROUP)).is_chat_admitted


async def test_the_list_shows_chats_and_those_who_have_not_come_yet(database: Database) -> None:
    await subscribe(database, await make_subscriber(database, ANNA))
    async with database.begin() as connection:
        await people.let_in(connection, BORYS, people.OPERATOR, ANNA)
        await people.block(connection, VIRA)
        listed = {
            each.number: (each.role, each.state, each.subscriptions) for each in await people.list_all(connection)
        }
    assert listed == {
        ANNA: ("subscriber", "active", 1), BORYS: ("operator", "invited", 0), VIRA: ("subscriber", "blocked", 0),
    }  # fmt: skip


async def test_two_taps_at_once_leave_no_subscription_too_many(database: Database) -> None:
    subscriber = await make_subscriber(database, ANNA)
    await subscribe(database, subscriber, "мир")
    async with database.begin() as connection:
        drafts = [await draft(connection, subscriber.id, name=word, query=parse(word)) for word in ("дом", "лес")]

    async def tap(number: int) -> bool:
        async with database.begin() as connection:
            if not await has_room(connection, subscriber.id, drafts[number], most=2):
                return False
            return await confirm(connection, subscriber.id, drafts[number]) is not None

    assert sorted(await asyncio.gather(tap(0), tap(1))) == [False, True]


async def test_a_forum_has_no_more_room_than_another_chat(database: Database) -> None:
    for thread_id in (7, 8):
        await subscribe(database, await make_subscriber(database, GROUP, thread_id))
    third = await make_subscriber(database, GROUP, 9)
    async with database.begin() as connection:
        number = await draft(connection, third.id, name="a", query=parse("мир"))
        room = [await has_room(connection, third.id, number, most=most) for most in (2, 3)]
    assert room == [False, True]


async def test_what_adds_no_subscription_has_room(database: Database) -> None:
    subscriber = await make_subscriber(database, ANNA)
    own = await subscribe(database, subscriber, "мир")
    async with database.begin() as connection:
        twin = await draft(connection, subscriber.id, name="again", query=parse("мир"))
        other = await draft(connection, subscriber.id, name="other", query=parse("дом"))
        room = [await has_room(connection, subscriber.id, number, most=1) for number in (own, twin, other)]
    assert room == [True, True, False]
