"""What all tables share: types, names of constraints, columns that hold one of a few words."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    LargeBinary,
    MetaData,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase

NOW = sql("now()")

PENDING = {"gin_pending_list_limit": 65_536}
"""KiB that an index of words may hold unsorted before an insert must stop to sort them in: never reached while
`storage.upkeep` does it (decision 7); PostgreSQL's own 4 MiB stopped inserts for up to 1.6 s (measured)."""


def one_of(column: str, *values: str) -> CheckConstraint:
    """A column that holds one of a few words; the database refuses any other."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Base(DeclarativeBase):
    """Constraint names are spelled out so that every later migration can name what it changes."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name from the class
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        float: Double,
        dt.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
        list[str]: ARRAY(Text),
    }
