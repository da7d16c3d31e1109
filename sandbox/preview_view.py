"""The public preview of a channel of the box as HTML, in the layout of Telegram's own pages. Pure.

Whatever people wrote is escaped. The pages name nothing outside the box: no scripts, styles or pictures are loaded.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from sandbox.channel_posts import ChannelPost
from sandbox.channels import Channel
from sandbox.preview_block import Block, block_html, rounded

if TYPE_CHECKING:
    from sandbox.world import User, World

PAGE = 20
"""Blocks of one page."""


def blocks_of(channel: Channel) -> list[Block]:
    """The channel as blocks, oldest first."""
    blocks: list[list[ChannelPost]] = []
    albums: dict[int, list[ChannelPost]] = {}
    for number in sorted(channel.posts):
        post = channel.posts[number]
        if post.grouped_id is not None and post.grouped_id in albums:
            albums[post.grouped_id].append(post)
            continue
        blocks.append([post])
        if post.grouped_id is not None:
            albums[post.grouped_id] = blocks[-1]
    return list(blocks)


def page_html(world: World, channel: Channel, *, before: int | None = None, after: int | None = None) -> str:
    """The newest blocks, or those right before or after a message id; newest last."""
    blocks = blocks_of(channel)
    if after is not None:
        shown = [block for block in blocks if block[0].message_id > after][:PAGE]
    else:
        shown = [block for block in blocks if before is None or block[0].message_id < before][-PAGE:]
    name = escape(channel.username or "")
    older = f'<link rel="prev" href="/s/{name}?before={shown[0][0].message_id}">' if shown else ""
    messages = "\n".join(block_html(world, channel, block) for block in shown) or (
        '<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message_centered">'
        '<div class="tme_no_messages_found">No posts found</div></div></div>'
    )
    return _document(
        channel.title,
        f"""{older}</head><body class="widget_frame_base tgme_webpreview">
<div class="tgme_channel_info">
<div class="tgme_channel_info_header"><div class="tgme_channel_info_header_title_wrap">
<div class="tgme_channel_info_header_title"><span dir="auto">{escape(channel.title)}</span></div>
<div class="tgme_channel_info_header_username"><a href="https://t.me/{name}">@{name}</a></div></div></div>
<div class="tgme_channel_info_counters"><div class="tgme_channel_info_counter">\
<span class="counter_value">{rounded(len(channel.members))}</span> <span class="counter_type">subscribers</span>\
</div></div>
<div class="tgme_channel_info_description">{escape(channel.about)}</div>
</div>
<main class="tgme_main" data-url="/{name}"><div class="tgme_container">
<section class="tgme_channel_history js-message_history">
{messages}
</section></div></main>""",
    )


def contact_html(name: str, found: Channel | User | None) -> str:
    """The page of a name that has no preview: of a channel, of a person, or of nobody."""
    if found is None:
        title, extra, action = "", "", "contact"
    elif isinstance(found, Channel):
        title, action = found.title, "view and join"
        extra = f'<div class="tgme_page_extra">{len(found.members)} subscribers</div>'
    else:
        title, extra, action = found.first_name, f'<div class="tgme_page_extra">@{escape(name)}</div>', "contact"
    named = f'<div class="tgme_page_title" dir="auto"><span dir="auto">{escape(title)}</span></div>' if found else ""
    return _document(
        title or f"Telegram: Contact @{name}",
        f"""</head><body><div class="tgme_page_wrap"><div class="tgme_body_wrap"><div class="tgme_page">
{named}{extra}
<div class="tgme_page_additional">If you have <strong>Telegram</strong>, you can {action} \
<strong>{escape(title or "@" + name)}</strong> right away.</div>
</div></div></div>""",
    )


def _document(title: str, rest: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta property="og:title" content="{escape(title)}">{rest}\n</body>\n</html>\n'
    )
