"""A query as an operator types it, read with everything that it may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matching.query import Query, QueryError
    from storage.database import Connection


class BadQuery(Exception):
    """A query cannot be read; the message shows where, and the fix if there is one."""


class UnknownChannel(Exception):
    """A query names a channel that is not stored."""


async def understood(connection: Connection, words: str, *, standing: bool) -> Query:
    """The query, its channels, sets and own topics looked up. Raises BadQuery or UnknownChannel."""
    from matching.query import QueryError, parse
    from storage import channels
    from storage.definitions import read_names

    try:
        query = parse(words, standing=standing, names=await read_names(connection))
    except QueryError as error:
        raise BadQuery(_pointed_out(words, error)) from None
    names = await channels.channel_names(connection)
    if unknown := query.channel_names() - names.keys():
        raise UnknownChannel(f"There is no channel @{min(unknown)}; `channelwatch channels list` shows all.")
    return query.resolve(names)


async def written(connection: Connection, query: Query) -> str:
    """The query as people read it: channels and sets by their names of now."""
    from storage import channels
    from storage.definitions import read_names

    usernames = {number: name for name, number in (await channels.channel_names(connection)).items()}
    return query.render(usernames, (await read_names(connection)).by_set)


def _pointed_out(words: str, error: QueryError) -> str:
    lines = [error.message, f"  {words}", f"  {' ' * error.position}^"]
    return "\n".join([*lines, f"Did you mean: {error.suggestion}"] if error.suggestion else lines)
