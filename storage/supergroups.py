"""A group that became a supergroup has another number: all that was the group's is the supergroup's from then on."""

from __future__ import annotations

from sqlalchemy import exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from storage import people
from storage.ids import ChatId, SubscriberId
from storage.models import DeliveryRow, SubscriberRow, SubscriptionRow
from storage.owing import wait_for_owing
from storage.subscribers import set_at_most_once, suspend, wants_at_most_once
from storage.subscriptions import bump

TAKEN_OVER = "the group became a supergroup, which has all it had"


async def migrate_chat(connection: AsyncConnection, old_chat_id: ChatId, new_chat_id: ChatId) -> None:
    """Give the new number everything of the old one, and what operators decided about it. Twice is once.

    The supergroup may have spoken first and be a subscriber of its own: then it takes over what the group had.
    """
    old = aliased(SubscriberRow)
    new = aliased(SubscriberRow)
    pairs = await connection.execute(
        select(old.id, new.id)
        .join(new, (new.thread_id == old.thread_id) & (new.chat_id == new_chat_id))
        .where(old.chat_id == old_chat_id, old.state_detail.is_distinct_from(TAKEN_OVER))
        .order_by(old.id)
    )
    for left, taking in pairs.all():
        await _take_over(connection, SubscriberId(left), SubscriberId(taking))
    await connection.execute(
        update(SubscriberRow)
        .where(SubscriberRow.chat_id == old_chat_id, SubscriberRow.state_detail.is_distinct_from(TAKEN_OVER))
        .values(chat_id=new_chat_id, chat_type="supergroup")
    )
    await _decide_likewise(connection, old_chat_id, new_chat_id)


async def _take_over(connection: AsyncConnection, left: SubscriberId, taking: SubscriberId) -> None:
    """Move subscriptions and deliveries from one subscriber to another; the first is suspended.

    A trigger moves quiet hours and mutes: by the clock of who leaves. Nobody is sent twice what either of them wanted
    once at most.
    """
    version = await bump(connection)
    await wait_for_owing(connection)
    await connection.execute(SPEAK_LIKEWISE, {"left": left, "taking": taking})
    await connection.execute(
        update(SubscriptionRow)
        .where(SubscriptionRow.subscriber_id == left, SubscriptionRow.state != "deleted")
        .values(subscriber_id=taking, version=version)
    )
    other = aliased(DeliveryRow)
    owed_too = exists().where(
        other.subscriber_id == taking, other.post_id == DeliveryRow.post_id, other.kind == DeliveryRow.kind
    )
    await connection.execute(
        update(DeliveryRow).where(DeliveryRow.subscriber_id == left, ~owed_too).values(subscriber_id=taking)
    )
    if await wants_at_most_once(connection, left):
        await set_at_most_once(connection, taking, wanted=True)
    await suspend(connection, left, TAKEN_OVER)


async def _decide_likewise(connection: AsyncConnection, old_chat_id: ChatId, new_chat_id: ChatId) -> None:
    """Who was let in stays in, and who is kept out is not let in by a new number."""
    standing = await people.standing_of(connection, user_id=None, chat_id=old_chat_id)
    if standing.is_blocked:
        await people.block(connection, new_chat_id)
    await connection.execute(LET_IN_LIKEWISE, {"old": old_chat_id, "new": new_chat_id})
    await people.forget_decision(connection, old_chat_id)


SPEAK_LIKEWISE = text(
    "UPDATE subscribers t SET language = l.language, time_zone = l.time_zone FROM subscribers l"
    " WHERE t.id = :taking AND l.id = :left AND NOT EXISTS ("
    "SELECT FROM subscriptions n WHERE n.subscriber_id = t.id AND n.state IN ('active', 'paused'))"
)
"""Who asks for nothing yet has chosen neither language nor clock: what stands there was guessed."""

LET_IN_LIKEWISE = text(
    "INSERT INTO admitted_chats (chat_id, state, let_in_by, decided_at)"
    " SELECT :new, state, let_in_by, decided_at FROM admitted_chats WHERE chat_id = :old AND state = 'allowed'"
    " ON CONFLICT DO NOTHING"
)
