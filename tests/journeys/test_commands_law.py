"""Whatever two people and a group write and press, in whatever order: what is stored is what should be, nothing fails,
and each of it is answered exactly once."""

from __future__ import annotations

import os
import re
from functools import partial

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.handlers.registry import BUTTONS
from bot.handlers.topics import Choice, name_of
from bot.texts import texts_in
from matching.nodes import tsquery
from matching.query import QueryError, parse
from sandbox import utf16
from sandbox.chat_records import ChatMessage
from storage import mutes, people, schedules, subscribers, subscription_modes, subscriptions
from storage.database import Connection
from storage.embedded import EmbeddedServer
from storage.ids import ChatId
from storage.schedules import Coming
from tests.emptied import emptied_database
from tests.journeys.commands_desk import Desk, Heard
from tests.journeys.commands_model import House, Own, Place

EXAMPLES, STEPS = (100, 50) if os.environ.get("LONG_TESTS") else (5, 20)
"""Lives, and what is done in each; more of both with LONG_TESTS=1."""

GUARDED = {verb for verb, conversation in BUTTONS.items() if "administrators_only" in conversation.__qualname__}

READING = ("/help", "/privacy", "/list", "/topics", "/stats", "/channels", "/settings", "/language", "/timezone",
           "/search ferry", "/search", "/search (", "/trend ferry", "/trend", "/watch", "/start", "/connect",
           "/disconnect", "/timezone nowhere", "/language xx", "/channels ??", "/start q_nothing",
           "/export")  # fmt: skip
QUERIES = (
    "ferry",
    "ferry OR boat",
    "boat OR ferry",
    '"late ferry" -football',
    "topic:economy:strict lang:uk",
    "паром*",
)
BAD_QUERIES = ("ferry (", "lang:ru", "topic:nothing", "channel:@demo_unknown", "-ferry")
NAMES = ("Ships", "  Пароми  і   човни ", "x" * 61)
CHANNELS = ("demo_one", "demo_two")
MENUS = ("/settings", "/settings", "/topics", "/language", "/timezone", "/delete_me", "/start")
"""What leads to many buttons."""
TAPS = st.lists(st.integers(0, 99), max_size=3)
RECENT = 12
"""Messages with buttons that a person still presses."""

LINK = re.compile(r"start=(\w)_([\w-]+)")


class Commands(RuleBasedStateMachine):
    """Two people, one of them an operator, and their group, which that one administers."""

    address = ""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(self.address)
        self.anna, self.borys, self.group = self.desk.anna.id, self.desk.borys.id, self.desk.group.id
        self.seats = (
            (self.anna, self.anna),
            (self.borys, self.borys),
            (self.group, self.anna),
            (self.group, self.borys),
        )
        self.house = House({chat: Place(chat) for chat in (self.anna, self.borys, self.group)}, always=[self.anna])
        for chat, place in self.house.places.items():
            (alert,) = self.desk.world.chats.history(chat)
            place.alerts.add(int(self.data_of(alert)[0].removeprefix("w:")))
            ((number, _),) = self.desk.ask(partial(_owned, chat=chat))
            place.own[number] = Own("ferry", "ferry", "active")

    def teardown(self) -> None:
        self.desk.close()

    # What they do.

    @rule(seat=st.integers(0, 3), text=st.sampled_from(READING))
    def reads(self, seat: int, text: str) -> None:
        self.says(seat, text)

    @rule(seat=st.integers(0, 3), query=st.sampled_from([*QUERIES, *QUERIES, *BAD_QUERIES]))
    def writes_words(self, seat: int, query: str) -> None:
        chat = self.seats[seat][0]
        heard = self.says(seat, f"/watch {query}" if chat == self.group else query)
        assert any(data.startswith("s:") for data in self.data_of(heard)) == (query in QUERIES)

    @rule(seat=st.integers(0, 3), choice=st.sampled_from(["/language uk", "/language ru", "/language en"]))
    def chooses_a_language(self, seat: int, choice: str) -> None:
        self.says(seat, choice)
        if place := self.governed(seat):
            place.language = choice[-2:]

    @rule(
        seat=st.integers(0, 3), choice=st.sampled_from([("Kyiv", "Europe/Kyiv"), ("Рига", "Europe/Riga"), ("0", "UTC")])
    )
    def chooses_a_zone(self, seat: int, choice: tuple[str, str]) -> None:
        self.says(seat, f"/timezone {choice[0]}")
        if place := self.governed(seat):
            place.zone = choice[1]

    @rule(seat=st.integers(0, 3), hours=st.sampled_from([("22:30-7", (1350, 420)), ("0-8", (0, 480)), ("25-99", None)]))
    def chooses_quiet_hours(self, seat: int, hours: tuple[str, tuple[int, int] | None]) -> None:
        self.says(seat, f"/settings {hours[0]}")
        if (place := self.governed(seat)) and hours[1]:
            place.quiet = hours[1]

    @rule(seat=st.integers(0, 3), channel=st.sampled_from(CHANNELS))
    def proposes_a_channel(self, seat: int, channel: str) -> None:
        known = self.proposed()
        self.says(seat, f"/channels @{channel}")
        chat = self.seats[seat][0]
        is_new = all(made[:2] != (chat, channel) for made in self.house.proposals.values())
        new = self.proposed() - known
        assert len(new) == (self.governed(seat) is not None and is_new)
        self.house.proposals |= dict.fromkeys(new, (chat, channel, "open"))

    @rule(seat=st.integers(0, 3), how=st.sampled_from(["", " operator", " 5", " nobody"]))
    def invites(self, seat: int, how: str) -> None:
        chat, user = self.seats[seat]
        found = LINK.search(self.says(seat, f"/invite{how}", silent=chat == self.group).text)
        assert bool(found) == (chat != self.group and self.house.is_operator(user) and how != " nobody")
        if found:
            self.house.invitations[found[2]] = ("operator" if how == " operator" else "subscriber", user)

    @rule(seat=st.integers(0, 3))
    def chatters(self, seat: int) -> None:
        """What a bot in a group hears only when it is answered."""
        chat, user = self.seats[seat]
        if chat == self.group:
            heard = self.desk.hear(chat, lambda: self.desk.world.chats.say(user, chat, "Hello, everybody!"))
            assert heard == Heard((), (), ())
        else:
            self.says(seat, "/nonsense")

    @precondition(lambda self: self.house.invitations)
    @rule(seat=st.integers(0, 1), which=st.integers(0, 99))
    def opens_an_invitation(self, seat: int, which: int) -> None:
        word = list(self.house.invitations)[which % len(self.house.invitations)]
        self.says(seat, f"/start i_{word}")
        self.house.open_invitation(word, self.seats[seat][1])

    @precondition(lambda self: self.house.shared)
    @rule(seat=st.integers(0, 3), which=st.integers(0, 99))
    def opens_what_was_shared(self, seat: int, which: int) -> None:
        word = list(self.house.shared)[which % len(self.house.shared)]
        heard = self.says(seat, f"/start q_{word}")
        assert self.quoted(heard) == self.house.shared[word]

    @rule(seat=st.integers(0, 3), which=st.integers(0, 99), text=st.sampled_from([*NAMES, *QUERIES, *BAD_QUERIES]))
    def answers_a_question(self, seat: int, which: int, text: str) -> None:
        chat = self.seats[seat][0]
        asked = [each for each in self.desk.world.chats.history(chat) if "force_reply" in (each.reply_markup or {})]
        if not asked:
            return
        question = asked[-1 - which % min(len(asked), 3)]
        number = re.search(r"\((\w+ )?#(\d+)\)$", question.text)
        is_mute = any(question.text == texts_in(language).mute_ask_word for language in ("en", "ru", "uk"))
        self.says(seat, text, reply_to=question, instead_of=int(number[2]) if number and number[1] else None)
        place = self.governed(seat)
        if place and number and not number[1]:
            place.rename(int(number[2]), text)
        elif place and is_mute and is_word(text):
            place.mutes.add(("word", " ".join(text.split())))

    @rule(seat=st.integers(0, 3), message=st.integers(0, RECENT - 1), button=st.integers(0, 99))
    def presses_something_old(self, seat: int, message: int, button: int) -> None:
        """Any button of one of the last messages that have some."""
        if shown := self.with_buttons(seat)[-RECENT:]:
            self.presses(seat, shown[-1 - message % len(shown)], button)

    @rule(seat=st.integers(0, 3), menu=st.sampled_from(MENUS), buttons=TAPS)
    def walks_through_a_menu(self, seat: int, menu: str, buttons: list[int]) -> None:
        """Asks for something, and presses one button after the other of whatever shows."""
        self.says(seat, menu)
        self.walks(seat, buttons)

    @rule(seat=st.integers(0, 3), button=st.integers(0, 99), buttons=TAPS)
    def changes_a_subscription(self, seat: int, button: int, buttons: list[int]) -> None:
        """/list, one of it, and whatever can be done there."""
        self.says(seat, "/list")
        self.walks(seat, [button, *buttons])

    @rule(seat=st.integers(0, 3), query=st.sampled_from(QUERIES), buttons=TAPS)
    def subscribes(self, seat: int, query: str, buttons: list[int]) -> None:
        """A preview, its button, and more of its buttons."""
        self.says(seat, f"/watch {query}" if self.seats[seat][0] == self.group else query)
        self.walks(seat, [0, *buttons])

    # What should be.

    @invariant()
    def the_database_is_as_it_should_be(self) -> None:
        stored = {chat: self.desk.ask(partial(_place, chat=chat)) for chat in self.house.places}
        for chat, place in self.house.places.items():
            assert stored[chat] == _expected(place)
        assert self.desk.ask(_failures) == 0
        assert self.desk.ask(people.operators) == self.house.operators
        assert self.desk.ask(_proposals) == {each: made[1:] for each, made in self.house.proposals.items()}

    # How they do it.

    def says(
        self,
        seat: int,
        text: str,
        *,
        reply_to: ChatMessage | None = None,
        instead_of: int | None = None,
        silent: bool = False,
    ) -> ChatMessage:
        """Somebody writes something, and is answered exactly once (with nothing, where the bot is to be silent)."""
        chat, user = self.seats[seat]
        number = reply_to.message_id if reply_to else None
        heard = self.desk.hear(chat, lambda: self.desk.world.chats.say(user, chat, text, reply_to=number))
        said = [each for each in heard.new if not any(data.startswith("j:") for data in self.data_of(each))]
        assert (len(said), heard.changed, heard.answers) == (0 if silent else 1, (), ())
        self.note_drafts(chat, heard.new, instead_of=instead_of)
        return said[0] if said else ChatMessage(0, chat, 0, True, self.desk.world.clock.now())

    def presses(self, seat: int, target: ChatMessage, button: int) -> None:
        """Somebody presses a button, and is answered exactly once."""
        chat, user = self.seats[seat]
        data = self.data_of(target)[button % len(self.data_of(target))]
        verb, _, rest = data.partition(":")
        event(f"pressed {verb}")
        muted = self.desk.ask(partial(_muted, chat=chat))
        press = self.desk.world.chats.press
        heard = self.desk.hear(chat, lambda: press(user, chat, target.message_id, data))
        assert len(heard.answers) == 1
        place = self.house.places[chat] if verb not in GUARDED else self.governed(seat)
        if place is None:
            assert heard.new == heard.changed == ()
        elif verb == "erase":
            self.house.forget(chat)
        elif verb in ("j", "i"):
            self.house.decide(int(rest), user, approved=verb == "j")
        elif verb == "h" and heard.new:
            found = LINK.search(heard.new[0].text)
            assert found is not None
            self.house.shared[found[2]] = place.own[int(rest)].query
        elif data.startswith("mute:off:"):
            place.mutes.discard(muted.get(int(rest.removeprefix("off:")), ("", "")))
        else:
            place.press(data)
        name = name_of(Choice.read(rest), texts_in(self.house.places[chat].language), ()) if verb == "t" else None
        self.note_drafts(chat, (*heard.new, *heard.changed), name=name)

    def walks(self, seat: int, buttons: list[int]) -> None:
        """Presses one button after the other, each of the message that is or was changed last."""
        for button in buttons:
            if shown := self.with_buttons(seat):
                self.presses(
                    seat, max(shown, key=lambda each: (each.edited_at or each.sent_at, each.message_id)), button
                )

    def with_buttons(self, seat: int) -> list[ChatMessage]:
        """The messages of a seat's chat that have buttons to press, oldest first."""
        return [each for each in self.desk.world.chats.history(self.seats[seat][0]) if self.data_of(each)]

    def note_drafts(
        self, chat: int, messages: tuple[ChatMessage, ...], *, name: str | None = None, instead_of: int | None = None
    ) -> None:
        """Previews brought drafts; of what feedback offers, the changed query is read back by its number."""
        place = self.house.places[chat]
        for message in messages:
            found = [re.match(r"(?:s|c:(\d+)):(\d+)", data) for data in self.data_of(message)]
            is_preview = any(data.startswith("x:") for data in self.data_of(message))
            for owner, number in [(each[1], int(each[2])) for each in found if each and int(each[2]) not in place.own]:
                query = self.quoted(message) if is_preview else self.desk.ask(partial(_query, number=number))
                place.drafted(number, query, name, int(owner) if owner else instead_of)

    def governed(self, seat: int) -> Place | None:
        """The place of a seat whose holder may change it."""
        chat, user = self.seats[seat]
        return None if (chat, user) == (self.group, self.borys) else self.house.places[chat]

    def proposed(self) -> set[int]:
        """Numbers of the proposals that an operator was ever shown."""
        history = self.desk.world.chats.history(self.anna)
        return {int(data[2:]) for each in history for data in self.data_of(each) if data.startswith("j:")}

    @staticmethod
    def data_of(message: ChatMessage) -> list[str]:
        return [str(button["callback_data"]) for button in message.buttons if "callback_data" in button]

    @staticmethod
    def quoted(message: ChatMessage) -> str:
        """The first monospaced words: what was understood."""
        places = utf16.boundaries(message.text)
        entity = next(each for each in message.entities if each["type"] == "code")
        return message.text[places[entity["offset"]] : places[entity["offset"] + entity["length"]]]


def is_word(text: str) -> bool:
    """Whether it can be muted: words, and nothing else that a query may ask for."""
    try:
        return tsquery(parse(text).root) is not None
    except QueryError:
        return False


async def _owned(connection: Connection, chat: int) -> list[tuple[int, str]]:
    (subscriber_id,) = await people.subscribers_of(connection, ChatId(chat))
    return [(own.id, own.query) for own in await subscriptions.list_for(connection, subscriber_id)]


async def _query(connection: Connection, number: int) -> str:
    found = await connection.exec_driver_sql("SELECT query FROM subscriptions WHERE id = %s", (number,))
    return str(found.scalar_one())


async def _muted(connection: Connection, chat: int) -> dict[int, tuple[str, str]]:
    held = await people.subscribers_of(connection, ChatId(chat))
    return {each.id: (each.kind, each.said) for number in held for each in await mutes.list_for(connection, number)}


async def _failures(connection: Connection) -> int:
    failed = await connection.exec_driver_sql("SELECT count(*) FROM inbox WHERE tries > 0 OR state = 'quarantine'")
    return int(failed.scalar_one())


async def _proposals(connection: Connection) -> dict[int, tuple[str, str]]:
    rows = await connection.exec_driver_sql("SELECT id, username, state FROM proposals")
    return {row[0]: (row[1], row[2]) for row in map(tuple, rows)}


async def _place(connection: Connection, chat: int) -> dict[str, object]:
    """What is stored of a place, in the words of `_expected`."""
    held = await people.subscribers_of(connection, ChatId(chat))
    if not held:
        return _expected(Place(chat))
    (number,) = held
    subscriber = await subscribers.get_subscriber(connection, number)
    assert subscriber is not None
    terms = await schedules.terms_of(connection, number)
    modes = await subscription_modes.modes_of(connection, number)
    coming = await schedules.coming_of(connection, number)
    place = Place(chat, subscriber.language, subscriber.time_zone, way=terms.quiet_way)
    place.quiet = (
        None if terms.quiet_from is None or terms.quiet_until is None else (terms.quiet_from, terms.quiet_until)
    )
    place.is_paused = terms.paused_until_at is not None
    place.at_most_once = await subscribers.wants_at_most_once(connection, number)
    place.mutes = set((await _muted(connection, chat)).values())
    for own in await subscriptions.list_for(connection, number):
        how = coming.get(own.id, Coming())
        place.own[own.id] = Own(
            own.name, own.query, own.state, modes[own.id], (how.pace, how.digest_hour), how.comes_through
        )
    return _expected(place)


def _expected(place: Place) -> dict[str, object]:
    return {**vars(place), "own": place.live(), "alerts": None}


@pytest.mark.slow
@pytest.mark.timeout(20 * EXAMPLES + 2 * EXAMPLES * STEPS)
def test_commands_keep_the_law(postgres: EmbeddedServer) -> None:
    class Fresh(Commands):
        address = property(lambda _: emptied_database(postgres))

    run_state_machine_as_test(
        Fresh,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
