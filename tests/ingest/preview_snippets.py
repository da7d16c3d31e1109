"""Blocks of invented preview pages, in the layout that Telegram's have."""

from __future__ import annotations

from html import escape

from ingest.preview_message import PreviewMessage
from ingest.preview_page import PreviewPage, read_page
from storage.post_values import Post
from tests.ingest.values import NEWS, NOW

BOX = "https://t.me/news_box"


def block(inner: str = "", number: int | str = 5, *, meta: str = "", views: str = "7", classes: str = "") -> str:
    """A message; `inner` stands in its bubble, `meta` before its date."""
    return f"""<div class="tgme_widget_message_wrap">
<div class="tgme_widget_message {classes}" data-post="news_box/{number}">
<div class="tgme_widget_message_bubble">
<div class="tgme_widget_message_author"><a class="tgme_widget_message_owner_name" href="{BOX}">News of the box</a></div>
{inner}
<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">{views}</span>
<span class="tgme_widget_message_meta">{meta}<a class="tgme_widget_message_date" href="{BOX}/{number}">
<time datetime="2026-01-05T13:00:00+01:00" class="time">12:00</time></a></span></div>
</div></div></div>"""


def text(inner: str) -> str:
    """The text of a message."""
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{inner}\n  </div>'


def link(href: str, words: str) -> str:
    """A link of a text."""
    return f'<a href="{escape(href)}" target="_blank" rel="noopener">{words}</a>'


def page(html: str) -> PreviewPage:
    """The page that this HTML is."""
    found = read_page(html)
    assert isinstance(found, PreviewPage), found
    return found


def message(html: str) -> PreviewMessage:
    """The only message of a page."""
    [found] = page(html).messages
    return found


def post(html: str) -> Post:
    """The only post of a page."""
    found = message(html).tell(NEWS, seen_at=NOW)
    assert isinstance(found, Post), found
    return found
