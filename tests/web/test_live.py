"""The live page: every post that a search would find, stored while somebody watches, comes once and in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from sqlalchemy import text

from analysis.labels import label
from config.settings import WebSettings
from storage.database import Database, StatementRefused
from storage.search import SearchHeldUp
from tests.storage.makers import change, make_channel, make_post, rows, store_one
from tests.web.visitor import Visitor, make_operator, words_of
from web import live
from web.pages import live as page
from web.program import run_web


@dataclass
class Watcher:
    """An open stream: what came, as a browser would remember it."""

    client: httpx.AsyncClient
    query: str
    last: str | None = None
    came: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self, count: int, after: int | None = None) -> None:
        """Listen until so many posts have come in all."""
        params = {"q": self.query, **({"after": str(after)} if after is not None else {})}
        headers = {"last-event-id": self.last} if self.last is not None else {}
        async with self.client.stream("GET", "/live/events", params=params, headers=headers, timeout=20) as stream:
            assert stream.status_code == 200
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    self.last = value
                    self.opened.set()
                elif name == "data":
                    post = json.loads(value)
                    self.came.append(post["id"])
                    self.texts.append("".join(piece for piece, _ in post["pieces"]))
                if len(self.came) >= count:
                    return


@pytest.fixture
async def served(database: Database, web_settings: WebSettings) -> AsyncIterator[Visitor]:
    """The real server on a free port, and a signed-in client of it: streams need a wire."""
    await make_operator(database, "anna")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        web_settings.port = probe.getsockname()[1]
    stop = asyncio.Event()
    serving = asyncio.create_task(run_web(database, web_settings, stop=stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web_settings.port}") as client:
        visitor = Visitor(client, None, database)  # type: ignore[arg-type]
        for _ in range(100):
            with contextlib.suppress(httpx.ConnectError):
                await client.get("/login")
                break
            await asyncio.sleep(0.05)
        await visitor.sign_in()
        yield visitor
    stop.set()
    await serving


async def test_what_is_stored_while_watching_comes_and_nothing_else(served: Visitor) -> None:
    channel = await make_channel(served.database)
    await store_one(served.database, make_post(channel, 1, "ferry before"))
    watcher = Watcher(served.client, "ferry")
    watching = asyncio.create_task(watcher.watch(2, after=1))
    await store_one(served.database, make_post(channel, 2, "The ferries wait."))
    await store_one(served.database, make_post(channel, 3, "The bridge waits."))
    await store_one(served.database, make_post(channel, 4, "A ferry leaves."))
    await watching
    assert watcher.texts == ["The ferries wait.", "A ferry leaves."]


@contextlib.asynccontextmanager
async def commits_late(database: Database, channel: int) -> AsyncIterator[None]:
    """A post whose number is drawn now, and which is there when the block ends."""
    statement = text(
        "INSERT INTO posts (channel_id, message_id, text, parts, content_hash, terms, topics, topic_codes, has,"
        " forwarded_from, links, analysis, found_by, posted_at, seen_at) VALUES (:channel, 77, 'the late ferry',"
        " CAST(:parts AS jsonb), 'x', CAST(:terms AS tsvector), '[]', '{}', '{}', '{}', '{}', 'done', 'push', now(),"
        " now())"
    )
    values = {"channel": channel, "parts": '[{"message_id": 77}]', "terms": label("the late ferry").terms.tsvector()}
    async with database.begin() as slow:
        await slow.execute(statement, values)
        yield


async def test_a_post_that_commits_late_is_not_lost_behind_one_with_a_greater_number(served: Visitor) -> None:
    channel = await make_channel(served.database)
    watcher = Watcher(served.client, "ferry")
    watching = asyncio.create_task(watcher.watch(2, after=0))
    await asyncio.wait_for(watcher.opened.wait(), 20)
    async with commits_late(served.database, channel):
        await store_one(served.database, make_post(channel, 78, "the quick ferry"))
        await asyncio.sleep(0.2)
        assert watcher.came == []  # held back, for its elder may still come
    await watching
    assert watcher.texts == ["the late ferry", "the quick ferry"]
    assert watcher.came == sorted(watcher.came)


async def test_a_naive_watcher_loses_that_post(served: Visitor) -> None:
    """The control: "numbers greater than the last one seen", without waiting for those that are on their way."""
    channel = await make_channel(served.database)
    seen: list[int] = []

    async def look() -> None:
        last = max(seen, default=0)
        seen.extend(number for (number,) in await rows(served.database, "SELECT id FROM posts WHERE id > :n", n=last))

    async with commits_late(served.database, channel):
        await store_one(served.database, make_post(channel, 78, "the quick ferry"))
        await look()
    await look()
    assert seen == [2]
    assert await rows(served.database, "SELECT id FROM posts ORDER BY id") == [(1,), (2,)]


async def test_a_watcher_whose_connection_breaks_misses_and_repeats_nothing(served: Visitor) -> None:
    channel = await make_channel(served.database)
    watcher = Watcher(served.client, "ferry OR bridge")
    numbers = [await store_one(served.database, make_post(channel, n, f"ferry {n}")) for n in range(1, 4)]
    await watcher.watch(2, after=0)  # the connection breaks in the middle
    numbers += [await store_one(served.database, make_post(channel, n, f"bridge {n}")) for n in range(4, 160)]
    await watcher.watch(len(numbers))
    assert watcher.came == numbers


async def test_many_writers_and_a_breaking_wire_lose_nothing(served: Visitor) -> None:
    channel = await make_channel(served.database)
    watcher = Watcher(served.client, "ferry")

    async def write(begin: int) -> None:
        for number in range(begin, begin + 10):
            await store_one(served.database, make_post(channel, number, f"ferry {number}"))

    async def watch() -> None:
        for count in range(5, 45, 5):
            await watcher.watch(count, after=0)

    await asyncio.gather(watch(), *(write(100 * writer) for writer in range(1, 5)))
    stored = [number for (number,) in await rows(served.database, "SELECT id FROM posts ORDER BY id")]
    assert watcher.came == stored


async def test_a_page_of_everything_shows_every_post(served: Visitor) -> None:
    channel = await make_channel(served.database)
    number = await store_one(served.database, make_post(channel, 1, "anything"))
    watcher = Watcher(served.client, "")
    await watcher.watch(1, after=0)
    assert watcher.came == [number]


async def test_a_stream_ends_with_its_session(served: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "SILENCE", 0.05)
    watcher = Watcher(served.client, "ferry")
    watching = asyncio.create_task(watcher.watch(1))
    await asyncio.wait_for(watcher.opened.wait(), 20)
    await change(served.database, "DELETE FROM operator_sessions")
    await asyncio.wait_for(watching, 10)


async def test_a_mistake_in_the_query_is_refused(served: Visitor) -> None:
    refused = await served.client.get("/live/events", params={"q": "ferry ("})
    assert refused.status_code == 400


async def test_a_number_that_no_post_can_have_is_as_good_as_none(served: Visitor) -> None:
    watcher = Watcher(served.client, "ferry", last="9" * 5_000)
    watching = asyncio.create_task(watcher.watch(1))
    await asyncio.wait_for(watcher.opened.wait(), 20)
    await store_one(served.database, make_post(await make_channel(served.database), 1, "a ferry"))
    await watching
    assert watcher.texts == ["a ferry"]


async def test_while_the_posts_are_locked_the_page_says_so(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def held_up(*_: object, **__: object) -> None:
        raise SearchHeldUp("locked")

    monkeypatch.setattr("web.pages.live.search", held_up)
    assert "The database is busy with something else." in words_of(await visitor.page("/live?q=ferry"))


async def test_watching_goes_on_after_statements_were_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [StatementRefused("UndefinedTable")]

    async def settled(_: Database) -> int:
        if refusals:
            raise refusals.pop()
        return 7

    monkeypatch.setattr(live, "settled_number", settled)
    monkeypatch.setattr(live, "OWN_LOOK", 0.01)
    arrivals = live.Arrivals(database)
    numbers = arrivals.numbers(0, silence=20)  # type: ignore[arg-type]
    assert await anext(numbers) == 7
    await numbers.aclose()
    await arrivals.ended()


async def test_watching_ends_also_when_a_wake_up_comes_at_that_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wakeups: list[asyncio.Event] = []

    async def settled(_: Database) -> int:
        return 7

    async def listen(_: live.Arrivals, woken: asyncio.Event) -> None:
        wakeups.append(woken)
        await asyncio.Event().wait()

    monkeypatch.setattr(live, "settled_number", settled)
    monkeypatch.setattr(live.Arrivals, "_listen", listen)
    monkeypatch.setattr(live, "OWN_LOOK", 60.0)
    arrivals = live.Arrivals(database)
    numbers = arrivals.numbers(0, silence=20)  # type: ignore[arg-type]
    await anext(numbers)
    for _ in range(5):
        await asyncio.sleep(0)  # until it waits
    wakeups[0].set()
    await asyncio.sleep(0)
    await numbers.aclose()
    async with asyncio.timeout(10):
        await arrivals.ended()


async def test_nobody_looks_at_the_database_while_nobody_watches(database: Database) -> None:
    arrivals = live.Arrivals(database)
    numbers = arrivals.numbers(0, silence=0.01)  # type: ignore[arg-type]
    await anext(numbers)
    assert arrivals._task is not None
    await numbers.aclose()
    await arrivals.ended()
    assert arrivals._task is None


async def test_more_watchers_than_can_be_served_are_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_WATCHERS", 0)
    with pytest.raises(live.TooManyWatchers):
        await anext(live.Arrivals(database).numbers(0, silence=1))  # type: ignore[arg-type]
