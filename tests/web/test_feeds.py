"""Feeds: a saved search in a feed reader, for who knows its address; and lists of feeds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from storage.database import Database
from storage.search import SearchHeldUp
from tests.storage.makers import NOON, change
from tests.web.programs import Program, program, store_posts
from web.allowance import Allowance
from web.feeds import json_feed, opml, rss
from web.feeds.entries import Entry, Feed
from web.tokens import Allowances


@pytest.fixture
async def asker(database: Database, tmp_path: Path) -> AsyncIterator[Program]:
    async with program(database, tmp_path) as made:
        yield made


def items(response: httpx.Response) -> list[Tree.Element]:
    assert response.status_code == 200, response.text
    return Tree.fromstring(response.content).findall("./channel/item")


def feed_of(title: str, text: str) -> Feed:
    entry = Entry("urn:channelwatch:post:1", None, title, text, "demo", ("economy",), NOON, NOON)
    return Feed("demo", "http://localhost/", "http://localhost/a.xml", "http://localhost/a.json", NOON, (entry,))


async def test_a_saved_search_is_read_as_rss_and_as_json(asker: Program) -> None:
    await store_posts(asker.database, "мир", "война", "О мире\nи <b>войне</b>")
    saved = await asker.save()
    newest, oldest = items(await asker.client.get(saved["rss_url"]))
    listed = (await asker.client.get(saved["json_feed_url"])).json()
    assert newest.findtext("title") == "demo_opal_wire: О мире"
    assert newest.findtext("description") == "О мире<br>\nи &lt;b&gt;войне&lt;/b&gt;"
    assert oldest.findtext("guid") == oldest.findtext("link") == "https://t.me/demo_opal_wire/1"
    assert [item["content_text"] for item in listed["items"]] == ["О мире\nи <b>войне</b>", "мир"]
    assert listed["feed_url"] == saved["json_feed_url"]


async def test_a_reader_that_has_the_newest_is_told_so(asker: Program) -> None:
    await store_posts(asker.database, "мир")
    await change(asker.database, "UPDATE posts SET seen_at = now() - interval '1 hour'")
    saved = await asker.save()
    await change(asker.database, "UPDATE saved_searches SET changed_at = now() - interval '1 hour'")
    first = await asker.client.get(saved["rss_url"])
    for known in ({"if-none-match": first.headers["etag"]}, {"if-modified-since": first.headers["last-modified"]}):
        again = await asker.client.get(saved["rss_url"], headers=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await store_posts(asker.database, "мир", username="demo_other")
    await change(asker.database, "UPDATE posts SET seen_at = now() WHERE id = 2")
    for known in ({"if-none-match": first.headers["etag"]}, {"if-modified-since": first.headers["last-modified"]}):
        assert len(items(await asker.client.get(saved["rss_url"], headers=known))) == 2


async def test_a_date_that_no_calendar_has_is_none(asker: Program) -> None:
    saved = await asker.save()
    known = {"if-modified-since": "Mon, 01 Jan 99999999999999 00:00:00 GMT"}
    assert (await asker.client.get(saved["rss_url"], headers=known)).status_code == 200


async def test_a_search_that_waits_for_an_upgrade_asks_its_readers_for_patience(
    asker: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def held_up(*_: object, **__: object) -> None:
        raise SearchHeldUp("Search again in a moment.")

    saved = await asker.save()
    monkeypatch.setattr("web.feeds.search", held_up)
    with structlog.testing.capture_logs() as logged:
        answer = await asker.client.get(saved["rss_url"])
    assert (answer.status_code, answer.headers["retry-after"], logged) == (503, "1", [])


async def test_a_feed_that_changes_this_second_gives_no_date_to_come_back_with(asker: Program) -> None:
    saved = await asker.save()
    await change(asker.database, "UPDATE saved_searches SET changed_at = now() + interval '1 second'")
    fresh = await asker.client.get(saved["rss_url"])
    assert "last-modified" not in fresh.headers
    await change(asker.database, "UPDATE saved_searches SET changed_at = now() - interval '1 minute'")
    assert parsedate_to_datetime((await asker.client.get(saved["rss_url"])).headers["last-modified"])


async def test_of_a_protected_channel_there_is_only_the_link(asker: Program) -> None:
    await store_posts(asker.database, "мир канарейка")
    await change(asker.database, "UPDATE channels SET is_protected = true")
    saved = await asker.save()
    for address in (saved["rss_url"], saved["json_feed_url"]):
        said = (await asker.client.get(address)).text
        assert "https://t.me/demo_opal_wire/1" in said
        assert "канарейка" not in said


async def test_deleted_posts_leave_the_feed(asker: Program) -> None:
    await store_posts(asker.database, "мир")
    saved = await asker.save()
    await change(asker.database, "UPDATE posts SET deleted_at = now()")
    assert items(await asker.client.get(saved["rss_url"])) == []


async def test_only_the_address_opens_a_feed_and_every_other_is_told_the_same(asker: Program) -> None:
    saved = await asker.save()
    renewed = (await asker.ask("POST", f"/saved-searches/{saved['id']}/rotate")).json()
    word = renewed["rss_url"].rsplit("/", 1)[1].removesuffix(".xml")
    tried = [
        saved["rss_url"],
        *(f"/feeds/{other}.xml" for other in (saved["id"], word[:-1], word.upper(), f"{word}A", "cwf_" + "A" * 43)),
        f"/feeds/{asker.word}.xml",
    ]
    answers = {(response.status_code, response.text) for response in [await asker.client.get(each) for each in tried]}
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert (await asker.client.get(renewed["rss_url"])).status_code == 200


async def test_whoever_guesses_addresses_is_slowed_down_and_readers_are_not(asker: Program) -> None:
    saved = await asker.save()
    asker.app.state.allowances = Allowances(mistakes=Allowance(2), feeds=Allowance(2))
    assert [(await asker.client.get(f"/feeds/{n}.xml")).status_code for n in range(3)] == [404, 404, 429]
    assert [(await asker.client.get(saved["rss_url"])).status_code for _ in range(3)] == [200, 200, 429]


async def test_a_feed_may_be_asked_for_its_head(asker: Program) -> None:
    saved = await asker.save()
    assert (await asker.client.head(saved["rss_url"])).headers["etag"]
    assert (await asker.client.get(saved["rss_url"].replace(".xml", ".txt"))).status_code in (404, 422)


@given(st.text(), st.text())
def test_whatever_a_post_says_a_feed_is_read_back_with_one_entry_and_no_markup(title: str, text: str) -> None:
    from web.feeds.entries import legal

    document = Tree.fromstring(rss.write(feed_of(legal(title), legal(text))))
    (item,) = document.findall("./channel/item")
    assert {child.tag.rpartition("}")[2] for child in item} <= {
        "title", "guid", "pubDate", "creator", "category", "description",
    }  # fmt: skip
    assert all(len(child) == 0 for child in item)
    assert "<" not in (item.findtext("description") or "").replace("<br>", "")


@pytest.mark.parametrize("illegal", ["\x00", "\x08", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_what_xml_cannot_hold_is_left_out_of_a_feed(illegal: str) -> None:
    from web.feeds.entries import legal

    written = rss.write(feed_of("a", legal(f"до{illegal}после")))
    assert "допосле" in written.decode()
    assert Tree.fromstring(written).findtext("./channel/item/description") == "допосле"


def test_the_same_feed_is_the_same_bytes() -> None:
    feed = feed_of("a", "b")
    assert rss.write(feed) == rss.write(feed)
    assert json_feed.write(feed) == json_feed.write(feed)


async def test_a_list_of_feeds_leads_to_the_same_searches_elsewhere(asker: Program) -> None:
    await store_posts(asker.database, "мир")
    await asker.save("Мир & <правда>", '"мир во всём" OR перемир*')
    await asker.save("war", "война channel:@demo_opal_wire")
    written = await asker.ask("GET", "/saved-searches/opml")
    assert {each.name: each.query for each in opml.read(written.content)} == {
        "war": "война channel:@demo_opal_wire",  # our number of the channel means another one elsewhere
        "Мир & <правда>": '"мир во всем" OR перемир*',
    }


def outlines(*urls: str) -> bytes:
    inside = "".join(f'<outline text="{n}" xmlUrl="{url}"/>' for n, url in enumerate(urls))
    return f'<opml version="2.0"><body><outline text="folder">{inside}</outline></body></opml>'.encode()


def test_channels_that_other_tools_made_feeds_of_become_searches() -> None:
    read = opml.read(
        outlines(
            "https://rsshub.example/telegram/channel/demo_opal_wire?limit=5",
            "https://t.me/s/demo_opal_wire",
            "https://tg.example/rss/demo_opal_wire",
            "https://example.org/feed.xml",
        )
    )
    assert [outline.query for outline in read] == ["channel:@demo_opal_wire"] * 3 + [None]


BOMB = b'<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><opml><body><outline text="&b;"/></body></opml>'
THEFT = b'<!DOCTYPE o [<!ENTITY f SYSTEM "file:///etc/passwd">]><opml><body><outline text="&f;"/></body></opml>'


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (BOMB, "document type"),
        (THEFT, "document type"),
        (b'<!DOCTYPE o SYSTEM "http://127.0.0.1/x.dtd"><opml/>', "document type"),
        (b"<opml>" + b"<outline>" * 100 + b"</outline>" * 100 + b"</opml>", "folders"),
        (outlines(*["http://x.example/"] * 1_001), "more than"),
        (b" " * (opml.MOST_BYTES + 1), "larger"),
        (b"<rss/>", "no OPML"),
        (b"<opml>&undefined;</opml>", "no XML"),
        (b"", "no XML"),
        (b"\xff\xfe\x00", "no XML"),
        (b'<?xml version="1.0" encoding="shift_jis"?><opml/>', "encoding"),
        (b'<?xml version="1.0" encoding="nonsense"?><opml/>', "encoding"),
    ],
)
def test_a_hostile_list_is_refused_with_the_reason(document: bytes, why: str) -> None:
    with pytest.raises(opml.OpmlRefused, match=why):
        opml.read(document)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_list_however_broken_raises_anything_else(document: bytes) -> None:
    try:
        read: list[Any] = opml.read(document)
    except opml.OpmlRefused:
        return
    assert isinstance(read, list)
