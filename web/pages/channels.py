"""Channels: how completely each is read, and how much it publishes."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from storage.channel_status import ChannelStatus, channel_statuses
from storage.completeness import holes
from storage.ids import ChannelId
from storage.volumes import volumes
from web.access import SignedIn
from web.charts import bar_chart, days, hours
from web.connections import Connected
from web.numbers import Number
from web.rendering import page, zone_of

router = APIRouter()

MONTH = 30
TWO_DAYS = 48
MOST_HOLES = 20


@router.get("/channels")
async def channels(request: Request, connection: Connected) -> Response:
    """All of them; those that need a look first."""
    statuses = await channel_statuses(connection)
    statuses.sort(key=lambda each: not trouble(each))
    return await page(request, "channels.html", section="channels", channels=statuses, trouble=trouble)


@router.get("/channels/{channel_id}")
async def channel(request: Request, connection: Connected, operator: SignedIn, channel_id: Number) -> Response:
    """One of them."""
    found = await channel_statuses(connection, [ChannelId(channel_id)])
    if not found:
        raise HTTPException(404)
    status = found[0]
    now = dt.datetime.now(dt.UTC)
    by_day, by_hour = days(now, MONTH, zone_of(operator.time_zone)), hours(now, TWO_DAYS)
    gaps = await holes(connection, status.id, status.top_message_id, most=MOST_HOLES) if status.top_message_id else []
    return await page(
        request,
        "channel.html",
        section="channels",
        channel=status,
        trouble=trouble,
        gaps=gaps,
        daily=bar_chart(await volumes(connection, by_day, status.id), by_day),
        hourly=bar_chart(await volumes(connection, by_hour, status.id), by_hour),
    )


def trouble(each: ChannelStatus) -> str | None:
    """What is wrong with a channel, as a key of the texts; None for one that is read well or not meant to be."""
    if each.blind_since_at is not None:
        return "trouble_blind"
    if each.state not in ("active", "archived", "requested"):
        return "trouble_state"
    if each.state == "active" and each.reader is None and each.reconciled_at is not None:
        return "trouble_no_reader"
    return "trouble_holes" if each.holes else None
