"""`channelwatch media`: photos, videos and files of posts, fetched when somebody asks for them."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.channels import Channel
    from storage.database import Database
    from storage.ids import ChannelId, MessageId
    from storage.media_files import MediaFile
    from storage.posts import StoredPost

app = typer.Typer(help="Photos, videos and files of posts, fetched on demand.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(metavar="POST", help="A link to it, @name/123, or Telegram's number/123.")]

LOOK_EVERY_SECONDS = 0.3

NOT_RUNNING = "No ingest is running: they are fetched as soon as `channelwatch run` does."


class NoMedia(Exception):
    """There is nothing to be had; the message says why."""


@app.command("get")
def get(
    post: Address,
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Copy the files to this folder, too.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Fetch the media of a post, all of an album, and say where the files lie.

    The running ingest fetches them, within CHANNELWATCH_MEDIA_FILE_MIB and CHANNELWATCH_MEDIA_FOLDER_MIB. Nothing opens
    them: they are what somebody published, so take care. Media of channels that protect their content are not fetched.

    **Examples**

    `channelwatch media get @demo_limansk_live/1041`

    `channelwatch media get https://t.me/demo_limansk_live/1041 --out ~/pictures --json`
    """
    home, files = asyncio.run(_get(post))
    stored = [file for file in files if file.state == "stored"]
    copies = {file.message_id: _copy(home, file, out) for file in stored} if out is not None else {}
    if json:
        _print_json(home, files, copies)
    else:
        for file in files:
            copy = copies.get(file.message_id)
            print(f"{_name(file)}: {f'{copy}' if copy else _said_of(home, file)}")
    if any(file.state == "refused" for file in files):
        raise NoMedia(next(file.state_detail or "It was refused." for file in files if file.state == "refused"))


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show the media that were asked for: where they lie, or why they were not fetched.

    **Example**

    `channelwatch media list --json | jq .path`
    """
    home, files = asyncio.run(_list())
    if json:
        import json as as_json

        for file in files:
            print(as_json.dumps(_row(home, file), ensure_ascii=False))
    else:
        _print_table(home, files)


@app.command("remove")
def remove(posts: Annotated[list[str], typer.Argument(metavar="POST...", help="As for `get`.")]) -> None:
    """Remove the fetched media of posts; the posts stay.

    **Example**

    `channelwatch media remove @demo_limansk_live/1041`
    """
    count = asyncio.run(_remove(posts))
    print(f"{count} {'file' if count == 1 else 'files'} removed.")


async def _get(address: str) -> tuple[Path, list[MediaFile]]:
    from cli.opening import opened
    from cli.running import is_ingest_running
    from config.settings import StorageSettings, read
    from ingest.media_location import FETCHABLE
    from storage import media_files

    settings = read(StorageSettings)
    async with opened(settings) as database:
        post = await _post(database, address)
        ids = [part.message_id for part in post.parts if part.medium is not None and part.medium.kind in FETCHABLE]
        _check(post.channel, bool(ids))
        async with database.begin() as connection:
            known = await media_files.files_of(connection, post.channel.id, ids)
            lost = [file.message_id for file in known if file.path and not (settings.home / file.path).is_file()]
            await media_files.want(connection, post.channel.id, ids, lost=lost)
            files = await media_files.files_of(connection, post.channel.id, ids)
        while any(file.state == "wanted" for file in files):
            if not await is_ingest_running(database):
                print(NOT_RUNNING, file=sys.stderr)
                break
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            async with database.begin() as connection:
                files = await media_files.files_of(connection, post.channel.id, ids)
    return settings.home, files


async def _post(database: Database, address: str) -> StoredPost:
    from storage.history import read_history
    from storage.post_address import PostAddress

    parsed = PostAddress.parse(address)
    async with database.begin() as connection:
        return (await read_history(connection, parsed)).post


def _check(channel: Channel, has_media: bool) -> None:
    if not has_media:
        raise NoMedia("The post has no photo, video or other file.")
    if channel.is_protected:
        raise NoMedia(f"{channel.name} protects its content: its media are not fetched.")
    if channel.state != "active":
        raise NoMedia(f"{channel.name} is not read at the moment: {channel.state_detail or channel.state}.")


def _copy(home: Path, file: MediaFile, folder: Path) -> Path | None:
    """A copy of the file; None where it does not lie on this machine."""
    source = home / (file.path or "")
    if not source.is_file():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(source, folder / f"{source.parent.name}-{source.name}"))


def _name(file: MediaFile) -> str:
    return f"{file.channel.name}/{file.message_id}"


def _said_of(home: Path, file: MediaFile) -> str:
    if file.state == "wanted":
        return "noted"
    if file.state == "refused" or file.path is None:
        return file.state_detail or "refused"
    path = (home / file.path).resolve()
    return str(path) if path.is_file() else f"{file.path} in the data folder of the ingest that fetched it"


def _row(home: Path, file: MediaFile) -> dict[str, object]:
    return {
        "channel": file.channel.username or file.channel.title,
        "message_id": file.message_id,
        "state": file.state,
        "state_detail": file.state_detail,
        "path": str((home / file.path).resolve()) if file.path else None,
        "bytes": file.bytes,
    }


def _print_json(home: Path, files: list[MediaFile], copies: Mapping[MessageId, Path | None]) -> None:
    import json

    rows = [
        {**_row(home, file), "copy": str(copy) if (copy := copies.get(file.message_id)) else None} for file in files
    ]
    print(json.dumps({"files": rows}, ensure_ascii=False))


async def _list() -> tuple[Path, list[MediaFile]]:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage import media_files

    settings = read(StorageSettings)
    async with opened(settings) as database, database.begin() as connection:
        return settings.home, await media_files.all_files(connection)


def _print_table(home: Path, files: list[MediaFile]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not files:
        print("No media yet: `channelwatch media get @name/123`.")
        return
    table = Table("Post", "State", "Where, or why not")
    table.add_column("KiB", justify="right")
    for file in files:
        size = f"{-(-file.bytes // 1024):,}" if file.bytes is not None else ""
        table.add_row(Text(_name(file)), file.state, Text(_said_of(home, file)), size)
    Console().print(table)


async def _named(database: Database, address: str) -> tuple[ChannelId, list[MessageId]]:
    """The messages of a post; of one that has been forgotten since, that message alone."""
    from storage import media_files
    from storage.history import PostNotStored
    from storage.post_address import PostAddress

    try:
        post = await _post(database, address)
        return post.channel.id, [part.message_id for part in post.parts]
    except PostNotStored:
        parsed = PostAddress.parse(address)
        name = parsed.channel.lower() if isinstance(parsed.channel, str) else parsed.channel
        async with database.begin() as connection:
            for file in await media_files.all_files(connection):
                names = ((file.channel.username or "").lower(), file.channel.telegram_id)
                if file.message_id == parsed.message_id and name in names:
                    return file.channel.id, [file.message_id]
        raise


async def _remove(addresses: list[str]) -> int:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from ingest.media_folder import MediaFolder, MediaLimits
    from storage import media_files

    settings = read(StorageSettings)
    folder, count = MediaFolder(settings.home, MediaLimits()), 0
    async with opened(settings) as database:
        for address in addresses:
            channel_id, ids = await _named(database, address)
            async with database.begin() as connection:
                paths = await media_files.forget(connection, channel_id, ids)
            for path in paths:
                folder.remove(path)
            count += len(paths)
    return count
