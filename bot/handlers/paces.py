"""How each subscription comes: at once, in an hourly or a daily digest, and whether quiet hours let it through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from bot.handlers.words import subscription_id
from bot.message import Button, Message
from bot.pages import Page, page_number
from bot.post_view import time_of, zone_of
from bot.rich_text import RichText, bold, fill, joined, plain
from bot.schedule import next_digest
from bot.talk import Stale, Talk
from bot.texts import Catalogue
from storage import schedules, subscriptions
from storage.ids import SubscriptionId
from storage.schedules import Coming, Pace
from storage.subscriptions import Subscription

ON_A_PAGE = 8
"""Subscriptions that one message shows."""

HOURS_IN_A_ROW = 6

AT_ONCE = Coming()


async def turn(talk: Talk, wanted: str) -> None:
    """Any button of it: `list:PAGE`, `one:NUMBER`, `hours:NUMBER`, or a choice for a subscription."""
    verb, number, choice = (*wanted.split(":"), "", "")[:3]
    if verb == "list":
        await _turn_page(talk, page_number(number))
        return
    own, coming = await _own(talk, subscription_id(number))
    if verb == "hours":
        await talk.change(_compose_hours(own, talk.texts, talk.subject.time_zone))
        return
    if verb != "one":
        coming = _chosen(verb, choice, coming, zone_of(talk.subject.time_zone))
        async with talk.database.begin() as connection:
            await schedules.set_coming(connection, talk.owner, own.id, coming)
    now = dt.datetime.now(dt.UTC)
    await talk.change(compose_one(own, coming, talk.texts, time_zone=talk.subject.time_zone, now=now))


def compose_list(owned: Sequence[Subscription], coming: Mapping[SubscriptionId, Coming], page: int,
                 texts: Catalogue) -> Message:  # fmt: skip
    """A page of subscriptions with how they come, a button for each."""
    back = (Button(texts.back, data="set:home"),)
    if not owned:
        return Message(plain(texts.list_empty), (back,))
    shown = Page.of(list(enumerate(owned, start=1)), page, ON_A_PAGE)
    lines = [plain(texts.digests_ask)]
    lines += [plain(f"{place}. ") + _line(own, coming.get(own.id, AT_ONCE), texts) for place, own in shown.here]
    rows = [(Button(f"{place}. {own.name}", data=f"pace:one:{own.id}"),) for place, own in shown.here]
    return Message(joined("\n", lines), (*rows, shown.turns("pace:list:", texts), back))


def compose_one(own: Subscription, coming: Coming, texts: Catalogue, *, time_zone: str, now: dt.datetime) -> Message:
    """How one subscription comes, and the other ways."""
    lines = [_line(own, coming, texts)]
    if coming.next_run_at is not None and coming.pace != "instant":
        lines.append(fill(texts.pace_next, time=time_of(coming.next_run_at, zone_of(time_zone), texts, now=now)))
    through = texts.through_no if coming.comes_through else texts.through_yes
    rows = (
        (
            Button(texts.pace_instant, data=f"pace:instant:{own.id}"),
            Button(texts.pace_hourly, data=f"pace:hourly:{own.id}"),
        ),
        (Button(texts.pace_daily_button, data=f"pace:hours:{own.id}"),),
        (Button(through, data=f"pace:through:{own.id}"),),
        (Button(texts.back, data="pace:list:0"),),
    )
    return Message(joined("\n", lines), rows)


def _compose_hours(own: Subscription, texts: Catalogue, time_zone: str) -> Message:
    hours = [Button(f"{hour:02}", data=f"pace:daily:{own.id}:{hour}") for hour in range(24)]
    rows = [tuple(hours[start : start + HOURS_IN_A_ROW]) for start in range(0, 24, HOURS_IN_A_ROW)]
    back = (Button(texts.back, data=f"pace:one:{own.id}"),)
    return Message(fill(texts.pace_hour_ask, name=bold(own.name), zone=time_zone), (*rows, back))


def _line(own: Subscription, coming: Coming, texts: Catalogue) -> RichText:
    said = {
        "instant": texts.pace_instant,
        "hourly": texts.pace_hourly,
        "daily": fill(texts.pace_daily, hour=f"{coming.digest_hour or 0:02}:00").text,
    }[coming.pace]
    through = f" · {texts.through}" if coming.comes_through else ""
    return bold(own.name) + f" · {said}{through}"


def _chosen(verb: str, choice: str, coming: Coming, zone: dt.tzinfo) -> Coming:
    """How it is to come. Raises Stale for what was never a choice."""
    if verb == "through":
        return replace(coming, comes_through=not coming.comes_through)
    if verb not in ("instant", "hourly", "daily"):
        raise Stale
    hour = int(choice) if choice.isdecimal() and len(choice) < 3 else None
    if verb == "daily" and (hour is None or hour > 23):
        raise Stale
    pace = cast("Pace", verb)
    next_run_at = next_digest(pace, hour, zone, dt.datetime.now(dt.UTC))
    return replace(coming, pace=pace, digest_hour=hour, next_run_at=next_run_at)


async def _turn_page(talk: Talk, page: int) -> None:
    async with talk.database.begin() as connection:
        owned = await subscriptions.list_for(connection, talk.owner)
        coming = await schedules.coming_of(connection, talk.owner)
    await talk.change(compose_list(owned, coming, page, talk.texts))


async def _own(talk: Talk, number: SubscriptionId) -> tuple[Subscription, Coming]:
    async with talk.database.begin() as connection:
        own = await subscriptions.get(connection, talk.owner, number)
        coming = await schedules.coming_of(connection, talk.owner)
    if own is None or own.state == "draft":
        raise Stale
    return own, coming.get(own.id, AT_ONCE)
