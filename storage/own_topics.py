"""The operator's own topics: made, removed, and how many posts they have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from analysis import taxonomy
from matching.names import CODE
from matching.query import Query
from storage.database import Connection
from storage.definitions import bump, count_asking, read_names, said_to_ask
from storage.models import OwnTopicRow, PostRow
from storage.post_values import storable

MOST_TOPICS = 200
"""Own topics at most: each batch that finds them changed reads them all."""

MOST_NAME_CHARACTERS = 60
"""Of a name: what a button shows."""


class TopicRefused(Exception):
    """An own topic cannot be made or removed; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class OwnTopic:
    """An own topic as stored; `query` is `str(query)` with channels and sets by number."""

    code: str
    name_en: str
    name_ru: str
    name_uk: str
    parent: str | None
    query: str

    def name_in(self, language: str) -> str:
        """Its name in a language; the given one where there is none in it."""
        return {"ru": self.name_ru, "uk": self.name_uk}.get(language) or self.name_en


COLUMNS = (
    OwnTopicRow.code,
    OwnTopicRow.name_en,
    OwnTopicRow.name_ru,
    OwnTopicRow.name_uk,
    OwnTopicRow.parent,
    OwnTopicRow.query,
)


async def list_topics(connection: Connection) -> list[OwnTopic]:
    """All own topics, in the order they were made."""
    rows = await connection.execute(select(*COLUMNS).order_by(OwnTopicRow.id))
    return [OwnTopic(*row) for row in rows]


async def topics_behind(connection: Connection, codes: Collection[str]) -> tuple[OwnTopic, ...]:
    """The own topics among codes, with the own ones above them; asks nothing where all are the taxonomy's."""
    if all(code in taxonomy.TOPICS for code in codes):
        return ()
    own = {topic.code: topic for topic in await list_topics(connection)}
    parents = {topic.code: topic.parent for topic in own.values()}
    return tuple(own[code] for code in {above for each in codes for above in lineage(each, parents)} & own.keys())


def code_of(name: str) -> str:
    """A code made of a name: its Latin letters and digits. Raises TopicRefused where that leaves nothing."""
    words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in name.lower()).split()
    code = "_".join(words)[:40].rstrip("_")
    if not CODE.fullmatch(code):
        raise TopicRefused("No code can be made of this name: give one with --code, of letters a-z, digits and _.")
    return code


async def check_topic(connection: Connection, topic: OwnTopic, query: Query) -> None:
    """Raise TopicRefused unless this topic can be made as it is."""
    if not CODE.fullmatch(topic.code):
        raise TopicRefused("A topic's code begins with a letter and has a-z, 0-9 and _ only, 40 of them at most.")
    _check_query(query)
    own = await list_topics(connection)
    if len(own) >= MOST_TOPICS:
        raise TopicRefused(f"There are {len(own)} own topics, which is as many as there may be: remove one first.")
    known = dict((await read_names(connection)).topics)
    for name in filter(None, (topic.code, topic.name_en, topic.name_ru, topic.name_uk)):
        _check_name(name, known)
    parents = {each.code: each.parent for each in own}
    if topic.parent is None:
        return
    if topic.code in lineage(topic.parent, parents):
        raise TopicRefused(f"The topic {topic.code} would stand under itself: choose another parent.")
    if topic.parent not in parents and topic.parent not in taxonomy.TOPICS:
        raise TopicRefused(f"There is no topic {topic.parent} to stand under; `channelwatch topics list` shows all.")


async def add_topic(connection: Connection, topic: OwnTopic, query: Query) -> None:
    """Make an own topic: from the next batch on, posts that the query matches are about it. Raises TopicRefused."""
    version = await bump(connection)  # first: its row lock makes two operators wait for each other
    await check_topic(connection, topic, query)
    names = (topic.name_en, topic.name_ru, topic.name_uk)
    name_en, name_ru, name_uk = (storable(name.strip()) for name in names)
    await connection.execute(
        insert(OwnTopicRow).values(
            code=topic.code, name_en=name_en, name_ru=name_ru, name_uk=name_uk, parent=topic.parent,
            query=str(query), version=version,
        )
    )  # fmt: skip


async def remove_topic(connection: Connection, code: str, *, force: bool = False) -> int:
    """Remove an own topic; how many subscriptions ask for it, which stay and match nothing.

    Raises TopicRefused for what is no own topic, for one with others below it, and, without `force`, for one that
    subscriptions ask for.
    """
    await bump(connection)
    own = await list_topics(connection)
    if code not in {each.code for each in own}:
        what = "is a topic that everybody has" if code in taxonomy.TOPICS else "is no topic"
        raise TopicRefused(f"{code} {what}, so nothing changed; `channelwatch topics list` shows your own.")
    if below := sorted(each.code for each in own if each.parent == code):
        raise TopicRefused(f"{', '.join(below)} stand under {code}: remove them first.")
    asking = await count_asking(connection, f"topic:{code}")
    if asking and not force:
        raise TopicRefused(
            f"{said_to_ask(asking)} for {code}, so nothing changed. With --force the topic goes all the same:"
            " they stay, and match nothing by it."
        )
    await connection.execute(delete(OwnTopicRow).where(OwnTopicRow.code == code))
    return asking


async def posts_by_topic(connection: Connection, since_at: dt.datetime) -> dict[str, int]:
    """How many posts published since then are about each topic, or one below it; deleted ones left out."""
    code = func.unnest(PostRow.topic_codes).label("code")
    found = select(code).where(PostRow.posted_at >= since_at, PostRow.deleted_at.is_(None)).subquery()
    rows = await connection.execute(select(found.c.code, func.count()).group_by(found.c.code))
    return dict(rows.all())


def lineage(code: str, parents: Mapping[str, str | None]) -> Sequence[str]:
    """The code and those above it: own ones by `parents`, the others by the taxonomy. A circle is gone round once."""
    above = [code]
    while above[-1] in parents:
        parent = parents[above[-1]]
        if parent is None or parent in above:
            return above
        above.append(parent)
    widest = above[-1]
    return [*above, *sorted(taxonomy.ancestors(widest) - {widest})] if widest in taxonomy.TOPICS else above


def _check_query(query: Query) -> None:
    if query.topics():
        raise TopicRefused("An own topic's query may not ask for topics: ask for words, channels or sets.")
    if missing := query.set_names():
        raise TopicRefused(f"There is no channel set {min(missing)}; `channelwatch channels sets` shows all.")
    if missing := query.channel_names():
        raise TopicRefused(f"There is no channel @{min(missing)}; `channelwatch channels list` shows all.")


def _check_name(name: str, known: Mapping[str, str]) -> None:
    if not name.strip() or len(name) > MOST_NAME_CHARACTERS:
        raise TopicRefused(f"A topic's name has from 1 to {MOST_NAME_CHARACTERS} characters.")
    if name.isdecimal():
        raise TopicRefused("A topic's name cannot be a number.")
    for spelled in (name, name.replace("_", " ")):
        builtin = taxonomy.find(spelled)
        taken = builtin.code if builtin else known.get(taxonomy.folded(spelled))
        if taken:
            raise TopicRefused(f"{name} already means the topic {taken}: choose another name.")
