"""`channelwatch search`: ask everything stored, in the query language."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.search_printing import Counted
    from matching.query import Query
    from storage.database import Connection
    from storage.search import Found, Scope


class Order(StrEnum):
    """As `storage.search.Sort`, which is too heavy for `--help`."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    words: str
    limit: int
    order: Order
    deleted: bool
    versions: bool
    facets: bool
    cursor: str | None


def search(
    query: Annotated[str, typer.Argument(help='Words in any form, "phrases", -exclusions, topic:, channel:, in:, …')],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many posts at most.")] = 20,
    sort: Annotated[Order, typer.Option(help="By relevance: the best of the newest 1,000 first.")] = Order.NEWEST,
    deleted: Annotated[bool, typer.Option("--deleted", help="Also posts that their channel has deleted.")] = False,
    versions: Annotated[bool, typer.Option("--versions", help="Also what posts said before they were edited.")] = False,
    facets: Annotated[
        bool, typer.Option("--facets", help="Also how many there are by time, channel, topic and language.")
    ] = False,
    cursor: Annotated[str | None, typer.Option(help="The next page: what the last one ended with.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Find stored posts, newest first. A word finds all its forms, in Russian, Ukrainian and English.

    With --json each line is a post; the last one has the `next_cursor`, if there are more, and with --facets a line of
    its own with `facets` comes behind. Times are UTC.

    **Examples**

    `channelwatch search 'ceasefire OR перемирие'`

    `channelwatch search '"мирный план" -слухи after:2026-11-01' --json --limit 100`

    `channelwatch search 'topic:economy channel:@demo_limansk_port has:photo'`

    `channelwatch search 'паром* шторм' --sort relevance --facets`

    `channelwatch search 'губернатор отставка' --deleted --versions`
    """
    from cli import search_printing

    asked = Asked(query, limit, sort, deleted, versions, facets, cursor)
    parsed, found, counted = asyncio.run(_find(asked))
    if json:
        search_printing.print_json(parsed, found, counted)
    else:
        search_printing.print_for_people(asked, parsed, found, counted)


async def _find(asked: Asked) -> tuple[Query, Found, Counted | None]:
    from cli.asking import understood
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.search import Cursor, Scope, Sort, find

    cursor = Cursor.read(asked.cursor) if asked.cursor is not None else None
    scope = Scope(asked.deleted, asked.versions)
    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        query = await understood(connection, asked.words, standing=False)
        found = await find(
            connection, query, limit=asked.limit, cursor=cursor, sort=Sort(asked.order.value), scope=scope
        )
        counted = await _count(connection, query, scope) if asked.facets else None
        return query, found, counted


async def _count(connection: Connection, query: Query, scope: Scope) -> Counted:
    from cli.search_printing import Counted
    from storage.search import facets, timeline, total

    return Counted(
        await total(connection, query, scope=scope),
        await timeline(connection, query, scope=scope),
        await facets(connection, query, scope=scope, limit=8),
    )
