"""`channelwatch migrate`: bring the database to this release's schema."""

from __future__ import annotations


def migrate() -> None:
    """Bring the database to this release's schema.

    With no DATABASE_URL the private database is meant, which also migrates by itself whenever a program starts.

    **Examples**

    `channelwatch migrate`

    `DATABASE_URL=postgresql://me:secret@db/channelwatch channelwatch migrate`
    """
    import psycopg

    from config import logs
    from config.settings import StorageSettings, read
    from storage import migrations
    from storage.database import DatabaseUnreachable
    from storage.embedded import EmbeddedServer

    logs.set_up()
    settings = read(StorageSettings)
    if settings.database_url is None:
        with EmbeddedServer(settings.home) as server:
            migrations.upgrade(server.url)
    else:
        try:
            migrations.upgrade(settings.database_url.get_secret_value())
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(f"The database of DATABASE_URL does not answer: {error}") from None
    print(f"The database is at schema {migrations.head()}.")
