"""Who reads which channel: an account at a time, by a lease that it renews; and who is to join what nobody reads.

A lease is `channels.reader_id` until `reader_until_at`, by the database's clock. For a channel that is requested, or
whose reader is lost, it is the right to join it. The room of an account is what it may still join (`channels_max`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.accounts import mark_refused
from storage.channels import COLUMNS, Channel, channel_of
from storage.database import notify
from storage.ids import AccountId, ChannelId
from storage.notices import Kind, notify_operators
from storage.post_values import storable

JOIN_LEASE = dt.timedelta(minutes=1)
"""For one join: three requests of 10 s at most (`ingest.client.ANSWER_TIMEOUT`), waited for at their pace."""

PATIENCE = dt.timedelta(seconds=10)
"""So long a channel waits for the account with most room; then any that has some may join it."""

UNREAD_PATIENCE = dt.timedelta(minutes=5)
"""So long an active channel waits for an account that is in it already; then another may join it."""

OURS = "No reader: "
"""How the sentences begin that stand in `state_detail` while nobody reads a channel."""

NO_ROOM = f"{OURS}no account may join another channel; sign in one more with `channelwatch login --account NAME`."
PRIVATE = f"{OURS}the channel is private, and no account that can be used is in it."

_NAMES = ", ".join(f"c.{column.key}" for column in COLUMNS)

_ROOMS = """
    SELECT a.id, a.channels_max
        - (SELECT count(*) FROM account_channels h WHERE h.account_id = a.id)
        - (SELECT count(*) FROM channels r WHERE r.reader_id = a.id AND r.reader_until_at > now() AND NOT EXISTS
            (SELECT 1 FROM account_channels h WHERE h.account_id = a.id AND h.channel_id = r.id)) AS room
    FROM accounts a WHERE a.state = 'ready'
"""
"""Channels that are being joined take room, too."""

_IS_FREE = "(c.reader_id IS NULL OR c.reader_until_at IS NULL OR c.reader_until_at <= now())"

_IN_IT = """
    EXISTS (SELECT 1 FROM account_channels h JOIN accounts a ON a.id = h.account_id AND a.state = 'ready'
        WHERE h.channel_id = c.id {})
"""

CLAIM = text(
    f"""
    UPDATE channels SET reader_id = :account, reader_until_at = now() + CAST(:lease AS interval),
        state_detail = CASE WHEN starts_with(state_detail, :ours) THEN NULL ELSE state_detail END
    WHERE id IN (
        SELECT c.id FROM channels c JOIN account_channels h ON h.channel_id = c.id AND h.account_id = :account
        WHERE c.state = 'active' AND (c.reader_id = :account OR {_IS_FREE})
        ORDER BY c.id FOR NO KEY UPDATE OF c
    )
    """  # noqa: S608 - our own words
)


async def claim(connection: AsyncConnection, account_id: AccountId, lease: dt.timedelta) -> None:
    """Renew the leases of an account, and take every active channel that it is in and nobody reads."""
    await connection.execute(CLAIM, {"account": account_id, "lease": lease, "ours": OURS})


async def is_reader(connection: AsyncConnection, account_id: AccountId, channel_id: ChannelId) -> bool:
    """Whether it is this account that reads a channel."""
    return bool(await connection.scalar(READS, {"account": account_id, "id": channel_id}))


async def held_channels(connection: AsyncConnection, account_id: AccountId) -> list[tuple[Channel, int]]:
    """The active channels of whose lease an account may be sure at this moment, each with its access hash."""
    rows = await connection.execute(HELD, {"account": account_id})
    return [(channel_of(row[:-1]), row[-1]) for row in rows]


HELD = text(
    f"""
    SELECT {_NAMES}, h.access_hash
    FROM channels c JOIN account_channels h ON h.channel_id = c.id AND h.account_id = :account
    WHERE c.state = 'active' AND c.reader_id = :account AND c.reader_until_at > now() ORDER BY c.id
    """  # noqa: S608 - our own words
)


READS = text(
    "SELECT EXISTS (SELECT 1 FROM channels c JOIN account_channels h ON h.channel_id = c.id AND h.account_id = :account"
    " WHERE c.id = :id AND c.state = 'active' AND c.reader_id = :account AND c.reader_until_at > now())"
)


async def has_leases(connection: AsyncConnection, account_id: AccountId) -> bool:
    """Whether somebody has read with this account lately, and not said that it was the end."""
    return bool(await connection.scalar(LEASED, {"account": account_id}))


LEASED = text("SELECT EXISTS (SELECT 1 FROM channels WHERE reader_id = :account AND reader_until_at > now())")

_WANTED = f"""
    WITH rooms AS MATERIALIZED ({_ROOMS}),
    mine AS MATERIALIZED (SELECT room, room >= (SELECT max(room) FROM rooms) AS is_most FROM rooms WHERE id = :account)
    SELECT c.id FROM channels c CROSS JOIN mine
        CROSS JOIN LATERAL (SELECT {_IN_IT.format("AND a.id = :account")} AS i_am_in_it,
            {_IN_IT.format("AND a.id <> :account")} AS others_are,
            now() - CASE c.state WHEN 'active' THEN coalesce(c.reader_until_at, c.changed_at) ELSE c.changed_at END
            AS waited) AS standing
    WHERE c.username IS NOT NULL AND c.id <> ALL(CAST(:refused AS bigint[])) AND (c.reader_id = :account OR {_IS_FREE})
        AND (c.state = 'requested' OR c.state = 'active' AND NOT i_am_in_it)
        AND (i_am_in_it OR room > 0 AND (is_most AND NOT others_are OR waited >
            CASE WHEN c.state = 'active' AND others_are THEN CAST(:unread_patience AS interval)
            ELSE CAST(:patience AS interval) END))
    ORDER BY c.state = 'requested' DESC, c.changed_at, c.id LIMIT 1
"""  # noqa: S608 - our own words
"""The rooms are counted once, not for each channel: a thousand requested channels took two cores for minutes."""

WANTED = text(_WANTED)

TAKE = text(
    f"""
    UPDATE channels c SET reader_id = :account, reader_until_at = now() + CAST(:lease AS interval),
        state_detail = CASE WHEN starts_with(state_detail, :ours) THEN NULL ELSE state_detail END
    WHERE c.id = ({_WANTED} FOR NO KEY UPDATE OF c SKIP LOCKED) RETURNING {_NAMES}
    """  # noqa: S608 - our own words
)


async def is_wanted(connection: AsyncConnection, account_id: AccountId, refused: Collection[ChannelId] = ()) -> bool:
    """Whether there is a channel for this account to join, other than those that refused it."""
    return await connection.scalar(WANTED, _wanted(account_id, refused)) is not None


async def take_to_join(
    connection: AsyncConnection, account_id: AccountId, refused: Collection[ChannelId] = ()
) -> Channel | None:
    """The next channel for this account to join, leased to it for the time that takes.

    Requested ones first, then those whose reader is lost. An account that is in a channel already goes before all
    others, then the one with most room, then any that has some.
    """
    values = {**_wanted(account_id, refused), "lease": JOIN_LEASE, "ours": OURS}
    row = (await connection.execute(TAKE, values)).first()
    if row is None:
        return None
    await notify(connection, "channels")  # the next one may be another account's turn
    return channel_of(row)


def _wanted(account_id: AccountId, refused: Collection[ChannelId]) -> dict[str, object]:
    return {
        "account": account_id,
        "refused": sorted(refused),
        "patience": PATIENCE,
        "unread_patience": UNREAD_PATIENCE,
    }


async def give_back(
    connection: AsyncConnection, account_id: AccountId, channel_id: ChannelId, why: str | None = None
) -> None:
    """Let another account have a channel; `why` this one could not join it, for the operator."""
    detail = storable(OURS + why) if why else None
    await connection.execute(GIVE_BACK, {"account": account_id, "id": channel_id, "why": detail})
    await notify(connection, "channels")


GIVE_BACK = text(
    "UPDATE channels SET reader_id = NULL, reader_until_at = now(), state_detail = coalesce(:why, state_detail)"
    " WHERE id = :id AND reader_id = :account"
)


async def release(connection: AsyncConnection, account_id: AccountId) -> None:
    """An account stops reading: whoever can may read its channels from now on."""
    await connection.execute(RELEASE, {"account": account_id})
    await notify(connection, "channels")


RELEASE = text("UPDATE channels SET reader_id = NULL, reader_until_at = now() WHERE reader_id = :account")

EXPLAIN = text(
    f"""
    WITH spare AS (SELECT coalesce(max(room), 0) AS room FROM ({_ROOMS}) AS rooms),
    why AS (
        SELECT c.id, CASE WHEN c.username IS NULL THEN :private WHEN spare.room <= 0 THEN :no_room END AS said
        FROM channels c, spare
        WHERE (c.state = 'requested' OR c.state = 'active' AND c.telegram_id IS NOT NULL)
            AND {_IS_FREE} AND NOT {_IN_IT.format("")}
    )
    UPDATE channels c SET state_detail = why.said FROM why
    WHERE c.id = why.id AND c.state_detail IS DISTINCT FROM why.said
        AND (c.state_detail IS NULL AND why.said IS NOT NULL OR c.state_detail IN (:private, :no_room))
    """  # noqa: S608 - our own words
)


async def explain_unread(connection: AsyncConnection) -> None:
    """Say beside every channel that nobody can read why that is so, and say it no more when it is not."""
    await connection.execute(EXPLAIN, {"private": PRIVATE, "no_room": NO_ROOM})


async def lose_account(
    connection: AsyncConnection, account_id: AccountId, name: str, *, state: str, why: str, reason: str
) -> None:
    """Telegram refuses an account: it is used no more, its channels are others' at once, and operators are told.

    `why` is a sentence that says what to do, `reason` a few words.
    """
    await mark_refused(connection, account_id, state, why)
    row = (await connection.execute(LEFT, {"account": account_id})).one()
    moved = row.in_it + min(row.joinable, row.room)
    await release(connection, account_id)
    await notify_operators(
        connection, Kind.ACCOUNT_LOST, account=name, reason=reason, moved=moved, left=row.channels - moved
    )


LEFT = text(
    f"""
    SELECT count(*) AS channels, count(*) FILTER (WHERE {_IN_IT.format("")}) AS in_it,
        count(*) FILTER (WHERE c.username IS NOT NULL AND NOT {_IN_IT.format("")}) AS joinable,
        (SELECT CAST(coalesce(sum(greatest(room, 0)), 0) AS bigint) FROM ({_ROOMS}) AS rooms) AS room
    FROM channels c WHERE c.state = 'active' AND c.reader_id = :account
    """  # noqa: S608 - our own words
)
"""Asked once the account is no longer ready."""
