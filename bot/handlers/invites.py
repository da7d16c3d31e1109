"""/invite: operators let others in, in their private chat with the bot. To everybody else there is no such command."""

from __future__ import annotations

import re

from bot.access import is_operator
from bot.message import Message
from bot.rich_text import code, fill, joined, plain
from bot.talk import Talk
from storage import invites, people

_COMMAND = re.compile(r"/invite(?:@\w+)?(?:\s+(?P<how>operator|[1-9]\d{0,3}))?\s*")


async def hear_operator(talk: Talk, text: str) -> bool:
    """Obey an operator's command. False when it is none, or when no operator gives it in words of their own."""
    found = _COMMAND.fullmatch(text)
    if found is None or not talk.is_private or talk.message.forward_origin is not None:
        return False
    async with talk.database.begin() as connection:
        if not await is_operator(talk.rules, connection, talk.person):
            return False
        how = found["how"] or "1"
        role = people.OPERATOR if how == people.OPERATOR else people.SUBSCRIBER
        uses = 1 if role == people.OPERATOR else int(how)
        token = await invites.make(connection, role=role, uses=min(uses, invites.MOST_USES), made_by=talk.person)
    await talk.say(_compose(talk, link_of(talk.bot.username, token), role, min(uses, invites.MOST_USES)))
    return True


def link_of(username: str, token: str) -> str:
    """What somebody opens to be let in."""
    return f"https://t.me/{username}?start=i_{token}"


def _compose(talk: Talk, link: str, role: str, uses: int) -> Message:
    texts = talk.texts
    what = texts.invite_operator if role == people.OPERATOR else texts.counted(texts.invite_made, uses)
    blocks = [fill(what, n=uses, days=texts.in_days(invites.LASTS.days)), code(link), plain(texts.invite_more)]
    return Message(joined("\n\n", blocks))
