"""From `field:value` to the leaf it stands for."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from analysis import taxonomy
from analysis.text import analyse
from matching.bursts import ALL, Burst
from matching.bursts import TOPIC as BURST_TOPIC
from matching.conditions import (
    KINDS,
    LANGUAGES,
    STRICT,
    After,
    Before,
    Channel,
    FieldLeaf,
    ForwardedFrom,
    Has,
    InSet,
    Language,
    Link,
)
from matching.conditions import Topic as TopicLeaf
from matching.errors import QueryError, quoted
from matching.hosts import host_of
from matching.ids import ChannelId, ChannelSetId
from matching.names import CODE, SET_NAME, Names, set_name

STRICT_WORDS = (STRICT, "строго", "суворо")
"""How "strict" may be written."""

EXAMPLE_DAY = "2026-01-31"
"""How a day is written: what a sentence shows."""

_USERNAME = re.compile(r"(?:https?://)?(?:(?:t|telegram)\.me/)?@?([A-Za-z][A-Za-z0-9_]{2,31})/?")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SET_NUMBER = re.compile(r"#([0-9]{1,18})")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_YEARS = range(2000, 2101)
"""Years that a date may have: Telegram's channels began in 2015, and far years overflow when a time zone shifts
them."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as it matters: a standing query may not name dates; days begin in the asker's time zone.

    `names`: what the operator has named, None where nobody has looked. `is_stored`: the query was accepted before, so
    a topic or a set that is gone since is no error.
    """

    standing: bool
    timezone: dt.tzinfo
    names: Names | None = None
    is_stored: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A typed `name:value` with the offset of its name in the query."""

    name: str
    value: str
    start: int

    def refuse(self, code: str, value: str | None = None, /, **values: str | int) -> QueryError:
        """The error about the value; `value` is the one to suggest."""
        place, mended = self.start + len(self.name) + 1, f"{self.name}:{value}" if value else None
        said: dict[str, str | int] = {"field": self.name, "word": quoted(self.value), **values}
        return QueryError(code, place, mended, **said)


def read_field(piece: str, start: int, asker: Asker) -> FieldLeaf:
    """The leaf of a `name:value` piece. Raises QueryError."""
    name, _, value = piece.partition(":")
    field = Field(name.lower(), value.strip('"').strip(), start)
    if field.name in ("http", "https", "tg"):
        host = host_of(piece)
        raise QueryError("link", start, f"link:{host}" if host else None)
    reader = _READERS.get(field.name)
    if reader is None:
        raise _unknown_field(field)
    if not field.value:
        raise field.refuse("no_value")
    return reader(field, asker)


def is_field_name(name: str) -> bool:
    """Whether `name:` begins a field."""
    return name.lower() in _READERS


def _unknown_field(field: Field) -> QueryError:
    """What to say of a field that there is not."""
    if field.name == "story":
        return QueryError("field_not_yet", field.start, field=field.name)
    nearest = _nearest(field.name, _READERS)
    suggestion = f"{nearest}:{field.value}" if nearest else f'"{field.name} {field.value}"'
    known = ", ".join(f"{name}:" for name in _READERS)
    return QueryError("unknown_field", field.start, suggestion, word=quoted(f"{field.name}:"), known=known)


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, if any does."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def _channel(field: Field, asker: Asker) -> FieldLeaf:
    """`channel:@name` or `channel:` with our number of it."""
    if _NUMBER.fullmatch(field.value):
        return Channel(ChannelId(int(field.value)))
    return Channel(_username(field))


def _in_set(field: Field, asker: Asker) -> FieldLeaf:
    """`in:` with a channel set's name, or with `#` and its number."""
    if number := _SET_NUMBER.fullmatch(field.value):
        return InSet(ChannelSetId(int(number[1])))
    name = set_name(field.value)
    if not SET_NAME.fullmatch(name):
        raise field.refuse("bad_set_name")
    known = asker.names.sets if asker.names else {}
    if asker.names is None or asker.is_stored or name in known:
        return InSet(known.get(name, name))
    if not known:
        raise field.refuse("no_sets")
    raise field.refuse("unknown_set", _nearest(name, known), known=", ".join(sorted(known)))


def _forwarded_from(field: Field, asker: Asker) -> FieldLeaf:
    """`from:@name` or `from:` with Telegram's number of the channel."""
    if _NUMBER.fullmatch(field.value):
        return ForwardedFrom(str(int(field.value)))
    return ForwardedFrom("@" + _username(field))


def _username(field: Field) -> str:
    """The username in the value, lower case, without its @."""
    found = _USERNAME.fullmatch(field.value)
    if not found:
        raise field.refuse("bad_username")
    return found[1].lower()


def _topic(field: Field, asker: Asker) -> FieldLeaf:
    """`topic:` with a code or a name of it, and how sure it must be."""
    own = asker.names.topics if asker.names else {}
    name, _, strength = field.value.partition(":")
    found = _topic_named(name, own)
    if found is None and asker.is_stored and CODE.fullmatch(name):
        found = TopicLeaf(name)
    if found is None:
        raise _unknown_topic(replace(field, value=name), own)
    if not strength:
        return found
    if strength.casefold() not in STRICT_WORDS:
        raise field.refuse("bad_strength", f"{name}:{STRICT}", word=quoted(strength))
    # An own topic's query holds or does not: there is nothing to be stricter about.
    return TopicLeaf(found.code, is_strict=found.code in taxonomy.TOPICS)


def _topic_named(name: str, own: Mapping[str, str]) -> TopicLeaf | None:
    """The topic of a code or a name of it; `own`: those of the operator's."""
    for spelled in (name, name.replace("_", " ")):
        topic = taxonomy.find(spelled)
        if code := topic.code if topic else own.get(taxonomy.folded(spelled)):
            return TopicLeaf(code)
    return None


def _unknown_topic(field: Field, own: Mapping[str, str]) -> QueryError:
    """What to say of a topic that there is not: the nearest ones."""
    codes = {code: code for code in taxonomy.TOPICS} | dict(own)
    for topic in taxonomy.TOPICS.values():
        codes.update((name.casefold(), topic.code) for name in topic.names.values())
    names = difflib.get_close_matches(field.value.casefold(), codes, n=3, cutoff=0.5)
    nearest = list(dict.fromkeys(codes[name] for name in names))
    if nearest:
        return field.refuse("misspelt_topic", nearest[0], near=", ".join(nearest))
    widest = [topic.code for topic in taxonomy.TOPICS.values() if topic.parent is None]
    return field.refuse("unknown_topic", known=", ".join([*widest, *sorted(set(own.values()))]))


def _one_of(field: Field, known: tuple[str, ...], also: dict[str, str]) -> str:
    """The value, which must be a known one or another name of one."""
    value = field.value.lower()
    if value in known:
        return value
    nearest = also.get(value) or _nearest(value, known)
    raise field.refuse("unknown_value", nearest, known=", ".join(known))


def _language(field: Field, asker: Asker) -> FieldLeaf:
    """`lang:` with one of LANGUAGES."""
    also = {"ua": "uk", "ukr": "uk", "rus": "ru", "eng": "en", "gb": "en"}
    return Language(_one_of(field, LANGUAGES, also))


def _has(field: Field, asker: Asker) -> FieldLeaf:
    """`has:` with one of KINDS."""
    also = {"image": "photo", "picture": "photo", "file": "document", "doc": "document", "url": "link"}
    return Has(_one_of(field, KINDS, also))


def _link(field: Field, asker: Asker) -> FieldLeaf:
    """`link:` with a host, or with a link from which the host is taken."""
    host = host_of(field.value)
    if host is None:
        raise field.refuse(
            "bad_site",
            f"{field.value.lower()}.com" if field.value.isascii() and field.value.isalnum() else None,
        )
    return Link(host)


def _burst(field: Field, asker: Asker) -> FieldLeaf:
    """`burst:` with a word, with `topic:` and a code or a name of it, or with `*`."""
    if not asker.standing and not asker.is_stored:
        raise QueryError("standing_only", field.start, field=field.name)
    if field.value == ALL:
        return Burst(ALL)
    if field.value.lower().startswith(BURST_TOPIC):
        inner = Field("topic", field.value[len(BURST_TOPIC) :], field.start + len("burst:"))
        if not inner.value:
            raise inner.refuse("no_value")
        topic = _topic_named(inner.value, asker.names.topics if asker.names else {})
        if topic is None and not (asker.is_stored and CODE.fullmatch(inner.value)):
            error = _unknown_topic(inner, asker.names.topics if asker.names else {})
            raise error.suggesting(f"burst:{error.suggestion}") if error.suggestion else error
        return Burst(BURST_TOPIC + (topic.code if topic else inner.value))
    forms = analyse(field.value).forms
    if len(forms) != 1 or not forms[0]:
        raise field.refuse("bad_burst", ALL)
    return Burst(forms[0])


def _after(field: Field, asker: Asker) -> FieldLeaf:
    """`after:` with a day, which is included."""
    return After(*_day(field, asker))


def _before(field: Field, asker: Asker) -> FieldLeaf:
    """`before:` with a day, which is not included."""
    return Before(*_day(field, asker))


def _day(field: Field, asker: Asker) -> tuple[dt.date, dt.datetime]:
    """The day that is meant and the moment (UTC) at which it begins for the asker."""
    if asker.standing:
        raise QueryError("searches_only", field.start, field=field.name)
    found = _DAY_FIRST.fullmatch(field.value)
    value = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else field.value
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise field.refuse("bad_day", example=EXAMPLE_DAY) from None
    if day.year not in _YEARS:
        raise field.refuse("far_year", first=_YEARS[0], last=_YEARS[-1])
    return day, dt.datetime.combine(day, dt.time(), asker.timezone).astimezone(dt.UTC)


_READERS: dict[str, Callable[[Field, Asker], FieldLeaf]] = {
    "channel": _channel,
    "in": _in_set,
    "topic": _topic,
    "lang": _language,
    "has": _has,
    "from": _forwarded_from,
    "link": _link,
    "burst": _burst,
    "after": _after,
    "before": _before,
}
"""Field name -> what reads its value."""
