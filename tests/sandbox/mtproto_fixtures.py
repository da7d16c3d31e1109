"""The MTProto box with a real Telethon client in it, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from telethon import TelegramClient, events, utils
from telethon.crypto import rsa
from telethon.sessions import MemorySession
from telethon.tl import functions

from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World

PATIENCE_SECONDS = 10.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; TimeoutError after a generous while."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - most conditions are of the library, which sets no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def new_client(server: MtprotoServer) -> AsyncIterator[Any]:
    """A connected Telethon client that trusts and finds the box; nobody is signed in yet."""
    rsa.add_key(server.public_key_pem, old=False)
    session = MemorySession()
    session.set_dc(server.dc_id, server.host, server.port)
    client = TelegramClient(
        session,
        1,
        "0" * 32,
        catch_up=True,
        sequential_updates=True,
        retry_delay=0.05,
        connection_retries=50,
        request_retries=2,
        flood_sleep_threshold=0,
    )
    await client.connect()
    try:
        yield client
    finally:
        await client.disconnect()


async def sign_in(client: Any, user: User, code: str | None = None) -> Any:
    """Sign a person in with the code they were sent."""
    await client.send_code_request(user.phone)
    return await client.sign_in(user.phone, code or user.code)


@dataclass
class Reader:
    """A person who reads a channel with Telethon: what the client was told, in the order of arrival."""

    world: World
    server: MtprotoServer
    user: User
    client: Any
    channel: Channel
    entity: Any
    new: list[Any] = field(default_factory=list)
    edited: list[Any] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)

    @property
    def new_ids(self) -> list[int]:
        """Ids of the messages that arrived as new."""
        return [message.id for message in self.new]

    def listen(self) -> None:
        """Register handlers that only take notes."""

        async def on_new(event: Any) -> None:
            self.new.append(event.message)

        async def on_edit(event: Any) -> None:
            self.edited.append(event.message)

        async def on_delete(event: Any) -> None:
            self.deleted.extend(event.deleted_ids)

        self.client.add_event_handler(on_new, events.NewMessage)
        self.client.add_event_handler(on_edit, events.MessageEdited)
        self.client.add_event_handler(on_delete, events.MessageDeleted)

    def spy(self) -> list[Any]:
        """Everything that arrives unasked from now on, before Telethon sorts out what it has seen."""
        arrived: list[Any] = []
        queue = self.client._updates_queue
        hand_on = queue.put_nowait

        def note(update: Any) -> None:
            arrived.append(update)
            hand_on(update)

        queue.put_nowait = note
        return arrived

    async def ask(self, request: Any) -> Any:
        """One call past the client, which would repeat some errors and remember others."""
        await request.resolve(self.client, utils)
        return await self.client._sender.send(request)

    def publish(self, *texts: str) -> list[int]:
        """Publish posts in the channel; their ids."""
        return [self.world.channels.publish(self.channel, text).message_id for text in texts]

    @asynccontextmanager
    async def reconnecting(self) -> AsyncIterator[None]:
        """Something that makes the client connect anew; afterwards it has, and listens again."""
        calls = self.server.calls["users.getUsers"]  # Telethon asks who it is
        yield
        await until(lambda: self.server.calls["users.getUsers"] > calls)

    async def settled(self) -> None:
        """One post published and received: from here the client knows the channel's pts."""
        [message_id] = self.publish("settling")
        await until(lambda: message_id in self.new_ids)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world whose failures and unmet faults fail the test."""
    world = World()
    yield world
    world.raise_failures()
    assert world.faults.pending() == []


@pytest.fixture
async def server(world: World) -> AsyncIterator[MtprotoServer]:
    """The running box."""
    async with MtprotoServer(world) as server:
        yield server


@pytest.fixture
async def alice(world: World) -> User:
    """A person without two-step password."""
    return world.add_user("Alice", phone="79990001122", username="alice")


@pytest.fixture
async def client(server: MtprotoServer) -> AsyncIterator[Any]:
    """A connected client, nobody signed in."""
    async with new_client(server) as client:
        yield client


@pytest.fixture
async def reader(world: World, server: MtprotoServer, client: Any, alice: User) -> Reader:
    """Alice, signed in, a member of the channel @daily, listening."""
    channel = world.channels.add("The Daily", "daily")
    await sign_in(client, alice)
    entity = await client.get_entity("daily")
    await client(functions.channels.JoinChannelRequest(entity))
    reader = Reader(world, server, alice, client, channel, entity)
    reader.listen()
    return reader
