"""`channelwatch search`: ask everything stored, in the query language."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.posts import StoredPost


def search(
    query: Annotated[str, typer.Argument(help='Words in any form, "phrases", -exclusions, topic:, channel:, …')],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many posts at most.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Find stored posts, newest first. A word finds all its forms, in Russian, Ukrainian and English.

    **Examples**

    `channelwatch search 'ceasefire OR перемирие'`

    `channelwatch search '"мирный план" -слухи after:2026-11-01' --json --limit 100`

    `channelwatch search 'topic:economy channel:@demo_limansk_port has:photo'`
    """
    found = asyncio.run(_find(query, limit))
    if json:
        _print_json(found)
    else:
        _print_for_people(found)


async def _find(words: str, limit: int) -> list[StoredPost]:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from matching.query import QueryError, parse
    from storage import channels
    from storage.search import search as find

    try:
        query = parse(words, standing=False)
    except QueryError as error:
        raise BadQuery(_pointed_out(words, str(error), error.position, error.suggestion)) from None
    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        names = await channels.channel_names(connection)
        unknown = query.channel_names() - names.keys()
        if unknown:
            raise UnknownChannel(f"There is no channel @{min(unknown)}; `channelwatch channels list` shows all.")
        return await find(connection, query.resolve(names), limit=limit)


class UnknownChannel(Exception):
    """A query names a channel that is not stored."""


class BadQuery(Exception):
    """A query cannot be read; the message shows where, and the fix if there is one."""


def _pointed_out(words: str, message: str, position: int, suggestion: str | None) -> str:
    lines = [message, f"  {words}", f"  {' ' * position}^"]
    return "\n".join([*lines, f"Did you mean: {suggestion}"] if suggestion else lines)


def _print_json(posts: list[StoredPost]) -> None:
    import json

    for post in posts:
        row = {
            "channel": post.channel.username or post.channel.title,
            "message_id": post.message_id,
            "posted_at": post.posted_at.isoformat(),
            "text": post.text,
            "topics": [topic.code for topic in post.topics],
            "url": post.url,
        }
        print(json.dumps(row, ensure_ascii=False))


def _print_for_people(posts: list[StoredPost]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for post in posts:
        head = Text.assemble((harmless(post.channel.title), "bold"), f"  {post.posted_at:%Y-%m-%d %H:%M} UTC  ")
        head.append(post.url or "", "dim")
        console.print(head)
        console.print(Text(harmless(" ".join(post.text.split())[:300])), highlight=False)
        console.print()
    console.print("No posts." if not posts else f"{len(posts)} posts, newest first.", style="dim")
