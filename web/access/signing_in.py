"""Who is signed in: the session behind a request's cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from storage.operator_sessions import Session, session_of
from storage.operators import Operator
from web.access.cookies import session_token
from web.connections import database_of


class NotSignedIn(Exception):
    """Nobody is signed in in this browser (any more)."""


async def session_in(request: Request) -> Session | None:
    """The session of this request, looked up once; None when there is none."""
    if not hasattr(request.state, "session"):
        token = session_token(request)
        request.state.session = None
        if token:
            async with database_of(request).begin() as connection:
                request.state.session = await session_of(connection, token)
    found: Session | None = request.state.session
    return found


async def operator_of(request: Request) -> Operator:
    """The operator who asks. Raises NotSignedIn; a dependency of every page but the login."""
    session = await session_in(request)
    if session is None:
        raise NotSignedIn
    return session.operator


SignedIn = Annotated[Operator, Depends(operator_of)]
