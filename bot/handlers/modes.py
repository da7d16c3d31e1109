"""How often a story alerts: with every post, with its first, or once so many channels tell it."""

from __future__ import annotations

from bot.handlers.words import subscription_id
from bot.message import Button, Message
from bot.rich_text import bold, fill, joined, plain
from bot.talk import Stale, Talk
from bot.texts import Catalogue
from storage import subscription_modes, subscriptions
from storage.subscription_modes import Mode
from storage.subscriptions import Subscription

CHOICES: dict[str, tuple[Mode, int | None]] = {
    "f": ("first", None),
    "e": ("every", None),
    "2": ("nth", 2),
    "3": ("nth", 3),
    "5": ("nth", 5),
    "10": ("nth", 10),
}
"""What a button may choose."""


async def turn(talk: Talk, place: str) -> None:
    """The button of a subscription, and those below it: show the choices, the present one marked; take one."""
    number, _, chosen = place.partition(":")
    own_id = subscription_id(number)
    if chosen and chosen not in CHOICES:
        raise Stale
    async with talk.database.begin() as connection:
        own = await subscriptions.get(connection, talk.owner, own_id)
        if own is None or own.state == "draft":
            raise Stale
        if chosen:
            mode, nth = CHOICES[chosen]
            await subscription_modes.set_mode(connection, talk.owner, own_id, mode, nth)
        now = (await subscription_modes.modes_of(connection, talk.owner))[own_id]
    await talk.change(compose_modes(own, now, talk.texts))


def compose_modes(own: Subscription, now: tuple[Mode, int | None], texts: Catalogue) -> Message:
    """The choices, a button each."""
    rows = [
        (Button(("✓ " if choice == now else "") + _named(choice, texts), data=f"z:{own.id}:{short}"),)
        for short, choice in CHOICES.items()
    ]
    text = joined("\n\n", [fill(texts.mode_title, name=bold(own.name)), plain(texts.mode_about)])
    return Message(text, (*rows, (Button(texts.back, data=f"o:{own.id}"),)))


def _named(choice: tuple[Mode, int | None], texts: Catalogue) -> str:
    mode, nth = choice
    if nth is not None:
        return fill(texts.counted(texts.mode_nth, nth), n=nth).text
    return texts.mode_every if mode == "every" else texts.mode_first
