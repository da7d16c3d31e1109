"""A world with one person and one channel, the box that serves it, and settings that point ingest at the box."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from config.settings import IngestSettings
from ingest.login import login
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage.channels import request_channel
from storage.database import Database

PHONE = "+380441234567"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world in which nothing may go wrong inside the box."""
    made = World()
    yield made
    made.raise_failures()


@pytest.fixture
def reader(world: World) -> User:
    """The person whose account reads."""
    return world.add_user("Olena", phone=PHONE, code="24680")


@pytest.fixture
def news(world: World) -> Channel:
    """A channel."""
    return world.channels.add("News of the box", "news_box")


@pytest.fixture
async def server(world: World) -> AsyncIterator[MtprotoServer]:
    """The box, listening."""
    async with MtprotoServer(world) as running:
        yield running


@pytest.fixture
def settings(server: MtprotoServer, tmp_path: Path) -> IngestSettings:
    """Settings as the environment would give them."""
    key = tmp_path / "server.pem"
    key.write_text(server.public_key_pem)
    return IngestSettings(
        home=tmp_path / "data",
        api_id=1,
        api_hash=SecretStr("0" * 32),
        dc_id=server.dc_id,
        dc_address=f"{server.host}:{server.port}",
        dc_public_key=key,
        _env_file=None,
    )


@dataclass
class Answers:
    """A person at the keyboard who knows the answers, the wrong ones first."""

    phone_number: str = PHONE
    codes: list[str] = field(default_factory=lambda: ["24680"])
    passwords: list[str] = field(default_factory=list)
    scan: Callable[[str], None] = lambda url: None
    said: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    hint: str | None = None

    async def phone(self) -> str:
        """The number."""
        return self.phone_number

    async def code(self, where: str) -> str:
        """The next code."""
        self.said.append(where)
        return self.codes.pop(0)

    async def password(self, hint: str | None) -> str:
        """The next password."""
        self.hint = hint
        return self.passwords.pop(0)

    async def show_qr(self, url: str, expires_at: dt.datetime) -> None:
        """Note the code, and perhaps scan it."""
        self.urls.append(url)
        self.scan(url)

    async def say(self, sentence: str) -> None:
        """Listen."""
        self.said.append(sentence)


@pytest.fixture
async def signed_in(database: Database, settings: IngestSettings, reader: User) -> IngestSettings:
    """Settings with which the reader has signed in."""
    await login(database, settings, Answers())
    return settings


@pytest.fixture
def all_logs() -> Iterator[list[Any]]:
    """Every line that is logged, of whatever level."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    with structlog.testing.capture_logs() as logged:
        yield logged
    structlog.configure(**before)


async def ask_for(database: Database, username: str) -> None:
    """As `channelwatch channels add`."""
    async with database.begin() as connection:
        await request_channel(connection, username)
