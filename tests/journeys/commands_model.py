"""What two people and a group should have after whatever they did: the specification that the bot is held against."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.handlers.modes import CHOICES
from bot.handlers.settings import hours_in
from bot.handlers.words import name_of
from bot.schedule import PAUSES
from matching.query import parse
from storage.subscription_exchange import fingerprint
from tests.journeys.commands_desk import MOST_SUBSCRIPTIONS


@dataclass
class Own:
    """A subscription or a draft."""

    name: str
    query: str
    state: str = "draft"
    mode: tuple[str, int | None] = ("first", None)
    pace: tuple[str, int | None] = ("instant", None)
    comes_through: bool = False

    @property
    def is_live(self) -> bool:
        return self.state in ("active", "paused")


@dataclass
class Place:
    """A chat as its subscriber."""

    chat_id: int
    language: str = "en"
    zone: str = "UTC"
    quiet: tuple[int, int] | None = None
    way: str = "hold"
    is_paused: bool = False
    at_most_once: bool = False
    own: dict[int, Own] = field(default_factory=dict)
    mutes: set[tuple[str, str]] = field(default_factory=set)
    alerts: set[int] = field(default_factory=set)
    """Numbers of those that it got: by them their buttons know them."""

    def live(self) -> list[tuple[int, Own]]:
        """Its subscriptions, in the order they were made."""
        return sorted((number, own) for number, own in self.own.items() if own.is_live)

    def drafted(self, number: int, query: str, name: str | None = None, instead_of: int | None = None) -> None:
        """A preview with its button appeared. `name`: one that was chosen for it."""
        changed = self.own.get(instead_of or 0)
        if changed is not None:
            name = name_of(query) if changed.name == name_of(changed.query) else changed.name
        self.own[number] = Own(name or name_of(query), query)

    def rename(self, number: int, name: str) -> None:
        """The answer to the question for a name."""
        if number in self.own and self.own[number].is_live and name.strip():
            self.own[number].name = name_of(" ".join(name.split()))

    def press(self, data: str) -> None:
        """A button that changes this chat; of all others, and of what there is not any more, nothing comes."""
        verb, _, rest = data.partition(":")
        effect = getattr(self, f"_{verb}", None)
        if effect is not None:
            effect(*rest.split(":"))

    def _find(self, number: str) -> Own | None:
        own = self.own.get(int(number)) if number.isdecimal() else None
        return own if own is not None and own.is_live else None

    def _s(self, number: str) -> None:
        wanted = self.own.get(int(number))
        if wanted is None:
            return
        same = parse(wanted.query, stored=True).canonical
        twins = [own for other, own in self.live() if parse(own.query, stored=True).canonical == same]
        if wanted.is_live or twins:
            (wanted if wanted.is_live else twins[0]).state = "active"
            if not wanted.is_live:
                del self.own[int(number)]
        elif len(self.live()) < MOST_SUBSCRIPTIONS:
            wanted.state = "active"

    def _x(self, number: str) -> None:
        if (own := self.own.get(int(number))) is not None and not own.is_live:
            del self.own[int(number)]

    def _p(self, number: str) -> None:
        if own := self._find(number):
            own.state = "paused"

    def _r(self, number: str) -> None:
        if own := self._find(number):
            own.state = "active"

    def _k(self, number: str) -> None:
        if self._find(number):
            del self.own[int(number)]

    def _z(self, number: str, choice: str = "") -> None:
        if (own := self._find(number)) and choice in CHOICES:
            own.mode = CHOICES[choice]

    def _c(self, number: str, draft: str, wanted: str) -> None:
        own, other = self._find(number), self.own.get(int(draft))
        is_there = other is not None and not other.is_live
        if own and other and is_there and fingerprint(own.query) != wanted == fingerprint(other.query):
            own.name, own.query, other.name, other.query = other.name, other.query, own.name, own.query

    def _pace(self, verb: str, number: str = "", hour: str = "") -> None:
        own = self._find(number)
        if own is None:
            return
        if verb == "through":
            own.comes_through = not own.comes_through
        elif verb in ("instant", "hourly"):
            own.pace = (verb, None)
        elif verb == "daily":
            own.pace = (verb, int(hour))

    def _set(self, page: str, choice: str = "") -> None:
        match page:
            case "quiet" if choice:
                self.quiet = hours_in(choice)
            case "way" if self.quiet is not None:
                self.way = choice
            case "pause" if choice:
                self.is_paused = choice in PAUSES
            case "once":
                self.at_most_once = choice == "yes"

    def _mute(self, number: str, what: str = "", word: str = "") -> None:
        if not number.isdecimal() or int(number) not in self.alerts:
            return
        match what:
            case "channel" | "story":
                self.mutes.add((what, "Harbour News"))
            case "w":
                self.mutes.add(("word", word))

    def _lang(self, language: str) -> None:
        self.language = language

    def _zone(self, zone: str) -> None:
        self.zone = zone


@dataclass
class House:
    """The places, and what is between them: proposals, operators, links."""

    places: dict[int, Place]
    always: Collection[int]
    """Operators by the settings."""
    operators: set[int] = field(default_factory=set)
    guests: set[int] = field(default_factory=set)
    invitations: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By word: what it makes of who opens it, and who made it."""
    shared: dict[str, str] = field(default_factory=dict)
    """By word: the query."""
    proposals: dict[int, tuple[int, str, str]] = field(default_factory=dict)
    """By number: the chat, the channel, and open, approved or refused."""

    def is_operator(self, user_id: int) -> bool:
        return user_id in self.always or user_id in self.operators

    def decide(self, number: int, user_id: int, *, approved: bool) -> None:
        """An operator's button: everybody's proposals of that channel."""
        _, channel, state = self.proposals.get(number, (0, "", ""))
        if state == "open" and self.is_operator(user_id):
            for each, (chat, name, was) in self.proposals.items():
                if name == channel and was == "open":
                    self.proposals[each] = (chat, name, "approved" if approved else "refused")

    def open_invitation(self, word: str, user_id: int) -> None:
        role, _ = self.invitations.get(word, ("", 0))
        if not role or user_id in self.operators or (role == "subscriber" and user_id in self.guests):
            return
        del self.invitations[word]
        self.guests.discard(user_id)
        (self.operators if role == "operator" else self.guests).add(user_id)

    def forget(self, chat_id: int) -> None:
        """/delete_me: as if they had never come."""
        self.places[chat_id] = Place(chat_id)
        self.operators.discard(chat_id)
        self.guests.discard(chat_id)
        self.invitations = {word: made for word, made in self.invitations.items() if made[1] != chat_id}
        self.proposals = {each: made for each, made in self.proposals.items() if made[0] != chat_id}
