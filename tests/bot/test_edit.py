"""Other words for a subscription."""

from __future__ import annotations

import pytest

from bot.handlers.edit import number_asked_for
from bot.handlers.subscriptions import number_asked_for as name_asked_for
from bot.rich_text import fill
from bot.texts import CATALOGUES, Catalogue
from sandbox.chat_records import ChatMessage
from storage import subscriptions
from storage.database import Database
from storage.subscriptions import Subscription
from tests.bot.conftest import Chatting, Newsroom


async def only_one(database: Database, newsroom: Newsroom, chat_id: int) -> Subscription:
    subscriber = await newsroom.subscriber(chat_id)
    async with database.begin() as connection:
        (own,) = await subscriptions.list_for(connection, subscriber.id)
    return own


async def asked(anna: Chatting, newsroom: Newsroom, query: str = "ferry") -> ChatMessage:
    """A subscription whose words are about to be changed: the question."""
    await newsroom.subscription(await newsroom.subscriber(anna.chat_id), query)
    shown = await anna.say("/list")
    await anna.press(shown, query)
    await anna.press(shown, "Change words")
    return await anna.shows("What shall it look for instead?")


@pytest.mark.parametrize("texts", CATALOGUES.values(), ids=CATALOGUES)
def test_the_two_questions_about_a_subscription_are_told_apart(texts: Catalogue) -> None:
    about_words = fill(texts.ask_query, name="(#7)", query="(query #8)", number=9).text
    about_name = fill(texts.ask_name, name="(query #8)", number=9).text
    assert (number_asked_for(about_words), name_asked_for(about_words)) == ("9", None)
    assert (number_asked_for(about_name), name_asked_for(about_name)) == (None, "9")


async def test_new_words_are_previewed_beside_the_old_ones_and_applied(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    for text in ("A ferry.", "A ferry to the island."):
        await newsroom.post(text)
    question = await asked(anna, newsroom)
    preview = await anna.say("ferry island", reply_to=question.message_id)
    assert "New words for ferry." in preview.text
    assert "In the last 7 days: 1 post." in preview.text
    assert "Until now: 2 posts" in preview.text
    before = await only_one(database, newsroom, anna.chat_id)
    await anna.press(preview, "Use these words")
    await anna.shows("Changed: ferry island")
    after = await only_one(database, newsroom, anna.chat_id)
    assert (before.query, after.id, after.query, after.name) == ("ferry", before.id, "ferry island", "ferry island")


async def test_a_change_is_undone_with_one_tap(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    question = await asked(anna, newsroom)
    preview = await anna.say("ferry island", reply_to=question.message_id)
    await anna.press(preview, "Use these words")
    changed = await anna.shows("Changed: ferry island")
    await anna.press(changed, "Undo")
    await anna.shows("Changed: ferry\nferry")
    assert (await only_one(database, newsroom, anna.chat_id)).query == "ferry"


async def test_a_cancelled_change_changes_nothing(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    question = await asked(anna, newsroom)
    preview = await anna.say("island", reply_to=question.message_id)
    await anna.press(preview, "Cancel")
    await anna.shows("Cancelled")
    assert (await only_one(database, newsroom, anna.chat_id)).query == "ferry"


async def test_forged_exchanges_do_nothing(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    await asked(anna, newsroom)
    shown = await anna.say("/list")
    for data in ("c:", "c:1", "c:1:2", "c:x:y:z", "c:99:98:00000000", "e:99", "e:x"):
        shown.buttons[0]["callback_data"] = data
        assert "not in use any more" in await anna.press_data(shown, data)
    assert (await only_one(database, newsroom, anna.chat_id)).query == "ferry"
