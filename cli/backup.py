"""`channelwatch backup`: everything that is stored, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal import in_bytes, progress_bar

if TYPE_CHECKING:
    from storage.backups import Backup

NOT_PART_OF_IT = (
    "Not part of it: the accounts' sessions (sign in again with `channelwatch login`), who is signed in to the "
    "console, and the files of the data folder: keys and fetched media."
)


def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to; FILE.sha256 is written beside it.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object, for programs.")] = False,
) -> None:
    """Write a backup while everything goes on: posts, versions, stories, subscribers, what is owed, settings in chats.

    It is what `pg_dump` writes, in its custom format, read back before it gets its name. Sessions of the reading
    accounts and keys are not part of it: whoever finds the file cannot read or write in anybody's name. It does hold
    the posts, the numbers of chats, what people asked for, and hashes of passwords and tokens: keep it to yourself.

    **Examples**

    `channelwatch backup /backups/channelwatch-2026-11-22.dump`

    `channelwatch backup "/backups/$(date +%F).dump" --json`
    """
    from cli.database_address import database_address
    from config import logs
    from config.settings import StorageSettings, read
    from storage.backups import back_up, remember

    logs.set_up()
    settings = read(StorageSettings)
    with database_address(settings) as (url, is_private), progress_bar() as bar:
        task = bar.add_task("Backup", total=1.0)
        made = back_up(
            url, file, is_private=is_private, force=force,
            progress=lambda what, share: bar.update(task, description=what, completed=share),
        )  # fmt: skip
    remember(settings.home, made)
    _say(made, json=json)


def _say(made: Backup, *, json: bool) -> None:
    if json:
        import json as encoding

        values = {"file": str(made.path), "bytes": made.bytes, "sha256": made.sha256, "at": made.made_at.isoformat()}
        print(encoding.dumps(values, ensure_ascii=False))
        return
    print(f"{made.path}: {in_bytes(made.bytes)}, read back and found whole. SHA-256 {made.sha256}")
    print(NOT_PART_OF_IT)
