"""How every command opens its logs, settings and database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # heavy, and `--help` must not wait for it
    from config.settings import StorageSettings
    from storage.database import Connection, Database

Result = TypeVar("Result")


@contextlib.asynccontextmanager
async def opened(settings: StorageSettings) -> AsyncIterator[Database]:
    """The database that the settings name, open; and the word forms met before, read from and kept on disk.

    What labels posts is what the settings name, too.
    """
    import structlog

    from analysis.kept_lemmas import load_lemmas, save_lemmas
    from analysis.text import LEMMAS
    from analysis.topic_model import plug_in
    from config import logs
    from storage.database import Database

    if not structlog.is_configured():
        logs.set_up()
    plug_in(settings.topic_model)
    if settings.topic_model:
        structlog.get_logger().warning(
            "a topic model is plugged in: read what Telegram's terms say of it in docs/privacy-and-terms.md",
            model=settings.topic_model,
        )
    url = settings.database_url.get_secret_value() if settings.database_url else None
    database = await Database.open(settings.home, url)
    load_lemmas(settings.home)
    known = LEMMAS.remembered
    try:
        yield database
    finally:
        await database.close()
        if LEMMAS.remembered != known:
            with contextlib.suppress(OSError):  # only speed is lost where it cannot be written
                save_lemmas(settings.home)


def in_transaction(work: Callable[[Connection], Awaitable[Result]]) -> Result:
    """One question to the database, or one change to it, in a transaction of its own."""

    async def done() -> Result:
        from config.settings import StorageSettings, read

        async with opened(read(StorageSettings)) as database, database.begin() as connection:
            return await work(connection)

    return asyncio.run(done())
