"""Who may use the bot: what operators decided about people, and which chats people who are let in brought it into."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import subscribers
from storage.ids import ChatId, SubscriberId
from storage.models import AdmittedChatRow, ConnectedChannelRow, InviteRow, PersonRow, SubscriberRow
from storage.post_values import storable
from storage.subscribers import Subscriber, subscriber_of

SUBSCRIBER = "subscriber"
OPERATOR = "operator"
"""What somebody may be; operators let others in and are told what happens to channels."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a person and of the chat they speak in."""

    role: str | None = None
    """The person's, if they were let in."""
    is_blocked: bool = False
    """The person or the chat is kept out."""
    is_chat_admitted: bool = False
    """Somebody who was let in brought the bot there."""
    language: str | None = None
    """What is spoken in the chat, if it has spoken before."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A channel that a person configures from their private chat."""

    chat_id: ChatId
    title: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A chat, or a person, as operators see it."""

    number: int
    kind: str
    """private, group, supergroup, channel; "person" of whom there is only a decision."""
    role: str
    state: str
    """active; suspended: Telegram refuses the chat; blocked: kept out; invited: let in, has not spoken yet."""
    subscriptions: int
    since_at: dt.datetime


async def standing_of(
    connection: AsyncConnection, *, user_id: int | None, chat_id: int, thread_id: int = 0
) -> Standing:
    """What was decided about a person (None: nobody can know who) and a chat."""
    values = {"user": user_id, "chat": chat_id, "thread": thread_id}
    row = (await connection.execute(STANDING, values)).one()
    is_blocked = "blocked" in (row.person_state, row.chat_state)
    role = row.role if row.person_state == "allowed" else None
    return Standing(role, is_blocked, is_chat_admitted=row.chat_state == "allowed", language=row.language)


STANDING = text(
    "SELECT p.role, p.state AS person_state, c.state AS chat_state, s.language FROM (SELECT 1) AS one"
    " LEFT JOIN people p ON p.user_id = CAST(:user AS bigint) LEFT JOIN admitted_chats c ON c.chat_id = :chat"
    " LEFT JOIN subscribers s ON s.chat_id = :chat AND s.thread_id = :thread"
)


async def operators(connection: AsyncConnection) -> frozenset[int]:
    """Numbers of the people whom operators, or the command line, made operators."""
    rows = await connection.execute(
        select(PersonRow.user_id).where(PersonRow.role == OPERATOR, PersonRow.state == "allowed")
    )
    return frozenset(rows.scalars())


async def let_in(connection: AsyncConnection, user_id: int, role: str, by: int | None) -> bool:
    """Let a person in; an operator stays one. False for who is kept out: only `forget_decision` undoes that."""
    entered = insert(PersonRow).values(user_id=user_id, role=role, state="allowed", let_in_by=by)
    upgraded = {"role": OPERATOR, "let_in_by": by} if role == OPERATOR else {"role": PersonRow.role}
    number = await connection.scalar(
        entered.on_conflict_do_update(
            index_elements=["user_id"], set_=upgraded, where=PersonRow.state == "allowed"
        ).returning(PersonRow.user_id)
    )
    return number is not None


async def allow(connection: AsyncConnection, number: int, role: str) -> None:
    """Let a person or (a negative number) a group in by hand, also one that was kept out."""
    await forget_decision(connection, number)
    if number > 0:
        await let_in(connection, number, role, by=None)
    else:
        await connection.execute(insert(AdmittedChatRow).values(chat_id=number, state="allowed"))


async def allow_everybody(connection: AsyncConnection) -> int:
    """Let everybody in who is a subscriber at this moment and not kept out; how many that are more than before."""
    done = [await connection.execute(statement) for statement in (ALLOW_PEOPLE, ALLOW_CHATS)]
    return sum(result.rowcount for result in done)


ALLOW_PEOPLE = text(
    "INSERT INTO people (user_id) SELECT DISTINCT chat_id FROM subscribers WHERE chat_id > 0 ON CONFLICT DO NOTHING"
)
ALLOW_CHATS = text(
    "INSERT INTO admitted_chats (chat_id) SELECT DISTINCT chat_id FROM subscribers WHERE chat_id < 0"
    " ON CONFLICT DO NOTHING"
)


async def is_anybody_in(connection: AsyncConnection) -> bool:
    """Whether anybody was let in, by whatever way but the settings."""
    return bool(await connection.scalar(text("SELECT EXISTS (SELECT FROM people WHERE state = 'allowed')")))


async def admit_chat(connection: AsyncConnection, chat_id: ChatId, by: int) -> None:
    """A person who is let in brought the bot into a group or channel: whoever is in it may use it there."""
    await connection.execute(
        insert(AdmittedChatRow).values(chat_id=chat_id, state="allowed", let_in_by=by).on_conflict_do_nothing()
    )


async def block(connection: AsyncConnection, number: int) -> None:
    """Keep a person (a positive number) or a group or channel (negative) out, and owe it nothing more.

    Groups that a person brought the bot into are let in no longer, until somebody else speaks there who is; invitations
    that the person made are void.
    """
    if number > 0:
        values = {"role": SUBSCRIBER, "state": "blocked", "decided_at": func.now()}
        await connection.execute(
            insert(PersonRow)
            .values(user_id=number, **values)
            .on_conflict_do_update(index_elements=["user_id"], set_=values)
        )
        await connection.execute(
            delete(AdmittedChatRow).where(AdmittedChatRow.let_in_by == number, AdmittedChatRow.state == "allowed")
        )
        await connection.execute(delete(InviteRow).where(InviteRow.made_by == number))
        await connection.execute(delete(ConnectedChannelRow).where(ConnectedChannelRow.user_id == number))
    else:
        values = {"state": "blocked", "decided_at": func.now()}
        await connection.execute(
            insert(AdmittedChatRow)
            .values(chat_id=number, **values)
            .on_conflict_do_update(index_elements=["chat_id"], set_=values)
        )
    for subscriber_id in await subscribers_of(connection, ChatId(number)):
        await subscribers.suspend(connection, subscriber_id, "kept out by an operator")


async def forget_decision(connection: AsyncConnection, number: int) -> bool:
    """As if nothing had been decided about a person or a chat. False when nothing was."""
    row = PersonRow if number > 0 else AdmittedChatRow
    column = PersonRow.user_id if number > 0 else AdmittedChatRow.chat_id
    return (await connection.execute(delete(row).where(column == number))).rowcount > 0


async def subscribers_of(connection: AsyncConnection, chat_id: ChatId) -> list[SubscriberId]:
    """The chat and its threads, as subscribers."""
    rows = await connection.execute(
        select(SubscriberRow.id).where(SubscriberRow.chat_id == chat_id).order_by(SubscriberRow.id)
    )
    return [SubscriberId(number) for number in rows.scalars()]


async def connect(connection: AsyncConnection, user_id: int, chat_id: ChatId, title: str) -> None:
    """From now on the person configures that channel in their private chat."""
    values = {"chat_id": chat_id, "title": storable(title), "connected_at": func.now()}
    await connection.execute(
        insert(ConnectedChannelRow)
        .values(user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )


async def disconnect(connection: AsyncConnection, user_id: int) -> bool:
    """From now on the person configures their own chat again. False when they did."""
    done = await connection.execute(delete(ConnectedChannelRow).where(ConnectedChannelRow.user_id == user_id))
    return done.rowcount > 0


async def connected(connection: AsyncConnection, user_id: int) -> tuple[Connected, Subscriber] | None:
    """The channel that the person configures, and its subscriber."""
    row = (
        await connection.execute(
            select(ConnectedChannelRow.chat_id, ConnectedChannelRow.title, *subscribers.COLUMNS)
            .join(SubscriberRow, SubscriberRow.chat_id == ConnectedChannelRow.chat_id)
            .where(ConnectedChannelRow.user_id == user_id, SubscriberRow.thread_id == 0)
        )
    ).first()
    return (Connected(ChatId(row.chat_id), row.title), subscriber_of(row[2:])) if row else None


async def list_all(connection: AsyncConnection) -> list[Listed]:
    """Every chat that is held, and every person about whom something was decided, the oldest first."""
    rows = await connection.execute(LIST)
    return [Listed(*row) for row in rows]


LIST = text(
    """
    SELECT number, coalesce(s.kind, CASE WHEN number > 0 THEN 'person' ELSE 'group' END),
        coalesce(p.role, 'subscriber'),
        CASE WHEN 'blocked' IN (p.state, c.state) THEN 'blocked' ELSE coalesce(s.state, 'invited') END,
        coalesce(s.subscriptions, 0), coalesce(s.since_at, p.decided_at, c.decided_at)
    FROM (
        SELECT chat_id AS number, min(chat_type) AS kind, min(created_at) AS since_at,
            CASE WHEN bool_or(state = 'active') THEN 'active' ELSE 'suspended' END AS state,
            (SELECT count(*) FROM subscriptions n JOIN subscribers o ON o.id = n.subscriber_id
                WHERE o.chat_id = s.chat_id AND n.state IN ('active', 'paused')) AS subscriptions
        FROM subscribers s WHERE chat_id <> 0 GROUP BY chat_id
    ) AS s
    FULL JOIN (SELECT user_id AS number, role, state, decided_at FROM people) AS p USING (number)
    FULL JOIN (SELECT chat_id AS number, state, decided_at FROM admitted_chats) AS c USING (number)
    ORDER BY 6, 1
    """
)
