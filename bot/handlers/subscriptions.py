"""/list: the subscriptions of a chat, and what can be done with each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.asking import Known, known_now
from bot.handlers.words import NAME_CHARACTERS, subscription_id
from bot.message import Button, Message
from bot.pages import Page, page_number
from bot.rich_text import RichText, bold, code, fill, joined, one_line, plain
from bot.talk import Stale, Talk
from bot.texts import Catalogue
from storage import subscriptions
from storage.ids import SubscriptionId
from storage.subscriptions import Subscription

ON_A_PAGE = 8
"""Subscriptions that one message shows; their buttons stay on a phone's screen."""

_QUESTION = re.compile(r"\(#(\d{1,18})\)$")
"""How the question for a new name carries the subscription's number: so nothing is lost at a restart."""


async def show(talk: Talk, _: str) -> None:
    """/list."""
    await talk.say(await _page(talk, 0))


async def turn_page(talk: Talk, number: str) -> None:
    """Another page, in the place of this one."""
    await talk.change(await _page(talk, page_number(number)))


async def open_one(talk: Talk, number: str) -> None:
    """One subscription with its buttons."""
    own, understood = await _own(talk, subscription_id(number))
    await talk.change(compose_one(own, understood, talk.texts))


async def pause(talk: Talk, number: str) -> None:
    """No alerts for it for a while."""
    async with talk.database.begin() as connection:
        await subscriptions.pause(connection, talk.owner, subscription_id(number))
    await _show_changed(talk, number, talk.texts.paused)


async def resume(talk: Talk, number: str) -> None:
    """Alerts again."""
    async with talk.database.begin() as connection:
        await subscriptions.resume(connection, talk.owner, subscription_id(number))
    await _show_changed(talk, number, talk.texts.resumed)


async def ask_delete(talk: Talk, number: str) -> None:
    """Ask before deleting."""
    own, _ = await _own(talk, subscription_id(number))
    texts = talk.texts
    yes, no = Button(texts.delete_yes, data=f"k:{own.id}"), Button(texts.back, data=f"o:{own.id}")
    await talk.change(Message(fill(texts.delete_question, name=bold(own.name)), ((yes,), (no,))))


async def delete(talk: Talk, number: str) -> None:
    """Delete it: its words are gone at once."""
    own, _ = await _own(talk, subscription_id(number))
    async with talk.database.begin() as connection:
        await subscriptions.delete(connection, talk.owner, own.id)
    back = Button(talk.texts.back, data="l:0")
    await talk.change(Message(fill(talk.texts.deleted, name=bold(own.name)), ((back,),)))


async def ask_name(talk: Talk, number: str) -> None:
    """Ask for a new name; the question carries the number."""
    own, _ = await _own(talk, subscription_id(number))
    question = fill(talk.texts.ask_name, name=bold(own.name), number=own.id)
    await talk.say(Message(question, asks=talk.texts.ask_name_hint))


async def rename(talk: Talk, number: str, name: str) -> None:
    """The answer to that question."""
    chosen = RichText(one_line(name)).truncated(NAME_CHARACTERS).text
    async with talk.database.begin() as connection:
        done = bool(chosen) and await subscriptions.rename(connection, talk.owner, subscription_id(number), chosen)
    if not done:
        raise Stale
    await talk.say(fill(talk.texts.renamed, name=bold(chosen)))


def number_asked_for(asked: str | None) -> str | None:
    """The number of the subscription whose new name a message gives, if it answers that question."""
    found = _QUESTION.search(asked or "")
    return found[1] if found else None


def compose_list(owned: Sequence[Subscription], page: int, known: Known, texts: Catalogue) -> Message:
    """A page of subscriptions, a button for each."""
    if not owned:
        return Message(plain(texts.list_empty))
    shown = Page.of(list(enumerate(owned, start=1)), page, ON_A_PAGE)
    lines = [fill(texts.counted(texts.list_title, len(owned)), n=len(owned))]
    lines += [plain(f"{place}. ") + _line(own, known.said_again(own.query), texts) for place, own in shown.here]
    rows: list[tuple[Button, ...]] = [
        (Button(f"{place}. {own.name}", data=f"o:{own.id}"),) for place, own in shown.here
    ]
    if shown.pages > 1:
        lines.append(fill(texts.list_page, page=shown.number + 1, pages=shown.pages))
        rows.append(shown.turns("l:", texts))
    return Message(joined("\n\n", lines), tuple(rows))


def compose_one(own: Subscription, understood: str, texts: Catalogue) -> Message:
    """One subscription, and what can be done with it."""
    if own.state == "paused":
        toggle = Button(texts.resume, data=f"r:{own.id}")
    else:
        toggle = Button(texts.pause, data=f"p:{own.id}")
    rows = (
        (toggle, Button(texts.rename, data=f"n:{own.id}")),
        (Button(texts.edit, data=f"e:{own.id}"), Button(texts.share, data=f"h:{own.id}")),
        (Button(texts.mode, data=f"z:{own.id}"), Button(texts.digests_button, data=f"pace:one:{own.id}")),
        (Button(texts.delete, data=f"d:{own.id}"), Button(texts.back, data="l:0")),
    )
    return Message(_line(own, understood, texts), rows)


def _line(own: Subscription, understood: str, texts: Catalogue) -> RichText:
    state = texts.state_paused if own.state == "paused" else texts.state_active
    return bold(own.name) + f" · {state}\n" + code(understood)


async def _page(talk: Talk, page: int) -> Message:
    async with talk.database.begin() as connection:
        owned = await subscriptions.list_for(connection, talk.owner)
        known = await known_now(connection)
    return compose_list(owned, page, known, talk.texts)


async def _own(talk: Talk, number: SubscriptionId) -> tuple[Subscription, str]:
    async with talk.database.begin() as connection:
        own = await subscriptions.get(connection, talk.owner, number)
        known = await known_now(connection)
    if own is None or own.state == "draft":
        raise Stale
    return own, known.said_again(own.query)


async def _show_changed(talk: Talk, number: str, said: str) -> None:
    own, understood = await _own(talk, subscription_id(number))
    await talk.answer(said)
    await talk.change(compose_one(own, understood, talk.texts))
