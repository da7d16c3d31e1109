"""The faults of the nemesis that are more than a trouble of the box switched on and off (those: `nemesis_kinds`).

A fault is a coroutine function that returns when the fault is over. Chance is given to it, so that the same seed does
the same again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import get_args

from benchmarks.nemesis_arena import OURS, Arena
from benchmarks.nemesis_lives import Lives
from benchmarks.nemesis_posts import Publishing
from sandbox.channels import Channel
from sandbox.mtproto.garbage import Garbage

HALF_OPEN_SECONDS = 180.0
"""A dead connection that is not noticed for so long is cut by us, and the fault is over."""

FLOODED = ("messages.getPeerDialogs", "channels.getMessages", "messages.getHistory", "updates.getChannelDifference")
"""Methods that are flooded alone."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Whom faults befall."""

    arena: Arena
    lives: Lives
    publishing: Publishing

    def channel(self, chance: random.Random) -> Channel:
        """Any channel that is there, a busy one as likely as a quiet one."""
        return chance.choice([each for each in self.arena.channels if each.refused_as is None])


Fault = Callable[[Scene, random.Random, float], Awaitable[None]]


async def difference_too_long(scene: Scene, chance: random.Random, seconds: float) -> None:
    """Hundreds of hidden posts, revealed by one that is not: the channel's difference is too long to be told."""
    arena = scene.arena
    with arena.telegram.too_long_after(50):
        for _ in range(chance.randint(1, 3)):
            channel = scene.channel(chance)
            texts = [scene.publishing.text() for _ in range(chance.randint(101, 500))]
            arena.world.channels.publish_many(channel, texts)
            arena.world.channels.publish(channel, scene.publishing.text())
        await asyncio.sleep(seconds)


async def account_too_long(scene: Scene, chance: random.Random, seconds: float) -> None:
    """Pushes are lost, and the account's difference names no channel."""
    telegram = scene.arena.telegram
    with telegram.account_too_long(), telegram.pushes.drop(chance.choice((0.5, 1.0))):
        await asyncio.sleep(seconds / 2)
        telegram.send.updates_too_long()
        await asyncio.sleep(seconds / 2)


async def told_too_little(scene: Scene, chance: random.Random, seconds: float) -> None:
    """Notices without a pts, entities without a hash or none, and a person with a channel's number."""
    telegram = scene.arena.telegram
    with telegram.pushes.thin(chance.choice(("min", "none"))), telegram.pushes.drop(0.3):
        for _ in range(4):
            channel = scene.channel(chance)
            telegram.send.channel_too_long(channel, with_pts=chance.random() < 0.5)
            telegram.send.min_channel(channel)
            telegram.send.namesake(channel)
            await asyncio.sleep(seconds / 4)


async def garbage_sent(scene: Scene, chance: random.Random, seconds: float) -> None:
    """Undecodable messages between the pushes, and sessions that begin anew."""
    for _ in range(6):
        scene.arena.telegram.send.garbage(chance.choice(get_args(Garbage)))
        if chance.random() < 0.3:
            scene.arena.telegram.send.new_session()
        await asyncio.sleep(seconds / 6)


async def connections_reset(scene: Scene, chance: random.Random, seconds: float) -> None:
    """A storm of TCP resets."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        scene.arena.telegram.network.reset()
        await asyncio.sleep(chance.uniform(0.2, 1.5))


async def connection_half_open(scene: Scene, _: random.Random, seconds: float) -> None:
    """The connection dies without an end: over when ingest speaks on another one."""
    telegram = scene.arena.telegram
    with telegram.network.freeze(for_good=True):
        await asyncio.sleep(seconds)
    heard = telegram.calls.total
    until = time.monotonic() + HALF_OPEN_SECONDS
    while telegram.calls.total == heard:
        if time.monotonic() > until:
            telegram.drop_all()
            return
        await asyncio.sleep(0.2)


async def flooded(scene: Scene, chance: random.Random, seconds: float) -> None:
    """FLOOD_WAIT: of one method, of one channel, or of everything."""
    troubles = scene.arena.telegram.troubles
    whole = max(round(seconds), 1)
    match chance.choice(("method", "channel", "all")):
        case "method":
            flood = troubles.flood(whole, chance.choice(FLOODED))
        case "channel":
            flood = troubles.flood(whole, channel=scene.channel(chance))
        case _:
            flood = troubles.flood(whole)
    with flood, scene.arena.telegram.pushes.drop(chance.choice((0.0, 0.3))):
        await asyncio.sleep(whole)


async def channel_renamed(scene: Scene, chance: random.Random, seconds: float) -> None:
    """Another title and another name, and back."""
    channels, channel = scene.arena.world.channels, scene.channel(chance)
    title, username = channel.title, channel.username
    channels.rename(channel, title=f"{title} anew", username=f"{username}_anew")
    await asyncio.sleep(seconds)
    channels.rename(channel, title=title, username=username)


async def channel_banned_us(scene: Scene, chance: random.Random, seconds: float) -> None:
    """The account is thrown out of a channel, and let in again."""
    channels, channel = scene.arena.world.channels, scene.channel(chance)
    members = [each.id for each in scene.arena.readers if each.id in channel.members]
    for user_id in members:
        channels.ban(channel, user_id)
    await asyncio.sleep(seconds)
    for user_id in members:
        channels.unban(channel, user_id, as_member=True)


async def channel_deleted(scene: Scene, chance: random.Random, seconds: float) -> None:
    """A channel is deleted, and given back."""
    channels, channel = scene.arena.world.channels, scene.channel(chance)
    channels.close(channel)
    await asyncio.sleep(seconds)
    channels.restore(channel)


async def killed(scene: Scene, _: random.Random, __: float) -> None:
    """kill -9: over at once, what follows is healing."""
    await scene.lives.kill()


async def terminated(scene: Scene, _: random.Random, __: float) -> None:
    """SIGTERM under load: over when the process is gone."""
    await scene.lives.terminate()


async def suspended(scene: Scene, _: random.Random, seconds: float) -> None:
    """SIGSTOP, and SIGCONT after a while."""
    scene.lives.pause()
    await asyncio.sleep(seconds)
    scene.lives.resume()


async def backends_terminated(scene: Scene, chance: random.Random, seconds: float) -> None:
    """PostgreSQL ends every connection of ingest, again and again."""
    async with await scene.arena.connect() as connection:
        for _ in range(chance.randint(1, 3)):
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name <> %s",
                (OURS,),
            )
            await asyncio.sleep(seconds / 3)


async def posts_locked(scene: Scene, _: random.Random, seconds: float) -> None:
    """Nobody can read or write posts."""
    async with await scene.arena.connect() as connection, connection.transaction():
        await connection.execute("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(seconds)
