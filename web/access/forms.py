"""Forms that change something: only our own pages can send them."""

from __future__ import annotations

import hashlib
import hmac

from fastapi import HTTPException, Request

from web.access.cookies import visit_of

FIELD = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def form_token(request: Request) -> str:
    """What a form carries: only who knows the cookie, which no other site can read, can make it."""
    return hmac.new(visit_of(request).encode(), b"channelwatch form", hashlib.sha256).hexdigest()


async def checked_form(request: Request) -> None:
    """Refuse (403) what changes something and does not come from a form of ours; a dependency of all pages."""
    if request.method in SAFE:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403)
    given = (await request.form()).get(FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), form_token(request).encode()):
        raise HTTPException(403)
