"""A text with its entities as Telegram's preview pages write it. Pure; every word is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from sandbox import utf16
from sandbox.channel_posts import Entity

_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}

_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?")


@dataclass(frozen=True, slots=True)
class _Span:
    begin: int
    end: int
    entity: Entity


def text_html(text: str, entities: Sequence[Entity]) -> str:
    """The text as HTML. Entities that overlap are cut where the outer one ends; those outside the text are left out."""
    places = utf16.boundaries(text)
    spans = [
        _Span(places[entity.offset], places[entity.offset + entity.length], entity)
        for entity in entities
        if entity.length > 0 and entity.offset in places and entity.offset + entity.length in places
    ]
    return _inside(text, 0, len(text), spans)


def _inside(text: str, begin: int, end: int, spans: list[_Span]) -> str:
    pieces = []
    waiting = sorted(spans, key=lambda span: (span.begin, -span.end))
    while waiting:
        span, *waiting = waiting
        pieces.append(_words(text[begin : span.begin]))
        inner = []
        rest = []
        for other in waiting:
            if other.begin >= span.end:
                rest.append(other)
                continue
            inner.append(_Span(other.begin, min(other.end, span.end), other.entity))
            if other.end > span.end:
                rest.append(_Span(span.end, other.end, other.entity))
        waiting = sorted(rest, key=lambda each: (each.begin, -each.end))
        marked = _inside(text, span.begin, span.end, inner)
        pieces.append(_marked(span.entity, text[span.begin : span.end], marked))
        begin = span.end
    pieces.append(_words(text[begin:end]))
    return "".join(pieces)


def _words(text: str) -> str:
    escaped = escape(text).replace("\n", "<br/>")
    return _EMOJI.sub(lambda found: f'<i class="emoji"><b>{found[0]}</b></i>', escaped)


def _marked(entity: Entity, words: str, inner: str) -> str:
    if tag := _TAGS.get(entity.type):
        return f"<{tag}>{inner}</{tag}>"
    link = _link(entity, words)
    if link.startswith("?q="):
        return f'<a href="{escape(link)}">{inner}</a>'
    return f'<a href="{escape(link)}" target="_blank" rel="noopener">{inner}</a>'


def _link(entity: Entity, words: str) -> str:
    match entity.type:
        case "hashtag" | "cashtag":
            return "?q=" + quote(words)
        case "mention":
            return f"https://t.me/{words.removeprefix('@')}"
        case "email":
            return f"mailto:{words}"
        case "url":
            return words if re.match(r"[a-z]+://", words, re.IGNORECASE) else f"http://{words}"
        case _:
            return entity.url or ""
