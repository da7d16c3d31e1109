"""Sets of channels by name: what `in:` asks for. Who is in one is decided at the moment of asking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from matching.ids import ChannelSetId
from matching.names import SET_NAME, set_name
from storage.channels import COLUMNS as CHANNEL_COLUMNS
from storage.channels import Channel, channel_of, find_channel
from storage.database import Connection
from storage.definitions import asks_for, bump, count_asking, said_to_ask
from storage.ids import ChannelId
from storage.models import ChannelRow, ChannelSetMemberRow, ChannelSetRow, OwnTopicRow


class ChannelSetRefused(Exception):
    """A channel set cannot be made, changed or removed; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """A set with its channels, by name."""

    id: ChannelSetId
    name: str
    channels: tuple[Channel, ...]


async def list_sets(connection: Connection) -> list[ChannelSet]:
    """All sets, by name."""
    rows = await connection.execute(select(ChannelSetRow.id, ChannelSetRow.name).order_by(ChannelSetRow.name))
    return [ChannelSet(ChannelSetId(number), name, await _members(connection, number)) for number, name in rows]


async def find_set(connection: Connection, name: str) -> ChannelSet:
    """The set of that name. Raises ChannelSetRefused."""
    row = (await connection.execute(select(ChannelSetRow.id).where(ChannelSetRow.name == set_name(name)))).first()
    if row is None:
        raise ChannelSetRefused(f"There is no channel set {name}; `channelwatch channels sets` shows all.")
    return ChannelSet(ChannelSetId(row.id), set_name(name), await _members(connection, row.id))


async def set_channels(connection: Connection, name: str, usernames: Sequence[str]) -> ChannelSet:
    """Let a set, made where it is new, hold these channels and no others. Raises ChannelSetRefused."""
    set_id, channel_ids = await _begin(connection, name, usernames, may_make=True)
    await connection.execute(delete(ChannelSetMemberRow).where(ChannelSetMemberRow.set_id == set_id))
    return await _add(connection, name, set_id, channel_ids)


async def add_to_set(connection: Connection, name: str, usernames: Sequence[str]) -> ChannelSet:
    """Let a set, made where it is new, hold these channels too. Raises ChannelSetRefused."""
    set_id, channel_ids = await _begin(connection, name, usernames, may_make=True)
    return await _add(connection, name, set_id, channel_ids)


async def remove_from_set(connection: Connection, name: str, usernames: Sequence[str]) -> ChannelSet:
    """Let a set no longer hold these channels. Raises ChannelSetRefused, also when one is not in it."""
    set_id, channel_ids = await _begin(connection, name, usernames, may_make=False)
    gone = set(
        await connection.scalars(
            delete(ChannelSetMemberRow)
            .where(ChannelSetMemberRow.set_id == set_id, ChannelSetMemberRow.channel_id.in_(channel_ids))
            .returning(ChannelSetMemberRow.channel_id)
        )
    )
    for username, channel_id in zip(usernames, channel_ids, strict=True):
        if channel_id not in gone:
            raise ChannelSetRefused(f"@{username} is not in {name}, so nothing changed.")
    return await find_set(connection, name)


async def remove_set(connection: Connection, name: str, *, force: bool = False) -> int:
    """Remove a set; how many subscriptions ask for it, which stay and match nothing by it.

    Raises ChannelSetRefused when there is none of that name, or own topics ask for it; without `force` also when
    subscriptions do.
    """
    await bump(connection)
    found = await find_set(connection, name)
    piece = f"in:#{found.id}"
    topics = await connection.scalars(select(OwnTopicRow.code).where(asks_for(OwnTopicRow.query, piece)))
    if codes := sorted(topics):
        raise ChannelSetRefused(f"The topic {codes[0]} asks for {found.name}: remove that first.")
    asking = await count_asking(connection, piece)
    if asking and not force:
        raise ChannelSetRefused(
            f"{said_to_ask(asking)} for {found.name}, so nothing changed. With --force the set goes all the same:"
            " they stay, and match nothing by it."
        )
    await connection.execute(delete(ChannelSetRow).where(ChannelSetRow.id == found.id))
    return asking


async def _begin(
    connection: Connection, name: str, usernames: Sequence[str], *, may_make: bool
) -> tuple[ChannelSetId, list[ChannelId]]:
    """Number the change and look everything up."""
    await bump(connection)  # first: its row lock makes two operators wait for each other
    wanted = set_name(name)
    if not SET_NAME.fullmatch(wanted):
        raise ChannelSetRefused(
            "A channel set's name begins with a letter and has letters, digits, - and _, 40 of them at most."
        )
    channel_ids = [await _channel(connection, username) for username in usernames]
    if may_make:
        await connection.execute(insert(ChannelSetRow).values(name=wanted).on_conflict_do_nothing())
    found = await find_set(connection, wanted)
    await connection.execute(update(ChannelSetRow).where(ChannelSetRow.id == found.id).values(changed_at=func.now()))
    return found.id, channel_ids


async def _channel(connection: Connection, username: str) -> ChannelId:
    channel = await find_channel(connection, username)
    if channel is None:
        raise ChannelSetRefused(
            f"There is no channel @{username} here, so nothing changed; `channelwatch channels list` shows all."
        )
    return channel.id


async def _add(
    connection: Connection, name: str, set_id: ChannelSetId, channel_ids: Collection[ChannelId]
) -> ChannelSet:
    rows = [{"set_id": set_id, "channel_id": channel_id} for channel_id in sorted(set(channel_ids))]
    if rows:
        await connection.execute(insert(ChannelSetMemberRow).values(rows).on_conflict_do_nothing())
    return await find_set(connection, name)


async def _members(connection: Connection, set_id: int) -> tuple[Channel, ...]:
    rows = await connection.execute(
        select(*CHANNEL_COLUMNS)
        .join(ChannelSetMemberRow, ChannelSetMemberRow.channel_id == ChannelRow.id)
        .where(ChannelSetMemberRow.set_id == set_id)
        .order_by(func.lower(func.coalesce(ChannelRow.username, ChannelRow.title)))
    )
    return tuple(channel_of(row) for row in rows)
