"""The button under every alert: why it came."""

from __future__ import annotations

from dataclasses import replace

from bot.alerts import compose_why
from bot.asking import known_now
from bot.message import Button
from bot.talk import Stale, Talk, number_in
from storage.alerts import Alert, alert_of
from storage.database import Connection
from storage.ids import DeliveryId


async def tell(talk: Talk, number: str) -> None:
    """Name the subscriptions, the words and the topics behind the alert; only the chat that got it is told."""
    async with talk.database.begin() as connection:
        alert = await alert_behind(talk, connection, number)
        known = await known_now(connection)
    why = compose_why(
        alert.post,
        alert.reasons,
        usernames=known.usernames,
        sets=known.names.by_set,
        language=talk.subscriber.language,
        own_topics=alert.own_topics,
    )
    if any(reason.state == "active" for reason in alert.reasons):
        why = replace(why, buttons=((Button(talk.texts.not_wanted, data=f"y:{alert.delivery_id}"),),))
    await talk.say(why, as_reply=True)


async def alert_behind(talk: Talk, connection: Connection, number: str) -> Alert:
    """The alert of that number, if it was this chat's. Raises Stale."""
    alert = await alert_of(connection, talk.subscriber.chat_id, DeliveryId(number_in(number)))
    if alert is None:
        raise Stale
    return alert
