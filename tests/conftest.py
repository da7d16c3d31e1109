"""What all tests share: a real PostgreSQL, a fresh database for each test that asks, and quiet logs."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import structlog
from hypothesis import settings as hypothesis_settings

from storage import migrations
from storage.database import Database
from storage.embedded import EmbeddedServer
from tests.emptied import emptied_database

os.environ.setdefault("PTB_TIMEDELTA", "1")

hypothesis_settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis_settings.register_profile("ci", max_examples=200, deadline=None, print_blob=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Nothing a test stores outlives it, so nothing is worth waiting for the disk; a crash of PostgreSQL is not tested here.
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}

numbers = count(1)


@pytest.fixture(autouse=True)
def quiet_logs() -> None:
    """Warnings and errors only, whatever an earlier test configured: logging is global."""
    structlog.reset_defaults()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for name in ("mtprotosender", "mtprotostate"):  # which programs silence, and tests of the box listen to
        logging.getLogger(f"telethon.network.{name}").setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """A private PostgreSQL for this test process, with a migrated template to clone."""
    with (
        tempfile.TemporaryDirectory(prefix="channelwatch-tests-") as folder,
        EmbeddedServer(Path(folder), FAST) as server,
    ):
        execute(server, "CREATE DATABASE template_channelwatch")
        migrations.upgrade(server.url_of("template_channelwatch"))
        yield server


@pytest.fixture
def database_url(postgres: EmbeddedServer) -> Iterator[str]:
    """The address of a fresh, migrated database that is dropped after the test."""
    name = f"test_{next(numbers)}"
    execute(postgres, f"CREATE DATABASE {name} TEMPLATE template_channelwatch")
    yield postgres.url_of(name)
    execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(postgres: EmbeddedServer) -> AsyncIterator[Database]:
    """An empty, migrated database, open. Tests that change the schema or kill things ask for `database_url`."""
    opened = Database(emptied_database(postgres))
    yield opened
    await opened.close()


def execute(server: EmbeddedServer, statement: str) -> None:
    """Run one statement on the server's own database."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(statement.encode())
