"""The topics a post may be about: IPTC Media Topics and a second level below them, read from ``topics.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

LANGUAGES = ("en", "ru", "uk")


class TaxonomyError(ValueError):
    """The topics file contradicts itself; the message says where."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its code (a slug such as ``conflict``), its IPTC code and its name in each language.

    ``parent`` is the code of the broader topic, None at the top level. ``iptc`` is None for a topic below the top level
    that IPTC has no concept for.
    """

    code: str
    iptc: str | None
    names: Mapping[str, str]
    parent: str | None = None


def read_topics(document: str) -> Mapping[str, Topic]:
    """The topics of a TOML document in the form of ``topics.toml``, by code, in the document's order.

    Raises TaxonomyError when a name is missing, when a topic of the top level has no IPTC code, when either is used
    twice, when a parent is unknown, or when parents run in a circle; tomllib.TOMLDecodeError when it is not TOML.
    """
    topics = {code: _topic(code, table) for code, table in tomllib.loads(document).items()}
    for topic in topics.values():
        _require_a_way_up(topic, topics)
    _require_distinct(topics)
    return MappingProxyType(topics)


def ancestors(code: str, topics: Mapping[str, Topic] | None = None) -> frozenset[str]:
    """The topic's code and those of everything above it. Raises KeyError for an unknown code."""
    known = TOPICS if topics is None else topics
    above = set()
    here: str | None = code
    while here is not None:
        above.add(here)
        here = known[here].parent
    return frozenset(above)


def descendants(code: str, topics: Mapping[str, Topic] | None = None) -> frozenset[str]:
    """The topic's code and those of everything below it. Raises KeyError for an unknown code."""
    known = TOPICS if topics is None else topics
    topic = known[code]
    return frozenset(other for other in known if topic.code in ancestors(other, known))


def find(text: str) -> Topic | None:
    """The topic that a person means by a code, an IPTC code or a name in any language, in any case."""
    return _by_name().get(folded(text))


def folded(name: str) -> str:
    """A topic's name as names are compared: case, ё and е, the apostrophe's variants and spaces make no difference."""
    plain = name.casefold().replace("ё", "е").replace("\u2019", "'").replace("\u02bc", "'")
    return " ".join(plain.split())


def _topic(code: str, table: Mapping[str, str]) -> Topic:
    needed = LANGUAGES if table.get("parent") else ("iptc", *LANGUAGES)
    missing = [key for key in needed if not table.get(key)]
    if missing:
        raise TaxonomyError(f"Topic {code} has no {', '.join(missing)}.")
    names = MappingProxyType({language: table[language] for language in LANGUAGES})
    return Topic(code=code, iptc=table.get("iptc"), names=names, parent=table.get("parent"))


def _require_a_way_up(topic: Topic, topics: Mapping[str, Topic]) -> None:
    seen = {topic.code}
    here = topic
    while here.parent is not None:
        if here.parent not in topics:
            raise TaxonomyError(f"Topic {here.code} has the parent {here.parent}, which does not exist.")
        if here.parent in seen:
            raise TaxonomyError(f"Topic {here.code} is among its own ancestors.")
        seen.add(here.parent)
        here = topics[here.parent]


def _require_distinct(topics: Mapping[str, Topic]) -> None:
    owner: dict[str, str] = {}
    for topic in topics.values():
        for name in _names(topic):
            if owner.setdefault(name, topic.code) != topic.code:
                raise TaxonomyError(f"Topics {owner[name]} and {topic.code} are both called {name}.")


def _names(topic: Topic) -> set[str]:
    return {folded(name) for name in (topic.code, topic.iptc, *topic.names.values()) if name}


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, Topic]:
    return {name: topic for topic in TOPICS.values() for name in _names(topic)}


TOPICS: Mapping[str, Topic] = read_topics(resources.files(__name__).joinpath("topics.toml").read_text(encoding="utf-8"))
"""Every topic that posts are labelled with, by code."""
