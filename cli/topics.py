"""`channelwatch topics`: topics of your own beside those that everybody has."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from cli.back_test import BackTest
    from storage.own_topics import OwnTopic
    from storage.relabelling import Relabelling

app = typer.Typer(help="Topics of your own beside those that everybody has.", no_args_is_help=True)

WEEK = 7

Words = Annotated[str, typer.Argument(metavar="QUERY", help="What a post must say to be about it.")]
Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


class NotLabelledYet(Exception):
    """No ingest of this release has run, so nothing can be labelled anew."""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="As people will read it.")],
    query: Words,
    code: Annotated[str | None, typer.Option(help="What `topic:` asks for; made of the name where it can be.")] = None,
    name_ru: Annotated[str, typer.Option(help="The name in Russian.")] = "",
    name_uk: Annotated[str, typer.Option(help="The name in Ukrainian.")] = "",
    parent: Annotated[str | None, typer.Option(metavar="CODE", help="A wider topic, under which it stands.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make a topic: every post that the query matches is about it, from now on, and soon also those stored before.

    First it shows what the query would have found in the last week.

    **Examples**

    `channelwatch topics add "Limansk port" '(порт OR port) лиманск' --parent economy`

    `channelwatch topics add Ferries 'ferry OR паром' --name-ru Паромы --name-uk Пороми --yes`
    """
    from storage.own_topics import OwnTopic, code_of

    topic = OwnTopic(code or code_of(name), name, name_ru, name_uk, parent, "")
    if asyncio.run(_add(topic, query, is_agreed=yes)):
        print(f"topic:{topic.code} labels new posts from now on; stored ones follow (`channelwatch topics relabel`).")
    else:
        print("Nothing changed.")


@app.command("test")
def try_out(
    query: Words,
    days: Annotated[int, typer.Option(min=1, max=366, help="Posts of the last so many days.")] = WEEK,
    json: Json = False,
) -> None:
    """Show what a query would have found lately: how many posts, when, where, and which.

    **Example**

    `channelwatch topics test '(порт OR port) лиманск' --days 30`
    """
    _show_test(asyncio.run(_test(query, days)), json=json)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show all topics, each under its wider one, with the posts of the last 7 days; your own with their queries.

    **Examples**

    `channelwatch topics list`

    `channelwatch topics list --json | jq 'select(.is_own)'`
    """
    rows = asyncio.run(_list())
    if json:
        for row in rows:
            _print_json(row)
    else:
        _print_tree(rows)


@app.command("remove")
def remove(
    code: Annotated[str, typer.Argument(help="The topic's code.")],
    force: Annotated[bool, typer.Option("--force", help="Even if subscriptions ask for it.")] = False,
) -> None:
    """Remove a topic of your own. Posts lose it soon.

    **Example**

    `channelwatch topics remove limansk_port`
    """
    asking = asyncio.run(_remove(code, force=force))
    left = f" {_subscriptions(asking)} asked for it: they stay, and match nothing by it." if asking else ""
    print(f"topic:{code} is gone; stored posts lose it (`channelwatch topics relabel`).{left}")


@app.command("relabel")
def relabel(
    start: Annotated[bool, typer.Option("--start", help="Label every stored post once more.")] = False,
    json: Json = False,
) -> None:
    """Show how far stored posts have the topics of now. The running ingest gives them, newest first.

    It begins by itself when a topic of your own comes or goes, and when a new release has other topics.

    **Examples**

    `channelwatch topics relabel`

    `channelwatch topics relabel --start`
    """
    current, left, is_running = asyncio.run(_relabel(start=start))
    if json:
        _print_json(_progress(current, left, is_running=is_running))
    else:
        print(_said_of(current, left, is_running=is_running))


async def _add(topic: OwnTopic, words: str, *, is_agreed: bool) -> bool:
    from cli.asking import understood
    from cli.back_test import back_test
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.own_topics import add_topic, check_topic

    async with opened(read(StorageSettings)) as database:
        async with database.begin() as connection:
            query = await understood(connection, words, standing=True)
            await check_topic(connection, topic, query)
            tested = await back_test(connection, query, WEEK, dt.datetime.now(dt.UTC))
        _show_test(tested, json=False)
        if not (is_agreed or typer.confirm(f"Make topic:{topic.code} of this?")):
            return False
        async with database.begin() as connection:
            await add_topic(connection, topic, query)
    return True


async def _test(words: str, days: int) -> BackTest:
    from cli.asking import understood
    from cli.back_test import back_test
    from cli.opening import opened
    from config.settings import StorageSettings, read

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        query = await understood(connection, words, standing=True)
        return await back_test(connection, query, days, dt.datetime.now(dt.UTC))


async def _list() -> list[dict[str, Any]]:
    """All topics, each behind its wider one."""
    from analysis.taxonomy import TOPICS
    from cli.asking import written
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from matching.query import parse
    from storage.own_topics import list_topics, posts_by_topic

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        counts = await posts_by_topic(connection, dt.datetime.now(dt.UTC) - dt.timedelta(days=WEEK))
        rows = [_row(each.code, each.parent, each.names["en"], counts) for each in TOPICS.values()]
        for own in await list_topics(connection):
            query = await written(connection, parse(own.query, stored=True))
            rows.append(_row(own.code, own.parent, own.name_en, counts) | {"is_own": True, "query": query})
    return list(_in_order(rows))


def _row(code: str, parent: str | None, name: str, counts: dict[str, int]) -> dict[str, Any]:
    return {"code": code, "parent": parent, "name": name, "is_own": False, "posts_7_days": counts.get(code, 0)}


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each topic directly behind its wider one, with its depth; one whose parent is gone stands at the top."""
    known = {row["code"] for row in rows}
    found: list[dict[str, Any]] = []

    def below(parent: str | None, depth: int) -> None:
        for row in rows:
            if (row["parent"] if row["parent"] in known else None) == parent:
                found.append(row | {"depth": depth})
                below(row["code"], depth + 1)

    below(None, 0)
    return found


def _print_tree(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Topic", "Name", box=None, pad_edge=False, header_style="dim")
    table.add_column("Posts of 7 days", justify="right")
    for row in rows:
        style = "bold" if row["is_own"] else ""
        name = Text(harmless(row["name"]))
        if row["is_own"]:
            name.append(f"\n{harmless(row['query'])}", "dim")
        table.add_row(Text("  " * row["depth"] + row["code"], style), name, f"{row['posts_7_days']:,}")
    Console().print(table)


async def _remove(code: str, *, force: bool) -> int:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.own_topics import remove_topic

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        return await remove_topic(connection, code, force=force)


def _subscriptions(count: int) -> str:
    return "1 subscription" if count == 1 else f"{count} subscriptions"


async def _relabel(*, start: bool) -> tuple[Relabelling | None, int, bool]:
    from cli.opening import opened
    from cli.running import is_ingest_running
    from config.settings import StorageSettings, read
    from storage import relabelling

    async with opened(read(StorageSettings)) as database:
        is_running = await is_ingest_running(database)
        async with database.begin() as connection:
            if start and not await relabelling.ask_for_all(connection):
                raise NotLabelledYet("Nothing has been labelled anew yet: `channelwatch run` does it by itself.")
            current = await relabelling.read(connection)
            left = await relabelling.count_left(connection, current) if current else 0
    return current, left, is_running


def _progress(current: Relabelling | None, left: int, *, is_running: bool) -> dict[str, Any]:
    if current is None:
        return {"state": "not begun", "is_ingest_running": is_running}
    return {
        "state": _state(current),
        "is_whole": current.is_whole,
        "posts": current.posts,
        "changed": current.changed,
        "left": left,
        "asked_at": current.asked_at.isoformat(),
        "finished_at": current.finished_at.isoformat() if current.finished_at else None,
        "is_ingest_running": is_running,
    }


def _state(current: Relabelling) -> str:
    if not current.goal.labels_version:
        return "asked for"
    return "done" if current.is_done else "running"


def _said_of(current: Relabelling | None, left: int, *, is_running: bool) -> str:
    waits = "" if is_running else " No ingest is running: it goes on as soon as `channelwatch run` does."
    if current is None:
        return f"Not begun.{waits}"
    what = "all topics" if current.is_whole else "topics of your own"
    seen = f"{current.posts:,} posts looked at, {current.changed:,} changed"
    match _state(current):
        case "asked for":
            return f"Asked for: all posts are labelled once more, from the newest on.{waits}"
        case "done":
            return f"Done ({what}), {current.finished_at:%Y-%m-%d %H:%M} UTC: {seen}."
    return f"Under way ({what}): {seen}, {left:,} left.{waits}"


def _show_test(test: BackTest, *, json: bool) -> None:
    from rich.console import Console

    from cli.back_test import as_json, show

    if json:
        _print_json(as_json(test))
    else:
        show(test, Console())


def _print_json(value: dict[str, Any]) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False))
