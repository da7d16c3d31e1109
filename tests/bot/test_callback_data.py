"""Buttons are signed for one chat: what anybody else makes of them does nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callback_data import Seal, SecretUnusable
from bot.message import CALLBACK_BYTES, DATA_BYTES, SIGNATURE_CHARACTERS, UnusableButton
from sandbox.bot_api import BotApiServer
from sandbox.world import World
from storage import subscriptions
from storage.database import Database
from tests.bot.conftest import Chatting, Newsroom, running_bot

SEAL = Seal(b"a secret of thirty-two bytes or so")
CHATS = st.integers(-(2**52), 2**52)
OURS = st.from_regex(r"[a-z]{1,5}:[a-z0-9:_-]{0,40}", fullmatch=True)
FORGED = st.one_of(st.text(max_size=64), st.from_regex(r"[A-Za-z0-9_-]{14}[a-z]{1,5}:[0-9]{0,9}", fullmatch=True), OURS)


@settings(max_examples=200)
@given(OURS, CHATS)
def test_what_we_sign_we_read_and_it_fits_into_a_button(data: str, chat_id: int) -> None:
    signed = SEAL.sign(data, chat_id)
    assert len(signed.encode()) <= CALLBACK_BYTES
    assert SEAL.read(signed, chat_id) == data


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(st.lists(FORGED, min_size=100, max_size=100), CHATS)
def test_ten_thousand_forged_payloads_are_read_as_nothing(forged: list[str], chat_id: int) -> None:
    assert [payload for payload in forged if SEAL.read(payload, chat_id) is not None] == []


@settings(max_examples=500)
@given(OURS, st.lists(CHATS, min_size=2, max_size=2, unique=True))
def test_a_button_of_another_chat_is_read_as_nothing(data: str, chats: list[int]) -> None:
    assert SEAL.read(SEAL.sign(data, chats[0]), chats[1]) is None


@settings(max_examples=500)
@given(OURS, CHATS, st.integers(0, 63), st.characters(codec="utf-8"))
def test_a_button_changed_anywhere_is_read_as_nothing(data: str, chat_id: int, place: int, letter: str) -> None:
    signed = SEAL.sign(data, chat_id)
    changed = signed[: place % len(signed)] + letter + signed[place % len(signed) + 1 :]
    assert (SEAL.read(changed, chat_id) is None) == (changed != signed)


def test_half_a_character_is_read_as_nothing() -> None:
    assert SEAL.read("x" * SIGNATURE_CHARACTERS + "\ud800", 1) is None
    assert SEAL.read(None, 1) is None


def test_a_button_that_leaves_no_room_for_a_signature_is_refused() -> None:
    with pytest.raises(UnusableButton):
        SEAL.sign("x" * (DATA_BYTES + 1), 1)


def test_links_are_left_alone() -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("open", url="https://t.me/news"),
                                      InlineKeyboardButton("why", callback_data="w:1")]])  # fmt: skip
    (link, button) = SEAL.keyboard(keyboard, 5).inline_keyboard[0]
    assert (link.url, link.callback_data) == ("https://t.me/news", None)
    assert SEAL.read(str(button.callback_data), 5) == "w:1"


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "buttons.key"
    signed = Seal.kept_in(path).sign("w:1", 5)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Seal.kept_in(path).read(signed, 5) == "w:1"
    assert [left.name for left in path.parent.iterdir()] == ["buttons.key"]


def test_a_file_that_holds_no_secret_is_named(tmp_path: Path) -> None:
    path = tmp_path / "buttons.key"
    path.write_text("abc")
    with pytest.raises(SecretUnusable, match=r"buttons\.key"):
        Seal.kept_in(path)


async def test_every_button_is_signed_and_works(world: World, server: BotApiServer, database: Database) -> None:
    user = world.add_user("Anna")
    anna = Chatting(world, user, world.chats.add_private(user).id)
    async with running_bot(database, server, seal=SEAL):
        greeting = await anna.say("/start")
        assert SEAL.read(greeting.buttons[0]["callback_data"], anna.chat_id) == "q:0"
        await anna.press(greeting, "drone OR missile")
        preview = await anna.shows("I understood: drone OR missile")
        await anna.press(preview, "Subscribe")
        await anna.shows("Subscribed")


async def test_forged_and_foreign_buttons_do_nothing_and_are_answered_alike(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    owner, thief = world.add_user("Anna"), world.add_user("Borys")
    own = await newsroom.subscription(await newsroom.subscriber(world.chats.add_private(owner).id), "ferry")
    borys = Chatting(world, thief, world.chats.add_private(thief).id)
    foreign = SEAL.sign(f"k:{own.id}", owner.id)
    unsigned, mine = f"k:{own.id}", SEAL.sign(f"k:{own.id}", thief.id)
    async with running_bot(database, server, seal=SEAL):
        greeting = await borys.say("/start")
        answers = set()
        for data in (foreign, unsigned, mine, "k:", "A" * 64):
            greeting.buttons[0]["callback_data"] = data
            answers.add(await borys.press_data(greeting, data))
    assert len(answers) == 1
    async with database.begin() as connection:
        kept = await subscriptions.get(connection, own.subscriber_id, own.id)
    assert kept == own
