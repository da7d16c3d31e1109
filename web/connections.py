"""A route's way to the database: one transaction a request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from storage.database import Connection, Database


def database_of(request: Request) -> Database:
    """The database that the app was made with."""
    database: Database = request.app.state.database
    return database


async def connection(request: Request) -> AsyncIterator[Connection]:
    """A transaction for the route: rolled back if it raises."""
    async with database_of(request).begin() as opened:
        yield opened


Connected = Annotated[Connection, Depends(connection, scope="function")]
"""Committed before the answer is sent: who follows a redirect must find what was just written."""
