"""Serving: on this machine alone, or with somebody who can sign in; ended by the program's own stop."""

from __future__ import annotations

import asyncio
import socket

import pytest

from config.settings import WebSettings
from storage.database import Database
from web.program import NotServed, run_web


async def test_others_are_not_served_before_there_is_an_operator(database: Database, web_settings: WebSettings) -> None:
    web_settings.host = "0.0.0.0"
    with pytest.raises(NotServed, match="channelwatch operators add NAME"):
        await run_web(database, web_settings, stop=asyncio.Event())


async def test_a_taken_port_is_named(database: Database, web_settings: WebSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        web_settings.port = taken.getsockname()[1]
        with pytest.raises(NotServed, match=f"port {web_settings.port}"):
            await run_web(database, web_settings, stop=asyncio.Event())


def test_by_default_only_this_machine_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHANNELWATCH_WEB_HOST", raising=False)
    assert WebSettings().host == "127.0.0.1"
    assert not WebSettings().web
