"""Migrations lead to the models' schema, and back."""

from __future__ import annotations

from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from storage import migrations
from storage.database import Database, DatabaseUnreachable
from storage.embedded import EmbeddedServer
from storage.models import Base
from tests.conftest import execute


def test_migrated_schema_is_what_the_models_say(database_url: str) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_every_migration_goes_back_and_forth(database_url: str) -> None:
    migrations.downgrade(database_url, "base")
    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert left == [("alembic_version",)]
    migrations.upgrade(database_url)
    migrations.check(database_url)


async def test_server_database_is_not_migrated_behind_the_operators_back(
    postgres: EmbeddedServer, tmp_path: Path
) -> None:
    execute(postgres, "CREATE DATABASE not_migrated")
    with pytest.raises(migrations.SchemaMismatch, match="run `channelwatch migrate`"):
        await Database.open(tmp_path, postgres.url_of("not_migrated"))
    execute(postgres, "DROP DATABASE not_migrated")


async def test_schema_of_a_newer_release_is_refused(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrations.SchemaMismatch, match="newer"):
        await Database.open(tmp_path, database_url)


async def test_unreachable_server_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        await Database.open(tmp_path, "postgresql://me:hunter2@127.0.0.1:9/none")
    assert "hunter2" not in str(refused.value)


def test_a_migration_for_which_somebody_would_have_to_wait_changes_nothing(database_url: str) -> None:
    migrations.downgrade(database_url, "0020")
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT FROM deliveries")  # a program of before that goes on
        with pytest.raises(migrations.MigrationBlocked, match="stop all programs"):
            migrations.upgrade(database_url)
    assert migrations.current(database_url) == "0020"


def test_reasons_of_waiting_alerts_outlive_the_move_into_their_rows(database_url: str) -> None:
    migrations.downgrade(database_url, "0001")
    with psycopg.connect(database_url) as connection:
        for statement in OWED_AT_0001:
            connection.execute(statement)
    migrations.upgrade(database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT reasons FROM deliveries").fetchall() == [([1, 2],)]
    migrations.downgrade(database_url, "0001")
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("SELECT delivery_id, subscription_id FROM delivery_reasons ORDER BY 2").fetchall()
    assert kept == [(1, 1), (1, 2)]


OWED_AT_0001: tuple[LiteralString, ...] = (
    "INSERT INTO channels (title, state) VALUES ('news', 'archived')",
    (
        "INSERT INTO posts (channel_id, message_id, text, parts, content_hash, terms, topics, topic_codes, has,"
        " forwarded_from, links, analysis, found_by, posted_at, seen_at)"
        " VALUES (1, 1, '', '[]', '', '', '[]', '{}', '{}', '{}', '{}', 'done', 'push', now(), now())"
    ),
    "INSERT INTO subscribers (chat_id, chat_type, language, state) VALUES (1, 'private', 'en', 'active')",
    (
        "INSERT INTO subscriptions (subscriber_id, name, query, canonical, state, version)"
        " SELECT 1, '', '', '', 'active', n FROM generate_series(1, 2) n"
    ),
    (
        "INSERT INTO deliveries (kind, subscriber_id, post_id, priority, due_at, state)"
        " VALUES ('alert', 1, 1, 20, now(), 'pending')"
    ),
    "INSERT INTO delivery_reasons (delivery_id, subscription_id) VALUES (1, 2), (1, 1)",
)
