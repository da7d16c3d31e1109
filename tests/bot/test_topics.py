"""/topics: how sure a topic must be, and in which language."""

from __future__ import annotations

import pytest

from bot.handlers.topics import Choice, choices, name_of
from bot.message import DATA_BYTES
from bot.talk import Stale
from bot.texts.en import ENGLISH
from matching.names import CODE
from storage import subscriptions
from storage.database import Database
from tests.bot.conftest import Chatting, Newsroom
from tests.bot.test_own_topics import add_ferries


async def test_strength_and_language_change_the_preview_in_its_place(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    menu = await anna.say("/topics")
    await anna.press(menu, "Economy")
    preview = await anna.shows("I understood: topic:economy\n")
    await anna.press(preview, "Strict")
    await anna.shows("I understood: topic:economy:strict\n")
    await anna.press(preview, "Русский")
    assert await anna.shows("I understood: topic:economy:strict lang:ru\n") is preview
    await anna.press(preview, "Subscribe")
    await anna.shows("Subscribed: Economy and business · 🎯 Strict · Русский")
    async with database.begin() as connection:
        (own,) = await subscriptions.list_for(connection, (await newsroom.subscriber(anna.chat_id)).id)
    assert own.query == "topic:economy:strict lang:ru"


async def test_an_own_topic_holds_or_does_not_so_only_its_language_is_chosen(
    anna: Chatting, database: Database
) -> None:
    await add_ferries(database)
    await anna.press(await anna.say("/topics"), "Ferries of Limansk")
    preview = await anna.shows("I understood: topic:ferries")
    labels = [button["text"] for button in preview.buttons]
    assert labels[:4] == ["✓ All languages", "English", "Русский", "Українська"]
    assert "Strict" not in preview.text


@pytest.mark.parametrize("place", ["conflict:s", "conflict:loose:any", "conflict:s:de", "conflict:s:any:x"])
def test_what_was_never_a_choice_is_stale(place: str) -> None:
    with pytest.raises(Stale):
        Choice.read(place)


def test_the_longest_code_fits_into_every_button() -> None:
    code = "x" * 40
    assert CODE.fullmatch(code)
    every = [button for row in choices(Choice(code, True, "uk"), ENGLISH) for button in row]
    assert every
    assert max(len((button.data or "").encode()) for button in every) <= DATA_BYTES
    assert name_of(Choice(code), ENGLISH, ()) == code
