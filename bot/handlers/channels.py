"""/channels: what is read, page by page, and proposals of more, which operators approve in their chats."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.access import is_operator
from bot.message import Button, Message
from bot.pages import Page, page_number
from bot.post_view import TITLE_UNITS
from bot.rich_text import RichText, code, fill, joined, link, one_line, plain
from bot.talk import Stale, Talk, number_in
from bot.texts import Catalogue, texts_in
from storage import channels, people, proposals, subscribers
from storage.channels import Channel
from storage.proposals import Proposal

ON_A_PAGE = 20
"""Channels that one message shows."""

NAME = re.compile(r"(?:(?:https?://)?t\.me/)?@?([A-Za-z][A-Za-z0-9_]{3,31})/?")
"""A channel's public name, or its address: Telegram's names have from 4 characters to 32."""

EXAMPLE = "/channels @name"


async def show(talk: Talk, name: str) -> None:
    """/channels, or /channels @name to propose one."""
    if name:
        await _propose(talk, name)
    else:
        await talk.say(await _page(talk, 0))


async def turn_page(talk: Talk, number: str) -> None:
    """Another page, in the place of this one."""
    await talk.change(await _page(talk, page_number(number)))


async def approve(talk: Talk, number: str) -> None:
    """An operator's button: the channel is read from now on, and whoever proposed it is told."""
    await _decide(talk, number, approved=True)


async def refuse(talk: Talk, number: str) -> None:
    """An operator's other button."""
    await _decide(talk, number, approved=False)


def compose_page(known: Sequence[Channel], page: int, texts: Catalogue) -> Message:
    """Some of the channels, each with its address."""
    propose = fill(texts.channels_propose, example=code(EXAMPLE))
    if not known:
        return Message(joined("\n\n", [plain(texts.channels_none), propose]))
    shown = Page.of(known, page, ON_A_PAGE)
    lines = [_line(channel, texts) for channel in shown.here]
    blocks = [fill(texts.counted(texts.channels_title, len(known)), n=len(known)), joined("\n", lines)]
    if shown.pages > 1:
        blocks.append(fill(texts.list_page, page=shown.number + 1, pages=shown.pages))
    return Message(joined("\n\n", [*blocks, propose]), (shown.turns("u:", texts),))


def _line(channel: Channel, texts: Catalogue) -> RichText:
    title = RichText(one_line(channel.title)).truncated(TITLE_UNITS)
    named = link(title, f"https://t.me/{channel.username}") if channel.username else plain(title)
    address = f" @{channel.username}" if channel.username else ""
    silent = "" if channel.state == "active" else f" ({texts.channels_silent})"
    return plain("• ") + named + address + silent


async def _page(talk: Talk, page: int) -> Message:
    async with talk.database.begin() as connection:
        known = await channels.list_channels(connection)
    return compose_page([channel for channel in known if channel.state != "requested"], page, talk.texts)


async def _propose(talk: Talk, name: str) -> None:
    await talk.require_administrator()
    found = NAME.fullmatch(name.strip())
    if found is None:
        await talk.say(fill(talk.texts.propose_no_name, example=code(EXAMPLE)))
        return
    username = found[1].lower()
    async with talk.database.begin() as connection:
        known = await channels.find_channel(connection, username)
        if known is not None and known.state == "active":
            await talk.say(fill(talk.texts.propose_known, channel=f"@{username}"))
            return
        asked = sorted(talk.rules.operators | await people.operators(connection))
        if not asked:
            await talk.say(talk.texts.propose_nobody)
            return
        made = await proposals.propose(connection, talk.subscriber.id, username)
        # An operator's private chat has the operator's number.
        languages = {number: await subscribers.language_of(connection, number) or "en" for number in asked}
    if made is None:
        await talk.say(talk.texts.propose_waiting)
        return
    for number, language in languages.items():
        await _tell(talk, number, compose_proposal(made, texts_in(language)))
    await talk.say(fill(talk.texts.propose_sent, channel=f"@{username}"))


def compose_proposal(made: Proposal, texts: Catalogue) -> Message:
    """What operators are asked."""
    text = fill(texts.proposal, channel=link(f"@{made.username}", f"https://t.me/{made.username}"))
    yes, no = Button(texts.proposal_approve, data=f"j:{made.id}"), Button(texts.proposal_refuse, data=f"i:{made.id}")
    return Message(text, ((yes, no),))


async def _decide(talk: Talk, number: str, *, approved: bool) -> None:
    async with talk.database.begin() as connection:
        if not await is_operator(talk.rules, connection, talk.person):
            raise Stale
        decided = await proposals.decide(connection, number_in(number), approved=approved)
        if decided and approved:
            await channels.request_channel(connection, decided[0].username)
        told = [await subscribers.get_subscriber(connection, each.subscriber_id) for each in decided]
    if not decided:
        await talk.change(talk.texts.proposal_decided)
        return
    channel = f"@{decided[0].username}"
    await talk.change(fill(talk.texts.proposal_approved if approved else talk.texts.proposal_refused, channel=channel))
    for subscriber in filter(None, told):
        texts = texts_in(subscriber.language)
        sentence = texts.propose_approved if approved else texts.propose_refused
        said = fill(sentence, channel=channel, example=code(f"channel:{channel}"))
        await _tell(talk, subscriber.chat_id, Message(said), subscriber.thread_id)


async def _tell(talk: Talk, chat_id: int, message: Message, thread_id: int = 0) -> None:
    await talk.bot.send_message(
        chat_id,
        message.text.text,
        entities=message.text.entities(),
        reply_markup=message.markup(),
        link_preview_options=message.preview(),
        message_thread_id=thread_id or None,
    )
