"""What a post said first, and what became of it: every version with its times, and what changed between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from storage.channels import COLUMNS as CHANNEL_COLUMNS
from storage.channels import Channel, channel_of, find_channel
from storage.database import Connection
from storage.ids import MessageId, PostId
from storage.keeping import FORGOTTEN_CONTENT
from storage.models import ChannelMessageRow, ChannelRow, PostRow, PostVersionRow
from storage.post_address import PostAddress
from storage.post_values import Part, parts_from_json
from storage.posts import StoredPost, get_post


class PostNotStored(Exception):
    """No such post is stored; the message says what is known of that number."""


class Change(StrEnum):
    """What a reader sees that differs from the version before."""

    TEXT = "text"
    FORMATTING = "formatting"
    """Of a text that stayed: where the text changed, its formatting moves with it."""
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Version:
    """What a post said from one moment to another."""

    number: int
    """From 1, which is the first that was seen."""
    text: str
    parts: tuple[Part, ...]
    made_at: dt.datetime
    """When the channel published it, or edited it into this: Telegram's time."""
    replaced_at: dt.datetime | None
    """When it was seen that another had taken its place: our time. None for the post as it stands."""
    changes: tuple[Change, ...]
    """Against the version before; nothing for the first."""


@dataclass(frozen=True, slots=True)
class History:
    """A post with all that is known of its life."""

    post: StoredPost
    found_by: str
    """What first brought it: push, reconcile, preview, replay or backfill."""
    reactions: Mapping[str, int]
    views_are_rounded: bool
    expires_at: dt.datetime | None
    is_text_forgotten: bool
    """Its channel deleted it, and here deleted texts are not kept."""
    gone: tuple[MessageId, ...]
    """Messages of it that the channel has deleted: all of a deleted post, perhaps some of an album."""
    versions: tuple[Version, ...]
    """The oldest first; the last is the post as it stands."""

    @property
    def was_edited_before_seen(self) -> bool:
        """Whether nobody here has seen what it said first."""
        return self.versions[0].made_at > self.post.posted_at


async def find_post(connection: Connection, address: PostAddress) -> PostId:
    """The number of the post that has this message. Raises PostNotStored."""
    return await _post_id(connection, await _channel(connection, address), address)


async def read_history(connection: Connection, address: PostAddress) -> History:
    """The post that has this message, with its versions. Raises PostNotStored."""
    history = await history_of(connection, await find_post(connection, address))
    if history is None:
        raise PostNotStored(_FORGOTTEN.format(address))  # this very moment
    return history


async def history_of(connection: Connection, post_id: PostId) -> History | None:
    """The post of that number with its versions; None when there is none (any more)."""
    post = await get_post(connection, post_id)
    facts = (await connection.execute(_FACTS.where(PostRow.id == post_id))).first()
    if post is None or facts is None:
        return None
    gone = await connection.scalars(
        select(ChannelMessageRow.message_id)
        .where(ChannelMessageRow.post_id == post_id, ChannelMessageRow.kind == "gone")
        .order_by(ChannelMessageRow.message_id)
    )
    earlier = await connection.execute(
        _VERSIONS.where(PostVersionRow.post_id == post_id).order_by(PostVersionRow.version)
    )
    return History(
        post=post,
        found_by=facts.found_by,
        reactions=facts.reactions or {},
        views_are_rounded=facts.views_are_rounded,
        expires_at=facts.expires_at,
        is_text_forgotten=facts.content_hash == FORGOTTEN_CONTENT,
        gone=tuple(map(MessageId, gone)),
        versions=_versions(post, earlier.all()),
    )


_FACTS = select(
    PostRow.found_by, PostRow.reactions, PostRow.views_are_rounded, PostRow.expires_at, PostRow.content_hash
)
_VERSIONS = select(PostVersionRow.text, PostVersionRow.parts, PostVersionRow.edited_at, PostVersionRow.replaced_at)

_FORGOTTEN = "The post {} was stored, and has been forgotten: only its number is kept."
_WITHOUT_POST = {
    "service": "{} is a service message (a pin, a new title), not a post.",
    "gone": "{} had been deleted by its channel before anybody here saw it, or has been forgotten since.",
    "missing": "Telegram has not given {} yet; it is asked for again within minutes.",
}


async def _channel(connection: Connection, address: PostAddress) -> Channel:
    if isinstance(address.channel, str):
        found = await find_channel(connection, address.channel)
    else:
        by_number = select(*CHANNEL_COLUMNS).where(ChannelRow.telegram_id == address.channel)
        row = (await connection.execute(by_number)).first()
        found = channel_of(row) if row else None
    if found is None:
        raise PostNotStored(
            f"There is no channel {address.channel_name} here; `channelwatch channels list` shows all that are read."
        )
    return found


async def _post_id(connection: Connection, channel: Channel, address: PostAddress) -> PostId:
    """Of the post that the message makes, alone or as a part of it."""
    row = (
        await connection.execute(
            select(ChannelMessageRow.kind, ChannelMessageRow.post_id).where(
                ChannelMessageRow.channel_id == channel.id, ChannelMessageRow.message_id == address.message_id
            )
        )
    ).first()
    if row is not None and row.post_id is not None:
        return PostId(row.post_id)
    if row is None:
        raise PostNotStored(f"No post {address} is stored: it has not been read, or there is none of that number.")
    raise PostNotStored(_WITHOUT_POST.get(row.kind, _FORGOTTEN).format(address))


def _versions(post: StoredPost, earlier: Sequence[Row[Any]]) -> tuple[Version, ...]:
    """The rows of earlier versions, and the post as it stands, each compared with the one before."""
    contents = [(row.text, parts_from_json(row.parts, row.text), row.edited_at, row.replaced_at) for row in earlier]
    contents.append((post.text, post.parts, post.edited_at, None))
    versions: list[Version] = []
    for number, (said, parts, edited_at, replaced_at) in enumerate(contents, start=1):
        before = versions[-1] if versions else None
        changes = _changes(before, said, parts) if before else ()
        versions.append(Version(number, said, parts, edited_at or post.posted_at, replaced_at, changes))
    return tuple(versions)


def _changes(before: Version, said: str, parts: Sequence[Part]) -> tuple[Change, ...]:
    changes = []
    if said != before.text:
        changes.append(Change.TEXT)
    elif [part.entities for part in parts] != [part.entities for part in before.parts]:
        changes.append(Change.FORMATTING)
    if _media(parts) != _media(before.parts):
        changes.append(Change.MEDIA)
    return tuple(changes)


def _media(parts: Sequence[Part]) -> list[Any]:
    """What the messages carry. A link's preview is Telegram's own, and makes no version (`Post.content_hash`)."""
    media = [(part.message_id, part.medium) for part in parts]
    return [(number, None if medium and medium.kind == "webpage" else medium) for number, medium in media]
