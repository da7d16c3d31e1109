"""`channelwatch search`: ask everything stored, in the query language."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.posts import StoredPost


def search(
    query: Annotated[str, typer.Argument(help='Words in any form, "phrases", -exclusions, topic:, channel:, in:, …')],
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
    from cli.asking import understood
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.search import search as find

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        return await find(connection, await understood(connection, words, standing=False), limit=limit)


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
