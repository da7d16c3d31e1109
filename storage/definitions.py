"""What the operator has named, as everybody reads it: by one counter, so that a look costs next to nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from analysis import taxonomy
from matching.ids import ChannelSetId
from matching.names import Names
from storage.database import Connection
from storage.ids import ChannelId
from storage.models import (
    ChannelSetMemberRow,
    ChannelSetRow,
    DefinitionCounterRow,
    OwnTopicRow,
    SubscriptionCounterRow,
    SubscriptionRow,
)

_DEFINITIONS = select(DefinitionCounterRow.version).scalar_subquery()
_SUBSCRIPTIONS = select(SubscriptionCounterRow.version).scalar_subquery()


class Counters(NamedTuple):
    """The numbers of the last changes."""

    subscriptions: int
    definitions: int


async def read_counters(connection: Connection) -> Counters:
    """Both, in one statement: what a batch asks before anything else."""
    row = (await connection.execute(select(_SUBSCRIPTIONS, _DEFINITIONS))).one()
    return Counters(int(row[0] or 0), int(row[1] or 0))


async def read_counter(connection: Connection) -> int:
    """The number of the last change to an own topic or a channel set."""
    return int(await connection.scalar(select(DefinitionCounterRow.version)) or 0)


async def bump(connection: Connection) -> int:
    """The next number for a change. The row lock is held until commit: the order of numbers is that of commits."""
    value = await connection.scalar(
        insert(DefinitionCounterRow)
        .values(id=1, version=1)
        .on_conflict_do_update(index_elements=["id"], set_={"version": DefinitionCounterRow.version + 1})
        .returning(DefinitionCounterRow.version)
    )
    return int(value or 0)


async def read_names(connection: Connection) -> Names:
    """What queries may ask for by name, as of now."""
    topics: dict[str, str] = {}
    rows = await connection.execute(
        select(OwnTopicRow.code, OwnTopicRow.name_en, OwnTopicRow.name_ru, OwnTopicRow.name_uk).order_by(OwnTopicRow.id)
    )
    for code, *names in rows:
        for name in filter(None, (code, *names)):
            topics.setdefault(taxonomy.folded(name), code)
    sets = await connection.execute(select(ChannelSetRow.name, ChannelSetRow.id))
    return Names(topics, {name: ChannelSetId(number) for name, number in sets})


async def sets_by_channel(connection: Connection) -> dict[ChannelId, frozenset[ChannelSetId]]:
    """The sets that each channel is in; a channel that is in none is left out."""
    found: defaultdict[ChannelId, set[ChannelSetId]] = defaultdict(set)
    for channel_id, set_id in await connection.execute(
        select(ChannelSetMemberRow.channel_id, ChannelSetMemberRow.set_id)
    ):
        found[ChannelId(channel_id)].add(ChannelSetId(set_id))
    return {channel_id: frozenset(numbers) for channel_id, numbers in found.items()}


async def count_asking(connection: Connection, piece: str) -> int:
    """How many subscriptions, active or paused, have this piece (`topic:code`, `in:#5`) in their queries."""
    statement = select(func.count()).where(
        asks_for(SubscriptionRow.query, piece), SubscriptionRow.state.in_(["active", "paused"])
    )
    return int(await connection.scalar(statement) or 0)


def asks_for(query: InstrumentedAttribute[str], piece: str) -> ColumnElement[bool]:
    """Whether a stored query has this piece, asked for or excluded."""
    return query.regexp_match(rf"(^|[\s(-]){piece}($|[\s)])")


def said_to_ask(count: int) -> str:
    """How a refusal begins: so many subscriptions ask."""
    return "1 subscription asks" if count == 1 else f"{count} subscriptions ask"
