"""The API: what it answers, to whom, and how it says no."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.keys import NAME
from storage import api_tokens
from storage.database import Database
from tests.storage.makers import NOON, change, make_channel, make_post, make_subscriber, store_one, subscribe
from tests.web.programs import EVERYTHING, Program, program, store_posts
from web.allowance import Allowance
from web.api import described
from web.tokens import Allowances

OPERATIONS = [
    (method, path, operation) for path, methods in described()["paths"].items() for method, operation in methods.items()
]


@pytest.fixture
async def asker(database: Database, tmp_path: Path) -> AsyncIterator[Program]:
    async with program(database, tmp_path) as made:
        yield made


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    return body


async def test_a_search_finds_posts_and_says_what_it_understood(asker: Program) -> None:
    await store_posts(asker.database, "мир", "война", "о мире")
    found = await asker.get("/posts", query="мир", highlights=True, total=True)
    assert [post["text"] for post in found["posts"]] == ["о мире", "мир"]
    assert (found["query"], found["total"], found["next_cursor"]) == ("мир", {"posts": 2, "one_in": 1}, None)
    assert found["posts"][0]["marks"] == [[2, 6]]


async def test_pages_hold_every_post_once_while_others_arrive(asker: Program) -> None:
    await store_posts(asker.database, *["мир"] * 5)
    seen, cursor = [], None
    for _ in range(9):
        page = await asker.get("/posts", query="мир", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [post["message_id"] for post in page["posts"]]
        await store_posts(asker.database, "мир", username=f"demo_late_{len(seen)}")
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(seen) == [1, 2, 3, 4, 5]


async def test_a_post_of_an_archive_that_names_no_channel_has_its_life_told_too(asker: Program) -> None:
    (post_id,) = await store_posts(asker.database, "мир")
    await change(asker.database, "UPDATE channels SET username = NULL, telegram_id = NULL")
    assert (await asker.get(f"/posts/{post_id}"))["versions"][0]["text"] == "мир"


async def test_of_a_protected_channel_there_is_no_text_anywhere(asker: Program) -> None:
    (post_id,) = await store_posts(asker.database, "мир канарейка")
    await change(asker.database, "UPDATE channels SET is_protected = true")
    found = await asker.get("/posts", query="мир", highlights=True, versions=True)
    one, story = await asker.get(f"/posts/{post_id}"), await asker.get(f"/stories/{post_id}")
    assert found["posts"][0]["url"] == one["post"]["url"] == "https://t.me/demo_opal_wire/1"
    assert "канарейка" not in json.dumps([found, one, story], ensure_ascii=False)


async def test_a_post_comes_with_its_versions(asker: Program) -> None:
    channel_id = await make_channel(asker.database)
    post_id = await store_one(asker.database, make_post(channel_id, 1, "мир"))
    await store_one(asker.database, make_post(channel_id, 1, "мира нет", edited_at=NOON + dt.timedelta(minutes=1)))
    details = await asker.get(f"/posts/{post_id}")
    assert [version["text"] for version in details["versions"]] == ["мир", "мира нет"]
    assert details["story_id"] == post_id


async def test_a_query_that_cannot_be_read_is_answered_with_where_and_how_to_mend_it(asker: Program) -> None:
    said = problem(await asker.ask("GET", "/posts", params={"query": "мир (война"}), 400)
    assert said["type"] == "urn:channelwatch:problem:query"
    assert said["position"] == 4
    assert said["suggestion"] == "мир (война)"


async def test_a_channel_that_is_not_stored_is_named(asker: Program) -> None:
    said = problem(await asker.ask("GET", "/posts", params={"query": "channel:@demo_nowhere"}), 400)
    assert said["detail"] == "There is no channel @demo_nowhere."


async def test_a_cursor_of_another_search_or_of_nobodys_is_refused(asker: Program) -> None:
    await store_posts(asker.database, *["мир"] * 3)
    cursor = (await asker.get("/posts", query="мир", limit=1))["next_cursor"]
    for wrong in (
        {"query": "война", "cursor": cursor},
        {"query": "мир", "cursor": "AAAA"},
        {"query": "мир", "cursor": ""},
    ):
        said = problem(await asker.ask("GET", "/posts", params=wrong), 400)
        assert said["type"] == "urn:channelwatch:problem:cursor"


async def test_wrong_parameters_are_named_and_not_repeated(asker: Program) -> None:
    params = {"query": "мир", "limit": "canary", "sort": "canary"}
    said = problem(await asker.ask("GET", "/posts", params=params), 422)
    assert [each["where"] for each in said["errors"]] == ["query.sort", "query.limit"]
    assert "canary" not in json.dumps(said)


async def test_what_is_not_there_or_not_done_so_is_a_problem_too(asker: Program) -> None:
    problem(await asker.ask("GET", "/nothing"), 404)
    problem(await asker.ask("GET", "/posts/4711"), 404)
    refused = await asker.ask("DELETE", "/posts")
    problem(refused, 405)
    assert refused.headers["allow"] == "GET"


async def test_more_than_a_megabyte_is_not_taken(asker: Program) -> None:
    problem(await asker.ask("POST", "/saved-searches", content=b" " * (1024 * 1024 + 1)), 413)


async def test_a_defect_says_nothing_of_the_inside(asker: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("web.api.channels.channel_statuses", fail)
    said = problem(await asker.ask("GET", "/channels"), 500)
    assert set(said) == {"type", "title", "status"}


async def test_who_asks_too_often_is_told_how_long_to_wait(asker: Program) -> None:
    asker.app.state.allowances = Allowances(tokens=Allowance(2))
    for _ in range(2):
        await asker.get("/topics")
    refused = await asker.ask("GET", "/topics")
    problem(refused, 429)
    assert 0 < int(refused.headers["retry-after"]) <= 30
    other = await asker.like("other", "read")
    await other.get("/topics")


async def test_whoever_guesses_tokens_is_slowed_down(asker: Program) -> None:
    asker.app.state.allowances = Allowances(mistakes=Allowance(2))
    stranger = Program(asker.client, asker.app, asker.database, "cwa_" + "A" * 43)
    told = [(await stranger.ask("GET", "/topics")).status_code for _ in range(3)]
    assert told == [401, 401, 429]
    await asker.get("/topics")


async def test_a_revoked_token_is_refused_at_once(asker: Program) -> None:
    await asker.get("/topics")
    async with asker.database.begin() as connection:
        await api_tokens.revoke(connection, "desk read write")
    refused = await asker.ask("GET", "/topics")
    problem(refused, 401)
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_is_taken_from_the_header_only(asker: Program) -> None:
    stranger = Program(asker.client, asker.app, asker.database)
    for options in (
        {"params": {"token": asker.word}},
        {"headers": {"cookie": f"token={asker.word}"}},
        {"auth": ("x", asker.word)},
    ):
        problem(await stranger.ask("GET", "/topics", **options), 401)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
async def test_every_route_needs_its_own_scope(
    database: Database, tmp_path: Path, method: str, path: str, operation: dict[str, Any]
) -> None:
    (needed,) = (scope for security in operation["security"] for scope in security["token"])
    address = path.removeprefix("/api/v1").format(post_id=1, story_id=1, search_id=1)
    async with program(database, tmp_path, [needed]) as holder:
        others = await holder.like("other", *(scope for scope in EVERYTHING if scope != needed))
        stranger = Program(holder.client, holder.app, database)
        problem(await stranger.ask(method, address), 401)
        refused = await others.ask(method, address)
        assert problem(refused, 403)["type"] == "urn:channelwatch:problem:scope"
        assert refused.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{needed}"'
        assert (await holder.ask(method, address)).status_code not in (401, 403, 500)


async def test_a_search_is_saved_changed_rotated_and_removed(asker: Program) -> None:
    saved = await asker.save()
    here = f"/saved-searches/{saved['id']}"
    changed = (await asker.ask("PATCH", here, json={"name": "war", "query": "война"})).json()
    assert (changed["name"], changed["query"], changed["rss_url"]) == ("war", "война", saved["rss_url"])
    rotated = (await asker.ask("POST", f"{here}/rotate")).json()
    assert rotated["rss_url"] != saved["rss_url"]
    assert (await asker.get("/saved-searches"))["saved_searches"] == [rotated]
    assert (await asker.ask("DELETE", here)).status_code == 204
    problem(await asker.ask("GET", here), 404)


async def test_a_name_that_is_taken_is_a_conflict(asker: Program) -> None:
    await asker.save()
    problem(await asker.ask("POST", "/saved-searches", json={"name": "peace", "query": "мир"}), 409)


async def test_somebody_elses_search_looks_like_none_whatever_is_tried(asker: Program) -> None:
    saved = await asker.save()
    other = await asker.like("other", "read", "write")
    for number in (saved["id"], 4711):
        here = f"/saved-searches/{number}"
        tried = [
            await other.ask("GET", here),
            await other.ask("PATCH", here, json={"name": "mine"}),
            await other.ask("POST", f"{here}/rotate"),
            await other.ask("DELETE", here),
        ]
        assert {(each.status_code, each.json()["detail"]) for each in tried} == {
            (404, "There is no such saved search.")
        }
    assert (await other.get("/saved-searches"))["saved_searches"] == []
    assert saved["rss_url"] not in (await other.ask("GET", "/saved-searches/opml")).text
    assert await asker.get(f"/saved-searches/{saved['id']}") == saved


async def test_two_tokens_of_one_owner_share_their_searches_and_an_admin_sees_all(asker: Program) -> None:
    saved = await asker.save()
    assert await (await asker.like("desk", "read")).get(f"/saved-searches/{saved['id']}") == saved
    assert await (await asker.like("boss", "read", "admin")).get(f"/saved-searches/{saved['id']}") == saved


async def test_without_the_key_a_search_is_listed_and_gets_a_new_address(asker: Program, tmp_path: Path) -> None:
    saved = await asker.save()
    (tmp_path / NAME).unlink()
    (listed,) = (await asker.get("/saved-searches"))["saved_searches"]
    assert listed == saved | {"rss_url": None, "json_feed_url": None}
    assert "outline" not in (await asker.ask("GET", "/saved-searches/opml")).text
    rotated = (await asker.ask("POST", f"/saved-searches/{saved['id']}/rotate")).json()
    assert (await asker.client.get(rotated["rss_url"])).status_code == 200


async def test_a_search_of_another_release_is_listed_as_it_stands(asker: Program) -> None:
    await asker.save()
    await change(asker.database, "UPDATE saved_searches SET query = 'sentiment:angry ('")
    (listed,) = (await asker.get("/saved-searches"))["saved_searches"]
    assert listed["query"] == "sentiment:angry ("


async def test_counts_are_told_by_what_narrows_and_by_time(asker: Program) -> None:
    await store_posts(asker.database, "мир", "мир", "война")
    by_what, by_time = await asker.get("/facets", query="мир"), await asker.get("/timeline", query="мир", unit="day")
    assert [(each["label"], each["posts"]) for each in by_what["channels"]] == [("@demo_opal_wire", 2)]
    assert sum(span["posts"] for span in by_time["spans"]) == 2


async def test_queries_are_counted_side_by_side(asker: Program) -> None:
    await store_posts(asker.database, "мир", "мир", "война")
    await change(asker.database, "UPDATE posts SET posted_at = now()")
    found = await asker.get("/trends", query=["мир", "война"], spans=3)
    assert [series["counts"] for series in found["series"]] == [[0, 0, 2], [0, 0, 1]]
    assert len(found["bounds"]) == 4


async def test_a_story_tells_who_was_first(asker: Program) -> None:
    first, second = await store_posts(asker.database, "мир", "мир")
    for post_id in (first, second):
        await change(
            asker.database, "INSERT INTO story_posts (post_id, story_id, kind) VALUES (:id, :story, 'copy')",
            id=post_id, story=first,
        )  # fmt: skip
    (listed,) = (await asker.get("/stories", since="2026-01-01T00:00:00Z"))["stories"]
    assert (listed["id"], listed["posts"], listed["first"]["id"]) == (first, 2, first)
    assert [each["post"]["id"] for each in (await asker.get(f"/stories/{second}"))["tellings"]] == [first, second]


async def test_channels_topics_and_bursts_are_listed(asker: Program) -> None:
    await store_posts(asker.database, "мир")
    (channel,) = (await asker.get("/channels"))["channels"]
    assert (channel["username"], channel["posts"]) == ("demo_opal_wire", 1)
    assert "economy" in {topic["code"] for topic in (await asker.get("/topics"))["topics"]}
    assert (await asker.get("/bursts"))["bursts"] == []


async def test_operators_programs_see_what_is_owed_and_who_asks(asker: Program) -> None:
    for chat in (100, 200):
        await subscribe(asker.database, await make_subscriber(asker.database, chat))
    admin = await asker.like("boss", "admin")
    page = await admin.get("/subscriptions", limit=1)
    rest = await admin.get("/subscriptions", limit=1, after=page["next_after"])
    assert [each["query"] for each in page["subscriptions"] + rest["subscriptions"]] == ["мир", "мир"]
    assert rest["next_after"] is None
    assert (await admin.get("/deliveries"))["bot"] == {}


async def test_the_document_names_and_explains_every_operation_and_its_errors(asker: Program) -> None:
    stranger = Program(asker.client, asker.app, asker.database)
    document = await stranger.get("/openapi.json")
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert document["openapi"].startswith("3.1")
    assert len(set(names)) == len(names)
    for _, path, operation in OPERATIONS:
        assert all(operation[part] for part in ("summary", "description")), path
        assert {"401", "403", "422", "429"} <= set(operation["responses"]), path
        told = [each for code, each in operation["responses"].items() if code >= "400"]
        assert all("application/problem+json" in each["content"] for each in told), path
