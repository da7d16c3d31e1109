"""Looking for bursts: what is heard in the last hour, held against the weeks before, once a minute.

It reads what is committed, so that storing posts costs nothing more, and rests fifty times as long as a look took: a
flood of posts makes it look less often. Of several processes one looks at a time; none remembers what it must.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from analysis.bursts import (
    SHARED,
    TOPIC,
    Heard,
    History,
    Past,
    companions,
    gathered,
    lasts,
    may_burst,
    occurrences,
    opens,
    overlap,
    score,
    usual,
    written,
)
from config.metrics import BURSTS
from storage import bursts, rates
from storage.burst_alerts import owe_burst
from storage.bursts import Burst, Opening, Said
from storage.database import Connection, Database, DatabaseAway, StatementRefused
from storage.rates import Spell

log = structlog.get_logger()

LOOK_EVERY = dt.timedelta(minutes=1)

REST = 50
"""How many times as long as a look took the server has peace from it: 2 % of one processor at most."""

COUNT_SECONDS = 2.0
"""How long one look may go on counting hours of the weeks before, the first time or after a backfill."""

COUNT_AT_ONCE = 50
"""Hours that are looked up at once to be counted."""

MOST_AT_ONCE = 50
"""Words of one look that may open bursts, the most unusual ones."""


class Bursts:
    """Looks until cancelled. `clock` gives aware moments."""

    def __init__(self, database: Database, *, clock: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._clock = clock
        self._counted_until: dt.datetime | None = None
        self._known_at: dt.datetime | None = None
        self._history: History | None = None
        self._pasts: dict[str, Past] = {}

    async def run(self) -> None:
        """For ever, first after a minute. What fails is tried again a minute later: posts and alerts do not need it."""
        took = 0.0
        while True:
            await asyncio.sleep(max(LOOK_EVERY.total_seconds(), REST * took))
            began = time.perf_counter()
            try:
                await self.count_hours()
                await self.look()
            except (DatabaseAway, StatementRefused) as error:
                log.warning("bursts not looked for", reason=str(error))
            took = time.perf_counter() - began

    async def count_hours(self, *, seconds: float = COUNT_SECONDS) -> int:
        """Count the hours that have ended, or of which more is known, for so long at most; how many were counted."""
        now = self._clock()
        hour = (now - rates.GRACE).replace(minute=0, second=0, microsecond=0)
        if self._counted_until == hour:
            return 0
        ends, count = time.perf_counter() + seconds, 0
        async with self._database.begin() as connection:
            hours = await rates.uncounted_hours(connection, now, COUNT_AT_ONCE)
        for each in hours:
            async with self._database.begin() as connection:
                if not await rates.lock_bursts(connection):
                    return count
                await rates.count_hour(connection, each)
            count += 1
            if time.perf_counter() > ends:
                break
        if count == len(hours) < COUNT_AT_ONCE:
            self._counted_until = hour
            async with self._database.begin() as connection:
                await rates.forget_rates(connection, now)
                await bursts.forget_bursts(connection, now)
        self._known_at = None
        return count

    async def look(self) -> list[Burst]:
        """Look once: bursts that open now, oldest first. Those that are open grow, or end when they are quiet."""
        now = self._clock()
        async with self._database.begin() as connection:
            if not await rates.lock_bursts(connection):
                return []
            known = await self._know(connection, now)
            running = await bursts.open_bursts(connection)
            if not known.is_warm and not running:
                return []
            spell = await rates.heard_lately(connection, now, {what for each in running for what in each.whats})
            expected = await self._expected(connection, spell, known, now)
            loud = [each for each in spell.heard if expected.get(each.what) and opens(each, expected[each.what])]
            loud = sorted(loud, key=lambda each: -score(each.voices, expected[each.what]))[:MOST_AT_ONCE]
            on = [burst for burst in running if _lasts(burst, spell, expected)]
            said = await bursts.read_said(connection, _once(loud, running), now)
            joined = await self._grow(connection, running, on, spell, loud, said, now)
            new = [each for each in loud if each.what not in joined]
            opened = await _open(connection, new, expected, said, now) if known.is_warm else []
            ended = await bursts.end_quiet(connection, now)
        for burst in opened:
            BURSTS.labels(burst.kind).inc()
            log.info("burst opened", burst_id=burst.id, kind=burst.kind, posts=burst.peak_posts)
        for burst_id in ended:
            log.info("burst ended", burst_id=burst_id)
        return opened

    async def _know(self, connection: Connection, now: dt.datetime) -> History:
        """What is known of the weeks before; asked once an hour, and after hours were counted."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._history is None or self._known_at != hour:
            self._history = await rates.history(connection, now)
            self._known_at, self._pasts = hour, {}
        return self._history

    async def _expected(
        self, connection: Connection, spell: Spell, known: History, now: dt.datetime
    ) -> dict[str, float]:
        """How many voices were to be expected of each word that may burst."""
        whats = [each.what for each in spell.heard if may_burst(each.what)]
        missing = [what for what in whats if what not in self._pasts]
        self._pasts |= dict.fromkeys(missing, Past()) | await rates.pasts(connection, missing, now)
        return {what: usual(self._pasts[what], known, spell.voices) for what in whats}

    async def _grow(
        self,
        connection: Connection,
        running: Sequence[Burst],
        on: Collection[Burst],
        spell: Spell,
        loud: Iterable[Heard],
        said: Mapping[str, Said],
        now: dt.datetime,
    ) -> set[str]:
        """Note what goes on, and what is heard in the same posts; all words that belong to a running burst."""
        voices = {each.what: each.voices for each in spell.heard}
        for burst in on:
            count = voices.get(burst.what, 0)
            await bursts.go_on(connection, burst.id, now, voices=count, said=said.get(burst.what))
        known = {what for burst in running for what in burst.whats}
        for burst in on:
            mine = _posts(said, burst.what)
            more = [each.what for each in loud if each.what not in known]
            more = [what for what in more if overlap(mine, _posts(said, what)) >= SHARED]
            if more:
                await bursts.add_words(connection, burst.id, more)
                await owe_burst(connection, burst, more)
                known.update(more)
        return known


def _lasts(burst: Burst, spell: Spell, expected: Mapping[str, float]) -> bool:
    return any(
        lasts(each, expected[each.what]) for each in spell.heard if each.what in burst.whats and each.what in expected
    )


def _once(loud: Iterable[Heard], running: Iterable[Burst]) -> list[str]:
    return list(dict.fromkeys([*(each.what for each in loud), *(burst.what for burst in running)]))


def _posts(said: Mapping[str, Said], what: str) -> frozenset[int]:
    return frozenset(said[what].post_ids) if what in said else frozenset()


async def _open(
    connection: Connection,
    loud: Sequence[Heard],
    expected: Mapping[str, float],
    said: Mapping[str, Said],
    now: dt.datetime,
) -> list[Burst]:
    """Open a burst for each group of words that are heard in the same posts, and owe the news of it."""
    voices = {each.what: each.voices for each in loud if each.what in said}
    ordered = sorted(voices, key=lambda what: what.startswith(TOPIC))  # a word says more than its topic
    opened = []
    for group in gathered(ordered, {what: said[what].post_ids for what in ordered}):
        lead = group[0]
        named = await _described(connection, group, said[lead])
        opening = Opening(
            named.kind,
            lead,
            named.shown,
            tuple(sorted(group[1:])),
            named.companions,
            named.topics,
            round(expected[lead], 2),
            voices[lead],
            said[lead],
        )
        burst_id, is_news = await bursts.open_burst(connection, opening, now)
        burst = await bursts.read_burst(connection, burst_id) if is_news else None
        if burst is not None:
            await owe_burst(connection, burst)
            opened.append(burst)
    return opened


@dataclass(frozen=True, slots=True)
class _Named:
    """What people are told that bursts."""

    kind: str
    shown: str
    companions: tuple[str, ...]
    topics: frozenset[str]


async def _described(connection: Connection, group: Sequence[str], said: Said) -> _Named:
    """Whether it is a word, a name or a topic, how it and the others are written, the topics of half of its posts."""
    read = await bursts.read_texts(connection, said.post_ids)
    codes = [code for _, topics in read for code in topics]
    topics = frozenset(code for code in set(codes) if 2 * codes.count(code) >= len(read))
    lead, others = group[0], [what for what in group[1:] if not what.startswith(TOPIC)]
    if lead.startswith(TOPIC):
        return _Named("topic", lead.removeprefix(TOPIC), (), topics)
    words = await asyncio.to_thread(occurrences, [text for text, _ in read])
    found = written(lead, words)
    beside = companions(found, others, words)
    return _Named("name" if found.is_name else "word", found.shown, tuple(beside), topics)
