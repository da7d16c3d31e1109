"""Stored posts get the labels of now, and nothing else of them changes, wherever it is stopped, whoever writes too."""

from __future__ import annotations

import ast
import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import analysis
from ingest.labelling import LABELS_MADE_BY, TERMS_MADE_BY, labelled
from ingest.own_topics import OwnTopics
from ingest.relabelling import Relabeller
from matching.query import parse
from storage import relabelling
from storage.channel_sets import set_channels
from storage.database import Database
from storage.own_topics import OwnTopic, add_topic, remove_topic
from storage.post_store import store_posts
from storage.relabelling import Relabelling
from storage.search import count
from tests.ingest.relabelled import relabel_all
from tests.storage.makers import change, make_channel, make_post, rows, store

FERRIES = OwnTopic("ferries", "Ferries", "", "", "conflict", "")
SAID = ["The quillon is here", "Inflation and interest rates of the central bank", "Вот он, a quillon again", "Hello"]
OTHERWISE = """SELECT id, text, parts::text, content_hash, terms::text, seen_at, edited_at, views, xmin::text FROM posts
    ORDER BY id"""


async def add(database: Database, topic: OwnTopic = FERRIES, query: str = "quillon") -> None:
    async with database.begin() as connection:
        await add_topic(connection, topic, parse(query))


async def stored_codes(database: Database) -> dict[int, list[str]]:
    found = await rows(database, "SELECT message_id, topic_codes FROM posts ORDER BY id")
    return {number: sorted(codes) for number, codes in found}


async def current(database: Database) -> Relabelling:
    async with database.begin() as connection:
        found = await relabelling.read(connection)
    assert found is not None
    return found


@pytest.fixture
async def news(database: Database) -> Any:
    """Four posts, labelled by the analysis of now; nothing is left to do."""
    channel_id = await make_channel(database)
    for number, said in enumerate(SAID, start=1):
        await store(database, make_post(channel_id, number, said))
    await relabel_all(database)
    return channel_id


async def test_posts_of_this_release_stay_as_they_are(database: Database, news: Any) -> None:
    before = await rows(database, OTHERWISE)
    done = await current(database)
    assert (done.is_done, done.is_whole, done.posts, done.changed) == (True, True, 4, 0)
    await relabel_all(database)
    assert await rows(database, OTHERWISE) == before


async def test_a_new_own_topic_reaches_stored_posts(database: Database, news: Any) -> None:
    await add(database)
    await relabel_all(database, page=2)
    codes = await stored_codes(database)
    assert codes[1] == codes[3] == ["conflict", "ferries"]
    assert codes[2] == sorted(labelled(make_post(news, 2, SAID[1])).fields.topics) != []
    async with database.begin() as connection:
        assert await count(connection, parse("topic:ferries", stored=True)) == 2
    done = await current(database)
    assert (done.is_done, done.is_whole, done.changed) == (True, False, 2)


async def test_a_removed_own_topic_leaves_stored_posts(database: Database, news: Any) -> None:
    before = await stored_codes(database)
    await add(database)
    await relabel_all(database)
    assert await stored_codes(database) != before
    async with database.begin() as connection:
        await remove_topic(connection, "ferries")
    await relabel_all(database)
    assert await stored_codes(database) == before


async def test_a_topic_that_asks_for_a_set_follows_the_set(database: Database, news: Any) -> None:
    async with database.begin() as connection:
        await set_channels(connection, "desk", [])
    await add(database, query="in:#1 quillon")
    await relabel_all(database)
    assert "ferries" not in (await stored_codes(database))[1]
    async with database.begin() as connection:
        await set_channels(connection, "desk", ["news"])
    await relabel_all(database)
    assert "ferries" in (await stored_codes(database))[1]


async def test_another_release_labels_everything_anew_and_changes_nothing_else(database: Database, news: Any) -> None:
    untouched = "SELECT id, text, parts::text, content_hash, terms::text, seen_at, edited_at FROM posts ORDER BY id"
    before, codes = await rows(database, untouched), await stored_codes(database)
    await change(database, "UPDATE posts SET topics = '[]', topic_codes = '{}', language = NULL")
    await relabel_all(database, page=3)
    assert (await stored_codes(database))[2] == [], "this release has done its work already"
    await relabel_all(database, page=3, version="of the next release")
    assert await stored_codes(database) == codes
    assert await rows(database, untouched) == before
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]
    assert await rows(database, "SELECT count(*) FROM deliveries") == [(0,)]


MEMORIES = {"lemma_cache.py", "recent.py"}
"""Rooms of `analysis` that keep what others have made: they change nothing in it."""


@pytest.mark.parametrize(("room", "made_by"), [("text", TERMS_MADE_BY), ("labels", LABELS_MADE_BY)])
def test_a_version_is_made_of_every_room_that_has_a_say(room: str, made_by: tuple[str, ...]) -> None:
    folder = Path(analysis.__file__).parent
    waiting, reached = [room], set()
    while waiting:
        here = waiting.pop()
        path = folder / here / "__init__.py" if (folder / here).is_dir() else folder / f"{here}.py"
        reached.add(path.parent.name if path.stem == "__init__" else path.name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis."):
                name = (node.module or "").split(".")[1]
                waiting += [name] if {name, f"{name}.py"}.isdisjoint(reached) else []
    assert reached - MEMORIES == set(made_by)


async def test_terms_are_made_anew_only_when_what_makes_them_changed(database: Database, news: Any) -> None:
    await change(database, "UPDATE posts SET terms = 'stale:1'")
    await relabel_all(database, version="other topics")
    assert await rows(database, "SELECT DISTINCT terms::text FROM posts") == [("'stale':1",)]
    await change(database, "UPDATE relabelling SET terms_version = 'other dictionaries'")
    await relabel_all(database, version="other topics")
    assert await rows(database, "SELECT count(*) FROM posts WHERE terms = 'stale:1'") == [(0,)]


async def test_it_goes_on_where_it_was_stopped(database: Database, news: Any) -> None:
    await add(database)
    stopped = Relabeller(database, page=1)
    for _ in range(2):  # sets out; the newest post
        await stopped.step()
    assert (await current(database)).posts == 1
    await relabel_all(database, page=1)
    assert (await current(database)).posts == 4
    assert "ferries" in (await stored_codes(database))[1]


async def test_what_was_to_be_wholly_anew_still_is_after_a_topic_came(database: Database, news: Any) -> None:
    await change(database, "UPDATE posts SET topics = '[]', topic_codes = '{}'")
    relabeller = Relabeller(database, page=1, version="of the next release")
    for _ in range(2):
        await relabeller.step()
    await add(database)
    while (await relabeller.step()).has_more:
        pass
    codes = await stored_codes(database)
    assert "economy" in codes[2]
    assert "ferries" in codes[1]


async def test_a_release_that_was_overtaken_stands_aside(database: Database, news: Any) -> None:
    older, newer = Relabeller(database, version="older"), Relabeller(database, version="newer")
    await older.step()
    await newer.step()
    assert not (await older.step()).has_more
    assert (await current(database)).goal.labels_version == "newer"


async def test_an_operator_can_ask_for_all_once_more(database: Database, news: Any) -> None:
    await change(database, "UPDATE posts SET topic_codes = '{}' WHERE message_id = 2")
    relabeller = Relabeller(database)
    assert not (await relabeller.step()).has_more
    async with database.begin() as connection:
        assert await relabelling.ask_for_all(connection)
    while (await relabeller.step()).has_more:
        pass
    assert "economy" in (await stored_codes(database))[2]


@pytest.mark.parametrize("waits", [True, False])
async def test_a_batch_that_began_before_the_topic_is_waited_for(
    database: Database, news: Any, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    if not waits:  # the control: without waiting, its post is passed before it is there
        monkeypatch.setattr(relabelling, "BEGIN", text(
            "UPDATE relabelling SET next_id = (SELECT max(id) + 1 FROM posts) WHERE next_id IS NULL RETURNING id"
        ))  # fmt: skip
    own, relabeller = OwnTopics(), Relabeller(database)
    async with database.begin() as batch:
        await own.refresh(batch)
        await add(database)
        for _ in range(3):
            step = await relabeller.step()
        assert step.is_waiting is waits
        await store_posts(batch, [labelled(make_post(news, 9, "A late quillon"), own)])
    while (await relabeller.step()).has_more:
        pass
    assert ("ferries" in (await stored_codes(database))[9]) is waits


async def test_an_edit_meanwhile_keeps_the_labels_of_its_own_words(database: Database, news: Any) -> None:
    await add(database)
    async with database.begin() as connection:
        page, _ = await relabelling.next_posts(connection, 99, 10)
    later = dt.timedelta(minutes=1)
    edit = make_post(news, 1, "The bus leaves")
    await store(database, make_post(news, 1, "The bus leaves", edited_at=edit.posted_at + later))
    own = OwnTopics()
    async with database.begin() as connection:
        await own.refresh(connection)
        made = [(stored, labelled(stored.post, own).labels) for stored in page]
        assert len(await relabelling.write(connection, made, with_terms=False)) == 1
    assert "ferries" not in (await stored_codes(database))[1]
    assert "ferries" in (await stored_codes(database))[3]


async def test_forgotten_and_failed_posts_are_left_alone(database: Database, news: Any) -> None:
    await change(database, "UPDATE posts SET content_hash = '' WHERE message_id = 1")
    await change(database, "UPDATE posts SET analysis = 'failed' WHERE message_id = 3")
    before = await stored_codes(database)
    await add(database)
    await relabel_all(database)
    assert await stored_codes(database) == before
    assert (await current(database)).is_done


async def test_two_processes_do_each_page_once_between_them(database: Database, news: Any) -> None:
    await add(database)
    await asyncio.gather(relabel_all(database, page=1), relabel_all(database, page=1))
    done = await current(database)
    assert (done.is_done, done.posts, done.changed) == (True, 4, 2)


async def test_it_rests_four_times_as_long_as_it_works(database: Database, news: Any) -> None:
    await add(database)
    rests: list[float] = []

    async def pause(seconds: float) -> None:
        rests.append(seconds)
        if seconds >= 10:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Relabeller(database, page=1).run(pause)
    assert min(rests) >= 0.05
    assert (await current(database)).is_done
