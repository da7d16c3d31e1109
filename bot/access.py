"""The door: who may use the bot, decided before anything about them is stored; and how much of it a minute.

The person decides, by number; in a group that somebody let in has brought the bot into, everybody there may use it, and
its administrators configure it (docs/decisions/0018-access.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

import structlog
import telegram
from telegram.ext import ExtBot

from bot.allowance import MINUTE, Allowance
from bot.coming import Coming, language_of, thread_of
from bot.rich_text import fill
from bot.rules import Entry, Rules
from bot.talk import short_answer
from bot.texts import Catalogue, texts_in
from storage import invites, people, subscribers
from storage.database import Connection, Database
from storage.ids import ChatId
from storage.people import Standing

log = structlog.get_logger()

OWN_DATA = frozenset({"privacy", "export", "delete_me", "erase", "stay"})
"""Commands and buttons that whoever is not let in (any more) may use while something is held about their chat."""

SILENCE = 60.0
"""Minutes of silence after the one sentence that somebody hears who is not let in."""

PRESSES_A_COMMAND = 3
"""Buttons that may be pressed for each command: they are pressed in quick succession."""

GROUP_PEOPLE = 3
"""A group may ask as much as so many people, however many ask: one of them cannot silence the others."""


async def texts_of(database: Database, update: telegram.Update) -> Catalogue:
    """The sentences in the language that the chat has chosen; in the client's where it has not spoken before."""
    chat = update.effective_chat
    async with database.begin() as connection:
        chosen = await subscribers.language_of(connection, chat.id, thread_of(update)) if chat is not None else None
    return texts_in(chosen or language_of(update))


async def is_operator(rules: Rules, connection: Connection, user_id: int | None) -> bool:
    """Whether a person is an operator: by the settings, or because one named them."""
    if user_id is None:
        return False
    if user_id in rules.operators:
        return True
    standing = await people.standing_of(connection, user_id=user_id, chat_id=user_id)
    return standing.role == people.OPERATOR and not standing.is_blocked


class Door:
    """Lets people in, or says one kind sentence and is silent for an hour. One for a program: it counts in memory."""

    def __init__(self, rules: Rules, clock: Callable[[], float] = monotonic) -> None:
        self.rules = rules
        self._commands = Allowance(rules.commands_a_minute, clock)
        self._presses = Allowance(PRESSES_A_COMMAND * rules.commands_a_minute, clock)
        self._inline = Allowance(rules.inline_a_minute, clock)
        self._groups = Allowance(GROUP_PEOPLE * PRESSES_A_COMMAND * rules.commands_a_minute, clock)
        self._clock = clock
        self._told: dict[int, float] = {}

    async def lets_in(self, update: telegram.Update, bot: ExtBot[Any], database: Database, verb: str) -> bool:
        """Whether the update is to be answered; if not, what is to be said has been said.

        `verb`: the command without its slash, the letters before the colon of a button's data, or "". Ask before
        anything is stored about who comes.
        """
        coming = Coming.of(update, verb)
        if coming is None or not self._is_within_allowance(update, coming):
            is_due = coming is not None and self._commands.may_tell(_key(coming))
            await _say(update, bot, (await texts_of(database, update)).slow_down if is_due else "")
            return False
        async with database.begin() as connection:
            refusal = await self._refusal(connection, coming)
        if refusal is None:
            return True
        await _say(update, bot, refusal if refusal and self._may_tell(coming) else "")
        return False

    async def knows(self, update: telegram.Update, database: Database) -> bool:
        """Whether who did something without asking for anything (added the bot to a group) is welcome. Says nothing."""
        coming = Coming.of(update, "")
        if coming is None:
            return False
        async with database.begin() as connection:
            standing = await people.standing_of(connection, user_id=coming.user_id, chat_id=coming.chat.id)
        return not standing.is_blocked and self._is_welcome(coming, standing)

    def may_ask_inline(self, user_id: int) -> bool:
        """Whether one more inline query of this person is within the allowance; if so, it counts."""
        return self._inline.take(user_id)

    async def _refusal(self, connection: Connection, coming: Coming) -> str | None:
        """None: welcome. Else what to say; nothing to who is kept out, and to those who speak with each other."""
        standing = await people.standing_of(
            connection, user_id=coming.user_id, chat_id=coming.chat.id, thread_id=coming.thread_id
        )
        if standing.is_blocked and coming.user_id not in self.rules.operators:
            return ""
        texts = texts_in(standing.language or coming.language)
        if found := coming.invitation:
            role = await invites.redeem(connection, found, coming.user_id or 0)
            standing = replace(standing, role=role or standing.role, is_blocked=False)
            log.info("invitation opened", is_let_in=role is not None)
        if self._is_welcome(coming, standing):
            await self._remember(connection, coming, standing)
            return None
        if await _asks_for_own_data(connection, coming):
            return None
        if not coming.is_private and not coming.verb:
            return ""
        return texts.invite_spent if found and standing.role is None else self._closed(texts)

    def _is_welcome(self, coming: Coming, standing: Standing) -> bool:
        rules = self.rules
        if coming.user_id in rules.operators or standing.role == people.OPERATOR:
            return True
        if rules.entry is Entry.OPEN or coming.user_id in rules.listed or coming.chat.id in rules.listed:
            return True
        return standing.is_chat_admitted or (rules.entry is Entry.INVITE and standing.role is not None)

    async def _remember(self, connection: Connection, coming: Coming, standing: Standing) -> None:
        """That the bot was brought into a group by who is let in; with an open door that need not be known."""
        is_new = not coming.is_private and bool(coming.verb) and not standing.is_chat_admitted
        if is_new and self.rules.entry is not Entry.OPEN and coming.user_id is not None:
            await people.admit_chat(connection, ChatId(coming.chat.id), coming.user_id)

    def _closed(self, texts: Catalogue) -> str:
        contact = self.rules.contact
        if not contact:
            return texts.door_closed
        return f"{texts.door_closed} {fill(texts.door_contact, contact=contact).text}"

    def _is_within_allowance(self, update: telegram.Update, coming: Coming) -> bool:
        """What people in a group say to each other is not counted, nor an update that is handled again."""
        own, number = self._presses if update.callback_query else self._commands, update.update_id
        if coming.is_private:
            return own.take(_key(coming), number)
        return not coming.verb or (own.take(_key(coming), number) and self._groups.take(coming.chat.id, number))

    def _may_tell(self, coming: Coming) -> bool:
        """Whether the one sentence of this hour is still to be said in this chat."""
        now = self._clock()
        self._told = {number: at for number, at in self._told.items() if now - at < SILENCE * MINUTE}
        if coming.chat.id in self._told:
            return False
        self._told[coming.chat.id] = now
        return True


async def _asks_for_own_data(connection: Connection, coming: Coming) -> bool:
    """What is held about somebody they may see and take away, whatever was decided about them."""
    return coming.verb in OWN_DATA and bool(await people.subscribers_of(connection, ChatId(coming.chat.id)))


def _key(coming: Coming) -> tuple[int, int | None]:
    return coming.chat.id, coming.user_id


async def _say(update: telegram.Update, bot: ExtBot[Any], sentence: str) -> None:
    """Over the button that was pressed, or in the chat; of nothing to say, only a button's spinner hears."""
    message = update.effective_message
    if update.callback_query is not None:
        await update.callback_query.answer(short_answer(sentence), show_alert=bool(sentence))
    elif message is not None and sentence:
        await bot.send_message(message.chat_id, sentence, message_thread_id=thread_of(update) or None)
