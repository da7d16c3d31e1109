"""The button under every alert: why it came."""

from __future__ import annotations

from dataclasses import replace

from bot.alerts import compose_why
from bot.message import Button
from bot.queries import usernames_of
from bot.talk import Stale, Talk
from storage import channels
from storage.alerts import Alert, alert_of
from storage.database import Connection
from storage.definitions import read_names
from storage.ids import DeliveryId


async def tell(talk: Talk, number: str) -> None:
    """Name the subscriptions, the words and the topics behind the alert; only the chat that got it is told."""
    async with talk.database.begin() as connection:
        sets = (await read_names(connection)).by_set
        alert = await alert_behind(talk, connection, number)
        names = await channels.channel_names(connection)
    why = compose_why(
        alert.post,
        alert.reasons,
        usernames=usernames_of(names),
        sets=sets,
        language=talk.subscriber.language,
        own_topics=alert.own_topics,
    )
    if any(reason.state == "active" for reason in alert.reasons):
        why = replace(why, buttons=((Button(talk.texts.not_wanted, data=f"y:{alert.delivery_id}"),),))
    await talk.say(why, as_reply=True)


async def alert_behind(talk: Talk, connection: Connection, number: str) -> Alert:
    """The alert of that number, if it was this chat's. Raises Stale."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Stale
    alert = await alert_of(connection, talk.subscriber.chat_id, DeliveryId(int(number)))
    if alert is None:
        raise Stale
    return alert
