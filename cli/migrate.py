"""`channelwatch migrate`: bring the database to this release's schema."""

from __future__ import annotations


def migrate() -> None:
    """Bring the database to this release's schema.

    With no DATABASE_URL the private database is meant, which also migrates by itself whenever a program starts.

    **Examples**

    `channelwatch migrate`

    `DATABASE_URL=postgresql://me:secret@db/channelwatch channelwatch migrate`
    """
    from cli.database_address import database_address
    from config import logs
    from config.settings import StorageSettings, read
    from storage import migrations

    logs.set_up()
    with database_address(read(StorageSettings)) as (url, _):
        migrations.upgrade(url)
    print(f"The database is at schema {migrations.head()}.")
