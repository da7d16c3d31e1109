"""`channelwatch subscribers`, as an operator runs it."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from cli.subscribers import UnknownNumber
from storage import invites, people
from storage.database import Database
from storage.people import Standing
from tests.cli import typed
from tests.storage.makers import make_owed


@pytest.fixture
def home(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database; Telegram does not answer."""
    monkeypatch.setenv("BOT_TOKEN", "42:TEST-token")
    monkeypatch.setenv("BOT_API_URL", "http://127.0.0.1:9")
    return database_url


run = partial(typed.run, "subscribers")


def standing(url: str, number: int) -> Standing:
    async def ask() -> Standing:
        database = Database(url)
        async with database.begin() as connection:
            found = await people.standing_of(connection, user_id=number, chat_id=number)
        await database.close()
        return found

    return asyncio.run(ask())


def test_an_invitation_is_made_without_the_bot(home: str) -> None:
    said = run("invite", "--operator")
    token = said.split("/start i_")[1].strip()

    async def open_it() -> str | None:
        database = Database(home)
        async with database.begin() as connection:
            role = await invites.redeem(connection, token, 5)
        await database.close()
        return role

    assert asyncio.run(open_it()) == "operator"


def test_people_and_groups_are_let_in_and_kept_out_by_number(home: str) -> None:
    run("allow", "5", "--operator")
    assert standing(home, 5).role == "operator"
    run("block", "5")
    assert standing(home, 5).is_blocked
    run("block", "-1001")
    assert {json.loads(line)["number"] for line in run("list", "--json").splitlines()} == {5, -1001}
    assert "blocked" in run("list")


def test_everybody_who_uses_the_bot_is_let_in_when_its_door_is_shut(home: str) -> None:
    fill(home, chats=[5, -1001])
    run("block", "5")
    assert "1 more" in run("allow", "--everybody")
    assert standing(home, -1001).is_chat_admitted
    assert standing(home, 5).is_blocked


def fill(url: str, chats: list[int]) -> None:
    async def owe() -> None:
        database = Database(url)
        await make_owed(database, chats=chats)
        await database.close()

    asyncio.run(owe())


def test_what_is_held_is_shown_and_erased(home: str) -> None:
    fill(home, chats=[5])
    assert set(json.loads(run("show", "5"))) == {"deliveries", "subscribers", "subscriptions"}
    assert "3 rows" in run("remove", "5")
    with pytest.raises(UnknownNumber, match="Nothing is held"):
        run("show", "5")


def test_an_empty_list_says_what_to_do_first(home: str) -> None:
    assert "invite --operator" in run("list")
