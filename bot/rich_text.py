"""Text that carries its formatting beside it: never markup, so that no post's text can ever be read as some.

Formatting is kept in Python's character offsets and becomes the Bot API's entities, which count UTF-16 code units, only
at the end (Bot API documentation, MessageEntity).
"""

from __future__ import annotations

import re
import string
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from urllib.parse import urlsplit

from telegram import MessageEntity

MESSAGE_UNITS = 4096
"""The longest message, in UTF-16 code units after entities are parsed (Bot API documentation)."""

MOST_ENTITIES = 100
"""Entities of one message that Telegram shows (published limits)."""

ELLIPSIS = "…"

_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls other than tab and line feed
    "\ud800-\udfff"  # halves of characters: UTF-8 has no form for them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction controls: they can make a line read backwards
    "\ufeff\ufff9-\ufffb]"
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_SPACE = re.compile(r"\s")


def clean(text: str) -> str:
    """The text without what a chat cannot or should not show: controls, direction controls, lone surrogates."""
    return _UNSHOWABLE.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """A name given by a person, cleaned, in one line."""
    return " ".join(clean(text).split())


def units(text: str) -> int:
    """How long Telegram counts the text: in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def is_web_link(url: str) -> bool:
    """Whether the address may become a link: http or https, with a host, in characters an address is made of."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not _SPACE.search(url) and clean(url) == url


@dataclass(frozen=True, slots=True)
class Span:
    """Formatting of text[start:end], with the Bot API's name: bold, italic, code, pre, text_link (with `url`)."""

    kind: str
    start: int
    end: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class RichText:
    """A text and its formatting. Build it with the functions below and `+`; every piece is cleaned on its way in."""

    text: str = ""
    spans: tuple[Span, ...] = ()

    def __add__(self, other: RichText | str) -> RichText:
        added = plain(other)
        moved = tuple(
            replace(span, start=span.start + len(self.text), end=span.end + len(self.text)) for span in added.spans
        )
        return RichText(self.text + added.text, self.spans + moved)

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def units(self) -> int:
        """The length as Telegram counts it."""
        return units(self.text)

    def entities(self) -> list[MessageEntity]:
        """The formatting as the Bot API takes it: in order, outer before inner, at most MOST_ENTITIES."""
        offsets = list(accumulate((2 if character > "\uffff" else 1 for character in self.text), initial=0))
        ordered = sorted(self.spans, key=lambda span: (span.start, -span.end))
        return [
            MessageEntity(span.kind, offsets[span.start], offsets[span.end] - offsets[span.start], url=span.url)
            for span in ordered
            if span.start < span.end
        ][:MOST_ENTITIES]

    def stripped(self) -> RichText:
        """Without white space at either end, as Telegram would show it."""
        start = len(self.text) - len(self.text.lstrip())
        return self._piece(start, max(start, len(self.text.rstrip())))

    def truncated(self, most: int = MESSAGE_UNITS) -> RichText:
        """At most `most` units: cut between two words and outside of formatting, an ellipsis behind."""
        if self.units <= most:
            return self
        end = self._cut(_fitting(self.text, most - 1))
        return self._piece(0, len(self.text[:end].rstrip())) + ELLIPSIS

    def from_word_at(self, start: int) -> RichText:
        """The rest from the first word that begins at or behind `start`, an ellipsis before it."""
        if start <= 0:
            return self
        place = start
        while place < len(self.text) and not self.text[place - 1].isspace():
            place += 1
        if place - start > _LONGEST_SEARCH or place >= len(self.text):
            place = _whole_character(self.text, start)
        inside = [span.start for span in self.spans if span.start < place < span.end]
        place = min([place, *inside])
        return plain(ELLIPSIS) + self._piece(place, len(self.text)) if place else self

    def _cut(self, fitting: int) -> int:
        """The last place up to `fitting` that lies between words and inside no formatting."""
        place = fitting
        while place > 0 and not (self.text[place].isspace() and not self._inside(place)):
            place -= 1
        reach = max(_SHORTEST_SEARCH, min(_LONGEST_SEARCH, fitting // 2))
        if self.text[:place].strip() and fitting - place <= reach:
            return place
        # One endless word, or one format over all of it: cut at a character, before the format if it has only begun.
        begun = [span.start for span in self.spans if span.start < fitting < span.end and fitting - span.start <= reach]
        return min([place for place in begun if place > 0], default=_whole_character(self.text, fitting))

    def _inside(self, place: int) -> bool:
        return any(span.start < place < span.end for span in self.spans)

    def _piece(self, start: int, end: int) -> RichText:
        kept = (
            replace(span, start=max(span.start, start) - start, end=min(span.end, end) - start)
            for span in self.spans
            if span.start < end and span.end > start
        )
        return RichText(self.text[start:end], tuple(span for span in kept if span.start < span.end))


_LONGEST_CHARACTER = 24
"""Code points that one visible character may take: families and flags of regions take some ten."""

_SHORTEST_SEARCH = 12
_LONGEST_SEARCH = 80
"""Characters that a cut may move back, or an opening forward, to find the end of a word."""


def plain(text: RichText | str) -> RichText:
    """Text without formatting of its own."""
    return text if isinstance(text, RichText) else RichText(clean(text))


def bold(text: RichText | str) -> RichText:
    """Bold."""
    return _styled("bold", text)


def italic(text: RichText | str) -> RichText:
    """Italic."""
    return _styled("italic", text)


def code(text: str) -> RichText:
    """Monospaced, in line; nothing may stand inside."""
    return _styled("code", text)


def pre(text: str) -> RichText:
    """A monospaced block; nothing may stand inside."""
    return _styled("pre", text)


def link(text: RichText | str, url: str | None) -> RichText:
    """A link, if the address is one of the web; otherwise only its text."""
    return _styled("text_link", text, url) if url and is_web_link(url) else plain(text)


def highlighted(text: str, places: list[tuple[int, int]], *, most: int = 60) -> RichText:
    """A text (already clean) with some of its words in bold; `places` are character offsets, sorted and apart.

    At most `most` of them, so that a long post leaves entities for what stands around it.
    """
    spans = tuple(Span("bold", start, end) for start, end in places[:most] if 0 <= start < end <= len(text))
    return RichText(text, spans)


def joined(separator: RichText | str, pieces: list[RichText]) -> RichText:
    """The pieces with the separator between them."""
    result = RichText()
    for index, piece in enumerate(pieces):
        result = result + separator + piece if index else piece
    return result


def fill(template: str, /, **values: RichText | str | int) -> RichText:
    """A template of the texts, `{name}` replaced by values that may carry formatting. KeyError for a missing one."""
    result = RichText()
    for literal, name, _, _ in string.Formatter().parse(template):
        result = result + literal
        if name is not None:
            value = values[name]
            result = result + (str(value) if isinstance(value, int) else value)
    return result


def _styled(kind: str, text: RichText | str, url: str | None = None) -> RichText:
    inner = plain(text)
    if not inner:
        return inner
    return RichText(inner.text, (Span(kind, 0, len(inner.text), url), *inner.spans))


def _fitting(text: str, most: int) -> int:
    """How many characters of the text fit into that many units."""
    ends = list(accumulate(2 if character > "\uffff" else 1 for character in text))
    return bisect_right(ends, most)


def _whole_character(text: str, place: int) -> int:
    """The last place up to `place` that does not part an accent, a flag or a joined emoji from what it belongs to."""
    whole = place
    while 0 < whole < len(text) and _belongs_together(text[whole - 1], text[whole]):
        whole -= 1
        if place - whole > _LONGEST_CHARACTER:
            return place  # no character, but somebody's joke
    return whole or place


def _belongs_together(left: str, right: str) -> bool:
    return (
        unicodedata.combining(right) != 0
        or unicodedata.category(right) in ("Mn", "Me")
        or "\u200d" in (left, right)
        or "\U0001f3fb" <= right <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= left <= "\U0001f1ff" and "\U0001f1e6" <= right <= "\U0001f1ff")  # flags
    )
