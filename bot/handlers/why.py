"""The button under every alert: why it came."""

from __future__ import annotations

from bot.alerts import compose_why
from bot.queries import usernames_of
from bot.talk import Stale, Talk
from storage import channels
from storage.deliveries import alert_of
from storage.ids import DeliveryId


async def tell(talk: Talk, number: str) -> None:
    """Name the subscriptions, the words and the topics behind the alert; only the chat that got it is told."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Stale
    async with talk.database.begin() as connection:
        alert = await alert_of(connection, talk.subscriber.chat_id, DeliveryId(int(number)))
        names = await channels.channel_names(connection)
    if alert is None:
        raise Stale
    why = compose_why(alert.post, alert.reasons, usernames=usernames_of(names), language=talk.subscriber.language)
    await talk.say(why, as_reply=True)
