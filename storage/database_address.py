"""The database by its address: as each library reads it, and a plain connection for what works on it from outside."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import psycopg

UNREADABLE = "DATABASE_URL is no address of a database: postgresql://user:password@host:5432/name"


class DatabaseUnreachable(Exception):
    """The server that DATABASE_URL names does not answer; the message says why, without the password."""


def libpq_url(url: str) -> str:
    """The address as PostgreSQL's own programs and psycopg read it, without SQLAlchemy's name of a driver."""
    return re.sub(r"^postgresql\+psycopg://", "postgresql://", url)


def sqlalchemy_url(url: str) -> str:
    """The address as SQLAlchemy reads it, with the name of the driver."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


@contextlib.contextmanager
def connected(url: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
    """A connection outside of any pool, committed and closed at the end of the block. Raises DatabaseUnreachable."""
    try:
        connection = psycopg.connect(libpq_url(url), autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(f"The database of DATABASE_URL does not answer: {_first_line(error)}") from None
    except psycopg.ProgrammingError:  # libpq's words about an address quote it, password and all
        raise DatabaseUnreachable(UNREADABLE) from None
    with connection:
        yield connection


def _first_line(error: Exception) -> str:
    """What an error says, without the hints behind it."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
