"""The column of the channels: their posts, newest first, and forms to publish, edit and delete one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.channels import Channel, ChannelPost
from sandbox.chat_records import Entity
from sandbox.page.forms import form, hidden
from sandbox.page.markup import Markup, element, safe
from sandbox.page.messages import SHOWN, clock_time
from sandbox.page.text import formatted
from sandbox.page.visitors import View

if TYPE_CHECKING:
    from sandbox.channel_posts import Media
    from sandbox.world import World

_COLOURS = 8
"""Colours of channels in style.css."""


def posts(world: World, view: View) -> Markup:
    """The newest posts of all channels; the parts of an album are one card."""
    shown = [(channel, post) for channel in world.channels for post in channel.posts.values() if is_shown(post)]
    shown.sort(key=lambda pair: (pair[1].posted_at, pair[1].message_id), reverse=True)
    firsts = [(channel, post) for channel, post in shown[:SHOWN] if album(channel, post)[0] is post]
    if not firsts:
        return element("p", "Nothing has been published yet.", class_="none", id="none")
    return safe(card(world, view, channel, post) for channel, post in firsts)


def is_shown(post: ChannelPost) -> bool:
    """Service messages are no posts."""
    return post.service_action is None


def album(channel: Channel, post: ChannelPost) -> Sequence[ChannelPost]:
    """The post and those that form an album with it, in order."""
    if post.grouped_id is None:
        return [post]
    return [other for other in channel.posts.values() if other.grouped_id == post.grouped_id]


def card(world: World, view: View, channel: Channel, post: ChannelPost) -> Markup:
    """A post as it stands now, found by #post-<channel>-<id> for each of its parts."""
    parts = album(channel, post)
    first = parts[0]
    colour = list(world.channels).index(channel) % _COLOURS
    name = element("b", element("span", class_=f"dot dot{colour}"), channel.title)
    edited = element("span", "edited") if first.edited_at and not first.is_edit_hidden else None
    pictures = [_file(media) for part in parts for media in part.media]
    return element(
        "article",
        element("div", name, edited, clock_time(first.posted_at), _change(view, channel, first), class_="head"),
        _forwarded(world, first),
        element("div", pictures, class_="pictures") if pictures else None,
        [element("span", id=anchor(channel, part.message_id)) for part in parts[1:]],
        [_text(world, part) for part in parts],
        class_="post",
        id=anchor(channel, first.message_id),
        tabindex="-1",
    )


def anchor(channel: Channel, message_id: int) -> str:
    """The id on the page of a post, whether it is still there or not."""
    return f"post-{channel.id}-{message_id}"


def publish_form(world: World, view: View) -> Markup:
    """Where the visitor publishes a post of their own."""
    if not len(world.channels):
        return Markup()
    options = [element("option", channel.title, value=channel.id) for channel in world.channels]
    return form(
        view,
        "/publish",
        element("p", "Publish a post and see whether the bot tells you.", class_="hint"),
        element("label", "Channel", class_="hidden", for_="publish-channel"),
        element("select", options, id="publish-channel", name="channel"),
        element("label", "Post", class_="hidden", for_="publish-text"),
        element(
            "textarea",
            id="publish-text",
            name="text",
            rows=2,
            maxlength=4096,
            placeholder="Write a post…",
            required=True,
        ),
        element("button", "Publish", class_="primary"),
        class_="publish",
    )


def _text(world: World, post: ChannelPost) -> Markup | None:
    text = post.text or (f"📊 {post.poll.question}" if post.poll else "")
    entities = [
        Entity(type=mark.type, offset=mark.offset, length=mark.length) | ({"url": mark.url} if mark.url else {})
        for mark in post.entities
    ]
    return formatted(world, text, entities) if text else None


def _forwarded(world: World, post: ChannelPost) -> Markup | None:
    origin = post.forwarded_from
    if origin is None:
        return None
    source = world.channels.get(origin.channel_id) if origin.channel_id else None
    return element("div", f"forwarded from {source.title if source else origin.name}", class_="from")


def _file(media: Media) -> Markup:
    address = f"/media/{media.id}"
    if media.kind == "photo":
        return element("img", class_="photo", src=address, alt=media.file_name or "A picture")
    name = media.file_name or media.kind
    return element("a", f"📄 {name}", class_="file", href=address, download=name)


def _change(view: View, channel: Channel, post: ChannelPost) -> Markup:
    """As the channel's editor would: change the text, or take the post away."""
    place = hidden(channel=channel.id, post=post.message_id)
    write = element("textarea", post.text, name="text", rows=3, maxlength=4096, aria_label="Text of the post")
    buttons = [
        element("button", "Save", class_="primary"),
        element("button", "Delete post", formaction="/unpublish", class_="quiet"),
    ]
    return element(
        "details",
        element("summary", "⋯", aria_label="Change this post", title="Change this post"),
        form(view, "/edit", place, write, element("div", buttons, class_="pair")),
        class_="change",
    )
