"""Texts with their entities, as HTML; and the links that clients find or make of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from sandbox import utf16
from sandbox.chat_records import Entity
from sandbox.deep_links import read_link
from sandbox.page.markup import Markup, element, safe

if TYPE_CHECKING:
    from sandbox.channels import Channel, ChannelPost
    from sandbox.world import World

_FOUND = re.compile(
    r"""(?P<url>\bhttps?://[^\s<>"]*[^\s<>".,:;!?)\]»”'])"""
    r"""|(?P<bare>(?<![\w/@.-])t\.me/\w[\w/+-]*(?:\?start(?:group)?=[\w-]+)?)"""
    r"""|(?<![\w/@])@(?P<mention>[A-Za-z]\w{3,31})"""
    r"""|(?<![\w/#])\#(?P<hashtag>[^\W\d]\w*)"""
    r"""|(?<!\S)/(?P<bot_command>[A-Za-z0-9_]{1,32})(?![\w/])"""
)
_TAGS = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "pre": "pre"}
_BLOCKS = ("pre", "blockquote", "expandable_blockquote")
_SCHEMES = ("http", "https", "mailto", "tel")
_FOLDED_LINES, _FOLDED_LENGTH = 3, 180
"""An expandable quote that is longer is folded."""


class _Span(NamedTuple):
    """An entity in indexes of the Python string."""

    begin: int
    end: int
    entity: Entity


def with_links(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """The entities, and those that Telegram's clients find by themselves: addresses, mentions, hashtags, commands.

    What is found inside a link or code that is already marked stays plain. In order: by offset, outer first.
    """
    marked = list(entities)
    closed = [entity for entity in marked if entity["type"] in ("text_link", "url", "code", "pre", "bot_command")]
    for found in _FOUND.finditer(text):
        begin, length = utf16.length(text[: found.start()]), utf16.length(found[0])
        if any(other["offset"] < begin + length and begin < other["offset"] + other["length"] for other in closed):
            continue
        kind = "url" if found.lastgroup == "bare" else found.lastgroup
        marked.append(Entity(type=kind, offset=begin, length=length))
    return sorted(marked, key=lambda entity: (entity["offset"], -entity["length"]))


def formatted(world: World, text: str, entities: Iterable[Entity]) -> Markup:
    """The text with its formatting and with what can be tapped in it."""
    places = utf16.boundaries(text)
    spans = [
        _Span(places[entity["offset"]], places[entity["offset"] + entity["length"]], entity)
        for entity in with_links(text, entities)
    ]
    return element("div", _fill(world, text, 0, len(text), spans), class_="text", dir="auto")


def first_link(text: str, entities: Iterable[Entity]) -> str | None:
    """The address that a client would preview: the first link of the text."""
    places = utf16.boundaries(text)
    for entity in with_links(text, entities):
        if entity["type"] == "text_link":
            return str(entity["url"])
        if entity["type"] == "url":
            return _absolute(text[places[entity["offset"]] : places[entity["offset"] + entity["length"]]])
    return None


def post_at(world: World, address: str) -> tuple[Channel, ChannelPost | None] | None:
    """The channel of the box that an address of t.me leads to, and the post of it."""
    url = urlsplit(address)
    parts = [part for part in url.path.split("/") if part]
    if url.hostname != "t.me" or not parts:
        return None
    if parts[0] == "c":
        parts = parts[1:]
        channel = world.channels.get(_number(parts[0])) if parts else None
    else:
        channel = world.channels.by_username(parts[0])
    if channel is None:
        return None
    return channel, channel.posts.get(_number(parts[1])) if len(parts) > 1 else None


def link(world: World, address: str, *inner: object, class_: str | None = None, outside: str = "") -> Markup:
    """A link: to a post in the other column, to the bot's own start, or out of the page (marked with `outside`)."""
    deep = read_link(address)
    if deep is not None and deep.bot.lower() == world.chats.bot.username.lower():
        return act("/open", "link", address, *inner, class_=class_ or "linklike")
    target = post_at(world, address)
    if target is not None:
        channel, post = target
        place = f"#post-{channel.id}-{post.message_id}" if post else "#channels"
        return element("a", *inner, href=place, class_=class_)
    if urlsplit(address).scheme.lower() not in _SCHEMES:
        return element("span", *inner, class_=class_)
    return element("a", *inner, outside, href=address, target="_blank", rel="noopener noreferrer", class_=class_)


def act(action: str, name: str, value: str, *inner: object, class_: str | None = None) -> Markup:
    """A button that does something at once, with one value, as the person on the screen."""
    return element("button", *inner, form="act", formaction=action, name=name, value=value, class_=class_)


def _fill(world: World, text: str, begin: int, end: int, spans: Sequence[_Span]) -> Markup:
    """The text from begin to end; spans are in order, outer before inner, and do not cross."""
    parts: list[Markup] = []
    at, place = begin, 0
    while place < len(spans):
        span = spans[place]
        inside = place + 1
        while inside < len(spans) and spans[inside].begin < span.end:
            inside += 1
        if span.begin >= at and span.end <= end:
            parts.append(safe(text[at : span.begin]))
            inner = _fill(world, text, span.begin, span.end, spans[place + 1 : inside])
            parts.append(_wrapped(world, span.entity, text[span.begin : span.end], inner))
            at = span.end
            if span.entity["type"] in _BLOCKS and text[at : at + 1] == "\n":
                at += 1  # a block stands on lines of its own anyway
        place = inside
    parts.append(safe(text[at:end]))
    return safe(parts)


def _wrapped(world: World, entity: Entity, words: str, inner: Markup) -> Markup:
    match entity["type"]:
        case "text_link":
            return link(world, entity["url"], inner)
        case "url":
            return link(world, _absolute(words), inner)
        case "mention":
            return link(world, f"https://t.me/{words[1:]}", inner)
        case "bot_command":
            return act("/say", "text", words, inner, class_="linklike")
        case "spoiler":
            return element(
                "span", inner, class_="spoiler", role="button", tabindex=0, aria_expanded="false",
                aria_label="Hidden text",
            )  # fmt: skip
        case "expandable_blockquote":
            return _foldable(words, inner)
        case "blockquote":
            return element("blockquote", inner)
        case kind:
            return element(_TAGS.get(kind, "span"), inner, class_=kind)


def _foldable(words: str, inner: Markup) -> Markup:
    if words.count("\n") < _FOLDED_LINES and len(words) < _FOLDED_LENGTH:
        return element("blockquote", inner)
    unfold = element("button", "Show more", type="button", class_="unfold", aria_expanded="false")
    return element("blockquote", element("div", inner, class_="inner"), unfold, class_="folded")


def _absolute(words: str) -> str:
    return words if re.match(r"[A-Za-z]+:", words) else f"https://{words}"


def _number(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdigit() else 0
