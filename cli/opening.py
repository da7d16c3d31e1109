"""How every command opens its logs, settings and database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # heavy, and `--help` must not wait for it
    from config.settings import StorageSettings
    from storage.database import Database


@contextlib.asynccontextmanager
async def opened(settings: StorageSettings) -> AsyncIterator[Database]:
    """The database that the settings name, open; and the word forms met before, read from and kept on disk."""
    import structlog

    from analysis.lemmas import signature
    from analysis.text import LEMMAS
    from config import logs
    from storage.database import Database

    if not structlog.is_configured():
        logs.set_up()
    url = settings.database_url.get_secret_value() if settings.database_url else None
    database = await Database.open(settings.home, url)
    path = settings.home / "lemmas.cache"
    LEMMAS.load(path, signature())
    try:
        yield database
    finally:
        await database.close()
        with contextlib.suppress(OSError):  # only speed is lost where it cannot be written
            LEMMAS.save(path, signature())
