"""The kinds of faults: to which row of the fault matrix each belongs, how long it lasts, and what it does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from benchmarks.nemesis_arena import Arena
from benchmarks.nemesis_faults import (
    Fault,
    Scene,
    account_too_long,
    backends_terminated,
    channel_banned_us,
    channel_deleted,
    channel_renamed,
    connection_half_open,
    connections_reset,
    difference_too_long,
    flooded,
    garbage_sent,
    killed,
    posts_locked,
    suspended,
    terminated,
    told_too_little,
)
from sandbox.mtproto.garbage import Garbage
from sandbox.mtproto.lasting import Lasting

SERVER_ERRORS = ((500, "RPC_CALL_FAIL"), (-503, "TIMEOUT"), (500, "PERSISTENT_TIMESTAMP_OUTDATED"), (500, "INTERNAL"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: its row of the matrix, between how many seconds it lasts, and whether nothing heals meanwhile.

    `blocks`: while it lasts, ingest cannot ask Telegram or cannot store, whatever it does.
    """

    row: int
    befall: Fault
    shortest: float = 3.0
    longest: float = 8.0
    blocks: bool = False


def lasts(*begin: Callable[[Arena, random.Random], Lasting]) -> Fault:
    """A fault that begins one of these troubles, and ends it when the time is over."""

    async def befall(scene: Scene, chance: random.Random, seconds: float) -> None:
        with chance.choice(begin)(scene.arena, chance):
            await asyncio.sleep(seconds)

    return befall


KINDS: Mapping[str, Kind] = {
    "killed": Kind(1, killed, 0, 0),
    "terminated": Kind(7, terminated, 0, 0, blocks=True),
    "suspended": Kind(8, suspended, blocks=True),
    "connections reset": Kind(10, connections_reset, blocks=True),
    "network frozen": Kind(11, lasts(lambda arena, _: arena.telegram.network.freeze()), blocks=True),
    "connection half-open": Kind(11, connection_half_open, 0.5, 2, blocks=True),
    "connections refused": Kind(12, lasts(lambda arena, _: arena.telegram.network.refuse()), blocks=True),
    "pushes dropped": Kind(13, lasts(lambda arena, chance: arena.telegram.pushes.drop(chance.choice((0.2, 0.5, 1))))),
    "channel difference too long": Kind(14, difference_too_long, 1, 4),
    "account difference too long": Kind(15, account_too_long),
    "told too little": Kind(16, told_too_little),
    "pushes spoilt": Kind(
        17, lasts(lambda arena, chance: arena.telegram.pushes.spoil(chance.choice(get_args(Garbage)), 0.5))
    ),
    "garbage sent": Kind(17, garbage_sent),
    "pushes out of order": Kind(
        18,
        lasts(
            lambda arena, _: arena.telegram.pushes.repeat(copies=3),
            lambda arena, _: arena.telegram.pushes.reorder(),
            lambda arena, chance: arena.telegram.pushes.stale(0.3, by=chance.randint(1, 20)),
        ),
    ),
    "flooded": Kind(19, flooded, blocks=True),
    "server errors": Kind(
        20,
        lasts(lambda arena, chance: arena.telegram.troubles.refuse(*chance.choice(SERVER_ERRORS), share=0.3)),
        blocks=True,
    ),
    "answers slow": Kind(
        20, lasts(lambda arena, chance: arena.telegram.troubles.slow(chance.uniform(0.5, 3), share=0.5)), blocks=True
    ),
    "clock wrong": Kind(
        21,
        lasts(
            lambda arena, chance: arena.telegram.network.skew(
                chance.choice((-400, -60, 60, 400)), notify=chance.random() < 0.7
            )
        ),
        blocks=True,
    ),
    "channel renamed": Kind(22, channel_renamed),
    "channel banned us": Kind(22, channel_banned_us),
    "channel deleted": Kind(22, channel_deleted),
    "posts locked": Kind(37, posts_locked, blocks=True),
    "backends terminated": Kind(39, backends_terminated, blocks=True),
}
"""By name, in the order of the matrix."""
