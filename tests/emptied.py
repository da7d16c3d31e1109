"""A database that is emptied instead of made anew: 0.04 s instead of 0.4 s (measured on two busy cores)."""

from __future__ import annotations

import psycopg
from psycopg import sql

from storage.embedded import EmbeddedServer

NAME = "emptied"


def emptied_database(server: EmbeddedServer) -> str:
    """The address of a migrated database of this test process that holds nothing, its numbers beginning at 1.

    Not for tests that change the schema or leave connections behind: those ask for `database_url`.
    """
    with psycopg.connect(server.url, autocommit=True) as connection:
        # A test that failed may have left a transaction open, for which TRUNCATE would wait.
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (NAME,))
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (NAME,)).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template_channelwatch").format(sql.Identifier(NAME))
            )
    with psycopg.connect(server.url_of(NAME)) as connection:
        listed = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        tables = sql.SQL(", ").join(sql.Identifier(name) for (name,) in listed)
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
        connection.execute("INSERT INTO subscription_counter (id, version) VALUES (1, 0)")
    return server.url_of(NAME)
