"""Webhooks: standing queries of the operators whose posts go to other systems, followed by ingest.

A change bumps the counter that changes to subscriptions bump, in its own transaction: what ingest reads in each batch
anyway tells it of webhooks too, and while nothing changes they cost it no statement (decision 23).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from config.keys import Key
from matching.query import Query
from storage.database import notify
from storage.models import WebhookRow
from storage.owing import wait_for_owing
from storage.post_values import storable
from storage.subscriptions import bump

Kind = Literal["webhook", "apprise"]
Mode = Literal["every", "first"]
"""Every post that matches, or the first of each story."""

MOST = 100
"""Each costs every post a look and every match a request."""

WAKE = "webhooks"
"""The channel of NOTIFY that the sender listens to."""


class WebhookNameTaken(Exception):
    """There is a webhook of that name already."""


class TooManyWebhooks(Exception):
    """There are as many webhooks as there may be."""


class NoPostsAsked(Exception):
    """A webhook would never be sent anything: its query asks for news of bursts, which only chats are told."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as lists show it: where it goes is named, how to get in there is not."""

    id: int
    name: str
    kind: Kind
    query: str
    mode: Mode
    host: str
    state: str
    state_detail: str | None
    failures: int
    """Requests in a row that were not accepted."""
    not_before_at: dt.datetime | None
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where a webhook goes and what its requests are signed with: both secret."""

    url: str
    secret: str | None

    def __repr__(self) -> str:
        return "Address(...)"


@dataclass(frozen=True, slots=True)
class StandingWebhook:
    """What ingest knows of a webhook."""

    id: int
    query: str
    state: str


COLUMNS = (
    WebhookRow.id, WebhookRow.name, WebhookRow.kind, WebhookRow.query, WebhookRow.mode, WebhookRow.host,
    WebhookRow.state, WebhookRow.state_detail, WebhookRow.failures, WebhookRow.not_before_at, WebhookRow.created_at,
)  # fmt: skip


def _webhook_of(row: Any) -> Webhook:
    return Webhook(*row)


async def add(
    connection: AsyncConnection,
    key: Key,
    *,
    name: str,
    kind: Kind,
    query: Query,
    mode: Mode,
    host: str,
    address: Address,
) -> Webhook:
    """A new webhook, for posts that come from now on. Raises NoPostsAsked, WebhookNameTaken or TooManyWebhooks."""
    if query.burst is not None:
        raise NoPostsAsked(f"A webhook is sent posts, and {query} asks for none: bursts are told to chats only.")
    version = await bump(connection)  # first: its row lock makes two that add wait for each other
    count = select(func.count()).select_from(WebhookRow).where(WebhookRow.state != "removed")
    if int(await connection.scalar(count) or 0) >= MOST:
        raise TooManyWebhooks(f"There are {MOST} webhooks: remove one first.")
    values = {
        "name": storable(name),
        "kind": kind,
        "query": str(query),
        "mode": mode,
        "host": storable(host),
        "url": key.seal(address.url),
        "secret": key.seal(address.secret) if address.secret is not None else None,
        "state": "active",
        "version": version,
    }
    row = (
        await connection.execute(insert(WebhookRow).values(values).on_conflict_do_nothing().returning(*COLUMNS))
    ).first()
    if row is None:
        raise WebhookNameTaken(f"There is a webhook “{name}” already: choose another name, or remove that one.")
    return _webhook_of(row)


async def list_all(connection: AsyncConnection) -> list[Webhook]:
    """All webhooks but the removed ones, by name."""
    rows = await connection.execute(
        select(*COLUMNS).where(WebhookRow.state != "removed").order_by(WebhookRow.name, WebhookRow.id)
    )
    return [_webhook_of(row) for row in rows]


async def find(connection: AsyncConnection, name: str) -> Webhook | None:
    """The webhook of that name."""
    row = (
        await connection.execute(select(*COLUMNS).where(WebhookRow.name == name, WebhookRow.state != "removed"))
    ).first()
    return _webhook_of(row) if row else None


async def address_of(connection: AsyncConnection, key: Key, webhook_id: int) -> Address | None:
    """Where a webhook goes. None: it was removed. Raises config.keys.KeyFileError."""
    row = (
        await connection.execute(select(WebhookRow.url, WebhookRow.secret).where(WebhookRow.id == webhook_id))
    ).first()
    return address(key, row.url, row.secret) if row is not None and row.url is not None else None


def address(key: Key, url: bytes, secret: bytes | None) -> Address:
    """What was sealed, opened. Raises config.keys.KeyFileError."""
    return Address(key.opened(bytes(url)), key.opened(bytes(secret)) if secret is not None else None)


async def pause(connection: AsyncConnection, webhook_id: int, why: str | None = None) -> bool:
    """Match nothing for it any more; what it is owed already waits. False when it was not active."""
    return await _move(connection, webhook_id, "active", state="paused", state_detail=storable(why) if why else None)


async def resume(connection: AsyncConnection, webhook_id: int) -> bool:
    """Match again, and send what waits. False when it was not paused."""
    moved = await _move(
        connection, webhook_id, "paused", state="active", state_detail=None, failures=0, not_before_at=None
    )
    await notify(connection, WAKE)
    return moved


async def remove(connection: AsyncConnection, webhook_id: int) -> bool:
    """End it: its words and addresses are gone at once, what it is owed is cancelled. False when it was gone."""
    removed = await _move(
        connection, webhook_id, "active", "paused",
        state="removed", name="", query="", host="", url=None, secret=None, state_detail=None,
    )  # fmt: skip
    if removed:
        await connection.execute(CANCEL, {"id": webhook_id})
    return removed


CANCEL = text(
    "UPDATE webhook_deliveries SET state = 'cancelled', detail = 'the webhook was removed', settled_at = now(),"
    " lease_token = NULL WHERE webhook_id = :id AND state IN ('pending', 'sending')"
)


async def changes_since(connection: AsyncConnection, version: int) -> list[StandingWebhook]:
    """Every webhook that changed after that value of the counter, removed ones included."""
    rows = await connection.execute(
        select(WebhookRow.id, WebhookRow.query, WebhookRow.state).where(WebhookRow.version > version)
    )
    return [StandingWebhook(*row) for row in rows]


async def _move(connection: AsyncConnection, webhook_id: int, *from_states: str, **values: Any) -> bool:
    version = await bump(connection)
    await wait_for_owing(connection)
    moved = await connection.execute(
        update(WebhookRow)
        .where(WebhookRow.id == webhook_id, WebhookRow.state.in_(from_states))
        .values(version=version, **values)
        .returning(WebhookRow.id)
    )
    return moved.first() is not None
