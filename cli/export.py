"""`channelwatch export`: posts as a file, however many."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.export_cells import Format

if TYPE_CHECKING:
    from cli.export_file import ExportFile, Written
    from storage.database import Connection
    from storage.exports import Selection

PIECE_POSTS = 5_000
"""Posts after which it is noted how far the file is: a run that is killed does so many over again, at most."""


class ExportDiffers(Exception):
    """A file is there already, or what lies there is another export; the message says what to do."""


def export(
    to: Annotated[Path, typer.Option(metavar="FILE", dir_okay=False, help="Where to; it appears when it is whole.")],
    query: Annotated[str | None, typer.Argument(metavar="[QUERY]", help="As for `search`.", show_default=False)] = None,
    as_format: Annotated[
        Format | None, typer.Option("--format", help="By default what the file's name ends with.", show_default=False)
    ] = None,
    all_posts: Annotated[bool, typer.Option("--all", help="Every post; instead of a query.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="Also posts that their channel has deleted.")] = False,
    versions: Annotated[
        bool, typer.Option("--versions", help="With what each said before its edits, and found by it, too.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the same export was stopped.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin anew, over what lies there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object, for programs.")] = False,
) -> None:
    """Write posts to a file, in the order in which they were stored: CSV, JSON lines or Parquet.

    Memory stays the same for ten posts and ten million. A run that is stopped, even killed, goes on with --resume, and
    the file is the same as if it had not been. In CSV every cell is quoted, and what a spreadsheet would calculate
    begins with an apostrophe; JSON lines hold everything as it is stored. Posts of channels that protect their content
    are left out, and counted.

    **Examples**

    `channelwatch export 'ceasefire OR перемирие' --to ceasefire.csv`

    `channelwatch export 'channel:@demo_limansk_live' --to limansk.jsonl --deleted --versions`

    `channelwatch export --all --to everything.parquet --resume`
    """
    if all_posts == (query is not None):
        raise typer.BadParameter("Give a query, or --all.", param_hint="QUERY")
    if resume and force:
        raise typer.BadParameter("--resume goes on, --force begins anew: give one of them.", param_hint="--resume")
    chosen = as_format or _format_of(to)
    if chosen is Format.PARQUET:
        from cli.export_cells import check_parquet

        check_parquet()
    asked = {"query": query, "format": chosen.value, "deleted": deleted, "versions": versions}
    written = asyncio.run(_export(to, asked, resume=resume, force=force))
    _say(to, written, json=json)


def _format_of(path: Path) -> Format:
    try:
        return Format(path.suffix.lower().removeprefix("."))
    except ValueError:
        names = ", ".join(Format)
        raise typer.BadParameter(f"one of {names}, unless the file's name ends so.", param_hint="--format") from None


async def _export(to: Path, asked: dict[str, Any], *, resume: bool, force: bool) -> Written:
    from cli.export_file import ExportFile
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.exports import prepare

    async with opened(read(StorageSettings)) as database:
        async with database.begin() as connection:
            selection = await _selection(connection, asked)
        asked = asked | {"query": str(selection.query) if selection.query else None}
        with ExportFile(to) as file:
            if resume and (written := file.finished_by_another_run(asked)) is not None:
                return written
            await prepare(database, selection)
            async with database.begin() as connection:
                await _start(connection, selection, file, asked, resume=resume, force=force)
                await _write(connection, selection, file)
            _finish(file)
            return file.written


async def _selection(connection: Connection, asked: dict[str, Any]) -> Selection:
    from cli.asking import understood
    from storage.exports import Selection

    words = asked["query"]
    query = None if words is None else await understood(connection, words, standing=False)
    return Selection(query, asked["deleted"], asked["versions"])


async def _start(
    connection: Connection, selection: Selection, file: ExportFile, asked: dict[str, Any], *, resume: bool, force: bool
) -> None:
    """Begin, or go on; whatever lies there is not overwritten unless that is what was asked for."""
    from cli.export_file import Written
    from storage.exports import BEFORE_FIRST, count_protected, newest_id

    before = None if force else file.left_by_another_run()
    if before is not None and not resume:
        raise ExportDiffers(
            f"An export to {file.path} was stopped after {before.posts:,} posts: --resume goes on, --force begins anew."
        )
    if before is not None and before.asked != asked:
        raise ExportDiffers(f"The export to {file.path} that was stopped is another one: --force begins anew.")
    if before is not None:
        file.go_on(before)
        return
    if file.path.exists() and not force:
        raise ExportDiffers(f"{file.path} is there already: name another file, or --force.")
    upto = await newest_id(connection)
    protected = await count_protected(connection, selection, upto)
    file.begin(Written(asked, upto, BEFORE_FIRST, protected=protected), _head(asked))


async def _write(connection: Connection, selection: Selection, file: ExportFile) -> None:
    from cli.terminal import progress_bar
    from storage.exports import read_posts
    from storage.ids import PostId

    pieces: list[bytes] = []
    written = file.written
    pages = read_posts(connection, selection, after=PostId(written.after), upto=PostId(written.upto))
    with progress_bar() as bar:
        task = bar.add_task(file.path.name, total=written.upto, completed=written.after)
        async for page in pages:
            piece, rows = _encoded(page, written.asked)
            pieces.append(piece)
            posts = written.posts + len(page)
            written = replace(written, after=page[-1]["post_id"], posts=posts, rows=written.rows + rows)
            if posts - file.written.posts >= PIECE_POSTS:
                file.add(b"".join(pieces), written)
                pieces.clear()
                bar.update(task, completed=written.after)
        file.add(b"".join(pieces), replace(written, after=written.upto))


def _head(asked: dict[str, Any]) -> bytes:
    from cli.export_cells import columns, csv_bytes

    return csv_bytes([columns(versions=asked["versions"])]) if asked["format"] == Format.CSV else b""


def _encoded(posts: Any, asked: dict[str, Any]) -> tuple[bytes, int]:
    """Posts as bytes of the file, and how many rows they make. Parquet is made of JSON lines, at the end."""
    from cli.export_cells import csv_bytes, json_bytes, table_rows

    if asked["format"] == Format.CSV:
        rows = [row for post in posts for row in table_rows(post, versions=asked["versions"])]
        return csv_bytes(rows), len(rows)
    return json_bytes(posts), len(posts)


def _finish(file: ExportFile) -> None:
    from cli.export_cells import to_parquet

    if file.written.asked["format"] != Format.PARQUET:
        file.finish()
        return
    made = file.path.with_name(f"{file.path.name}.part.parquet")
    to_parquet(file.part, made, versions=file.written.asked["versions"])
    file.finish(made)


def _say(to: Path, written: Written, *, json: bool) -> None:
    if json:
        import json as encoding

        values = {
            "file": str(to),
            "posts": written.posts,
            "rows": written.rows,
            "left_out_protected": written.protected,
        }
        print(encoding.dumps(values, ensure_ascii=False))
        return
    what = "1 post" if written.posts == 1 else f"{written.posts:,} posts"
    rows = f" in {written.rows:,} rows" if written.rows != written.posts else ""
    print(f"{what}{rows} written to {to}.")
    if written.protected:
        count = "1 post that matches is" if written.protected == 1 else f"{written.protected:,} posts that match are"
        print(f"{count} left out: their channels protect their content.")
