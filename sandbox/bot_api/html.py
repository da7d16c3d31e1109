"""The Bot API's HTML: markup to plain text and entities, refused where and as the real server refuses it.

Source of grammar and wordings: Bot API documentation ("HTML style") and the published test table of TDLib's parser.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from sandbox import utf16
from sandbox.bot_api.errors import BadRequest
from sandbox.chat_records import Entity

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_REFERENCE = re.compile(r"&(?:#(?P<dec>\d{1,8})|#x(?P<hex>[0-9a-fA-F]{1,8})|(?P<name>lt|gt|amp|quot));?")
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_SPACE = " \t\r\n\v\f"


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The text without markup and its entities, outer before inner. BadRequest names the byte offset of a fault."""
    return _Parser(source).parse()


@dataclass(slots=True)
class _OpenTag:
    name: str
    attributes: dict[str, str]
    offset: int
    index: int


@dataclass(slots=True)
class _Parser:
    source: str
    at: int = 0
    offset: int = 0
    out: list[str] = field(default_factory=list)
    stack: list[_OpenTag] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            if self.source[self.at] != "<":
                self._emit(self._character())
            elif self.source.startswith("</", self.at):
                self._close()
            else:
                self._open()
        if self.stack:
            self._refuse(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].name}"')
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.out), self.entities

    def _emit(self, character: str) -> None:
        self.out.append(character)
        self.offset += utf16.length(character)

    def _character(self) -> str:
        """The next character, a reference (&lt;) decoded; other named references stay as they stand."""
        found = _REFERENCE.match(self.source, self.at)
        if found is None:
            self.at += 1
            return self.source[self.at - 1]
        if found["name"]:
            self.at = found.end()
            return html.unescape(f"&{found['name']};")
        code = int(found["dec"] or found["hex"], 10 if found["dec"] else 16)
        if code == 0 or code > 0x10FFFF:
            self.at += 1
            return "&"
        if 0xD800 <= code <= 0xDFFF:
            self._refuse(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            )
        self.at = found.end()
        return chr(code)

    def _open(self) -> None:
        begin = self.at
        self.at += 1
        self._skip(lambda character: character not in _SPACE and character != ">")
        if self._ended():
            self._refuse("Unclosed start tag", begin)
        name = self.source[begin + 1 : self.at].lower()
        if name not in _TYPES:
            self._refuse(f'Unsupported start tag "{name}"', begin)
        attributes = self._attributes(name, begin)
        self.at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            self._refuse('Tag "span" must have class "tg-spoiler"', begin)
        self.stack.append(_OpenTag(name, attributes, self.offset, len(self.out)))

    def _attributes(self, name: str, begin: int) -> dict[str, str]:
        """Everything up to the tag's ">", on which it stops."""
        attributes: dict[str, str] = {}
        while True:
            self._skip_space()
            if self._ended():
                self._refuse(f'Unclosed start tag "{name}"', begin)
            if self.source[self.at] == ">":
                return attributes
            start = self.at
            self._skip(lambda character: character not in _SPACE and character not in "=>")
            attribute = self.source[start : self.at].lower()
            if not attribute:
                self._refuse(f'Empty attribute name in the tag "{name}"', begin)
            attributes[attribute] = self._attribute_value(name, begin)

    def _attribute_value(self, name: str, begin: int) -> str:
        self._skip_space()
        if self._ended():
            self._refuse(f'Unclosed start tag "{name}"', begin)
        if self.source[self.at] != "=":
            return ""
        self.at += 1
        self._skip_space()
        if self._ended():
            self._refuse(f'Unclosed start tag "{name}"', begin)
        quote = self.source[self.at]
        value = self._quoted(quote) if quote in "'\"" else self._name_token()
        if self._ended():
            self._refuse("Unclosed start tag", begin)
        return value

    def _quoted(self, quote: str) -> str:
        self.at += 1
        characters = []
        while not self._ended() and self.source[self.at] != quote:
            characters.append(self._character())
        self.at += 1
        return "".join(characters)

    def _name_token(self) -> str:
        begin = self.at
        found = _NAME_TOKEN.match(self.source, begin)
        self.at = found.end() if found else begin
        if self._ended() or (self.source[self.at] not in _SPACE and self.source[self.at] != ">"):
            self._refuse("Unexpected end of name token", begin)
        return self.source[begin : self.at].lower()

    def _close(self) -> None:
        begin = self.at
        if not self.stack:
            self._refuse("Unexpected end tag", begin)
        self.at += 2
        self._skip(lambda character: character not in _SPACE and character != ">")
        name = self.source[begin + 2 : self.at].lower()
        self._skip_space()
        if self._ended() or self.source[self.at] != ">":
            self._refuse("Unclosed end tag", begin)
        self.at += 1
        tag = self.stack.pop()
        if name and name != tag.name:
            self._refuse("Unmatched end tag", begin, f', expected "</{tag.name}>", found "</{name}>"')
        if self.offset > tag.offset:
            self._add_entity(tag)

    def _add_entity(self, tag: _OpenTag) -> None:
        entity = Entity(type=_TYPES[tag.name], offset=tag.offset, length=self.offset - tag.offset)
        if tag.name == "a":
            entity["url"] = tag.attributes.get("href") or "".join(self.out[tag.index :])
        elif tag.name == "blockquote" and "expandable" in tag.attributes:
            entity["type"] = "expandable_blockquote"
        elif tag.name == "tg-emoji":
            entity["custom_emoji_id"] = tag.attributes.get("emoji-id", "")
        elif tag.name == "code" and self.stack and self.stack[-1].name == "pre":
            language = tag.attributes.get("class", "")
            if language.startswith("language-"):
                self.stack[-1].attributes["language"] = language.removeprefix("language-")
            return  # <pre><code class="language-..."> is one entity; the language stands on the pre
        elif tag.name == "pre" and tag.attributes.get("language"):
            entity["language"] = tag.attributes["language"]
        self.entities.append(entity)

    def _ended(self) -> bool:
        return self.at >= len(self.source)

    def _skip_space(self) -> None:
        self._skip(lambda character: character in _SPACE)

    def _skip(self, wanted: Callable[[str], bool]) -> None:
        while not self._ended() and wanted(self.source[self.at]):
            self.at += 1

    def _refuse(self, reason: str, index: int | None = None, rest: str = "") -> NoReturn:
        where = "" if index is None else f" at byte offset {len(self.source[:index].encode())}"
        raise BadRequest(f"can't parse entities: {reason}{where}{rest}")
