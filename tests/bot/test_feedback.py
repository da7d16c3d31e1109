"""Not what I wanted: the narrowest change, its effect, and the way back."""

from __future__ import annotations

from sandbox.chat_records import ChatMessage
from storage import subscriptions
from storage.database import Database
from storage.subscriptions import Subscription
from tests.bot.conftest import Chatting, Newsroom

PLAIN = ("The ferry to the island is late.", "A new ferry was built.", "Ferry prices rise.", "The old ferry sank.")
FOOTBALL = ("Ferry named after a football club.", "Football fans missed the ferry.")


async def unwanted(anna: Chatting, newsroom: Newsroom, query: str = "ferry", text: str = FOOTBALL[0]) -> ChatMessage:
    """The answer to "why?" under an alert that somebody did not want; the week had more of both kinds."""
    own = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), query)
    for other in PLAIN:
        await newsroom.post(other)
    await newsroom.post(FOOTBALL[1], username="other_news", title="Other News")
    await newsroom.owe(await newsroom.post(text, username="sport", title="Sport News"), own)
    alert = await anna.shows(text)
    await anna.press(alert, "Why?")
    return await anna.shows("You get this post because of")


async def only_one(database: Database, newsroom: Newsroom, chat_id: int) -> Subscription:
    subscriber = await newsroom.subscriber(chat_id)
    async with database.begin() as connection:
        (own,) = await subscriptions.list_for(connection, subscriber.id)
    return own


async def test_changes_are_offered_with_their_effect_the_narrowest_first(anna: Chatting, newsroom: Newsroom) -> None:
    why = await unwanted(anna, newsroom)
    await anna.press(why, "Not what I wanted")
    offers = await anna.shows("ferry found 6 posts in the last 7 days")
    lines = [line for line in offers.text.split("\n") if line[:1].isdigit()]
    assert lines[0] == "1. without the channel @sport: keeps 5 of 6"
    assert any(line.endswith("without the word football: keeps 4 of 6") for line in lines)


async def test_one_tap_changes_the_subscription_and_one_undoes_it(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    why = await unwanted(anna, newsroom)
    await anna.press(why, "Not what I wanted")
    offers = await anna.shows("Each of these changes")
    await anna.press(offers, "−football")
    changed = await anna.shows("Changed: ferry -football")
    assert (await only_one(database, newsroom, anna.chat_id)).query == "ferry -football"
    await anna.press(changed, "Undo")
    await anna.shows("Changed: ferry\nferry")
    assert (await only_one(database, newsroom, anna.chat_id)).query == "ferry"


async def test_a_post_that_would_not_come_any_more_needs_no_change(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    why = await unwanted(anna, newsroom)
    await anna.press(why, "Not what I wanted")
    offers = await anna.shows("Each of these changes")
    await anna.press(offers, "−football")
    await anna.shows("Changed: ferry -football")
    await anna.press(why, "Not what I wanted")
    await anna.shows("this post would not come any more")


async def test_where_every_change_loses_most_that_is_said(anna: Chatting, newsroom: Newsroom) -> None:
    own = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "nothing")
    await newsroom.owe(await newsroom.post("Nothing at all."), own)
    alert = await anna.shows("Nothing at all.")
    await anna.press(alert, "Why?")
    why = await anna.shows("You get this post because of")
    await anna.press(why, "Not what I wanted")
    said = await anna.shows("no small change")
    assert [button["text"] for button in said.buttons] == ["📝 Change words", "⏸ Pause"]


async def test_somebody_elses_alert_is_not_spoken_of(anna: Chatting, newsroom: Newsroom) -> None:
    why = await unwanted(anna, newsroom)
    for data in ("y:", "y:x", "y:999999"):
        why.buttons[0]["callback_data"] = data
        assert "not in use any more" in await anna.press_data(why, data)
