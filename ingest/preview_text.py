"""The HTML of a message's text on a preview page, told as text and entities. Pure; no page makes it raise."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from storage.post_values import Entity, storable

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "del": "strikethrough",
    "strike": "strikethrough",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
"""Tag on the page -> `MessageEntity.type` (Bot API documentation); links are told apart by where they lead."""

_PARAGRAPHS = frozenset({"blockquote", "div", "p"})
"""Stand on lines of their own: where the page leaves out the line break beside one, it is put back."""

_LINE_BREAKS = re.compile(r"(?<![ \t])[ \t]*[\r\n][ \t\r\n]*")
"""Outside <pre> a line break of the source is a space; those of the post are <br>."""

_OPENABLE = frozenset({"http", "https", "tg", "ton"})
"""Links of other schemes (javascript:) are no links of a post: their words stay, as words."""

_TRIMMED = " \t\r\n"


def read_text(node: LexborNode) -> tuple[str, tuple[Entity, ...]]:
    """What stands inside the node: the text, trimmed as Telegram trims posts, and entities, outer before inner.

    Offsets count UTF-16 units. What we do not know is read as the words it holds.
    """
    reading = _Reading()
    waiting: list[LexborNode | _Open] = _children(node)
    while waiting:  # no recursion: a page may be nested as deep as it likes
        item = waiting.pop()
        if isinstance(item, _Open):
            reading.close(item)
        elif item.is_text_node:
            reading.add_words(item.text_content or "")
        elif item.tag == "br":
            reading.add("\n")
        elif item.is_element_node:
            opened = reading.open(item)
            inner = _children(item)
            waiting += [opened, *inner]
    return reading.finish()


def link_of(node: LexborNode) -> str:
    """Where a link leads. Since 2024-04 the page escapes twice (reference: platform-terms, 3): that is undone."""
    return storable((node.attributes.get("href") or "").strip()).replace("&amp;", "&")


def classes_of(node: LexborNode) -> frozenset[str]:
    """The classes of an element."""
    return frozenset((node.attributes.get("class") or "").split())


def _children(node: LexborNode) -> list[LexborNode | _Open]:
    """Last one first, for they are taken from the end."""
    found: list[LexborNode | _Open] = []
    child = node.last_child
    while child is not None:
        found.append(child)
        child = child.prev
    return found


@dataclass(frozen=True, slots=True)
class _Open:
    """An element that has begun; `type` None is one that marks nothing."""

    tag: str
    type: str | None
    begin: int
    place: int
    """How many pieces were read before it."""
    link: str = ""
    language: str | None = None


@dataclass(slots=True)
class _Reading:
    pieces: list[str] = field(default_factory=list)
    offset: int = 0
    entities: list[Entity] = field(default_factory=list)
    pre_depth: int = 0
    emoji_depth: int = 0
    owes_break: bool = False

    def add(self, text: str) -> None:
        if not text:
            return
        if self.owes_break and not text.startswith("\n"):
            text = "\n" + text
        self.owes_break = False
        self.pieces.append(text)
        self.offset += _length(text)

    def add_words(self, text: str) -> None:
        text = text if self.pre_depth else _LINE_BREAKS.sub(" ", text)
        if self.owes_break and not text.strip(_TRIMMED):
            return  # space between two paragraphs
        self.add(text)

    def open(self, node: LexborNode) -> _Open:
        tag = node.tag or ""
        classes = classes_of(node)
        if tag in _PARAGRAPHS and self.pieces and not self.pieces[-1].endswith("\n"):
            self.owes_break = True
        if tag in _PARAGRAPHS and self.owes_break:
            self.add("\n")
        is_emoji = tag == "i" and "emoji" in classes
        kind = "spoiler" if "tg-spoiler" in classes else _TYPES.get(tag)
        link = link_of(node) if tag == "a" else ""
        if is_emoji or self.emoji_depth or (tag == "code" and self.pre_depth):
            kind, link = None, ""  # <i class="emoji"><b>…</b></i> is how the page draws an emoji
        if kind == "blockquote" and "expandable" in node.attributes:
            kind = "expandable_blockquote"
        self.pre_depth += tag == "pre"
        self.emoji_depth += is_emoji or bool(self.emoji_depth)
        return _Open(tag, kind, self.offset, len(self.pieces), link, _language(node) if tag == "pre" else None)

    def close(self, opened: _Open) -> None:
        self.pre_depth -= opened.tag == "pre"
        self.emoji_depth -= bool(self.emoji_depth)
        length = self.offset - opened.begin
        if length and opened.link:
            kind, url = _kind_of_link(opened.link, "".join(self.pieces[opened.place :]))
            if kind:
                self.entities.append(Entity(kind, opened.begin, length, url=url))
        elif length and opened.type:
            self.entities.append(Entity(opened.type, opened.begin, length, language=opened.language))
        if opened.tag in _PARAGRAPHS and self.pieces and not self.pieces[-1].endswith("\n"):
            self.owes_break = True

    def finish(self) -> tuple[str, tuple[Entity, ...]]:
        """Cut the space around the text, and the entities that reach into it."""
        text = "".join(self.pieces)
        begin = len(text) - len(text.lstrip(_TRIMMED))  # these characters are one unit each
        text = text.strip(_TRIMMED)
        kept = [found for each in self.entities if (found := _cut(each, begin, _length(text)))]
        return text, tuple(sorted(kept, key=lambda entity: (entity.offset, -entity.length)))


def _cut(entity: Entity, begin: int, length: int) -> Entity | None:
    first = max(entity.offset - begin, 0)
    last = min(entity.offset + entity.length - begin, length)
    return Entity(entity.type, first, last - first, entity.url, entity.language) if first < last else None


def _length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _language(node: LexborNode) -> str | None:
    """<pre><code class="language-python">, or the class on the <pre> itself."""
    inner = node.first_child
    marked = classes_of(node) | (classes_of(inner) if inner is not None and inner.tag == "code" else frozenset())
    return next((storable(name[9:]) for name in sorted(marked) if name.startswith("language-") and name[9:]), None)


def _kind_of_link(link: str, words: str) -> tuple[str | None, str | None]:
    """(entity type, url): the page draws addresses, mentions, hashtags and hidden links all as <a>."""
    scheme, _, rest = link.partition(":")
    scheme = scheme.lower()
    said = words.strip(_TRIMMED)
    if link.startswith("?q="):
        return {"#": "hashtag", "$": "cashtag"}.get(said[:1]), None
    if scheme in ("mailto", "tel"):
        return {"mailto": "email", "tel": "phone_number"}[scheme], None
    if scheme not in _OPENABLE or not rest:
        return None, None
    if said.startswith("@") and _bare(link) == f"t.me/{said[1:].lower()}":
        return "mention", None
    return ("url", None) if _bare(said) == _bare(link) else ("text_link", link)


def _bare(link: str) -> str:
    """An address without what Telegram adds to the words of a post to make a link of them."""
    rest = re.sub(r"^[a-z]+://", "", link, flags=re.IGNORECASE)
    try:
        host = urlsplit(f"//{rest}").netloc
    except ValueError:
        return rest
    return (host.lower() + rest[len(host) :]).removesuffix("/")
