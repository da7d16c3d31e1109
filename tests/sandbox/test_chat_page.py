"""The chat page, as a browser speaks to it."""

from __future__ import annotations

import pytest

from sandbox.chat_records import CallbackAnswer, ChatEvent, CommandScope, Media, StoredFile
from tests.sandbox.chat_page_fixtures import Screen

BUTTON = {"inline_keyboard": [[{"text": "Why?", "callback_data": "why"}]]}


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
    assert " style=" not in body
    assert "://" not in body  # nothing is fetched from elsewhere


async def test_the_page_shows_all_there_is(screen: Screen) -> None:
    screen.world.chats.bot.commands[CommandScope(), "uk"] = [{"command": "list", "description": "підписки"}]
    screen.world.chats.say(screen.user.id, screen.user.id, "/start")
    screen.world.channels.publish(screen.channel, "The harbour opens.")
    html = await screen.html()
    for words in ("/start", "The harbour opens.", "підписки", "Harbour Wire"):
        assert words in html


async def test_a_page_that_missed_something_is_told_everything(screen: Screen) -> None:
    async with screen.open():
        screen.world.chats.say(screen.user.id, screen.user.id, "first")
        assert "put" in await screen.next("patch")
    async with screen.open(seen="0"):
        patch = await screen.next("patch")
    assert "first" in patch["fill"]["messages"]


async def test_what_is_typed_reaches_the_bot_and_shows(screen: Screen) -> None:
    async with screen.open():
        await screen.done("/say", text="  порт ")
        html = await screen.next_html()
    assert "порт" in html
    assert 'class="message own"' in html
    [update] = screen.world.chats.updates.pending
    assert update.kind == "message"


async def test_an_answer_shows_with_its_formatting_and_buttons(screen: Screen) -> None:
    chats = screen.world.chats
    async with screen.open():
        bold = [{"type": "bold", "offset": 0, "length": 2}]
        chats.bot_sends("sendMessage", chats.chat(screen.user.id), text="ok", entities=bold, reply_markup=BUTTON)
        html = await screen.next_html()
    assert '<b class="bold">ok</b>' in html
    assert 'formaction="/press" name="button" value="1 why"' in html


@pytest.mark.parametrize("alert", [False, True])
async def test_a_pressed_button_is_answered_to_the_one_who_pressed(screen: Screen, alert: bool) -> None:
    chats = screen.world.chats
    sent = chats.bot_sends("sendMessage", chats.chat(screen.user.id), text="x", reply_markup=BUTTON)
    async with screen.open():
        await screen.done("/press", button=f"{sent.message_id} why")
        [query] = chats.queries.values()
        chats.emit(ChatEvent("answered", screen.user.id, answer=CallbackAnswer("0", 999, screen.user.id, "not yours")))
        chats.bot_answers(CallbackAnswer(query.id, screen.user.id, screen.user.id, "because", show_alert=alert))
        assert await screen.next("answer") == {"text": "because", "alert": alert, "url": None}


async def test_edits_and_deletions_show_in_place(screen: Screen) -> None:
    chats = screen.world.chats
    sent = chats.bot_sends("sendMessage", chats.chat(screen.user.id), text="before")
    async with screen.open():
        chats.bot_edits("editMessageReplyMarkup", sent, text="before", entities=[], reply_markup=BUTTON)
        buttons = await screen.next_html()
        chats.bot_edits("editMessageText", sent, text="after", entities=[], reply_markup=None)
        edited = await screen.next_html()
        chats.bot_deletes(sent)
        gone = await screen.next("patch")
    assert 'id="m1"' in edited
    assert "after" in edited
    assert ("edited" in buttons, "edited" in edited) == (False, True)
    assert gone == {"gone": ["m1"]}


async def test_another_persons_chat_stays_unseen(screen: Screen) -> None:
    other = screen.world.add_user("Ivan")
    screen.world.chats.add_private(other)
    async with screen.open():
        screen.world.chats.say(other.id, other.id, "secret")
        screen.world.chats.say(screen.user.id, screen.user.id, "mine")
        assert "mine" in await screen.next_html()
    assert "secret" not in await screen.html()
    screen.world.chats.bot_sends("sendMessage", screen.world.chats.chat(other.id), text="x", reply_markup=BUTTON)
    assert (await screen.post("/press", button="2 why", chat=other.id))[0] == 409


async def test_a_post_can_be_published_changed_and_deleted(screen: Screen) -> None:
    place = {"channel": screen.channel.id, "post": 1}
    async with screen.open():
        await screen.done("/publish", channel=screen.channel.id, text="Мост закрыт")
        published = await screen.next_html()
        await screen.done("/edit", **place, text="Мост открыт")
        edited = await screen.next_html()
        await screen.done("/unpublish", **place)
        gone = await screen.next("patch")
    assert screen.world.channels.ledger[0].text == "Мост закрыт"
    assert "Мост закрыт" in published
    assert "Мост открыт" in edited
    assert "edited" in edited
    assert gone == {"struck": [f"post-{screen.channel.id}-1"]}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/say", {"text": "   "}, 400),
        ("/say", {"text": "x" * 4097}, 400),
        ("/say", {}, 400),
        ("/press", {"button": "1 why"}, 409),
        ("/press", {"button": "why"}, 400),
        ("/press", {"button": "² why"}, 400),
        ("/open", {"link": "https://t.me/harbour_wire_demo/1"}, 400),
        ("/open", {"link": "https://t.me/channelwatch_demo_bot?startgroup=a"}, 409),
        ("/choose", {"result": "1 2"}, 409),
        ("/standing", {"standing": "administrator"}, 400),
        ("/topic", {"name": "x"}, 400),
        ("/language", {"language": "xx"}, 400),
        ("/publish", {"channel": 1, "text": "x"}, 404),
        ("/edit", {"channel": "x", "post": 1, "text": "x"}, 404),
    ],
)
async def test_what_cannot_be_done_is_said_in_words(
    screen: Screen, path: str, body: dict[str, object], status: int
) -> None:
    answered, words = await screen.post(path, **body)
    assert answered == status
    assert words


async def test_a_person_can_block_the_bot_and_come_back(screen: Screen) -> None:
    await screen.done("/say", text="/start")
    await screen.done("/block", blocked="yes")
    assert (await screen.post("/say", text="x"))[0] == 409
    assert "Unblock the bot" in await screen.html()
    await screen.done("/block", blocked="no")
    await screen.done("/say", text="x")


async def test_another_site_may_not_speak(screen: Screen) -> None:
    for origin in ("https://example.org", "null"):
        async with screen.http.post("/say", data={"text": "x"}, headers={"Origin": origin}) as answer:
            assert answer.status == 403
    async with screen.http.get("/", headers={"Host": "example.org"}) as answer:
        assert answer.status == 403
    async with screen.http.post("/say", json={"text": "x"}) as answer:
        assert answer.status == 415
    assert screen.world.chats.updates.pending == []


async def test_forms_work_without_the_script(screen: Screen) -> None:
    form = {**screen.view.fields(), "text": "hello"}
    async with screen.http.post("/say", data=form, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, screen.view.address)
    assert screen.world.chats.history(screen.user.id)[0].text == "hello"


async def test_pictures_are_shown_and_other_files_only_saved(screen: Screen) -> None:
    chats = screen.world.chats
    chats.files["A"] = StoredFile(b"png", "chart.png", "image/png")
    chats.files["B"] = StoredFile(b"<script>", "page.html", "text/html")
    media = Media("photo", "A", "chart.png", "image/png", 3)
    chats.bot_sends("sendPhoto", chats.chat(screen.user.id), text="a chart", media=media)
    assert '<img class="photo" src="/file/A" alt="a chart"' in await screen.html()
    async with screen.http.get("/file/A") as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", b"png")
    async with screen.http.get("/file/B") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
    async with screen.http.get("/file/C") as answer:
        assert answer.status == 404


async def test_albums_of_channels_are_one_card(screen: Screen) -> None:
    parts = screen.world.channels.publish_album(screen.channel, "three views", [b"a", b"b"])
    html = await screen.html()
    assert html.count('class="post"') == 1
    for part in parts:
        assert f'id="post-{screen.channel.id}-{part.message_id}"' in html
        async with screen.http.get(f"/media/{part.media[0].id}") as answer:
            assert answer.content_type == "image/jpeg"


async def test_the_bots_typing_is_told(screen: Screen) -> None:
    async with screen.open():
        screen.world.chats.emit(ChatEvent("action", screen.user.id, action="typing"))
        assert await screen.next("typing") == {"action": "typing"}


async def test_a_stopped_page_lets_its_streams_go(screen: Screen) -> None:
    async with screen.open():
        await screen.page.stop()
        assert screen._stream is not None
        assert b"event" not in await screen._stream.read()
