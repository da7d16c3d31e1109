"""One block of a preview page as HTML: a post, an album, or a service message, in the layout of Telegram's. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from sandbox.channel_posts import ChannelPost, Media, Poll, ServiceAction
from sandbox.channels import Channel
from sandbox.preview_text import text_html

if TYPE_CHECKING:
    from sandbox.world import World

Block = Sequence[ChannelPost]
"""What a page shows as one: a post, or all parts of an album, by message id."""


def rounded(number: int) -> str:
    """A count as pages show it: 999, 1.2K, 436.6K, 3.1M, never more than it is."""
    for unit, size in (("M", 1_000_000), ("K", 1_000)):
        if number >= size:
            tenths = number * 10 // size
            return f"{tenths // 10}{f'.{tenths % 10}' if tenths % 10 else ''}{unit}"
    return str(number)


def block_html(world: World, channel: Channel, block: Block) -> str:
    """The block, wrapped as the page holds it."""
    first = block[0]
    address = f"{channel.username}/{first.message_id}"
    service = " service_message" if first.service_action else ""
    mark = {"c": -channel.id, "p": f"{first.message_id}g" if len(block) > 1 else first.message_id}
    view = base64.urlsafe_b64encode(json.dumps(mark).encode()).decode().rstrip("=")
    bubble = "\n".join(filter(None, _bubble(world, channel, block)))
    return f"""<div class="tgme_widget_message_wrap js-widget_message_wrap">
<div class="tgme_widget_message text_not_supported_wrap{service} js-widget_message" \
data-post="{escape(address)}" data-view="{view}">
<div class="tgme_widget_message_bubble">
{_author(channel)}
{bubble}
{_footer(address, block)}
</div></div></div>"""


def _bubble(world: World, channel: Channel, block: Block) -> Iterable[str]:
    first = block[0]
    if first.service_action:
        yield _text(_service(channel, first.service_action))
        return
    yield _origin(world, first)
    yield _reply(channel, first.reply_to)
    if first.poll:
        yield _poll(channel, first, first.poll)
    if len(block) > 1:
        media = "".join(_media(channel, post, each, "?single") for post in block for each in post.media)
        yield (
            '<div class="tgme_widget_message_grouped_wrap js-message_grouped_wrap">'
            '<div class="tgme_widget_message_grouped js-message_grouped">'
            f'<div class="tgme_widget_message_grouped_layer js-message_grouped_layer">{media}</div></div></div>'
        )
    else:
        yield "".join(_media(channel, first, each) for each in first.media)
    said = next((post for post in block if post.text), None)
    if said is not None:
        text = _text(text_html(said.text, said.entities))
        yield _text(text) if len(block) > 1 else text


def _text(inner: str) -> str:
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{inner}</div>'


def _author(channel: Channel) -> str:
    return (
        '<div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" '
        f'href="https://t.me/{escape(channel.username or "")}"><span dir="auto">{escape(channel.title)}</span></a>'
        "</div>"
    )


def _service(channel: Channel, action: ServiceAction) -> str:
    strong = '<span class="tgme_widget_service_strong_text" dir="auto">{}</span>'
    if action.kind == "created":
        return "Channel created"
    if action.kind == "renamed":
        return f"Channel name was changed to «{strong.format(escape(action.title))}»"
    pinned = channel.posts.get(action.message_id or 0)
    return f"{escape(channel.title)} pinned «{strong.format(escape(pinned.text[:60]) if pinned else '')}»"


def _origin(world: World, post: ChannelPost) -> str:
    origin = post.forwarded_from
    if origin is None:
        return ""
    source = world.channels.get(origin.channel_id) if origin.channel_id else None
    name = escape(origin.name or (source.title if source else ""))
    shown = f'<span dir="auto">{name}</span>'
    if source and source.username:
        number = f"/{origin.message_id}" if origin.message_id else ""
        link = f"https://t.me/{escape(source.username)}{number}"
        inner = f'<a class="tgme_widget_message_forwarded_from_name" href="{link}">{shown}</a>'
    else:
        inner = f'<span class="tgme_widget_message_forwarded_from_name">{shown}</span>'
    return f'<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;{inner}</div>'


def _reply(channel: Channel, message_id: int | None) -> str:
    answered = channel.posts.get(message_id) if message_id else None
    if answered is None:
        return ""
    return (
        f'<a class="tgme_widget_message_reply" href="https://t.me/{escape(channel.username or "")}/{message_id}">'
        f'{_author(channel)}<div class="tgme_widget_message_metatext js-message_reply_text" dir="auto">'
        f"{escape(answered.text[:60])}</div></a>"
    )


def _poll(channel: Channel, post: ChannelPost, poll: Poll) -> str:
    options = "".join(
        '<div class="tgme_widget_message_poll_option"><div class="tgme_widget_message_poll_option_percent">0%</div>'
        '<div class="tgme_widget_message_poll_option_value">'
        f'<div class="tgme_widget_message_poll_option_text">{escape(answer)}</div></div></div>'
        for answer in poll.answers
    )
    return (
        '<div class="tgme_widget_message_poll js-poll">'
        f'<div class="tgme_widget_message_poll_question">{escape(poll.question)}</div>'
        '<div class="tgme_widget_message_poll_type">Anonymous Poll</div>'
        f'<a class="tgme_widget_message_poll_options" href="{_link(channel, post)}">{options}</a></div>'
    )


def _link(channel: Channel, post: ChannelPost) -> str:
    return f"https://t.me/{escape(channel.username or '')}/{post.message_id}"


def _media(channel: Channel, post: ChannelPost, media: Media, end: str = "") -> str:
    link = _link(channel, post) + end
    if media.kind == "photo":
        return (
            f'<a class="tgme_widget_message_photo_wrap js-message_photo" href="{link}">'
            '<div class="tgme_widget_message_photo"></div></a>'
        )
    minutes, seconds = divmod(int(media.duration_seconds), 60)
    if media.kind == "video":
        return (
            f'<a class="tgme_widget_message_video_player js-message_video_player" href="{link}">'
            '<div class="tgme_widget_message_video_wrap"></div>'
            '<div class="message_video_play js-message_video_play"></div>'
            f'<time class="message_video_duration js-message_video_duration">{minutes}:{seconds:02}</time></a>'
        )
    if media.kind == "voice":
        return (
            f'<a class="tgme_widget_message_voice_player js-message_voice_player" href="{link}">'
            f'<time class="tgme_widget_message_voice_duration">{minutes}:{seconds:02}</time></a>'
        )
    icon, title = ("accent_bg audio", media.title) if media.kind == "audio" else ("accent_bg", media.file_name)
    return (
        f'<a class="tgme_widget_message_document_wrap" href="{link}">'
        f'<div class="tgme_widget_message_document_icon {icon}"></div><div class="tgme_widget_message_document">'
        f'<div class="tgme_widget_message_document_title accent_color" dir="auto">{escape(title)}</div>'
        f'<div class="tgme_widget_message_document_extra" dir="auto">{len(media.data)} B</div></div></a>'
    )


def _footer(address: str, block: Block) -> str:
    first = block[0]
    views = f'<span class="tgme_widget_message_views">{rounded(max(post.views for post in block))}</span>'
    edited = "edited &nbsp;" if any(post.edited_at and not post.is_edit_hidden for post in block) else ""
    moment = first.posted_at.replace(microsecond=0)
    return (
        '<div class="tgme_widget_message_footer compact js-message_footer">'
        '<div class="tgme_widget_message_info short js-message_info">'
        f'{"" if first.service_action else views}<span class="copyonly"> views</span>'
        f'<span class="tgme_widget_message_meta">{edited}<a class="tgme_widget_message_date" '
        f'href="https://t.me/{escape(address)}"><time datetime="{moment.isoformat()}" class="time">'
        f"{moment:%H:%M}</time></a></span></div></div>"
    )
