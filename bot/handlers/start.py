"""The first words: a greeting, how to ask, what is kept."""

from __future__ import annotations

from bot.handlers import share, words
from bot.handlers.share import is_shared
from bot.message import Button, Message
from bot.rich_text import RichText, bold, code, fill, joined, plain
from bot.talk import Stale, Talk
from bot.texts import Catalogue


async def greet(talk: Talk, word: str) -> None:
    """/start: who speaks, and three queries to try with one tap; or what a shared link carries."""
    if is_shared(word):
        await share.open_link(talk, word)
        return
    await talk.say(greeting(talk.texts) if talk.is_private else group_greeting(talk.texts))


async def explain(talk: Talk, _: str) -> None:
    """/help: the query language by examples."""
    await talk.say(Message(help_text(talk.texts), _examples(talk.texts)))


async def try_example(talk: Talk, number: str) -> None:
    """An example's button: the same preview as if its words had been written."""
    if not number.isdecimal() or int(number) >= len(talk.texts.examples):
        raise Stale
    await words.preview(talk, talk.texts.examples[int(number)])


def greeting(texts: Catalogue) -> Message:
    """The first message in a private chat."""
    return Message(fill(texts.greeting, example=code(texts.examples[0])), _examples(texts))


def group_greeting(texts: Catalogue) -> Message:
    """The first message in a group, where plain words do not reach the bot."""
    return Message(fill(texts.greeting_group, example=code(f"/watch {texts.examples[0]}")))


def help_text(texts: Catalogue) -> RichText:
    """How to ask: an introduction, a line per piece of the language, where to go next."""
    lines = [code(query) + f" – {meaning}" for query, meaning in texts.help_examples]
    first = fill(texts.help, word=bold(texts.examples[0].split()[0]))
    return joined("\n\n", [first, joined("\n", lines), plain(texts.help_end)])


def _examples(texts: Catalogue) -> tuple[tuple[Button, ...], ...]:
    return tuple((Button(query, data=f"q:{number}"),) for number, query in enumerate(texts.examples))
