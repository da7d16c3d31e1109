"""Pages from templates: autoescaped, in the operator's language, time zone and colours."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from storage.database import DatabaseAway, StatementRefused
from storage.operators import Operator
from web import texts, wording
from web.access import form_token, session_in
from web.access.cookies import set_visit
from web.access.forms import FIELD
from web.texts import Texts

log = structlog.get_logger()

SECTIONS = (
    ("overview", "/"),
    ("search", "/search"),
    ("live", "/live"),
    ("stories", "/stories"),
    ("topics", "/topics"),
    ("channels", "/channels"),
    ("deliveries", "/deliveries"),
)
"""The console's sections, as they stand in its head."""

_ENVIRONMENT = Environment(
    loader=PackageLoader("web", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


async def page(
    request: Request, template: str, /, *, status: int = 200, section: str = "", **values: Any
) -> HTMLResponse:
    """The template's page. `section`: which of SECTIONS it belongs to."""
    operator = await _operator(request)
    rendered = _ENVIRONMENT.get_template(template).render(
        **_frame(request, operator), section=section, sections=SECTIONS, **values
    )
    response = HTMLResponse(rendered, status)
    set_visit(request, response)
    return response


async def error_page(request: Request, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """What went wrong, in a sentence."""
    known = status if f"error_{status}" in texts.ENGLISH else 400 if status < 500 else 500
    response = await page(request, "error.html", status=status, code=status, sentence=f"error_{known}")
    response.headers.update({name: value for name, value in (headers or {}).items() if name.lower() != "content-type"})
    return response


def zone_of(name: str) -> dt.tzinfo:
    """The time zone of an IANA name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC


def texts_for(request: Request, operator: Operator | None) -> Texts:
    """The catalogue of the operator's language, else of the first that their browser asks for and we have."""
    if operator is not None and operator.language:
        return texts.CATALOGUES[operator.language]
    return texts.accepted(request.headers.get("accept-language", ""))


@cache
def static(name: str) -> str:
    """The address of a static file; it changes with the file, which may therefore be kept for ever."""
    content = (Path(__file__).parent / "static" / name).read_bytes()
    return f"/static/{name}?{hashlib.sha256(content).hexdigest()[:12]}"


def _frame(request: Request, operator: Operator | None) -> dict[str, Any]:
    chosen = texts_for(request, operator)
    zone = zone_of(operator.time_zone) if operator else dt.UTC
    return {
        "operator": operator,
        "theme": operator.theme if operator else "auto",
        "hidden": partial(_hidden, form_token(request)),
        "static": static,
        **wording.bound(chosen, zone, dt.datetime.now(dt.UTC)),
    }


def _hidden(token: str) -> Markup:
    """The field by which a form is known as ours."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token)


async def _operator(request: Request) -> Operator | None:
    """Who is signed in, as far as that can be told: a page about an error is shown even when the database is away."""
    try:
        session = await session_in(request)
    except (DatabaseAway, StatementRefused):
        return None
    return session.operator if session else None
