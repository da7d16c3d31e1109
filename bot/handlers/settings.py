"""/settings: when a chat hears from the bot; quiet hours and pauses. Digests are in `paces`, mutes in `mute`."""

from __future__ import annotations

import datetime as dt
import re
from typing import cast

from bot.message import Button, Message
from bot.post_view import time_of, zone_of
from bot.rich_text import RichText, bold, code, fill, joined, plain
from bot.schedule import PAUSES, Pause, pause_end
from bot.talk import Stale, Talk
from bot.texts import Catalogue
from storage import mutes, schedules, subscribers
from storage.schedules import QuietWay, Terms

NIGHTS = ((22, 7), (23, 7), (23, 8), (0, 8))
"""Quiet hours to choose from with one tap; others can be written."""

DAY_MINUTES = 24 * 60
EXAMPLE = "/settings 22:30-07:00"

_HOURS = re.compile(r"(\d{1,2})(?::([0-5]\d))?\s*[-–—]\s*(\d{1,2})(?::([0-5]\d))?")


async def show(talk: Talk, words: str) -> None:
    """/settings; /settings 22:30-07:00 sets quiet hours at once."""
    if not words.strip():
        await talk.say(await _home(talk))
        return
    await talk.require_administrator()
    hours = hours_in(words)
    if hours is None:
        await talk.say(fill(talk.texts.quiet_bad, example=code(EXAMPLE)))
        return
    async with talk.database.begin() as connection:
        await schedules.set_quiet(connection, talk.owner, hours)
    await talk.say(await _home(talk))


async def turn(talk: Talk, wanted: str) -> None:
    """Any button of it: another page, or a choice."""
    page, _, choice = wanted.partition(":")
    if page == "quiet" and not choice:
        await talk.change(_compose_quiet(talk.texts, await _terms(talk)))
    elif page == "pause" and not choice:
        await talk.change(_compose_pause(talk.texts))
    else:
        if page == "quiet":
            await _be_quiet(talk, choice)
        elif page == "way":
            await _choose_way(talk, choice)
        elif page == "pause":
            await _pause(talk, choice)
        elif page == "once" and choice in ("yes", "no"):
            async with talk.database.begin() as connection:
                await subscribers.set_at_most_once(connection, talk.owner, wanted=choice == "yes")
        elif page != "home":
            raise Stale
        await talk.change(await _home(talk))


def hours_in(words: str) -> tuple[int, int] | None:
    """Minutes of the day from and until which to be quiet; None for what are no hours of a day."""
    found = _HOURS.fullmatch(words.strip())
    if found is None:
        return None
    start, end = (60 * int(found[at]) + int(found[at + 1] or 0) for at in (1, 3))
    if max(start, end) > DAY_MINUTES or start % DAY_MINUTES == end % DAY_MINUTES:
        return None
    return start % DAY_MINUTES, end % DAY_MINUTES


def clock(minute: int) -> str:
    """A minute of the day as a clock shows it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def compose_home(
    terms: Terms, *, digests: int, muted: int, at_most_once: bool, texts: Catalogue, time_zone: str, now: dt.datetime
) -> Message:
    """What is set, and where to change it."""
    is_paused = terms.paused_until_at is not None and terms.paused_until_at > now
    lines = [fill(texts.settings_title, zone=bold(time_zone)), RichText(), _quiet_line(terms, texts)]
    if terms.paused_until_at is not None and is_paused:
        lines.append(
            fill(texts.settings_paused, time=time_of(terms.paused_until_at, zone_of(time_zone), texts, now=now))
        )
    lines.append(fill(texts.counted(texts.settings_digests, digests), n=digests))
    lines.append(fill(texts.counted(texts.settings_muted, muted), n=muted))
    lines.append(plain(texts.settings_once if at_most_once else texts.settings_twice))
    once = Button(*((texts.twice_button, "set:once:no") if at_most_once else (texts.once_button, "set:once:yes")))
    pause = Button(texts.pause_end, data="set:pause:off") if is_paused else Button(texts.pause_all, data="set:pause")
    rows = (
        (Button(texts.quiet_button, data="set:quiet"), pause),
        (Button(texts.digests_button, data="pace:list:0"), Button(texts.mutes_button, data="mute:list:0")),
        (once,),
    )
    return Message(joined("\n", lines), rows)


def _quiet_line(terms: Terms, texts: Catalogue) -> RichText:
    if terms.quiet_from is None or terms.quiet_until is None:
        return plain(texts.settings_quiet_none)
    hours = f"{clock(terms.quiet_from)}–{clock(terms.quiet_until)}"
    return fill(texts.settings_quiet, hours=bold(hours), way=_ways(texts)[terms.quiet_way][1])


def _ways(texts: Catalogue) -> dict[QuietWay, tuple[str, str]]:
    """What happens in quiet hours: the button, and the words for it."""
    return {
        "hold": (texts.quiet_hold_button, texts.quiet_hold),
        "digest": (texts.quiet_digest_button, texts.quiet_digest),
        "chosen": (texts.quiet_chosen_button, texts.quiet_chosen),
    }


def _compose_quiet(texts: Catalogue, terms: Terms) -> Message:
    nights = [Button(f"{start:02}:00–{end:02}:00", data=f"set:quiet:{start}-{end}") for start, end in NIGHTS]
    rows = [tuple(nights[:2]), tuple(nights[2:])]
    if terms.quiet_from is not None:
        ways = _ways(texts).items()
        rows += [
            (Button(("✅ " if way == terms.quiet_way else "") + said[0], data=f"set:way:{way}"),) for way, said in ways
        ]
        rows.append((Button(texts.quiet_off, data="set:quiet:off"),))
    rows.append((Button(texts.back, data="set:home"),))
    return Message(fill(texts.quiet_ask, example=code(EXAMPLE)), tuple(rows))


def _compose_pause(texts: Catalogue) -> Message:
    labels = dict(zip(PAUSES, (texts.pause_hour, texts.pause_hours, texts.pause_day, texts.pause_monday), strict=True))
    buttons = [Button(label, data=f"set:pause:{choice}") for choice, label in labels.items()]
    back = Button(texts.back, data="set:home")
    return Message(plain(texts.pause_ask), (tuple(buttons[:2]), tuple(buttons[2:]), (back,)))


async def _be_quiet(talk: Talk, choice: str) -> None:
    hours = None if choice == "off" else hours_in(choice)
    if hours is None and choice != "off":
        raise Stale
    async with talk.database.begin() as connection:
        await schedules.set_quiet(connection, talk.owner, hours)


async def _choose_way(talk: Talk, choice: str) -> None:
    terms = await _terms(talk)
    if choice not in _ways(talk.texts) or terms.quiet_from is None or terms.quiet_until is None:
        raise Stale
    hours = terms.quiet_from, terms.quiet_until
    async with talk.database.begin() as connection:
        await schedules.set_quiet(connection, talk.owner, hours, choice)


async def _pause(talk: Talk, choice: str) -> None:
    if choice != "off" and choice not in PAUSES:
        raise Stale
    now, zone = dt.datetime.now(dt.UTC), zone_of(talk.subject.time_zone)
    until_at = None if choice == "off" else pause_end(cast("Pause", choice), zone, now)
    async with talk.database.begin() as connection:
        await schedules.pause(connection, talk.owner, until_at)


async def _terms(talk: Talk) -> Terms:
    async with talk.database.begin() as connection:
        return await schedules.terms_of(connection, talk.owner)


async def _home(talk: Talk) -> Message:
    async with talk.database.begin() as connection:
        terms = await schedules.terms_of(connection, talk.owner)
        coming = await schedules.coming_of(connection, talk.owner)
        muted = len(await mutes.list_for(connection, talk.owner))
        at_most_once = await subscribers.wants_at_most_once(connection, talk.owner)
    digests = sum(each.pace != "instant" for each in coming.values())
    zone, now = talk.subject.time_zone, dt.datetime.now(dt.UTC)
    return compose_home(
        terms, digests=digests, muted=muted, at_most_once=at_most_once, texts=talk.texts, time_zone=zone, now=now
    )
