"""The one world behind both servers of the box: its clock, its people, its channels, its chats, its faults."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sandbox.channels import Channels
from sandbox.chats import Chats

Server = Literal["mtproto", "bot_api"]


class Clock(Protocol):
    """Where the box reads the time; tests inject one that they move by hand."""

    def now(self) -> dt.datetime:
        """The wall clock: aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards: what limits and latencies are measured with."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        """The wall clock: aware, UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until a test advances it."""

    def __init__(self, start: dt.datetime | None = None) -> None:
        self._now = start or dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)
        self._monotonic = 1000.0

    def now(self) -> dt.datetime:
        """The wall clock: aware, UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self._now += dt.timedelta(seconds=seconds)
        self._monotonic += seconds


@dataclass(slots=True)
class User:
    """A person: reads channels with a client (phone, code, password), talks to bots (in the chat of the same id)."""

    id: int
    first_name: str
    phone: str = ""
    username: str | None = None
    language_code: str = "en"
    code: str = "12345"
    password: str | None = None


@dataclass(slots=True)
class Faults:
    """What shall go wrong, in order: each fault is taken once, by the next call of its method."""

    _queues: dict[tuple[Server, str], deque[object]] = field(default_factory=lambda: defaultdict(deque))

    def add(self, server: Server, method: str, *faults: object) -> None:
        """Queue faults for a method (any spelling of case); the server says which values it understands."""
        self._queues[server, method.lower()].extend(faults)

    def take(self, server: Server, method: str) -> object | None:
        """The next fault for this call, or None."""
        queue = self._queues.get((server, method.lower()))
        return queue.popleft() if queue else None

    def pending(self) -> list[tuple[Server, str, object]]:
        """Faults that no call has met yet: a test that ends with some did not test what it says."""
        return [(server, method, fault) for (server, method), queue in self._queues.items() for fault in queue]


class World:
    """Everything both servers share."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.users: dict[int, User] = {}
        self.faults = Faults()
        self.failures: list[BaseException] = []
        self.channels = Channels(self.clock)
        self.chats = Chats(self.clock)

    def add_user(
        self,
        first_name: str,
        *,
        phone: str = "",
        username: str | None = None,
        language_code: str = "en",
        code: str = "12345",
        password: str | None = None,
    ) -> User:
        """Let a person into the world; ids count up from 1001."""
        user = User(1001 + len(self.users), first_name, phone, username, language_code, code, password)
        self.users[user.id] = user
        return user

    def raise_failures(self) -> None:
        """Raise what went wrong inside a handler of the box, so that the test which caused it fails."""
        if self.failures:
            failures, self.failures = self.failures, []
            raise BaseExceptionGroup("the box failed while serving", failures)
