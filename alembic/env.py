"""Alembic's door: runs migrations on the address it is given by `storage.migrations` or by `alembic -x url=…`."""

from __future__ import annotations

from sqlalchemy import create_engine, pool

from alembic import context
from storage.models import Base


def run() -> None:
    url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    if not url:
        raise SystemExit("Name the database: alembic -x url=postgresql+psycopg://… (or use `channelwatch migrate`).")
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"options": "-c lock_timeout=4s"})
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
