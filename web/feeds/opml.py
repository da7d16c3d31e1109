"""Lists of feeds, for feed readers and from other tools: OPML 2.0 (opml.org/spec2.opml).

Each outline of ours carries its query in an attribute of our own, so that a list moves to another installation whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Tree
from xml.parsers import expat

from web.feeds.entries import legal

MEDIA_TYPE = "text/x-opml; charset=utf-8"

SPACE = "https://channelwatch.invalid/opml"
"""The namespace of our attribute: a name, no address."""

MOST_BYTES = 1024 * 1024
MOST_OUTLINES = 1_000
MOST_DEPTH = 32

BRIDGED = re.compile(
    r"(?:/telegram/channel/|^https?://(?:www\.)?t\.me/(?:s/)?|^https?://tg\.[\w.-]+/(?:rss|json)/)"
    r"([A-Za-z][A-Za-z0-9_]{3,31})/?(?:[?#].*)?$"
)
"""A Telegram channel made readable by another tool: its username stands at the end of RSSHub's address and of some
others', and of a channel's own page."""

Tree.register_namespace("channelwatch", SPACE)


class OpmlRefused(Exception):
    """This is no list of feeds that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed of ours to be listed."""

    name: str
    query: str
    rss_url: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed that a list names. `query`: what finds its posts here; None when that cannot be told."""

    name: str
    query: str | None


def write(title: str, home: str, listed: Sequence[Listed]) -> bytes:
    """A list of feeds, with the words in their addresses: as private as those."""
    root = Tree.Element("opml", version="2.0")
    Tree.SubElement(Tree.SubElement(root, "head"), "title").text = legal(title)
    body = Tree.SubElement(root, "body")
    for each in listed:
        name = legal(each.name)
        Tree.SubElement(
            body, "outline",
            {"type": "rss", "text": name, "title": name, "xmlUrl": each.rss_url, "htmlUrl": home,
             f"{{{SPACE}}}query": legal(each.query)},
        )  # fmt: skip
    document: bytes = Tree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def read(document: bytes) -> list[Outline]:
    """The feeds that a list names, however deep they stand in folders. Raises OpmlRefused."""
    if len(document) > MOST_BYTES:
        raise OpmlRefused(f"The list is larger than {MOST_BYTES // 1024} KiB.")
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = reading.begin
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise OpmlRefused(f"The list is no XML: {expat.ErrorString(error.code)} in line {error.lineno}.") from None
    except (LookupError, ValueError):  # expat's own way with encodings of several bytes, and with unknown ones
        raise OpmlRefused("The list is in an encoding that is not read here: save it as UTF-8.") from None
    if not reading.is_opml:
        raise OpmlRefused("This is no OPML: it begins with another element.")
    return reading.outlines


def _refuse_document_type(*_: object) -> None:
    """Entities, and files or addresses that they name, come with a document type; OPML has none."""
    raise OpmlRefused("The list declares a document type, which OPML does not have.")


class _Reading:
    def __init__(self) -> None:
        self.outlines: list[Outline] = []
        self.is_opml = False
        self._depth = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self._depth == 0:
            self.is_opml = tag == "opml"
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise OpmlRefused("The list has too many folders inside each other.")
        url, query = attributes.get("xmlUrl", ""), attributes.get(f"{SPACE} query")
        if tag == "outline" and (url or query):
            if len(self.outlines) >= MOST_OUTLINES:
                raise OpmlRefused(f"The list has more than {MOST_OUTLINES} feeds.")
            name = attributes.get("title") or attributes.get("text") or url
            self.outlines.append(Outline(name, query or _query_of(url)))

    def end(self, _: str) -> None:
        """An element ends."""
        self._depth -= 1


def _query_of(url: str) -> str | None:
    bridged = BRIDGED.search(url)
    return f"channel:@{bridged[1]}" if bridged else None
