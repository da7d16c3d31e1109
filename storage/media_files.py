"""Media that somebody asked for: where each file lies, or why it was not fetched (`models.MediaFileRow`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from storage.channels import COLUMNS as CHANNEL_COLUMNS
from storage.channels import Channel, channel_of
from storage.database import Connection, notify
from storage.ids import ChannelId, MessageId


@dataclass(frozen=True, slots=True)
class MediaFile:
    """The medium of one message, asked for."""

    channel: Channel
    message_id: MessageId
    state: str
    """wanted, stored or refused."""
    state_detail: str | None
    path: str | None
    """Where it lies, from the data folder of the ingest that fetched it on."""
    bytes: int | None


SELECT = f"""SELECT f.message_id, f.state, f.state_detail, f.path, f.bytes,
    {", ".join(f"c.{column.key}" for column in CHANNEL_COLUMNS)}
    FROM media_files f JOIN channels c ON c.id = f.channel_id"""  # noqa: S608 - our own column names

WANTED = text(f"{SELECT} WHERE f.state = 'wanted' ORDER BY f.requested_at, f.channel_id, f.message_id LIMIT :most")
LIST = text(f"{SELECT} ORDER BY f.changed_at DESC, f.channel_id, f.message_id")
OF_MESSAGES = text(
    f"{SELECT} WHERE f.channel_id = :channel AND f.message_id = ANY(CAST(:ids AS bigint[])) ORDER BY f.message_id"
)


def _file_of(row: Any) -> MediaFile:
    message_id, state, detail, path, size, *channel = row
    return MediaFile(channel_of(channel), MessageId(message_id), state, detail, path, size)


async def wanted(connection: Connection, *, most: int = 1_000) -> list[MediaFile]:
    """What is to be fetched, the first that was asked for first."""
    return [_file_of(row) for row in await connection.execute(WANTED, {"most": most})]


async def all_files(connection: Connection) -> list[MediaFile]:
    """Everything that was ever asked for and not removed, the latest first."""
    return [_file_of(row) for row in await connection.execute(LIST)]


async def files_of(
    connection: Connection, channel_id: ChannelId, message_ids: Collection[MessageId]
) -> list[MediaFile]:
    """What was asked for of these messages, in their order."""
    rows = await connection.execute(OF_MESSAGES, {"channel": channel_id, "ids": list(message_ids)})
    return [_file_of(row) for row in rows]


WANT = text(
    """
    INSERT INTO media_files (channel_id, message_id, state)
    SELECT :channel, m, 'wanted' FROM unnest(CAST(:ids AS bigint[])) AS m ORDER BY m
    ON CONFLICT (channel_id, message_id) DO UPDATE SET state = 'wanted', state_detail = NULL, requested_at = now(),
        changed_at = now()
    WHERE media_files.state = 'refused' OR (media_files.state = 'stored' AND media_files.message_id = ANY(
        CAST(:lost AS bigint[])))
    """
)


async def want(
    connection: Connection,
    channel_id: ChannelId,
    message_ids: Collection[MessageId],
    *,
    lost: Collection[MessageId] = (),
) -> None:
    """Ask ingest for the media of messages: again where it was refused, or where the file is lost."""
    await connection.execute(WANT, {"channel": channel_id, "ids": sorted(message_ids), "lost": list(lost)})
    await notify(connection, "media")


STORED = text(
    """
    UPDATE media_files SET state = 'stored', state_detail = NULL, path = :path, bytes = :size, changed_at = now()
    WHERE channel_id = :channel AND message_id = :message AND state = 'wanted'
    """
)


async def mark_stored(connection: Connection, file: MediaFile, path: str, size: int) -> bool:
    """It lies at `path`, so many bytes. False if nobody wants it any more: then it must not stay."""
    values = {"channel": file.channel.id, "message": file.message_id, "path": path, "size": size}
    return bool((await connection.execute(STORED, values)).rowcount)


REFUSED = text(
    """
    UPDATE media_files SET state = 'refused', state_detail = :why, changed_at = now()
    WHERE channel_id = :channel AND message_id = :message AND state = 'wanted'
    """
)


async def mark_refused(connection: Connection, file: MediaFile, why: str) -> None:
    """It is not fetched, for this reason, until somebody asks again."""
    await connection.execute(REFUSED, {"channel": file.channel.id, "message": file.message_id, "why": why})


ORPHANS = text(
    """
    SELECT channel_id, message_id FROM media_files f WHERE NOT EXISTS (
        SELECT FROM channel_messages m WHERE m.channel_id = f.channel_id AND m.message_id = f.message_id
            AND m.post_id IS NOT NULL)
    """
)


async def orphans(connection: Connection) -> list[tuple[ChannelId, MessageId]]:
    """Media whose posts have been forgotten."""
    return [(ChannelId(channel), MessageId(message)) for channel, message in await connection.execute(ORPHANS)]


FORGET = text(
    "DELETE FROM media_files WHERE channel_id = :channel AND message_id = ANY(CAST(:ids AS bigint[])) RETURNING path"
)


async def forget(connection: Connection, channel_id: ChannelId, message_ids: Collection[MessageId]) -> list[str]:
    """Nobody wants these any more; the paths of those that were stored, whose files are the caller's to remove."""
    rows = await connection.execute(FORGET, {"channel": channel_id, "ids": list(message_ids)})
    return [path for (path,) in rows if path is not None]
