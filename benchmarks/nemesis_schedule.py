"""When which fault comes: drawn from a seed before anything begins, then carried out to the second."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.measuring import progress
from benchmarks.nemesis_faults import Scene
from benchmarks.nemesis_kinds import KINDS

SURE_TO_LOSE = "channel difference too long"
"""What Telethon alone never heals: one of the first EARLY faults, so that a short control has something to lose."""

EARLY = 3

QUIET_SECONDS = 4.0
"""Before the first fault, and on average between the end of one and the beginning of the next."""

TWO_AT_ONCE = 0.25
"""How often the next fault does not wait for the end of the last one."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault of a kind, `at` seconds after the start, for so many `seconds`. `number` is for its own chance."""

    number: int
    kind: str
    at: float
    seconds: float


@dataclass(slots=True)
class Happened:
    """A fault as it was, by the monotonic clock. `healed` is for the oracle to say."""

    kind: str
    began: float
    ended: float | None = None
    healed: float | None = None


def drawn(seed: int, seconds: float, kinds: Sequence[str] = tuple(KINDS)) -> list[Planned]:
    """The faults of one run: every kind once before any comes a second time, in an order of the seed's own."""
    chance = random.Random(f"faults {seed}")  # noqa: S311 - faults, not secrets
    plan: list[Planned] = []
    at = QUIET_SECONDS
    for number, kind in enumerate(_decks(chance, kinds)):
        lasting = chance.uniform(KINDS[kind].shortest, KINDS[kind].longest)
        if at + lasting > seconds:
            return plan
        plan.append(Planned(number, kind, at, lasting))
        at += lasting * chance.random() if chance.random() < TWO_AT_ONCE else lasting + _pause(chance)
    return plan


def _pause(chance: random.Random) -> float:
    return min(chance.expovariate(1 / QUIET_SECONDS), 3 * QUIET_SECONDS)


def _decks(chance: random.Random, kinds: Sequence[str]) -> Iterator[str]:
    """Kinds, for ever, deck after shuffled deck."""
    is_first = True
    while True:
        deck = chance.sample(list(kinds), len(kinds))
        if is_first and SURE_TO_LOSE in deck:
            place, early = deck.index(SURE_TO_LOSE), chance.randrange(min(EARLY, len(deck)))
            deck[place], deck[early] = deck[early], deck[place]
        is_first = False
        yield from deck


class Nemesis:
    """Carries out a plan. `happened` are the faults so far, in the order in which they began."""

    def __init__(self, scene: Scene, plan: Sequence[Planned], seed: int) -> None:
        self._scene = scene
        self._plan = plan
        self._seed = seed
        self.happened: list[Happened] = []

    async def run(self, seconds: float) -> None:
        """Let the faults come when they are due, for so long; whatever lasts then is waited for."""
        start = time.monotonic()
        async with asyncio.TaskGroup() as together:
            for planned in self._plan:
                await asyncio.sleep(max(start + planned.at - time.monotonic(), 0))
                together.create_task(self._befall(planned))
            await asyncio.sleep(max(start + seconds - time.monotonic(), 0))

    async def _befall(self, planned: Planned) -> None:
        chance = random.Random(f"fault {self._seed} {planned.number}")  # noqa: S311 - faults, not secrets
        happened = Happened(planned.kind, time.monotonic())
        self.happened.append(happened)
        progress(f"fault {planned.number + 1}: {planned.kind}")
        try:
            await KINDS[planned.kind].befall(self._scene, chance, planned.seconds)
        finally:
            happened.ended = time.monotonic()
