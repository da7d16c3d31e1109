"""`channelwatch replay`: feed an archive through the pipeline."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ingest.replay import Replayed
    from ingest.stages import Stages


def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines or result.json, gzip or not.")],
    live: Annotated[
        bool, typer.Option("--live", help="Owe alerts for what matches; else the posts are backfill.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object, for programs.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Say how long each stage took a post.")] = False,
) -> None:
    """Store the posts of an archive, as if they had been read from their channels.

    Understands JSON lines (`channel`, `message_id`, `date`, `text`, …) and Telegram Desktop's `result.json`. A broken
    line is reported with its number and skipped. A replay that was stopped goes on where it was; a second one stores
    and owes nothing new.

    **Examples**

    `channelwatch replay export/result.json`

    `channelwatch replay posts.jsonl.gz --live --json`

    `channelwatch replay posts.jsonl.gz --profile`
    """
    result, stages = asyncio.run(_replay(file, live))
    if profile:
        _print_stages(stages)
    if json:
        import json as as_json
        from dataclasses import asdict

        print(as_json.dumps({**asdict(result), "seconds": round(result.seconds, 2)}))
    else:
        print(
            f"{result.read} posts read in {result.seconds:.1f} s: {result.stored} stored, {result.updated} updated, "
            f"{result.skipped} skipped (unchanged or broken)."
        )


def _print_stages(stages: Stages) -> None:
    """Where the time went, on standard error: standard output is for the result alone."""
    from rich.console import Console
    from rich.table import Table

    table = Table("Stage", title=f"Where the time of {stages.posts:,} posts went", caption="waiting is no work")
    table.add_column("µs a post", justify="right")
    for name, microseconds in stages.per_post().items():
        table.add_row(name, f"{microseconds:,.0f}")
    Console(stderr=True).print(table)


async def _replay(file: Path, live: bool) -> tuple[Replayed, Stages]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from cli.opening import opened
    from config.settings import StorageSettings, read
    from ingest.pipeline import Pipeline
    from ingest.replay import replay as feed

    # Standard output is for the result alone.
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    async with opened(read(StorageSettings)) as database:
        pipeline = Pipeline(database)
        running = asyncio.create_task(pipeline.run())
        try:
            with bar:
                task = bar.add_task(file.name, total=None)
                result = await feed(
                    database, pipeline, file, live=live,
                    progress=lambda done, total: bar.update(task, completed=done, total=total),
                    report=lambda line, why: bar.console.print(f"line {line}: {why}", highlight=False, markup=False),
                )  # fmt: skip
                return result, pipeline.stages
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
