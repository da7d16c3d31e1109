"""`channelwatch restore`: a backup back into the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal import progress_bar

if TYPE_CHECKING:
    from storage.restoring import Restored


def restore(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="As `channelwatch backup` wrote it.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="In the place of what the database holds, for good.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object, for programs.")] = False,
) -> None:
    """Put a backup into an empty database, and bring it to this release's schema. Stop all programs first.

    The file is checked before anything is touched. If anything fails, the database is as it was. Sessions and keys are
    not part of a backup: afterwards sign in with `channelwatch login`; channels are joined again by their names.

    **Examples**

    `channelwatch restore /backups/channelwatch-2026-11-22.dump`

    `CHANNELWATCH_HOME=/srv/fresh channelwatch restore /backups/channelwatch-2026-11-22.dump`
    """
    from cli.database_address import database_address
    from config import logs
    from config.settings import StorageSettings, read
    from storage.restoring import restore as put_back

    logs.set_up()
    with database_address(read(StorageSettings)) as (url, is_private), progress_bar() as bar:
        task = bar.add_task("Restore", total=1.0)
        restored = put_back(
            url, file, is_private=is_private, replace=replace,
            progress=lambda what, share: bar.update(task, description=what, completed=share),
        )  # fmt: skip
    _say(restored, file, json=json)


def _say(restored: Restored, file: Path, *, json: bool) -> None:
    if json:
        import json as encoding
        from dataclasses import asdict

        print(encoding.dumps(asdict(restored)))
        return
    print(f"Restored from {file}: {restored.posts:,} posts; the backup was of schema {restored.schema}.")
    if not restored.is_checked:
        print(f"{file}.sha256 was not there: the file could be read, but not compared with what it was.")
    if restored.owed:
        waiting = "1 delivery" if restored.owed == 1 else f"{restored.owed:,} deliveries"
        print(
            f"{waiting} waited when the backup was made:"
            " the bot sends what is still asked for, perhaps once more than it did. To keep that back:"
            " `channelwatch deliveries cancel --waiting`."
        )
    print("Sessions and keys are not part of a backup. Next: `channelwatch login`, then `channelwatch run`.")
