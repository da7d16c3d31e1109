"""kill -9 of ingest at every commit point: a post and the alerts it owes are stored together, once, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from sandbox.channels import Channel
from tests.journeys.killed import AFTER_COMMIT, AFTER_STATEMENT, BEFORE_COMMIT
from tests.journeys.lives import Life, life
from tests.journeys.oracle import complaints_about_ingest, complaints_about_posts
from tests.journeys.people import Person, until
from tests.journeys.stage import Stage, everything_in, write_archive

Step = tuple[Callable[[], object], Callable[[], Awaitable[object]]]
"""Something that a channel does, and whether it is committed."""


@dataclass
class Press:
    """A channel that is read, and people who asked for some of what it says."""

    stage: Stage
    channel: Channel
    folder: Path

    def steps(self) -> list[Step]:
        """Posts that nobody, one and two people asked for, an edit that newly matches, an album, a deletion."""
        return [
            self._says("The bridge over the river is closed"),
            self._says("A quiet day"),
            self._says("The bridge in the flood"),
            self._edits("A quiet day no more: the bridge"),
            self._shows("The flood in pictures"),
            self._deletes(),
        ]

    async def speak(self, ingest: Life, steps: list[Step], *, in_turn: bool = True) -> None:
        """Do the steps, each committed before the next one while ingest lives, the rest when it is dead."""
        for act, is_committed in steps:
            act()
            if in_turn:
                await until(lambda: ingest.is_over or is_committed(), "a commit or the end")  # noqa: B023 - awaited here
        for _, is_committed in steps:
            await until(lambda: ingest.is_over or is_committed(), "every commit or the end")  # noqa: B023

    async def live_again(self) -> None:
        """The next life, and an archive of everything, for what was published while nobody listened."""
        archive = write_archive(self.folder / "everything.jsonl", *everything_in(self.stage.world))
        async with self.stage.reading():
            await self.stage.replay(archive)
        owed = await self.stage.rows("SELECT id FROM deliveries ORDER BY id")
        again = await self.stage.replay(archive)
        assert (again.stored, again.updated) == (0, 0)
        assert await self.stage.rows("SELECT id FROM deliveries ORDER BY id") == owed

    def _says(self, text: str) -> Step:
        number = self.channel.next_id
        publish = self.stage.world.channels.publish
        return lambda: publish(self.channel, text), lambda: self._holds(f"text ^@ '{text}'", number)

    def _edits(self, text: str) -> Step:
        def act() -> None:
            number = next(n for n, post in reversed(self.channel.posts.items()) if post.text == "A quiet day")
            self.stage.world.channels.edit(self.channel, number, text)

        number = self.channel.next_id
        return act, lambda: self._holds(f"text = '{text}'", number)

    def _shows(self, text: str) -> Step:
        number = self.channel.next_id
        publish = self.stage.world.channels.publish_album
        return (
            lambda: publish(self.channel, text, [b"one", b"two", b"three"]),
            lambda: self._holds(f"text = '{text}' AND jsonb_array_length(parts) = 3", number),
        )

    def _deletes(self) -> Step:
        def act() -> None:
            number = next(n for n, post in reversed(self.channel.posts.items()) if "in the flood" in post.text)
            self.stage.world.channels.delete(self.channel, [number])

        number = self.channel.next_id
        return act, lambda: self._holds("deleted_at IS NOT NULL", number)

    async def _holds(self, condition: str, first: int) -> bool:
        # Every step was made before its round began: only this round's posts have such numbers.
        return bool(await self.stage.rows(f"SELECT 1 FROM posts WHERE {condition} AND message_id >= {first}"))


@pytest.fixture
async def press(stage: Stage, tmp_path: Path) -> Press:
    """The channel is joined; Anna asked for two things, Boris for one of them."""
    channel = await stage.channel("river_news")
    anna, boris = stage.person("Anna"), stage.person("Boris")
    async with stage.running():
        await asyncio.gather(_subscribe(anna, "bridge", "river"), boris.subscribe("flood"))
    return Press(stage, channel, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", [BEFORE_COMMIT, AFTER_COMMIT])
async def test_an_ingest_killed_at_any_commit_owes_exactly_what_it_stored(press: Press, moment: str) -> None:
    kills = await _kill_at_every(press, moment, press.steps)
    assert kills >= len(press.steps())


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_an_ingest_killed_inside_a_transaction_leaves_nothing_of_it(press: Press) -> None:
    kills = await _kill_at_every(press, AFTER_STATEMENT, lambda: press.steps()[:1])
    assert kills >= 3  # the post, its number, the alert with its reason


@pytest.mark.parametrize("moment", [BEFORE_COMMIT, AFTER_COMMIT])
async def test_an_ingest_killed_in_a_burst_owes_exactly_what_it_stored(press: Press, moment: str) -> None:
    async with _reading(press, moment, number=1) as ingest:
        await press.speak(ingest, [*press.steps(), *press.steps()], in_turn=False)
        assert await ingest.ends()
    assert await complaints_about_ingest(press.stage) == []
    await press.live_again()
    assert await _complaints(press) == []


async def test_control_without_the_one_commit_the_oracle_reports_lost_alerts(press: Press) -> None:
    async with _reading(press, AFTER_COMMIT, number=1, without="one-commit") as ingest:
        await press.speak(ingest, press.steps()[:1])
        assert await ingest.ends()
    assert {complaint.partition(":")[0] for complaint in await complaints_about_ingest(press.stage)} == {"lost"}
    await press.live_again()
    assert {complaint.partition(":")[0] for complaint in await complaints_about_ingest(press.stage)} == {"lost"}


async def test_control_without_a_next_life_the_oracle_reports_posts_that_are_not_stored(press: Press) -> None:
    async with _reading(press, BEFORE_COMMIT, number=1) as ingest:
        await press.speak(ingest, press.steps()[:2])
        assert await ingest.ends()
    assert len(await complaints_about_posts(press.stage)) == 2


async def _kill_at_every(press: Press, moment: str, steps: Callable[[], list[Step]]) -> int:
    """One life for every such moment that the steps have, each followed by another that heals; how many there were."""
    for number in count(1):
        async with _reading(press, moment, number) as ingest:
            await press.speak(ingest, steps())
            is_killed = await ingest.ends()
        assert await complaints_about_ingest(press.stage) == [], f"killed {moment} {number}"
        await press.live_again()
        assert await _complaints(press) == [], f"after being killed {moment} {number}"
        if not is_killed:
            break
    return number - 1


@asynccontextmanager
async def _reading(press: Press, moment: str, number: int, without: str | None = None) -> AsyncIterator[Life]:
    """A life of ingest that is connected, and joined to the channel since an earlier life."""
    calls = press.stage.telegram.calls
    connected = calls["updates.GetState"]
    async with life(press.stage, "ingest", moment, number, without=without) as ingest:
        await until(lambda: ingest.is_over or calls["updates.GetState"] > connected, "ingest to be connected")
        yield ingest


async def _complaints(press: Press) -> list[str]:
    return [*await complaints_about_ingest(press.stage), *await complaints_about_posts(press.stage)]


async def _subscribe(person: Person, *queries: str) -> None:
    for query in queries:
        await person.subscribe(query)
