"""/privacy, /export, /delete_me: what is held about a chat, all of it to take away, and its end."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from bot.message import Button, Message
from bot.rich_text import fill, joined, plain
from bot.talk import Talk
from storage import erasure
from storage.held import held_about
from storage.inbox import KEPT as INBOX_KEPT
from storage.keeping import Keeping

FILE_NAME = "channelwatch-export.json"


async def tell(talk: Talk, _: str) -> None:
    """/privacy: what is held, why, how long, who runs this bot, and what one can do."""
    texts, contact = talk.texts, talk.rules.contact
    held = fill(texts.privacy_kept, sent=texts.in_days(Keeping().records.days), heard=texts.in_days(INBOX_KEPT.days))
    runs = fill(texts.privacy_contact, contact=contact) if contact else plain(texts.privacy_no_contact)
    await talk.say(
        joined("\n\n", [plain(texts.privacy), held, plain(texts.privacy_never), runs, plain(texts.privacy_yours)])
    )


async def export(talk: Talk, _: str) -> None:
    """/export: everything that is held about this chat and this person, as a file; in a group for administrators."""
    await talk.require_administrator()
    async with talk.database.begin() as connection:
        held = await held_about(connection, talk.subscriber.chat_id)
    await talk.answer()
    await talk.bot.send_document(
        talk.subscriber.chat_id,
        as_file(held, talk.subscriber.chat_id, dt.datetime.now(dt.UTC)),
        caption=talk.texts.export_caption,
        filename=FILE_NAME,
        message_thread_id=talk.subscriber.thread_id or None,
    )


async def ask_delete(talk: Talk, _: str) -> None:
    """/delete_me: ask first; it cannot be undone."""
    await talk.require_administrator()
    texts = talk.texts
    question = texts.erase_question if talk.is_private else texts.erase_question_group
    yes, no = Button(texts.erase_yes, data="erase:"), Button(texts.erase_no, data="stay:")
    await talk.say(Message(plain(question), ((yes,), (no,))))


async def delete(talk: Talk, _: str) -> None:
    """The button: from this moment on nothing is sent here; the rest is done as soon as what is under way has ended."""
    await talk.require_administrator()
    place = talk.subscriber
    async with talk.database.begin() as connection:
        await erasure.request(connection, place.chat_id, language=place.language, thread_id=place.thread_id)
    await talk.change(talk.texts.erase_begun)


async def stay(talk: Talk, _: str) -> None:
    """The other button."""
    await talk.change(talk.texts.erase_not)


def as_file(held: dict[str, list[dict[str, Any]]], chat_id: int, now: dt.datetime) -> bytes:
    """The export as JSON that a person can read, too."""
    whole = {"format": "channelwatch-export/1", "chat_id": chat_id, "exported_at": now.isoformat(), "held": held}
    return json.dumps(whole, ensure_ascii=False, indent=2).encode()
