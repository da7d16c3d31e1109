"""From what a person writes to a time zone: a city, a zone's own name, or an offset from UTC. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

SUGGESTED: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Europe/London",
        "Europe/Berlin",
        "Europe/Kyiv",
        "America/New_York",
        "America/Los_Angeles",
        "Asia/Singapore",
    ),
    "ru": (
        "Europe/Moscow",
        "Asia/Yekaterinburg",
        "Asia/Novosibirsk",
        "Asia/Vladivostok",
        "Asia/Almaty",
        "Europe/Berlin",
    ),
    "uk": ("Europe/Kyiv", "Europe/Warsaw", "Europe/Berlin", "Europe/London", "America/Toronto", "America/New_York"),
}
"""Zones to choose from with one tap, by the chat's language: where most who speak it live."""

MOST_FOUND = 8
"""Zones that are offered for one word."""

SHORTEST = 3
"""Letters from which on the beginning of a city's name is enough."""

WHOLE_HOURS = range(-12, 15)
"""Offsets for which there are zones of their own (Etc/GMT-14 … Etc/GMT+12, their signs the other way round)."""

OTHER_OFFSETS: Mapping[int, str] = {
    -570: "Pacific/Marquesas", 210: "Asia/Tehran", 270: "Asia/Kabul", 330: "Asia/Kolkata", 345: "Asia/Kathmandu",
    390: "Asia/Yangon", 525: "Australia/Eucla", 570: "Australia/Darwin",
}  # fmt: skip
"""Offsets in minutes that no whole hours are, to zones that have them all year round."""

CITIES: Mapping[str, str] = {
    "київ": "Europe/Kyiv", "киев": "Europe/Kyiv", "kiev": "Europe/Kyiv", "львів": "Europe/Kyiv", "львов": "Europe/Kyiv",
    "lviv": "Europe/Kyiv", "харків": "Europe/Kyiv", "харьков": "Europe/Kyiv", "kharkiv": "Europe/Kyiv",
    "одеса": "Europe/Kyiv", "одесса": "Europe/Kyiv", "odesa": "Europe/Kyiv", "дніпро": "Europe/Kyiv",
    "днепр": "Europe/Kyiv", "dnipro": "Europe/Kyiv", "запоріжжя": "Europe/Kyiv", "запорожье": "Europe/Kyiv",
    "москва": "Europe/Moscow", "санкт петербург": "Europe/Moscow", "петербург": "Europe/Moscow", "спб": "Europe/Moscow",
    "saint petersburg": "Europe/Moscow", "st petersburg": "Europe/Moscow", "казань": "Europe/Moscow",
    "краснодар": "Europe/Moscow", "сочи": "Europe/Moscow", "калининград": "Europe/Kaliningrad",
    "самара": "Europe/Samara", "екатеринбург": "Asia/Yekaterinburg", "челябинск": "Asia/Yekaterinburg",
    "пермь": "Asia/Yekaterinburg", "уфа": "Asia/Yekaterinburg", "омск": "Asia/Omsk", "новосибирск": "Asia/Novosibirsk",
    "красноярск": "Asia/Krasnoyarsk", "иркутск": "Asia/Irkutsk", "якутск": "Asia/Yakutsk",
    "владивосток": "Asia/Vladivostok", "хабаровск": "Asia/Vladivostok", "магадан": "Asia/Magadan",
    "камчатка": "Asia/Kamchatka", "мінськ": "Europe/Minsk", "минск": "Europe/Minsk", "кишинів": "Europe/Chisinau",
    "кишинев": "Europe/Chisinau", "рига": "Europe/Riga", "вільнюс": "Europe/Vilnius", "вильнюс": "Europe/Vilnius",
    "таллінн": "Europe/Tallinn", "таллин": "Europe/Tallinn", "варшава": "Europe/Warsaw", "краків": "Europe/Warsaw",
    "краков": "Europe/Warsaw", "krakow": "Europe/Warsaw", "прага": "Europe/Prague", "берлін": "Europe/Berlin",
    "берлин": "Europe/Berlin", "munich": "Europe/Berlin", "мюнхен": "Europe/Berlin", "відень": "Europe/Vienna",
    "вена": "Europe/Vienna", "париж": "Europe/Paris", "лондон": "Europe/London", "рим": "Europe/Rome",
    "мадрид": "Europe/Madrid", "стамбул": "Europe/Istanbul", "тбілісі": "Asia/Tbilisi", "тбилиси": "Asia/Tbilisi",
    "єреван": "Asia/Yerevan", "ереван": "Asia/Yerevan", "баку": "Asia/Baku", "алмати": "Asia/Almaty",
    "алматы": "Asia/Almaty", "астана": "Asia/Almaty", "ташкент": "Asia/Tashkent", "бішкек": "Asia/Bishkek",
    "бишкек": "Asia/Bishkek", "дубай": "Asia/Dubai", "нью йорк": "America/New_York", "washington": "America/New_York",
    "boston": "America/New_York", "miami": "America/New_York", "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles", "торонто": "America/Toronto", "beijing": "Asia/Shanghai",
    "пекин": "Asia/Shanghai", "mumbai": "Asia/Kolkata", "delhi": "Asia/Kolkata",
    "тель авів": "Asia/Jerusalem", "тель авив": "Asia/Jerusalem", "tel aviv": "Asia/Jerusalem",
}  # fmt: skip
"""Cities that no zone is named after, or that people write in other letters."""

_OFFSET = re.compile(r"(?:utc|gmt|мск)?\s*([+-−–])\s*(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


def zones_for(words: str) -> list[str]:
    """The zones that the words may mean, the likeliest first; at most MOST_FOUND, and none when nobody could say."""
    if (offset := _offset_of(words.strip())) is not None:
        return [offset] if offset else []
    asked = _folded(words)
    if not asked:
        return []
    if asked in _cities():
        return [_cities()[asked]]
    names = _zones()
    exact = [zone for zone, city in names.items() if asked in (city, _folded(zone))]
    longer = (zone for zone, city in names.items() if len(asked) >= SHORTEST and city.startswith(asked))
    begin = sorted(longer, key=lambda zone: (len(zone), zone))
    cities = [zone for city, zone in _cities().items() if len(asked) >= SHORTEST and city.startswith(asked)]
    return list(dict.fromkeys([*exact, *begin, *cities]))[:MOST_FOUND]


def is_zone(name: str) -> bool:
    """Whether it is the name of a zone that this machine knows."""
    return name == "UTC" or name in available_timezones()


def _offset_of(words: str) -> str | None:
    """The zone of an offset; "" for an offset that no zone has, None for what is none."""
    if words.casefold() in ("utc", "gmt", "z", "0"):
        return "UTC"
    found = _OFFSET.fullmatch(words)
    if found is None:
        return None
    sign = 1 if found[1] == "+" else -1
    minutes = sign * (60 * int(found[2]) + int(found[3] or 0))
    if words[:3].casefold() == "мск":
        minutes += 180  # Moscow's own reckoning: "МСК+4"
    hours, rest = divmod(minutes, 60)
    if rest:
        return OTHER_OFFSETS.get(minutes, "")
    if hours not in WHOLE_HOURS:
        return ""
    return "UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"


@cache
def _zones() -> dict[str, str]:
    """Every zone that is named after a place, with the place as people write it."""
    places = (
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/"))
    )
    return {zone: _folded(zone.rpartition("/")[2]) for zone in sorted(places)}


@cache
def _cities() -> dict[str, str]:
    return {_folded(city): zone for city, zone in CITIES.items()}


def _folded(words: str) -> str:
    """Lower case, without accents, words apart by one space: "São_Paulo" and "sao paulo" are one."""
    bare = unicodedata.normalize("NFKD", words.casefold())
    return " ".join(_WORD.findall("".join(letter for letter in bare if not unicodedata.combining(letter))))
