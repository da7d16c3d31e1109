"""What the pages show of what is stored."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from config.keys import NAME
from storage.database import Database
from storage.ids import MessageId, PostId
from storage.post_values import Entity, Part, Post
from storage.stories import Placed, lock_stories, place
from tests.storage.makers import (
    NOON,
    change,
    make_album,
    make_channel,
    make_owed,
    make_post,
    make_subscriber,
    owe,
    rows,
    store_one,
    subscribe,
)
from tests.web.newsroom import furnish
from tests.web.visitor import Visitor, attribute, attributes, texts_of, words_of

NOW = dt.datetime.now(dt.UTC)


async def test_every_page_opens_on_an_empty_database(visitor: Visitor) -> None:
    for path in ("/", "/search", "/live", "/stories", "/topics", "/channels", "/deliveries", "/settings", "/saved",
                 "/standings"):  # fmt: skip
        assert words_of(await visitor.page(path))


async def test_every_page_opens_on_a_busy_day_in_every_language(visitor: Visitor) -> None:
    await furnish(visitor.database)
    [(story,)] = await rows(visitor.database, "SELECT story_id FROM story_posts ORDER BY story_id DESC LIMIT 1")
    [(edited,)] = await rows(visitor.database, "SELECT post_id FROM post_versions LIMIT 1")
    for language in ("en", "ru", "uk"):
        await visitor.send("/settings/look", {"language": language, "theme": "auto", "time_zone": "Europe/Kyiv"})
        for path in ("/", "/search?q=порт", "/live?q=port", "/stories?hours=168", f"/stories/{story}", "/topics",
                     "/channels", "/channels/1", "/standings", "/deliveries", f"/posts/{edited}?q=port",
                     "/settings"):  # fmt: skip
            page = await visitor.page(path)
            assert attribute(page, "html", "lang") == language
            assert len(words_of(page)) > 100, path


async def test_the_overview_counts_the_last_day(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    ages = [dt.timedelta(minutes=5), dt.timedelta(hours=3), dt.timedelta(hours=30)]
    for number, age in enumerate(ages, 1):
        await store_one(visitor.database, make_post(channel, number, "ferry", posted_at=NOW - age, seen_at=NOW))
    tiles = texts_of(await visitor.page("/"), ".tile", " ")
    assert tiles[0].startswith("Posts, 24 hours 2 1 the day before")
    assert "reading has never run" in tiles[2]


async def test_a_post_shows_its_versions_side_by_side_with_what_changed(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    await store_one(visitor.database, make_post(channel, 1, "The ferry leaves at nine."))
    later = NOON + dt.timedelta(hours=1)
    post_id = await store_one(visitor.database, make_post(channel, 1, "The ferry leaves at ten.", edited_at=later))
    page = await visitor.page(f"/posts/{post_id}")
    before, after = page.css(".side")
    assert [node.text() for node in before.css("del")] == ["nine"]
    assert [node.text() for node in after.css("ins")] == ["ten"]
    assert "The ferry leaves at nine." in before.text()


async def test_a_post_marks_the_words_of_the_query_that_found_it(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    post_id = await store_one(visitor.database, make_post(channel, 1, "Паромы отходят в девять; паром полон."))
    page = await visitor.page(f"/posts/{post_id}?q=паром")
    assert [node.text() for node in page.css(".text mark")] == ["Паромы", "паром"]


async def test_a_deleted_post_says_so(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    post_id = await store_one(visitor.database, make_post(channel, 1, "The ferry"))
    await change(visitor.database, "UPDATE posts SET deleted_at = '2026-01-05 14:00+00'")
    assert "Its channel deleted this post; seen so 5 Jan 2026, 14:00:00 UTC." in words_of(
        await visitor.page(f"/posts/{post_id}")
    )


async def test_a_post_links_to_web_pages_only_and_safely(visitor: Visitor) -> None:
    urls = ["https://demo.example/a", "javascript:alert(1)", "tg://resolve?domain=demo", "file:///etc/passwd"]
    entities = tuple(Entity("text_link", 0, 3, url=url) for url in urls)
    post = Post(await make_channel(visitor.database), (Part(MessageId(1), "here", entities),), NOON, NOON)
    page = await visitor.page(f"/posts/{await store_one(visitor.database, post)}")
    assert attributes(page, ".links a", "href") == ["https://demo.example/a"]
    assert attribute(page, ".links a", "rel") == "noopener noreferrer"


async def test_an_album_is_one_page(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    post_id = await store_one(visitor.database, make_album(channel, {1: "First pier", 2: "Second pier"}))
    assert words_of(await visitor.page(f"/posts/{post_id}"), ".text") == "First pier Second pier"


async def told(database: Database) -> list[PostId]:
    """One event in three channels, the second a forward of the first, the third its rewrite an hour later."""
    ids = []
    for minutes in (0, 4, 60):
        at = NOON + dt.timedelta(minutes=minutes)
        channel = await make_channel(database, f"demo_{minutes}")
        ids.append(await store_one(database, make_post(channel, 1, f"The bridge, {minutes}", posted_at=at, seen_at=at)))
    first, second, third = ids
    async with database.begin() as connection:
        await lock_stories(connection)
        await place(
            connection,
            [
                Placed(first, first, "first"),
                Placed(second, first, "forward", first, 1.0),
                Placed(third, first, "rewrite", first, 0.7),
            ],
        )
    return ids


async def test_a_story_shows_who_told_first_and_how_much_later_the_others_were(visitor: Visitor) -> None:
    ids = await told(visitor.database)
    page = await visitor.page(f"/stories/{ids[0]}")
    shown = texts_of(page, ".rows .row", " ")
    assert [row.split()[0] for row in shown] == ["demo_0", "demo_4", "demo_60"]
    assert texts_of(page, ".rows .delay") == ["first", "+4 min", "+60 min"]
    places = [float(place[:-1]) for place in attributes(page, ".dot", "cx")]
    assert places == sorted(places)
    assert attributes(page, ".dot", "class") == ["dot k-first", "dot k-forward", "dot k-rewrite"]


async def test_a_post_says_who_took_it_from_there(visitor: Visitor) -> None:
    ids = await told(visitor.database)
    first, third = await visitor.page(f"/posts/{ids[0]}"), await visitor.page(f"/posts/{ids[2]}")
    assert "Taken from here forward demo_4 +4 min rewrite demo_60 +60 min" in words_of(first)
    assert "Told 60 min after demo_0." in words_of(third)
    assert "Taken from here" not in words_of(third)


async def test_stories_are_listed_by_the_number_of_channels(visitor: Visitor) -> None:
    ids = await told(visitor.database)
    await change(visitor.database, "UPDATE posts SET posted_at = now() - interval '2 hours'")
    page = await visitor.page("/stories")
    assert attributes(page, ".story .said a", "href") == [f"/stories/{ids[0]}"]


async def test_a_channel_shows_its_holes(visitor: Visitor) -> None:
    number = await make_channel(visitor.database, "demo_wire")
    await change(
        visitor.database, "UPDATE channels SET state = 'active', watermark = 10, top_message_id = 15 WHERE id = 1"
    )
    await change(visitor.database, "INSERT INTO channel_messages VALUES (1, 13, 'service', NULL, now())")
    page = await visitor.page(f"/channels/{number}")
    assert texts_of(page, ".gaps li") == ["11 – 12", "14 – 15"]
    assert "Some ids are not accounted for yet." in words_of(page)
    assert "Some ids are not accounted for yet." in words_of(await visitor.page("/channels"))


async def test_topics_show_todays_posts_against_the_usual(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    said = "Центральный банк поднял ключевую ставку, рубль и нефть дорожают, инфляция растёт."
    for number, hours in enumerate([1, 2, 3, 50, 60, 70, 80, 90, 100], 1):
        at = NOW - dt.timedelta(hours=hours)
        await store_one(visitor.database, make_post(channel, number, said, posted_at=at, seen_at=at))
    trends = texts_of(await visitor.page("/topics"), "tbody tr", " ")
    row = next(row for row in trends if "Economy" in row)
    assert row.startswith("Economy and business 3 1 +200 %")


async def test_a_failed_delivery_is_sent_again_and_a_waiting_one_cancelled(visitor: Visitor) -> None:
    await make_owed(visitor.database, posts=2)
    await change(visitor.database, "UPDATE deliveries SET state = 'dead', settled_at = now() WHERE id = 1")
    again = await visitor.send("/deliveries/1/retry", {"state": "dead"}, on="/deliveries")
    assert again.headers["location"] == "/deliveries?state=dead&said=retried"
    assert (await visitor.send("/deliveries/2/cancel", on="/deliveries")).status_code == 303
    assert await rows(visitor.database, "SELECT state FROM deliveries ORDER BY id") == [("pending",), ("cancelled",)]
    done = await rows(visitor.database, "SELECT operator_name, action, subject FROM operator_actions ORDER BY id")
    assert done[1:] == [("anna", "delivery retried", "1"), ("anna", "delivery cancelled", "2")]


async def test_a_sent_delivery_is_left_alone_and_that_is_said(visitor: Visitor) -> None:
    await make_owed(visitor.database)
    await change(visitor.database, "UPDATE deliveries SET state = 'sent', settled_at = now()")
    refused = await visitor.send("/deliveries/1/retry", on="/deliveries")
    assert "It has not failed." in words_of(await visitor.page(refused.headers["location"]))
    assert await rows(visitor.database, "SELECT state FROM deliveries") == [("sent",)]
    assert await rows(visitor.database, "SELECT action FROM operator_actions") == [("signed in",)]


BURST = (
    "INSERT INTO bursts (kind, what, shown, began_at, last_at, usual, peak_voices, peak_posts, peak_channels, peak_at,"
    " post_ids) VALUES ('word', 'ferry', 'ferry', now(), now(), 1, 9, 9, 3, now(), '{}') RETURNING id"
)


async def test_a_burst_that_is_owed_is_listed(visitor: Visitor) -> None:
    await make_subscriber(visitor.database)
    [(burst,)] = await rows(visitor.database, BURST)
    await change(
        visitor.database,
        "INSERT INTO deliveries (kind, subscriber_id, burst_id, priority, due_at, state, reasons)"
        " VALUES ('burst', 1, :burst, 1, now(), 'pending', '{}')",
        burst=burst,
    )
    assert "burst" in words_of(await visitor.page("/deliveries"), ".list")


async def test_deliveries_never_show_a_posts_words(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    subscriber = await make_subscriber(visitor.database)
    subscription = await subscribe(visitor.database, subscriber, "canary")
    await owe(visitor.database, subscriber, [await store_one(visitor.database, make_post(channel, 1, "canary"))],
              subscription)  # fmt: skip
    page = await visitor.page("/deliveries")
    assert len(page.css("tbody tr")) > 0
    assert "canary" not in (page.html or "")


async def test_times_are_told_in_the_operators_time_zone(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    post_id = await store_one(visitor.database, make_post(channel, 1, "x"))
    await visitor.send("/settings/look", {"language": "en", "theme": "dark", "time_zone": "Europe/Kyiv"})
    page = await visitor.page(f"/posts/{post_id}")
    assert "5 Jan 2026, 14:00:00 EET" in words_of(page)
    assert attribute(page, "html", "data-theme") == "dark"


@pytest.mark.parametrize(
    "values", [{"theme": "pink"}, {"language": "xx"}, {"time_zone": "../../etc/passwd"}, {"time_zone": "Mars/Base"}]
)
async def test_settings_that_do_not_exist_are_refused(visitor: Visitor, values: dict[str, str]) -> None:
    assert (await visitor.send("/settings/look", values)).status_code == 400


async def test_a_search_is_saved_with_a_feed_of_its_own_and_removed(visitor: Visitor) -> None:
    await make_channel(visitor.database, "demo_wire")
    await visitor.send("/saved", {"q": "паром channel:@demo_wire", "name": "Ferries"}, on="/search")
    page = await visitor.page("/saved")
    assert "паром channel:@demo_wire" in words_of(page)
    feeds = attributes(page, ".feeds a", "href")[:2]
    assert [feed.rpartition(".")[2] for feed in feeds] == ["xml", "json"]
    assert feeds[0].startswith("http://127.0.0.1:8878/feeds/cwf_")
    assert (await visitor.send("/saved/1/remove", on="/saved")).headers["location"] == "/saved?said=search_removed"
    assert "Nothing is saved yet." in words_of(await visitor.page("/saved"))


async def test_a_feed_whose_key_is_gone_says_so_until_it_gets_a_new_address(visitor: Visitor) -> None:
    await visitor.send("/saved", {"q": "паром"}, on="/search")
    (visitor.app.state.settings.home / NAME).unlink()
    page = await visitor.page("/saved")
    assert "The key that this feed's address was sealed with is gone" in words_of(page)
    assert page.css(".feeds a") == []
    await visitor.send("/saved/1/rotate", on="/saved")
    assert attribute(await visitor.page("/saved"), ".feeds a", "href")


async def test_a_feed_gets_a_new_address_and_somebody_elses_is_not_found(visitor: Visitor) -> None:
    await visitor.send("/saved", {"q": "паром"}, on="/search")
    before = attribute(await visitor.page("/saved"), ".feeds a", "href")
    await visitor.send("/saved/1/rotate", on="/saved")
    assert attribute(await visitor.page("/saved"), ".feeds a", "href") != before
    async with visitor.database.begin() as connection:
        await connection.execute(text("UPDATE saved_searches SET owner = 'boris'"))
    for action in ("rotate", "remove"):
        assert (await visitor.send(f"/saved/1/{action}", on="/saved")).status_code == 404
    assert "паром" not in words_of(await visitor.page("/saved"))
