"""What must hold after every kill, said slowly and apart from the product: each complaint is one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from benchmarks.search_mismatches import fields_of
from bot.texts import texts_in
from matching.query import parse
from storage.posts import StoredPost, get_post
from tests.journeys.people import SeenAlert
from tests.journeys.stage import Stage

MOST_REPEATS = 3
"""W: the alerts under way at once, and so the most that one kill can repeat (issue 2)."""

REPEAT_MARK = texts_in("en").repeat

Owed = tuple[int, str]
"""A chat, and the link of the post it is owed."""


async def complaints_about_ingest(stage: Stage) -> list[str]:
    """Every stored post against every subscription: an alert is owed exactly where a query holds, and once.

    And every part of a stored post is accounted for among its channel's messages.
    """
    posts = await _stored(stage)
    queries = [
        (subscriber, parse(query, stored=True))
        for subscriber, query in await stage.rows(
            "SELECT subscriber_id, query FROM subscriptions WHERE state = 'active'"
        )
    ]
    expected = {(who, post.id) for post in posts for who, query in queries if query.matches(fields_of(post))}
    owed = Counter(await stage.rows("SELECT subscriber_id, post_id FROM deliveries WHERE kind = 'alert'"))
    accounted = set(await stage.rows("SELECT post_id, message_id FROM channel_messages"))
    parts = {(post.id, part.message_id) for post in posts for part in post.parts}
    return [
        *(f"lost: subscriber {who} is not owed post {post}" for who, post in sorted(expected - owed.keys())),
        *(f"phantom: subscriber {who} is owed post {post}" for who, post in sorted(owed.keys() - expected)),
        *(f"doubled: subscriber {who} is owed post {post} {n} times" for (who, post), n in owed.items() if n > 1),
        *(f"unaccounted: message {number} of post {post}" for post, number in sorted(parts - accounted)),
    ]


async def complaints_about_posts(stage: Stage) -> list[str]:
    """The box's channels against the stored posts: each message that stands there is part of one post, as it reads."""
    posts = await _stored(stage)
    stored = {(post.channel.username, int(part.message_id)): part.text for post in posts for part in post.parts}
    channels = stage.world.channels
    said = {(channel.username, post.message_id): post.text for channel in channels for post in channel.posts.values()}
    names = {channel.id: channel.username for channel in channels}
    ever = {(names[line.channel_id], line.message_id) for line in channels.ledger}
    return [
        *(f"lost: {key} is not stored" for key in sorted(said.keys() - stored.keys(), key=str)),
        *(f"stale: {key} reads otherwise" for key in sorted(said, key=str) if stored.get(key, said[key]) != said[key]),
        *(f"phantom: {key} was never said" for key in sorted(stored.keys() - ever, key=str)),
    ]


def complaints_about_alerts(expected: Iterable[Owed], seen: Sequence[SeenAlert], *, kills: int) -> list[str]:
    """What the Bot API accepted against what was owed: nothing lost, few repeats, each saying that it may be one."""
    copies: dict[Owed, list[SeenAlert]] = {}
    for alert in seen:
        copies.setdefault((alert.chat_id, alert.link), []).append(alert)
    wanted = set(expected)
    repeats = [alert for alerts in copies.values() for alert in alerts[1:]]
    complaints = [f"lost: {owed}" for owed in sorted(wanted - copies.keys())]
    complaints += [f"phantom: {owed}" for owed in sorted(copies.keys() - wanted)]
    complaints += [
        f"unmarked repeat: {alert.chat_id} {alert.link}" for alert in repeats if not alert.text.startswith(REPEAT_MARK)
    ]
    if len(repeats) > MOST_REPEATS * kills:
        complaints.append(f"doubled: {len(repeats)} repeats after {kills} kills")
    return complaints


async def _stored(stage: Stage) -> list[StoredPost]:
    async with stage.database.begin() as connection:
        numbers = [number for (number,) in await connection.exec_driver_sql("SELECT id FROM posts ORDER BY id")]
        posts = [await get_post(connection, number) for number in numbers]
    return [post for post in posts if post is not None]
