"""For the tests of storage, which are many: one database for all, emptied before each, not a new one for each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from storage.embedded import EmbeddedServer
from tests.storage.emptied import emptied_database


@pytest.fixture
async def database(postgres: EmbeddedServer) -> AsyncIterator[Database]:
    """An empty, migrated database, open."""
    opened = Database(emptied_database(postgres))
    yield opened
    await opened.close()
