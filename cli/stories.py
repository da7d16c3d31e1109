"""`channelwatch stories`: which posts report one event, who told first, and what an operator puts right."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.ids import PostId
    from storage.posts import StoredPost
    from storage.told_stories import Story, StorySize

app = typer.Typer(help="Posts that report one event.", no_args_is_help=True)

Post = Annotated[str, typer.Argument(metavar="POST", help="A link to it, or @name/123.")]
Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]

FIRST_LINE = 100
"""Characters of a post that are shown in a list."""


class NothingToUndo(Exception):
    """A post stands alone already."""


@app.command("list")
def list_(
    days: Annotated[float, typer.Option(min=0.01, help="Stories that were told in the last so many days.")] = 1.0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """Show the stories that most channels told.

    **Examples**

    `channelwatch stories list`

    `channelwatch stories list --days 7 --limit 100 --json | jq .channels`
    """
    sizes = asyncio.run(_list(dt.timedelta(days=days), limit))
    if json:
        for each in sizes:
            _print_json(_listed(each))
    elif not sizes:
        print("No post of that time tells what another one told.")
    else:
        _print_list(sizes)


@app.command("show")
def show(post: Post, json: Json = False) -> None:
    """Show everybody who told the story of a post: the first, the others, and how much later they were.

    **Example**

    `channelwatch stories show @demo_limansk_live/1041`
    """
    story = asyncio.run(_show(post))
    if json:
        _print_json(_told(story))
    else:
        _print_story(story)


@app.command("split")
def split(post: Post) -> None:
    """Take a post out of its story: a wrong join. It never joins that story again by itself.

    **Example**

    `channelwatch stories split @demo_limansk_live/1041`
    """
    story_id = asyncio.run(_split(post))
    print(f"{post} stands alone now, and stays out of story {story_id}.")


@app.command("merge")
def merge(
    post: Post,
    into: Annotated[str, typer.Argument(metavar="INTO", help="A post of the story that it belongs to.")],
) -> None:
    """Make the story of one post part of another's: they report one event.

    **Example**

    `channelwatch stories merge @demo_limansk_live/1041 @demo_harbour_news/77`
    """
    print(f"One story now: {asyncio.run(_merge(post, into))}.")


async def _list(span: dt.timedelta, limit: int) -> list[StorySize]:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.told_stories import largest_stories

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        return await largest_stories(connection, dt.datetime.now(dt.UTC) - span, limit=limit)


async def _show(address: str) -> Story:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.history import PostNotStored, find_post
    from storage.post_address import PostAddress
    from storage.told_stories import read_story

    parsed = PostAddress.parse(address)
    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        story = await read_story(connection, await find_post(connection, parsed))
        if story is None:
            raise PostNotStored(f"The post {parsed} has been forgotten.")
        return story


async def _split(address: str) -> PostId:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.history import find_post
    from storage.post_address import PostAddress
    from storage.told_stories import take_out

    parsed = PostAddress.parse(address)
    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        story_id = await take_out(connection, await find_post(connection, parsed))
        if story_id is None:
            raise NothingToUndo(f"{parsed} stands alone: no other post is in its story.")
        return story_id


async def _merge(address: str, into: str) -> PostId:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.history import find_post
    from storage.post_address import PostAddress
    from storage.told_stories import join_stories

    parsed, target = PostAddress.parse(address), PostAddress.parse(into)
    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        story_id = await join_stories(
            connection, await find_post(connection, parsed), await find_post(connection, target)
        )
        if story_id is None:
            raise NothingToUndo("Both posts are in one story already.")
        return story_id


def _listed(each: StorySize) -> dict[str, Any]:
    return {
        "story": each.id,
        "posts": each.posts,
        "channels": each.channels,
        "latest_at": each.latest_at.isoformat(),
        "first": _post(each.first),
    }


def _told(story: Story) -> dict[str, Any]:
    return {
        "story": story.id,
        "posts": [
            {
                **_post(each.post),
                "delay_seconds": each.delay.total_seconds(),
                "kind": each.place.kind,
                "similarity": each.place.similarity,
            }
            for each in story.tellings
        ],
    }


def _post(post: StoredPost) -> dict[str, Any]:
    return {
        "channel": post.channel.name,
        "message_id": post.message_id,
        "url": post.url,
        "published_at": post.posted_at.isoformat(),
        "text": post.text,
    }


def _print_json(value: dict[str, Any]) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False))


def _print_list(sizes: list[StorySize]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Channels", "Posts", "First told by", "at (UTC)", "", box=None, pad_edge=False, header_style="dim")
    for each in sizes:
        table.add_row(
            f"{each.channels}",
            f"{each.posts}",
            Text(harmless(each.first.channel.name)),
            f"{each.first.posted_at:%d %b %H:%M}",
            Text(_first_line(each.first)),
        )
    Console().print(table)


def _print_story(story: Story) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Later by", "Channel", "Post", "How", "", box=None, pad_edge=False, header_style="dim")
    for each in story.tellings:
        alike = f" {each.place.similarity:.2f}" if each.place.similarity is not None else ""
        link = each.post.url or f"{each.post.channel.name}/{each.post.message_id}"
        table.add_row(
            _delay(each.delay),
            Text(harmless(each.post.channel.name)),
            Text(harmless(link)),
            f"{each.place.kind}{alike}",
            Text(_first_line(each.post)),
        )
    console = Console()
    console.print(table)
    if len(story.tellings) == 1:
        console.print("Nobody else told it.", style="dim")


def _first_line(post: StoredPost) -> str:
    line = harmless(next((line.strip() for line in post.text.splitlines() if line.strip()), "(no text)"))
    return line if len(line) <= FIRST_LINE else f"{line[: FIRST_LINE - 1].rstrip()}…"


def _delay(delay: dt.timedelta) -> str:
    """first, 40 s, 4 min, 3 h 20 min."""
    seconds = int(delay.total_seconds())
    if seconds == 0:
        return "first"
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
