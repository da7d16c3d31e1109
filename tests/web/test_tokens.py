"""Tokens as an operator makes them, and that nothing of ours repeats one (fault matrix S6)."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from typer.testing import CliRunner, Result

from cli import tokens
from config.settings import WebSettings
from storage.api_tokens import TokenNameTaken
from storage.database import Database
from tests.web.programs import program, store_posts
from web.program import run_web


def run(url: str, home: Path, *arguments: str) -> Result:
    environment = {"DATABASE_URL": url, "CHANNELWATCH_HOME": str(home)}
    return CliRunner().invoke(tokens.app, arguments, env=environment)


def said(result: Result) -> str:
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_a_token_is_made_listed_without_its_word_and_revoked(database_url: str, tmp_path: Path) -> None:
    word = said(run(database_url, tmp_path, "create", "desk", "--scope", "read", "--scope", "write", "--owner", "war"))
    listed = said(run(database_url, tmp_path, "list", "--json"))
    row: dict[str, Any] = json.loads(listed)
    assert word.startswith("cwa_")
    assert word.strip() not in listed
    assert (row["name"], row["scopes"], row["owner"], row["revoked_at"]) == ("desk", ["read", "write"], "war", None)
    with pytest.raises(TokenNameTaken):
        said(run(database_url, tmp_path, "create", "desk"))
    assert "revoked" in said(run(database_url, tmp_path, "revoke", "desk"))
    assert "revoked" in said(run(database_url, tmp_path, "list"))
    with pytest.raises(tokens.NoSuchToken, match="channelwatch tokens list"):
        said(run(database_url, tmp_path, "revoke", "desk"))


async def test_no_token_is_in_logs_errors_or_pages(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    await store_posts(database, "мир")
    async with program(database, tmp_path) as asker:
        saved = await asker.save()
    feed = saved["rss_url"].rsplit("/", 1)[1].removesuffix(".xml")
    wrong = f"{feed}x"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stop = asyncio.Event()
    serving = asyncio.create_task(run_web(database, WebSettings(home=tmp_path, port=port), stop=stop))
    answers: list[str] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await _until_served(client)
        for path in (
            "/api/v1/posts?query=мир",
            "/api/v1/posts?query=(",
            "/api/v1/nothing",
            "/api/v1/posts/0",
            "/metrics",
        ):
            for word in (asker.word, wrong):
                response = await client.get(path, headers={"authorization": f"Bearer {word}"})
                answers.append(response.text)
        for path in (f"/feeds/{feed}.txt", f"/feeds/{wrong}.xml", f"/feeds/{feed}.xml/more", f"/{feed}"):
            answers.append((await client.get(path)).text)  # noqa: PERF401 - one after another
    stop.set()
    await serving
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    told = "".join([*answers, *ours, *capfd.readouterr()])
    assert "console served" in told
    assert not any(secret in told for secret in (str(asker.word), feed))


async def _until_served(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await client.get("/api/v1")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return
