"""The database by its address, for commands that work on it from outside: private server started, nothing migrated."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import StorageSettings


@contextlib.contextmanager
def database_address(settings: StorageSettings) -> Iterator[tuple[str, bool]]:
    """The address, and whether it is that of the private server in the data folder."""
    from storage.embedded import EmbeddedServer

    if settings.database_url is not None:
        yield settings.database_url.get_secret_value(), False
        return
    with EmbeddedServer(settings.home) as server:
        yield server.url, True
