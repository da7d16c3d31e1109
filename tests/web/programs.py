"""What the tests of the API and the feeds begin with: programs that show tokens, and posts to be asked for."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from config.settings import WebSettings
from storage import api_tokens
from storage.database import Database
from tests.storage.makers import make_channel, make_post, store
from web.app import create_app

EVERYTHING = ("read", "write", "admin")


@dataclass
class Program:
    """A program that asks the application, with a token or without."""

    client: httpx.AsyncClient
    app: FastAPI
    database: Database
    word: str | None = None

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; `path` below /api/v1."""
        headers = {"authorization": f"Bearer {self.word}"} if self.word else {}
        return await self.client.request(
            method, f"/api/v1{path}", headers=headers | options.pop("headers", {}), **options
        )

    async def get(self, path: str, **params: Any) -> Any:
        """What a request that must succeed answers."""
        response = await self.ask("GET", path, params=params)
        assert response.status_code == 200, (path, response.text)
        return response.json()

    async def save(self, name: str = "peace", query: str = "мир") -> dict[str, Any]:
        """A saved search."""
        response = await self.ask("POST", "/saved-searches", json={"name": name, "query": query})
        assert response.status_code == 201, response.text
        saved: dict[str, Any] = response.json()
        return saved

    async def like(self, owner: str, *scopes: str) -> Program:
        """Another program, of that owner's."""
        return Program(self.client, self.app, self.database, await make_token(self.database, scopes, owner))


async def make_token(database: Database, scopes: Collection[str], owner: str = "desk") -> str:
    """A token's word."""
    async with database.begin() as connection:
        name = f"{owner} {' '.join(scopes)}"
        return (await api_tokens.make(connection, name=name, scopes=scopes, owner=owner))[1]


@contextlib.asynccontextmanager
async def program(
    database: Database, home: Path, scopes: Collection[str] = ("read", "write"), owner: str = "desk"
) -> AsyncIterator[Program]:
    """A program with a token, before a whole application."""
    app = create_app(database, WebSettings(home=home))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8878") as client:
        yield Program(client, app, database, await make_token(database, scopes, owner))


async def store_posts(database: Database, *said: str, username: str = "demo_opal_wire") -> list[int]:
    """Posts of one channel, the last one the newest; their numbers."""
    channel_id = await make_channel(database, username)
    posts = [make_post(channel_id, number, words) for number, words in enumerate(said, start=1)]
    return [post_id for post_id, _ in await store(database, *posts)]
