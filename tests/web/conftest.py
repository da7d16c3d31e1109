"""An operator's browser without a browser: a client of the application, signed in, that keeps cookies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from config.settings import WebSettings
from storage.database import Database
from tests.web.visitor import NAME, PASSWORD, Visitor, make_operator
from web.app import create_app


@pytest.fixture
def web_settings(tmp_path: Path) -> WebSettings:
    """As without any setting, but with a home of its own."""
    return WebSettings(home=tmp_path)


@pytest.fixture
async def stranger(database: Database, web_settings: WebSettings) -> AsyncIterator[Visitor]:
    """A browser that is not signed in; there is one operator."""
    await make_operator(database, NAME)
    app = create_app(database, web_settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8878") as client:
        yield Visitor(client, app, database)


@pytest.fixture
async def visitor(stranger: Visitor) -> Visitor:
    """The operator's browser, signed in."""
    await stranger.sign_in(NAME, PASSWORD)
    return stranger
