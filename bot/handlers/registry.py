"""What the bot reacts to, in one place: its commands, its buttons, and everything else that people do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.handlers import (
    bursts,
    channels,
    connect,
    edit,
    feedback,
    invites,
    language,
    modes,
    mute,
    paces,
    privacy,
    search,
    settings,
    share,
    start,
    stats,
    subscriptions,
    topics,
    trend,
    why,
    words,
)
from bot.talk import Talk

Conversation = Callable[[Talk, str], Awaitable[None]]
"""Takes the talk and the words behind the command, in the message, or in the button."""


def administrators_only(conversation: Conversation) -> Conversation:
    """In a group, only its administrators may: it changes what the group gets."""

    async def guarded(talk: Talk, words: str) -> None:
        await talk.require_administrator()
        await conversation(talk, words)

    return guarded


COMMANDS: Mapping[str, Conversation] = {
    "start": start.greet,
    "help": start.explain,
    "privacy": privacy.tell,
    "watch": words.watch,
    "topics": topics.show,
    "list": subscriptions.show,
    "search": search.find,
    "trend": trend.draw,
    "bursts": bursts.show,
    "stats": stats.tell,
    "channels": channels.show,
    "settings": settings.show,
    "language": language.ask_language,
    "timezone": language.ask_zone,
    "connect": connect.connect,
    "disconnect": connect.disconnect,
    "export": privacy.export,
    "delete_me": privacy.ask_delete,
}

BUTTONS: Mapping[str, Conversation] = {
    "q": start.try_example,
    "t": topics.preview,
    "f": words.try_suggestion,
    "g": search.try_suggestion,
    "m": search.more,
    "w": why.tell,
    "l": subscriptions.turn_page,
    "o": subscriptions.open_one,
    "s": administrators_only(words.subscribe),
    "x": administrators_only(words.cancel),
    "p": administrators_only(subscriptions.pause),
    "r": administrators_only(subscriptions.resume),
    "n": administrators_only(subscriptions.ask_name),
    "d": administrators_only(subscriptions.ask_delete),
    "k": administrators_only(subscriptions.delete),
    "v": administrators_only(words.leave_out),
    "e": administrators_only(edit.ask_words),
    "c": administrators_only(edit.exchange),
    "y": administrators_only(feedback.offer),
    "b": trend.switch,
    "a": bursts.preview_all,
    "h": administrators_only(share.make_link),
    "u": channels.turn_page,
    "z": administrators_only(modes.turn),
    "j": channels.approve,
    "i": channels.refuse,
    "lang": administrators_only(language.set_language),
    "zone": administrators_only(language.set_zone),
    "erase": administrators_only(privacy.delete),
    "stay": administrators_only(privacy.stay),
    "set": administrators_only(settings.turn),
    "pace": administrators_only(paces.turn),
    "mute": administrators_only(mute.turn),
}
"""The letters before the colon of a button's data."""


async def hear(talk: Talk, text: str) -> None:
    """A message that is no command: an answer to a question of ours, or words to look for.

    In a group only answers count: an administrator bot hears everything there, and none of the rest is meant for it.
    """
    if number := subscriptions.number_asked_for(talk.asked):
        await talk.require_administrator()
        await subscriptions.rename(talk, number, text)
    elif number := edit.number_asked_for(talk.asked):
        await talk.require_administrator()
        await edit.preview(talk, number, text)
    elif mute.is_answer(talk.asked):
        await talk.require_administrator()
        await mute.mute_word(talk, text)
    elif talk.is_private or words.is_answer_to_watch(talk.asked):
        await words.preview(talk, text)


async def hear_no_words(talk: Talk, _: str) -> None:
    """A picture, a sticker, a voice message."""
    if talk.is_private:
        await talk.say(talk.texts.only_words)


async def hear_unknown_command(talk: Talk, text: str) -> None:
    """A command that is not ours, or an operator's; in a group it may be another bot's."""
    if talk.is_private and not await invites.hear_operator(talk, text):
        await talk.say(talk.texts.unknown_command)
