"""`channelwatch feeds`: saved searches, and their feeds for feed readers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from config.keys import Key
    from config.settings import WebSettings
    from storage.database import Connection
    from storage.saved_searches import SavedSearch
    from web.feeds.opml import Outline

app = typer.Typer(help="Saved searches, and their feeds for feed readers.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The saved search.")]
Owner = Annotated[str, typer.Option(help="Whose it is: as in `tokens create --owner`.")]

OPERATORS = "operators"
"""As storage.saved_searches.OPERATORS, which a start of `--help` must not wait for."""

T = TypeVar("T")


class NoSuchSearch(Exception):
    """The owner has no saved search of that name."""


@app.command("add")
def add(
    name: Name,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="As for `channelwatch search`.")],
    owner: Owner = OPERATORS,
) -> None:
    """Save a search, and show the private addresses of its feed: RSS, and JSON Feed.

    **Examples**

    `channelwatch feeds add 'Port of Limansk' '(порт OR port) лиманск'`

    `channelwatch feeds add economy 'topic:economy lang:uk' --owner war-desk`
    """

    async def save(connection: Connection, key: Key, settings: WebSettings) -> str:
        from cli.asking import understood
        from storage import saved_searches

        asked = await understood(connection, query, standing=False)
        saved = await saved_searches.save(connection, key, owner=owner, name=name, query=asked)
        return _addresses(saved, key, settings)

    print(_with_key(save))


@app.command("list")
def list_(
    owner: Annotated[str | None, typer.Option(help="Only this one's.")] = None,
    addresses: Annotated[bool, typer.Option("--addresses", help="With the private addresses of the feeds.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Show all saved searches.

    **Examples**

    `channelwatch feeds list --addresses`

    `channelwatch feeds list --owner war-desk --json`
    """
    import json as encoding

    async def listed(connection: Connection, key: Key, settings: WebSettings) -> list[dict[str, object]]:
        from cli.asking import written
        from matching.query import parse
        from storage import saved_searches

        rows: list[dict[str, object]] = []
        for each in await saved_searches.list_for(connection, owner):
            query = await written(connection, parse(each.query, standing=False, stored=True))
            row: dict[str, object] = {"name": each.name, "owner": each.owner, "query": query}
            if addresses:
                row["rss_url"], row["json_feed_url"] = _addresses(each, key, settings).splitlines()
            rows.append(row)
        return rows

    rows = _with_key(listed)
    for row in rows:
        print(encoding.dumps(row, ensure_ascii=False) if json else harmless("  ".join(map(str, row.values()))))
    if not rows and not json:
        print("No saved searches yet: `channelwatch feeds add NAME QUERY`.")


@app.command("rotate")
def rotate(name: Name, owner: Owner = OPERATORS) -> None:
    """Give a feed a new address; the old one is dead at once.

    **Example**

    `channelwatch feeds rotate economy`
    """

    async def renew(connection: Connection, key: Key, settings: WebSettings) -> str:
        from storage import saved_searches

        found = await _found(connection, name, owner)
        renewed = await saved_searches.rotate(connection, key, found.id, owner)
        return _addresses(renewed or found, key, settings)

    print(_with_key(renew))


@app.command("remove")
def remove(name: Name, owner: Owner = OPERATORS) -> None:
    """Forget a saved search, and its feed.

    **Example**

    `channelwatch feeds remove economy --owner war-desk`
    """

    async def forget(connection: Connection, _: Key, __: WebSettings) -> None:
        from storage import saved_searches

        await saved_searches.remove(connection, (await _found(connection, name, owner)).id, owner)

    _with_key(forget)
    print(harmless(f"{name} is gone, and its feed."))


@app.command("export")
def export(owner: Annotated[str | None, typer.Option(help="Only this one's.")] = None) -> None:
    """Write all feeds as OPML, for a feed reader or another installation. The file holds their private addresses.

    **Example**

    `channelwatch feeds export > feeds.opml`
    """

    async def written(connection: Connection, key: Key, settings: WebSettings) -> bytes:
        from cli.asking import written as by_name
        from matching.query import parse
        from storage import saved_searches
        from web.feeds import opml

        listed = []
        for each in await saved_searches.list_for(connection, owner):
            query = await by_name(connection, parse(each.query, standing=False, stored=True))
            listed.append(opml.Listed(each.name, query, _addresses(each, key, settings).splitlines()[0]))
        return opml.write("channelwatch", f"{_base(settings)}/", listed)

    sys.stdout.buffer.write(_with_key(written) + b"\n")


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="An OPML file.", exists=True, dir_okay=False)],
    owner: Owner = OPERATORS,
) -> None:
    """Save the searches that an OPML file names: those of another installation, and Telegram channels that other tools
    (RSSHub and the like) had made feeds of, where they are read here too. Says of each what became of it.

    **Example**

    `channelwatch feeds import feeds.opml`
    """
    from web.feeds import opml

    with path.open("rb") as file:
        outlines = opml.read(file.read(opml.MOST_BYTES + 1))

    async def save(connection: Connection, key: Key, _: WebSettings) -> list[str]:
        return [await _try_to_save(connection, key, outline, owner) for outline in outlines]

    obstacles = _with_key(save)
    for outline, said in zip(outlines, obstacles, strict=True):
        print(harmless(f"{'skipped' if said else 'saved'}  {outline.name}{f': {said}' if said else ''}"))
    print(f"{obstacles.count('')} of {len(outlines)} saved.")


async def _try_to_save(connection: Connection, key: Key, outline: Outline, owner: str) -> str:
    """What stands in the way, in a sentence; nothing when it is saved."""
    from cli.asking import BadQuery, UnknownChannel, understood
    from storage import saved_searches

    if outline.query is None:
        return "no query and no channel of Telegram's"
    try:
        asked = await understood(connection, outline.query, standing=False)
        name = outline.name[: saved_searches.LONGEST_NAME]
        await saved_searches.save(connection, key, owner=owner, name=name, query=asked)
    except (BadQuery, UnknownChannel, saved_searches.SearchNameTaken, saved_searches.TooManySearches) as error:
        return str(error).splitlines()[0]
    return ""


def _with_key(action: Callable[[Connection, Key, WebSettings], Awaitable[T]]) -> T:
    """Do something in one transaction, with the key that feeds' addresses are sealed with."""

    async def done() -> T:
        from cli.opening import opened
        from config.keys import Key
        from config.settings import WebSettings, read

        settings = read(WebSettings)
        async with opened(settings) as database, database.begin() as connection:
            return await action(connection, Key.kept_in(settings.home), settings)

    return asyncio.run(done())


async def _found(connection: Connection, name: str, owner: str) -> SavedSearch:
    from storage import saved_searches

    found = await saved_searches.find(connection, name, owner)
    if found is None:
        raise NoSuchSearch(f"There is no saved search “{name}” of {owner}: `channelwatch feeds list` shows all.")
    return found


def _addresses(search: SavedSearch, key: Key, settings: WebSettings) -> str:
    """Two lines: RSS, and JSON Feed."""
    from storage.saved_searches import word_of
    from web.feeds import feed_urls

    return "\n".join(feed_urls(_base(settings), word_of(search, key)))


def _base(settings: WebSettings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.url or f"http://{host}:{settings.port}"
