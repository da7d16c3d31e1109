"""What templates say with: sentences, moments, spans, numbers, topics' names; each in one language and time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from analysis.taxonomy import TOPICS
from web.texts import Texts

BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("YaBrowser/", "Yandex"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
"""Signs in a User-Agent, in the order in which they tell: all call themselves Safari, and Android is Linux."""

UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
"""From two of the larger on it is told in it: 47 h, 2 d."""


def bound(texts: Texts, zone: dt.tzinfo, now: dt.datetime) -> dict[str, Any]:
    """What every template may call."""
    return {
        "t": texts.say,
        "n": texts.count,
        "lang": texts.language,
        "now": now,
        "number": partial(number, texts),
        "clock": partial(clock, texts, zone, now),
        "full": partial(full, texts, zone),
        "day": partial(day, texts, zone, now),
        "ago": partial(ago, texts, now),
        "span": partial(span, texts),
        "topic_name": partial(topic_name, texts),
        "headline": headline,
        "rest": rest,
        "browser": partial(browser, texts),
        "iso": iso,
        "safe_link": safe_link,
        "address": address,
    }


def number(texts: Texts, value: float | None) -> str:
    """1,234 or 1 234; a dash for what is not known."""
    if value is None:
        return "–"
    written = f"{value:,.1f}" if isinstance(value, float) and value < 100 and value % 1 else f"{value:,.0f}"
    return written.translate(texts.digits)


def clock(texts: Texts, zone: dt.tzinfo, now: dt.datetime, moment: dt.datetime) -> str:
    """14:05 today, 5 Nov 14:05 else, with the year if it is another."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{day(texts, zone, now, moment)} {local:%H:%M}"


def day(texts: Texts, zone: dt.tzinfo, now: dt.datetime, moment: dt.datetime) -> str:
    """5 Nov, with the year if it is another."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local.day} {texts.months[local.month - 1]}{year}"


def full(texts: Texts, zone: dt.tzinfo, moment: dt.datetime) -> str:
    """To the second, with the zone's name."""
    local = moment.astimezone(zone)
    return f"{local.day} {texts.months[local.month - 1]} {local.year}, {local:%H:%M:%S} {local:%Z}"


def iso(moment: dt.datetime) -> str:
    """For the `datetime` attribute."""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def ago(texts: Texts, now: dt.datetime, moment: dt.datetime | None) -> str:
    """How long ago; a dash for never."""
    return span(texts, now - moment) if moment else "–"


def span(texts: Texts, duration: dt.timedelta) -> str:
    """In the largest unit that it fills twice."""
    seconds = max(round(duration.total_seconds()), 0)
    for unit, size in UNITS:
        if seconds >= 2 * size:
            return texts.say(f"span_{unit}", n=seconds // size)
    return texts.say("span_seconds", n=seconds)


def browser(texts: Texts, agent: str) -> str:
    """A browser as its owner knows it, from how it calls itself; shortened, where it is none that we know."""
    name = next((name for sign, name in BROWSERS if sign in agent), None)
    system = next((name for sign, name in SYSTEMS if sign in agent), None)
    if name and system:
        return texts.say("browser_on", browser=name, system=system)
    return agent[:60] or texts.say("unknown_browser")


def headline(said: str, most: int = 140) -> str:
    """The first line that says something, cut at a word."""
    first = next((line for line in map(str.strip, said.splitlines()) if line), "")
    return first if len(first) <= most else f"{first[:most].rsplit(' ', 1)[0].rstrip(',;:– ')}…"


def rest(said: str, most: int = 240) -> str:
    """What follows the headline, as one line, cut at a word."""
    words, begun = said.split(), headline(said).removesuffix("…").split()
    left = " ".join(words[len(begun) :])
    return left if len(left) <= most else f"{left[:most].rsplit(' ', 1)[0].rstrip(',;:– ')}…"


def topic_name(texts: Texts, code: str) -> str:
    """The topic in the operator's language; an own topic by its code."""
    known = TOPICS.get(code)
    return known.names[texts.language] if known else code


def safe_link(url: str | None) -> str | None:
    """The address if it leads to a web page, else None: posts' links may be anything (fault matrix S10)."""
    if not url or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in {"http", "https"} and parts.hostname else None


def address(path: str, values: Mapping[str, Any] | None = None, **more: Any) -> str:
    """A path with its query string; empty values are left out."""
    given = {**(values or {}), **more}
    filled = {name: value for name, value in given.items() if value is not None and value is not False and value != ""}
    return f"{path}?{urlencode(filled)}" if filled else path
