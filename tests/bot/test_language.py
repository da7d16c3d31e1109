"""/language and /timezone."""

from __future__ import annotations

from storage import subscribers
from storage.database import Database
from storage.subscribers import Subscriber
from tests.bot.conftest import Chatting, Newsroom


async def stored(database: Database, newsroom: Newsroom, anna: Chatting) -> Subscriber:
    number = (await newsroom.subscriber(anna.chat_id)).id
    async with database.begin() as connection:
        found = await subscribers.get_subscriber(connection, number)
    assert found is not None
    return found


async def test_a_language_is_chosen_by_its_own_name(anna: Chatting, database: Database, newsroom: Newsroom) -> None:
    menu = await anna.say("/language")
    assert [button["text"] for button in menu.buttons] == ["English", "Русский", "Українська"]
    await anna.press(menu, "Українська")
    await anna.shows("Українська")
    assert (await stored(database, newsroom, anna)).language == "uk"
    await anna.say("/start")
    assert (await stored(database, newsroom, anna)).language == "uk"  # whatever the client speaks


async def test_a_language_that_we_do_not_speak_is_no_button_of_ours(
    anna: Chatting, database: Database, newsroom: Newsroom
) -> None:
    menu = await anna.say("/language")
    menu.buttons[0]["callback_data"] = "lang:xx"
    assert "not in use any more" in await anna.press_data(menu, "lang:xx")
    assert (await stored(database, newsroom, anna)).language == "en"


async def test_a_city_becomes_the_chats_zone_at_once(anna: Chatting, database: Database, newsroom: Newsroom) -> None:
    assert "Europe/Kyiv" in (await anna.say("/timezone Харків")).text
    assert (await stored(database, newsroom, anna)).time_zone == "Europe/Kyiv"


async def test_likely_zones_are_offered_with_their_clocks(
    anna: Chatting, database: Database, newsroom: Newsroom
) -> None:
    menu = await anna.say("/timezone")
    await anna.press(menu, "London")
    await anna.shows("Times here are those of Europe/London now")
    assert (await stored(database, newsroom, anna)).time_zone == "Europe/London"


async def test_a_word_for_several_places_is_asked_about(anna: Chatting) -> None:
    menu = await anna.say("/timezone san")
    assert len(menu.buttons) > 1
    assert "Which one?" in menu.text


async def test_a_place_that_nobody_knows_is_answered_with_examples(anna: Chatting) -> None:
    assert "/timezone UTC+2" in (await anna.say("/timezone Atlantis")).text


async def test_a_zone_that_does_not_exist_is_no_button_of_ours(anna: Chatting) -> None:
    menu = await anna.say("/timezone")
    menu.buttons[0]["callback_data"] = "zone:Mars/Base"
    assert "not in use any more" in await anna.press_data(menu, "zone:Mars/Base")
