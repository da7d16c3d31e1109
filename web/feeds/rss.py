"""A feed as RSS 2.0 (rssboard.org/rss-specification), with Atom's link to itself and Dublin Core's author."""

from __future__ import annotations

import html
from email.utils import format_datetime
from xml.etree import ElementTree as Tree

from web.feeds.entries import Entry, Feed

MEDIA_TYPE = "application/rss+xml; charset=utf-8"

ATOM = "http://www.w3.org/2005/Atom"
CREATOR = "http://purl.org/dc/elements/1.1/"

Tree.register_namespace("atom", ATOM)
Tree.register_namespace("dc", CREATOR)


def write(feed: Feed) -> bytes:
    """The document. The same feed is the same bytes."""
    root = Tree.Element("rss", version="2.0")
    channel = Tree.SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.home)
    _add(channel, "description", f"Posts that match “{feed.title}”")
    _add(channel, "generator", "channelwatch")
    Tree.SubElement(channel, f"{{{ATOM}}}link", href=feed.rss_url, rel="self", type="application/rss+xml")
    for entry in feed.entries:
        _add_entry(channel, entry)
    document: bytes = Tree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add_entry(channel: Tree.Element, entry: Entry) -> None:
    item = Tree.SubElement(channel, "item")
    _add(item, "title", entry.title)
    if entry.url:
        _add(item, "link", entry.url)
    _add(item, "guid", entry.name, isPermaLink="true" if entry.is_address else "false")
    _add(item, "pubDate", format_datetime(entry.published_at, usegmt=True))
    _add(item, f"{{{CREATOR}}}creator", entry.author)
    for topic in entry.topics:
        _add(item, "category", topic)
    if entry.text:
        # Readers take a description for HTML: a post's own < must stay one.
        _add(item, "description", html.escape(entry.text).replace("\n", "<br>\n"))


def _add(parent: Tree.Element, name: str, text: str, **attributes: str) -> None:
    Tree.SubElement(parent, name, attributes).text = text
