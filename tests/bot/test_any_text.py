"""A hundred thousand texts of anything, formatted, cut and marked: the strict server takes every one as it is."""

from __future__ import annotations

import json
import os
import random

from bot.replies import Reply
from bot.rich_text import MESSAGE_UNITS, RichText, bold, clean, code, fill, highlighted, italic, joined, link, plain
from sandbox import utf16
from sandbox.bot_api.texts import Formatted, checked_caption, checked_message, format_text

MANY = 100_000 if os.environ.get("LONG_TESTS") else 1_000
"""The whole number takes some minutes: with LONG_TESTS=1."""

EDGES = (
    "\x00\x1f\x7f\x85\xa0\xad\u0301\u200b\u200d\u200f\u2028\u202e\u2066"
    "\ud7ff\ud800\udbff\udc00\udfff\ue000\ufe0f\ufeff\ufffd\uffff"
)
"""Controls, what joins and turns letters, both ends of the surrogates and of the first plane."""
HIGH = "\U00010000\U0001f1fa\U0001f1e6\U0001f3fb\U0001f468\U0001f469\U0001f467\U0001f680\U000e0067\U0010ffff"
"""Two UTF-16 units each: the first and the last such character, flags, skin tones, families."""
USUAL = "aZ09жїґё ёй.,!?\n\n\t <>&\"'*_~`[](){}#@/\\|=-+…«»—"
LETTERS = (USUAL, USUAL, EDGES, HIGH)
ADDRESSES = ("https://t.me/demo_news/5", "http://demo.example/a?b=c#d", "tg://user?id=1", "https://", "ftp://x", "")


def any_text(chance: random.Random, most: int = 60) -> str:
    """Letters of one kind or of all, some of them in runs."""
    kinds = LETTERS if chance.random() < 0.7 else (chance.choice(LETTERS),)
    letters = [chance.choice(chance.choice(kinds)) for _ in range(chance.randrange(most))]
    if chance.random() < 0.05:
        letters.append(chr(chance.randrange(0x110000)))
    return "".join(letter * (chance.randrange(200) if chance.random() < 0.005 else 1) for letter in letters)


def any_piece(chance: random.Random, depth: int = 0) -> RichText:
    """A text in some style, or several inside one; monospaced ones hold nothing and stand in nothing."""
    if depth < 3 and chance.random() < 0.3:
        inner = [any_piece(chance, depth + 1) for _ in range(chance.randrange(4))]
        return chance.choice([bold, italic])(joined(chance.choice(["", " ", "\n"]), inner))
    said = any_text(chance)
    match chance.randrange(5 if depth == 0 else 4):
        case 0:
            return bold(said)
        case 1:
            return link(said, chance.choice(ADDRESSES)) if depth == 0 else italic(said)
        case 2:
            shown = clean(said)
            places = sorted(chance.sample(range(len(shown) + 1), k=min(4, len(shown))))
            return highlighted(shown, list(zip(places[::2], places[1::2], strict=False)))
        case 3:
            return plain(said)
        case _:
            return code(said)


def any_message(chance: random.Random) -> RichText:
    """Pieces in a row or in a template, cut somewhere, begun somewhere."""
    text = joined(chance.choice(["", " ", "\n\n"]), [any_piece(chance) for _ in range(chance.randrange(1, 8))])
    if chance.random() < 0.2:
        text = fill("{a} · {b}!", a=text, b=any_piece(chance))
    if chance.random() < 0.5:
        text = text.from_word_at(chance.randrange(len(text.text) + 1))
    return text.stripped().truncated(chance.choice([2, 3, 17, 64, 200, 1024, MESSAGE_UNITS]))


def as_sent(text: RichText) -> Formatted:
    """What the strict server makes of it. Raises BadRequest."""
    return format_text(text.text, "", [entity.to_dict() for entity in text.entities()])


def test_every_text_is_taken_as_it_is() -> None:
    chance = random.Random(6)
    taken = 0
    for _ in range(MANY):
        text = any_message(chance).stripped()
        shown = as_sent(text)
        assert shown.text == text.text
        if text:
            checked_message(shown)
            taken += len(shown.entities)
    assert taken > MANY  # formatting was there to be refused


def test_what_is_said_twice_is_taken_with_its_mark_in_front() -> None:
    chance = random.Random(7)
    for _ in range(MANY // 10):
        text = any_message(chance).truncated(1000).stripped()
        data = {"chat_id": 5, "caption": text.text, "caption_entities": text.entities()}
        marked = Reply.of("sendPhoto", data, owner=None, mark="↻ 🚀 repeated").marked().parameters
        entities = json.loads(marked.get("caption_entities", "[]"))
        shown = checked_caption(format_text(marked["caption"], "", entities))
        before = utf16.length(marked["caption"]) - utf16.length(text.text)
        assert shown.text == marked["caption"]
        assert [entity["offset"] - before for entity in shown.entities] == [each.offset for each in text.entities()]
