"""One run of the delivery benchmark: the backlog, the people who write meanwhile, and the count."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from analysis.labels import label
from benchmarks.delivery_bot import bot_running
from benchmarks.house import House
from benchmarks.measuring import percentile, progress, rounded
from bot.rates import SECOND_SPACING
from matching.query import parse
from sandbox.bot_api import BotApiServer, Limits
from sandbox.chat_records import Accepted
from sandbox.sped_clock import SpedClock
from sandbox.world import World
from storage import channels, deliveries, subscribers, subscriptions
from storage.database import Connection, Database
from storage.deliveries import Owed
from storage.ids import ChatId, MessageId, PostId, SubscriberId, SubscriptionId
from storage.post_store import store_posts
from storage.post_values import Part, Post
from storage.posts import LabelledPost

TOKEN = "42:BENCHMARK-token"  # noqa: S105 - the box's

GROUP_ALERTS = 10
"""Alerts that each group is owed: half a minute's, so that groups do not decide how long all takes."""

COMMAND_EVERY = 2.0
"""The box's seconds between two commands, each of another person."""

LONGEST_WITHOUT = 120.0
"""Real seconds without a message after which a run is given up."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """So many alerts: ten for each group, the others by equal parts for the private chats, some of which get one more.

    One post after another is owed to all who want it, as news is: groups get each.
    """

    alerts: int
    chats: int
    groups: int

    def shares(self) -> list[int]:
        """How many alerts each private chat is owed."""
        least, more = divmod(self.alerts - GROUP_ALERTS * self.groups, self.chats)
        return [least + (place < more) for place in range(self.chats)]


@dataclass(slots=True)
class _Owing:
    """Who is owed what, by chat."""

    private: dict[int, int] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.private.values()) + sum(self.groups.values())


async def drain(house: House, backlog: Backlog, speed: float) -> dict[str, Any]:
    """Let the bot send the whole backlog; the figures."""
    clock = SpedClock(speed)
    world = World(clock)
    server = BotApiServer(world, TOKEN, limits=Limits())
    database = Database(house.furnished("delivery", []))
    try:
        owing = await _furnish(database, world, backlog)
        await server.start()
        refused = _count_refusals(server)
        commands = _Commands(world, list(owing.private))
        progress(f"{owing.count} alerts for {len(owing.private)} chats and {len(owing.groups)} groups")
        with _uncollected():
            async with bot_running(database.url, TOKEN, server.base_url, speed):
                await _until_sent(world, owing, commands, speed)
        await server.stop()
    finally:
        await database.close()
    world.raise_failures()
    return _figures(world, owing, commands, refused) | {"speed": speed}


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: Telegram does not stand still for ours.

    A look at 5,000 chats and what they were sent holds the box up for a tenth of a second. What arrives meanwhile is
    taken all at once then, which its limiter cannot tell from a burst: it refused one to four in 20,000 messages,
    always late in a run (measured).
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _furnish(database: Database, world: World, backlog: Backlog) -> _Owing:
    """The chats in the box and in the database, the posts, and what is owed of them."""
    owing = _Owing()
    shares = backlog.shares()
    for share in shares:
        owing.private[world.chats.add_private(world.add_user("Reader")).id] = share
    member = world.add_user("Member")
    for _ in range(backlog.groups):
        owing.groups[world.chats.add_group("Group", [member]).id] = GROUP_ALERTS
    asked: dict[int, tuple[SubscriberId, SubscriptionId]] = {}
    async with database.begin() as connection:
        for chat_id in [*owing.private, *owing.groups]:
            asked[chat_id] = await _subscribe(connection, ChatId(chat_id))
    turns = _turns(max(shares), GROUP_ALERTS)
    for number in range(GROUP_ALERTS):
        takes = [chat_id for chat_id, share in owing.private.items() if number in turns[:share]]
        async with database.begin() as connection:
            post_id = await _post(connection, number)
            who = [asked[chat_id] for chat_id in [*takes, *owing.groups]]
            await deliveries.owe_alerts(connection, [Owed(subscriber, post_id, (why,)) for subscriber, why in who])
    async with database.begin() as connection:  # as autovacuum does within a minute
        await connection.exec_driver_sql("ANALYZE deliveries, subscribers, subscriptions, posts")
    return owing


def _turns(alerts: int, posts: int) -> list[int]:
    """Which posts go to private chats that are owed so many alerts: spread over all, with the first and the last."""
    return [round(place * (posts - 1) / max(alerts - 1, 1)) for place in range(alerts)]


async def _subscribe(connection: Connection, chat_id: ChatId) -> tuple[SubscriberId, SubscriptionId]:
    kind = "private" if chat_id > 0 else "supergroup"
    subscriber = await subscribers.enter(connection, chat_id, chat_type=kind, language="en")
    draft = await subscriptions.draft(connection, subscriber.id, name="ferry", query=parse("ferry"))
    await subscriptions.confirm(connection, subscriber.id, draft)
    return subscriber.id, draft


async def _post(connection: Connection, number: int) -> PostId:
    """A post of a channel of its own, so that each is a story of its own."""
    channel_id = await channels.archived_channel(connection, username=f"news_{number}", title=f"News {number}")
    said = f"The ferry number {number} has left the harbour."
    now = dt.datetime.now(dt.UTC)
    post = Post(channel_id, (Part(MessageId(1), said),), posted_at=now, seen_at=now)
    ((post_id, _),) = await store_posts(connection, [LabelledPost(post, label(said))])
    return post_id


def _count_refusals(server: BotApiServer) -> Counter[int]:
    """Answers of the limiter that were 429, counted from now on."""
    refused: Counter[int] = Counter()
    state = server._state
    assert state is not None  # noqa: S101 - it was started
    admit = state.limiter.admit

    def counted(*args: Any, **words: Any) -> None:
        try:
            admit(*args, **words)
        except Exception:
            refused[429] += 1
            raise

    state.limiter.admit = counted  # type: ignore[method-assign]
    return refused


class _Commands:
    """People who write /help while alerts arrive; how long each waited for its answer, in the box's seconds."""

    def __init__(self, world: World, chats: Sequence[int]) -> None:
        self._world = world
        self._left = list(chats)
        random.Random(7).shuffle(self._left)  # noqa: S311 - the same people in every run
        self._asked: dict[int, float] = {}
        self.seconds: list[float] = []

    def ask(self) -> None:
        """The next person writes."""
        if self._left:
            chat_id = self._left.pop()
            self._asked[chat_id] = self._world.clock.monotonic()
            self._world.chats.say(chat_id, chat_id, "/help")

    def hear(self, message: Accepted) -> None:
        """Note it if it is an answer."""
        if not is_alert(message) and message.chat_id in self._asked:
            self.seconds.append(message.monotonic - self._asked.pop(message.chat_id))

    @property
    def unanswered(self) -> int:
        """Commands that wait."""
        return len(self._asked)


def is_alert(message: Accepted) -> bool:
    """Alerts show what was posted; answers to /help do not."""
    return "has left the harbour" in message.text


async def _until_sent(world: World, owing: _Owing, commands: _Commands, speed: float) -> None:
    """Write commands until all alerts have come, or none has for a long time."""
    heard, told, since = 0, 0, time.monotonic()
    count = 0
    asked_at = world.clock.monotonic()
    while count < owing.count or commands.unanswered:
        await asyncio.sleep(0.05)
        new = world.chats.accepted[heard:]
        heard += len(new)
        count += sum(map(is_alert, new))
        for message in new:
            commands.hear(message)
        since = time.monotonic() if new else since
        if time.monotonic() - since > LONGEST_WITHOUT:
            progress("given up: nothing has come for a long time")
            return
        if count and count < owing.count and world.clock.monotonic() - asked_at > COMMAND_EVERY:
            asked_at = world.clock.monotonic()
            commands.ask()
        if count - told >= 2000:
            told = count
            progress(f"{count} alerts have come")


def _figures(world: World, owing: _Owing, commands: _Commands, refused: Counter[int]) -> dict[str, Any]:
    accepted = world.chats.accepted
    alerts = [message for message in accepted if is_alert(message)]
    began = alerts[0].monotonic
    ended = alerts[-1].monotonic
    within = sum(began <= message.monotonic <= ended for message in accepted)
    seconds = ended - began
    copies = Counter((message.chat_id, message.text) for message in alerts)
    last = {message.chat_id: message.monotonic - began for message in alerts}
    return {
        "rate_share": rounded((within - 1) * SECOND_SPACING / seconds, 4),
        "http_429": refused[429],
        "fairness": rounded(max(_unfairness(last, owing.private), _unfairness(last, owing.groups))),
        "command_p99_s": rounded(percentile(commands.seconds, 0.99)) if commands.seconds else None,
        "lost": owing.count - len(copies),
        "duplicates": len(alerts) - len(copies),
        "alerts": len(alerts),
        "commands": len(commands.seconds),
        "commands_lost": commands.unanswered,
        "command_median_s": rounded(median(commands.seconds)) if commands.seconds else None,
        "box_seconds": rounded(seconds),
        "inside_bans": world.chats.inside_bans,
    }


def _unfairness(last: dict[int, float], owed: dict[int, int]) -> float:
    """The longest by the median, of those that were owed equally many; the worst of them."""
    worst = 0.0
    for share in set(owed.values()):
        waits = [last[chat_id] for chat_id, count in owed.items() if count == share and chat_id in last]
        if waits:
            worst = max(worst, max(waits) / max(median(waits), 1e-9))
    return worst
