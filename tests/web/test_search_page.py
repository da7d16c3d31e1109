"""The search page: results, where a query is wrong, narrowing, pages."""

from __future__ import annotations

import datetime as dt

import pytest

from storage.ids import PostId
from storage.search import Cursor, SearchTooSlow
from tests.storage.makers import NOON, change, make_channel, make_post, store, store_one
from tests.web.visitor import Visitor, attribute, attributes, texts_of, words_of
from web.pages.search import EXAMPLES, PAGE
from web.queries import asked
from web.texts import CATALOGUES


async def found(visitor: Visitor, address: str) -> list[str]:
    """What the results say."""
    return texts_of(await visitor.page(address), ".posts .said")


async def test_posts_are_found_in_any_form_of_a_word_and_marked(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    await store_one(visitor.database, make_post(channel, 1, "Паромы стоят."))
    await store_one(visitor.database, make_post(channel, 2, "Мост открыт."))
    page = await visitor.page("/search?q=паром")
    assert [node.text() for node in page.css(".posts mark")] == ["Паромы"]
    assert "1 post" in words_of(page, ".summary")


async def test_a_mistake_is_shown_at_its_place_with_its_fix(visitor: Visitor) -> None:
    answer = await visitor.get("/search?q=ferry+(harbour")
    assert answer.status_code == 400
    assert "This ( is not closed." in answer.text
    assert '<mark class="here">(harbour</mark>' in answer.text
    assert "ferry (harbour)" in answer.text


async def test_a_mistake_is_explained_in_the_operators_language(visitor: Visitor) -> None:
    await visitor.send("/settings/look", {"language": "uk", "theme": "auto", "time_zone": "UTC"})
    assert CATALOGUES["uk"].errors["open_parenthesis"] in (await visitor.get("/search?q=порт+(пором")).text


async def test_a_channel_that_is_not_read_is_named(visitor: Visitor) -> None:
    answer = await visitor.get("/search?q=ferry+channel:@nowhere_demo")
    assert answer.status_code == 400
    assert "No channel @nowhere_demo is read here." in answer.text


async def test_deleted_posts_and_earlier_versions_are_found_when_asked_for(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    await store_one(visitor.database, make_post(channel, 1, "The ferry sinks."))
    await change(visitor.database, "UPDATE posts SET deleted_at = now()")
    await store_one(visitor.database, make_post(channel, 2, "The ferry burns."))
    later = NOON + dt.timedelta(hours=1)
    await store_one(visitor.database, make_post(channel, 2, "All is well.", edited_at=later))
    assert await found(visitor, "/search?q=ferry") == []
    assert await found(visitor, "/search?q=ferry&deleted=1") == ["The ferry sinks."]
    assert await found(visitor, "/search?q=ferry&versions=1") == ["The ferry burns."]


async def test_pages_go_on_where_the_last_one_ended(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    await store(visitor.database, *(make_post(channel, n, f"ferry {n}") for n in range(1, PAGE + 6)))
    first = await visitor.page("/search?q=ferry")
    link = attribute(first, "a[rel=next]", "href")
    await store_one(visitor.database, make_post(channel, 999, "ferry 999"))  # meanwhile
    pages = [*(node.text() for node in first.css(".posts .said")), *await found(visitor, link)]
    assert [each.split()[-1] for each in pages] == [str(n) for n in range(PAGE + 5, 0, -1)]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "a" * 300])
async def test_a_forged_page_is_refused_kindly(visitor: Visitor, cursor: str) -> None:
    page = await visitor.page(f"/search?q=ferry&cursor={cursor}")
    assert "This page belongs to another search." in words_of(page)


async def test_refused_page_leaves_no_connection_behind(visitor: Visitor) -> None:
    place = Cursor(NOON, PostId(1), asked="another search").text
    page = await visitor.page(f"/search?q=ferry&cursor={place}")
    assert "This page belongs to another search." in words_of(page)
    assert visitor.database.pool_figures()["in_use"] == 0


async def test_narrowing_leads_to_the_posts_that_it_promises(visitor: Visitor) -> None:
    wire, desk = await make_channel(visitor.database, "demo_wire"), await make_channel(visitor.database, "demo_desk")
    for number in range(1, 4):
        await store_one(visitor.database, make_post(wire, number, f"The ferry number {number} is late again."))
    await store_one(visitor.database, make_post(desk, 1, "The ferry number four is late again."))
    page = await visitor.page("/search?q=ferry")
    channels = page.css(".facet")[0]
    assert texts_of(channels, "span") == ["3", "1"]
    address = attributes(channels, "a", "href")[1]
    assert await found(visitor, address) == ["The ferry number four is late again."]
    narrowed = await visitor.page(address)
    other = attribute(narrowed.css(".facet")[0], "li:not(.chosen) a", "href")
    assert len(await found(visitor, other)) == 3  # another channel stands instead of the first, not beside it
    undone = attribute(narrowed, ".facet .chosen a", "href")
    assert len(await found(visitor, undone)) == 4


async def test_a_day_can_be_taken_back_out_of_the_query(visitor: Visitor) -> None:
    async with visitor.database.begin() as connection:
        read = await asked(connection, "ferry lang:ru", CATALOGUES["en"], dt.UTC)
        day = "after:2026-11-05 before:2026-11-06"
        narrowed = await asked(connection, read.narrowed(day), CATALOGUES["en"], dt.UTC)
    assert narrowed.understood == f"ferry lang:ru {day}"
    assert narrowed.without(day) == "ferry lang:ru"
    assert read.narrowed("lang:uk") == "ferry lang:uk"
    assert read.without("lang:ru") == "ferry"


async def test_the_timeline_counts_every_post(visitor: Visitor) -> None:
    channel = await make_channel(visitor.database)
    for number in range(1, 6):
        at = NOON + dt.timedelta(hours=5 * number)
        await store_one(visitor.database, make_post(channel, number, "ferry", posted_at=at, seen_at=at))
    page = await visitor.page("/search?q=ferry")
    titles = [node.text() for node in page.css(".bars .bar title")]
    assert sum(int(title.rpartition(": ")[2]) for title in titles) == 5


async def test_a_search_that_takes_too_long_says_what_to_do(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object, **__: object) -> None:
        raise SearchTooSlow("too slow")

    monkeypatch.setattr("storage.search.find", slow)
    assert "This search took too long." in words_of(await visitor.page("/search?q=ferry"))


async def test_every_example_can_be_asked(visitor: Visitor) -> None:
    async with visitor.database.begin() as connection:
        for example in EXAMPLES:
            assert (await asked(connection, example, CATALOGUES["en"], dt.UTC)).query is not None


@pytest.mark.parametrize("field", ["sort", "deleted", "versions", "cursor", "q"])
async def test_no_parameter_reaches_the_database_as_words(visitor: Visitor, field: str) -> None:
    for hostile in (
        "'",
        "';DROP TABLE posts;--",
        "1 OR 1=1",
        "\x00",
        "\ud800".encode("utf-16", "surrogatepass").hex(),
        "%",
    ):
        values = {"q": "ferry", field: hostile}
        answer = await visitor.client.get("/search", params=values)
        assert answer.status_code in {200, 400}, (field, hostile)
