"""The chat page, as a browser speaks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from sandbox.channels import Channel
from sandbox.chat_page import ChatPage
from sandbox.chat_records import CallbackAnswer, CommandScope, Media, StoredFile
from sandbox.page_view import with_links
from sandbox.world import ManualClock, User, World

BUTTON = {"inline_keyboard": [[{"text": "Why?", "callback_data": "why"}]]}


@dataclass
class Screen:
    """One open tab: what it was told, in order, and what it may ask."""

    http: aiohttp.ClientSession
    world: World
    user: User
    channel: Channel
    page: ChatPage
    _stream: aiohttp.StreamReader | None = field(default=None)

    async def next(self, wanted: str) -> Any:
        """The data of the next event of this name; others on the way are passed over."""
        assert self._stream is not None
        async with asyncio.timeout(10):
            while True:
                name = (await self._stream.readline()).decode().removeprefix("event: ").strip()
                data = (await self._stream.readline()).decode().removeprefix("data: ")
                await self._stream.readline()
                if name == wanted:
                    return json.loads(data)

    async def post(self, path: str, **body: object) -> tuple[int, str]:
        async with self.http.post(path, json=body) as answer:
            return answer.status, await answer.text()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        """Connect to the stream; gives the state that comes first."""
        async with self.http.get("/events") as answer:
            self._stream = answer.content
            yield await self.next("state")


@pytest.fixture
async def screen(clock: ManualClock) -> AsyncIterator[Screen]:
    world = World(clock)
    user = world.add_user("Anna", language_code="uk-UA")
    channel = world.channels.add("Harbour Wire", "harbour_wire_demo")
    page = ChatPage(world, user)
    await page.start()
    async with aiohttp.ClientSession(page.url) as http:
        yield Screen(http, world, user, channel, page)
    await page.stop()


@pytest.mark.parametrize(
    ("path", "content_type"), [("/", "text/html"), ("/style.css", "text/css"), ("/script.js", "text/javascript")]
)
async def test_the_page_is_served_with_a_strict_policy(screen: Screen, path: str, content_type: str) -> None:
    async with screen.http.get(path) as answer:
        assert answer.content_type == content_type
        policy = answer.headers["Content-Security-Policy"]
        body = await answer.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "innerHTML" not in body
    assert "https://" not in body.replace("`https://", "")  # nothing is fetched from elsewhere; links are built


async def test_the_state_comes_first(screen: Screen) -> None:
    screen.world.chats.bot.commands[CommandScope(), "uk"] = [{"command": "list", "description": "підписки"}]
    screen.world.chats.say(screen.user.id, screen.user.id, "/start")
    screen.world.channels.publish(screen.channel, "The harbour opens.")
    async with screen.open() as state:
        assert [message["text"] for message in state["messages"]] == ["/start"]
        assert [post["text"] for post in state["posts"]] == ["The harbour opens."]
        assert state["bot"]["commands"] == [{"command": "list", "description": "підписки"}]
        assert [channel["title"] for channel in state["channels"]] == ["Harbour Wire"]


async def test_what_is_typed_reaches_the_bot_and_shows(screen: Screen) -> None:
    async with screen.open() as state:
        assert not state["chat"]["started"]
        assert await screen.post("/say", text="  порт ") == (200, '{"ok": true}')
        message = await screen.next("message")
        assert (await screen.next("chat"))["chat"]["started"]
    assert (message["text"], message["own"]) == ("порт", True)
    [update] = screen.world.chats.updates.pending
    assert update.kind == "message"


async def test_an_answer_shows_with_its_formatting_and_buttons(screen: Screen) -> None:
    chats = screen.world.chats
    async with screen.open():
        bold = [{"type": "bold", "offset": 0, "length": 2}]
        chats.bot_sends("sendMessage", chats.chat(screen.user.id), text="ok", entities=bold, reply_markup=BUTTON)
        message = await screen.next("message")
    assert (message["entities"], message["buttons"]) == (bold, BUTTON["inline_keyboard"])


async def test_a_pressed_button_is_answered_by_a_toast(screen: Screen) -> None:
    chats = screen.world.chats
    sent = chats.bot_sends("sendMessage", chats.chat(screen.user.id), text="x", reply_markup=BUTTON)
    async with screen.open():
        assert (await screen.post("/press", message_id=sent.message_id, data="why"))[0] == 200
        [query] = chats.queries.values()
        chats.bot_answers(CallbackAnswer(query.id, screen.user.id, screen.user.id, "because"))
        assert (await screen.next("answer"))["text"] == "because"
    assert (query.data, query.is_answered) == ("why", True)


async def test_edits_and_deletions_show_in_place(screen: Screen) -> None:
    chats = screen.world.chats
    sent = chats.bot_sends("sendMessage", chats.chat(screen.user.id), text="before")
    async with screen.open():
        chats.bot_edits("editMessageText", sent, text="after", entities=[], reply_markup=None)
        edited = await screen.next("message")
        chats.bot_deletes(sent)
        gone = await screen.next("message-gone")
    assert (edited["id"], edited["text"], edited["edited"]) == (sent.message_id, "after", True)
    assert gone == {"id": sent.message_id}


async def test_another_persons_chat_stays_unseen(screen: Screen) -> None:
    other = screen.world.add_user("Ivan")
    screen.world.chats.add_private(other)
    async with screen.open():
        screen.world.chats.say(other.id, other.id, "secret")
        screen.world.chats.say(screen.user.id, screen.user.id, "mine")
        assert (await screen.next("message"))["text"] == "mine"


async def test_a_post_can_be_published_and_is_shown_live(screen: Screen) -> None:
    async with screen.open():
        await screen.post("/publish", channel_id=screen.channel.id, text="Мост закрыт")
        post = await screen.next("post")
        screen.world.channels.edit(screen.channel, post["id"], "Мост открыт")
        edited = await screen.next("post")
        screen.world.channels.delete(screen.channel, [post["id"]])
        gone = await screen.next("post-gone")
    assert screen.world.channels.ledger[0].text == "Мост закрыт"
    assert (edited["text"], edited["edited"]) == ("Мост открыт", True)
    assert gone == {"channel": screen.channel.id, "id": post["id"]}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/say", {"text": "   "}, 400),
        ("/say", {"text": "x" * 4097}, 400),
        ("/say", {}, 400),
        ("/press", {"message_id": 1, "data": "why"}, 409),
        ("/press", {"message_id": "1"}, 400),
        ("/publish", {"channel_id": 1, "text": "x"}, 404),
    ],
)
async def test_what_cannot_be_done_is_said_in_words(
    screen: Screen, path: str, body: dict[str, object], status: int
) -> None:
    answered, words = await screen.post(path, **body)
    assert answered == status
    assert words


async def test_a_person_can_block_the_bot_and_come_back(screen: Screen) -> None:
    await screen.post("/block", blocked=True)
    assert await screen.post("/say", text="x") == (409, "You have blocked the bot. Unblock it to go on.")
    await screen.post("/block", blocked=False)
    assert (await screen.post("/say", text="x"))[0] == 200


async def test_another_site_may_not_speak(screen: Screen) -> None:
    stranger = {"Origin": "https://example.org"}
    async with screen.http.post("/say", json={"text": "x"}, headers=stranger) as answer:
        assert answer.status == 403
    async with screen.http.get("/", headers={"Host": "example.org"}) as answer:
        assert answer.status == 403
    async with screen.http.post("/say", data='{"text": "x"}', headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415
    assert screen.world.chats.updates.pending == []


async def test_pictures_are_shown_and_other_files_only_saved(screen: Screen) -> None:
    chats = screen.world.chats
    chats.files["A"] = StoredFile(b"png", "chart.png", "image/png")
    chats.files["B"] = StoredFile(b"<script>", "page.html", "text/html")
    media = Media("photo", "A", "chart.png", "image/png", 3)
    chats.bot_sends("sendPhoto", chats.chat(screen.user.id), text="a chart", media=media)
    async with screen.open() as state:
        assert state["messages"][0]["media"]["url"] == "/file/A"
    async with screen.http.get("/file/A") as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", b"png")
    async with screen.http.get("/file/B") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
    async with screen.http.get("/file/C") as answer:
        assert answer.status == 404


async def test_albums_and_forwards_of_channels_are_shown(screen: Screen) -> None:
    parts = screen.world.channels.publish_album(screen.channel, "three views", [b"a", b"b"])
    async with screen.open() as state:
        assert {post["album"] for post in state["posts"]} == {parts[0].grouped_id}
        url = state["posts"][0]["media"][0]["url"]
    async with screen.http.get(url) as answer:
        assert (answer.content_type, await answer.read()) == ("image/jpeg", b"a")


async def test_a_stopped_page_lets_its_streams_go(screen: Screen) -> None:
    async with screen.open():
        await screen.page.stop()
        assert screen._stream is not None
        assert await screen._stream.read() == b""


def test_links_mentions_and_commands_are_found() -> None:
    text = "\U0001f600 /list @harbour_wire https://t.me/a/1, t.me/b #порт a/b mail@example.org"
    found = {text.encode("utf-16-le")[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le"): e["type"]
             for e in with_links(text, [])}  # fmt: skip
    assert found == {
        "/list": "bot_command",
        "@harbour_wire": "mention",
        "https://t.me/a/1": "url",
        "t.me/b": "url",
        "#порт": "hashtag",
    }


def test_nothing_is_found_inside_code_or_a_link() -> None:
    marked = [{"type": "code", "offset": 0, "length": 5}]
    assert with_links("/list", marked) == marked
