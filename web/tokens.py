"""Who asks the API: a program that shows its token as a Bearer, and how often it may."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from storage import api_tokens
from storage.api_tokens import ApiToken
from web.allowance import Allowance
from web.connections import database_of
from web.problems import Problem

REQUESTS_A_MINUTE = 300
"""Of one token: five a second, in which a search of a million posts is answered ten times over."""

MISTAKES_A_MINUTE = 30
"""Of one address that shows no good token, or asks for a feed that does not exist."""

READS_A_MINUTE = 60
"""Of one feed: readers ask some times an hour."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """How often programs may ask, one set an application."""

    tokens: Allowance = field(default_factory=lambda: Allowance(REQUESTS_A_MINUTE))
    mistakes: Allowance = field(default_factory=lambda: Allowance(MISTAKES_A_MINUTE))
    feeds: Allowance = field(default_factory=lambda: Allowance(READS_A_MINUTE))


def allowances_of(request: Request) -> Allowances:
    """The application's."""
    found: Allowances = request.app.state.allowances
    return found


bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token of `channelwatch tokens create NAME --scope read`, sent as `Authorization: Bearer cwa_…`.",
)


async def let_in(
    request: Request,
    needed: SecurityScopes,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> ApiToken:
    """The token that a request shows, which has the scopes that its route needs. Raises Problem."""
    token = None
    if shown is not None:
        async with database_of(request).begin() as connection:
            token = await api_tokens.presented(connection, shown.credentials)
    if token is None:
        count_mistake(request)
        said = 'error="invalid_token"' if shown is not None else ""
        raise Problem(
            401, "Show a token: `Authorization: Bearer …`.", headers={"www-authenticate": f"Bearer {said}".strip()}
        )
    refuse_haste(allowances_of(request).tokens.take(token.id))
    if missing := set(needed.scopes) - token.scopes:
        scope = " ".join(sorted(missing))
        headers = {"www-authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
        raise Problem(403, f"This token has not the scope “{scope}”.", kind="scope", headers=headers)
    return token


def count_mistake(request: Request) -> None:
    """Somebody has shown nothing that opens anything. Raises Problem when they do so all the time."""
    refuse_haste(allowances_of(request).mistakes.take(request.client.host if request.client else ""))


def refuse_haste(wait: float) -> None:
    """Raises Problem when there is anything to wait for."""
    if wait > 0:
        seconds = math.ceil(wait)
        raise Problem(429, f"Too many requests: wait {seconds} s.", headers={"retry-after": str(seconds)})
