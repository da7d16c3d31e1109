"""How often every word and topic is heard: in the last hour, and in each hour of the weeks before.

Both are counted by the server from the posts themselves, an hour in one statement: ingest does nothing for it, nothing
can be counted twice, and a backfill, a deletion or a repost that is found out later only means to count again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from analysis.bursts import HISTORY, LEAST_CHANNELS, LEAST_VOICES, SPAN, Heard, History, Past

HOUR = dt.timedelta(hours=1)

GRACE = dt.timedelta(minutes=10)
"""How long after its end an hour is counted: by then what was posted in it is here."""

LEAST_KEPT = 2
"""Voices in an hour from which its count is kept: most words are said once, and they are half of all (measured)."""

MOST_KEPT = 20_000
"""Counts kept of one hour, the highest: more words are said by two voices only where some 4,000 posts an hour come."""

MOST_HEARD = 5_000
"""Words of the last hour that are looked at."""

MOST_STORED = 32_767
"""Of a smallint."""

OF_ONE_CHANNEL = 3
"""Posts of one channel that count in an hour: a live blog is no chorus."""

OLD = ("backfill", "replay")
"""`found_by` of posts that somebody brought on purpose: they count for what is usual, and never as news."""

BURSTS = 7_283_467
"""The advisory lock of the one process that looks for bursts at a moment."""


async def lock_bursts(connection: AsyncConnection) -> bool:
    """Whether nobody else looks for bursts until this transaction ends."""
    return bool(await connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": BURSTS}))


@dataclass(frozen=True, slots=True)
class Spell:
    """All that was heard between two moments: voices in all, and who said what."""

    voices: int
    heard: tuple[Heard, ...]


async def heard_lately(connection: AsyncConnection, now: dt.datetime, also: Collection[str] = ()) -> Spell:
    """What enough channels said in the last hour to be a burst, and whatever is said of `also`."""
    values = {
        "since": now - SPAN, "until": now, "leave_out": list(OLD), "also": list(also), "of_one": OF_ONE_CHANNEL,
        "least_voices": LEAST_VOICES, "least_channels": LEAST_CHANNELS, "most": MOST_HEARD + len(also),
    }  # fmt: skip
    voices = int(await connection.scalar(VOICES, values) or 0)
    rows = await connection.execute(HEARD, values)
    return Spell(voices, tuple(Heard(row.what, row.voices, row.channels) for row in rows))


async def uncounted_hours(connection: AsyncConnection, now: dt.datetime, limit: int) -> list[dt.datetime]:
    """Hours of the last weeks of which there are more posts than were counted, the latest first."""
    values = {"since": _hour(now - HISTORY) + HOUR, "until": _hour(now - GRACE), "limit": limit}
    return [row.hour_at for row in await connection.execute(UNCOUNTED, values)]


async def count_hour(connection: AsyncConnection, hour_at: dt.datetime) -> None:
    """Count one hour, anew if it was counted before."""
    values = {
        "since": hour_at, "until": hour_at + HOUR, "leave_out": [], "also": [], "of_one": OF_ONE_CHANNEL,
        "least_voices": LEAST_KEPT, "least_channels": 1, "most": MOST_KEPT + 1,
    }  # fmt: skip
    voices = int(await connection.scalar(VOICES, values) or 0)
    rows = (await connection.execute(HEARD, values)).all()
    kept = rows[:MOST_KEPT]
    begin = hour_at.astimezone(dt.UTC)
    day, hour = begin.date(), begin.hour + 1
    if await connection.scalar(WAS_COUNTED, {"hour_at": hour_at}):
        await connection.execute(text(FORGET_HOUR.format(hour=hour)), {"day": day})
    counts = {"whats": [row.what for row in kept], "voices": [min(row.voices, MOST_STORED) for row in kept]}
    await connection.execute(text(KEEP.format(hour=hour)), {"day": day, **counts})
    least = rows[MOST_KEPT].voices + 1 if len(rows) > MOST_KEPT else LEAST_KEPT
    await connection.execute(NOTE_HOUR, {**values, "voices": voices, "least": least})


async def history(connection: AsyncConnection, now: dt.datetime) -> History:
    """How much is known of the weeks before."""
    row = (await connection.execute(KNOWN, {**_moments(now), "same": _same_hours(now)})).one()
    return History(row.hours, Past(row.weeks, row.same_hours, row.last_day), row.least)


async def pasts(connection: AsyncConnection, whats: Sequence[str], now: dt.datetime) -> dict[str, Past]:
    """How many voices said each of these before; what was never kept is left out."""
    if not whats:
        return {}
    hour = now.astimezone(dt.UTC).hour
    same = " + ".join(f"hours[{each + 1}]" for each in _same_hours(now))
    statement = text(PASTS.format(same=same, since=hour + 1))
    rows = await connection.execute(statement, {**_moments(now), "whats": list(whats)})
    return {row.what: Past(row.weeks, row.same_hours, row.last_day) for row in rows}


async def forget_rates(connection: AsyncConnection, now: dt.datetime) -> None:
    """Forget what is older than what is learned from."""
    values = _moments(now)
    await connection.execute(FORGET_DAYS, values)
    await connection.execute(FORGET_HOURS, values)


def _hour(moment: dt.datetime) -> dt.datetime:
    """The beginning of the moment's hour."""
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def _same_hours(now: dt.datetime) -> list[int]:
    """The hours of the day around this one (UTC)."""
    hour = now.astimezone(dt.UTC).hour
    return sorted((hour + each) % 24 for each in (-1, 0, 1))


def _moments(now: dt.datetime) -> dict[str, object]:
    today = now.astimezone(dt.UTC).date()
    return {
        "first_day": today - HISTORY, "today": today, "yesterday": today - dt.timedelta(days=1),
        "day_before": _hour(now) - dt.timedelta(days=1),
    }  # fmt: skip


TOLD = """
    FROM posts p LEFT JOIN story_posts s ON s.post_id = p.id
    WHERE p.posted_at >= :since AND p.posted_at < :until AND p.deleted_at IS NULL
        AND p.found_by <> ALL(CAST(:leave_out AS text[])) AND coalesce(s.kind, 'first') NOT IN ('forward', 'copy')
"""
"""The voices: a rewrite is one, a forward or a near-copy is none."""

VOICES = text(f"SELECT count(*) {TOLD}")

HEARD = text(
    f"""
    WITH told AS MATERIALIZED (SELECT p.channel_id, p.terms, p.topic_codes {TOLD}), said AS (
        SELECT channel_id, lexeme AS what, least(count(*), :of_one) AS voices FROM told, unnest(terms)
        WHERE left(lexeme, 1) NOT IN ('=', '#', '@') AND length(lexeme) > 2 GROUP BY channel_id, lexeme
        UNION ALL
        SELECT channel_id, 'topic:' || code, least(count(*), :of_one) FROM told, unnest(topic_codes) AS code
        GROUP BY channel_id, code
    )
    SELECT what, CAST(sum(voices) AS bigint) AS voices, count(*) AS channels FROM said GROUP BY what
    HAVING (sum(voices) >= :least_voices AND count(*) >= :least_channels) OR what = ANY(CAST(:also AS text[]))
    ORDER BY voices DESC, what LIMIT :most
    """  # noqa: S608
)
"""Lexemes are lemmas but for those of forms, hashtags and mentions, which begin with a sign (`analysis.text`)."""

UNCOUNTED = text(
    """
    SELECT stored.hour_at FROM (
        SELECT date_trunc('hour', posted_at, 'UTC') AS hour_at, count(*) AS posts FROM posts
        WHERE posted_at >= :since AND posted_at < :until GROUP BY 1
    ) AS stored LEFT JOIN rated_hours r ON r.hour_at = stored.hour_at
    WHERE r.posts IS NULL OR r.posts < stored.posts ORDER BY stored.hour_at DESC LIMIT :limit
    """
)

WAS_COUNTED = text("SELECT EXISTS (SELECT FROM rated_hours WHERE hour_at = :hour_at)")

FORGET_HOUR = "UPDATE rates SET total = total - hours[{hour}], hours[{hour}] = 0 WHERE day = :day AND hours[{hour}] > 0"

KEEP = """
    INSERT INTO rates AS r (what, day, total, hours)
    SELECT what, :day, voices, array_fill(CAST(0 AS smallint), ARRAY[{hour} - 1]) || CAST(voices AS smallint)
        || array_fill(CAST(0 AS smallint), ARRAY[24 - {hour}])
    FROM unnest(CAST(:whats AS text[]), CAST(:voices AS bigint[])) AS heard(what, voices)
    ON CONFLICT (what, day) DO UPDATE SET total = r.total - r.hours[{hour}] + excluded.hours[{hour}],
        hours[{hour}] = excluded.hours[{hour}]
"""

NOTE_HOUR = text(
    """
    INSERT INTO rated_hours (hour_at, posts, voices, least)
    SELECT :since, (SELECT count(*) FROM posts WHERE posted_at >= :since AND posted_at < :until), :voices, :least
    ON CONFLICT (hour_at) DO UPDATE SET posts = excluded.posts, voices = excluded.voices, least = excluded.least
    """
)

KNOWN = text(
    """
    SELECT count(*) AS hours, CAST(coalesce(sum(voices), 0) AS bigint) AS weeks,
        CAST(coalesce(sum(voices) FILTER (WHERE extract(hour FROM hour_at) = ANY(CAST(:same AS integer[]))), 0)
            AS bigint) AS same_hours,
        CAST(coalesce(sum(voices) FILTER (WHERE hour_at >= :day_before), 0) AS bigint) AS last_day,
        CAST(coalesce(avg(least), 0) AS double precision) AS least
    FROM rated_hours WHERE hour_at >= CAST(:first_day AS timestamptz) AND voices > 0
    """
)
"""The connection's time zone is UTC (`storage.database`)."""

PASTS = """
    SELECT what, CAST(sum(total) AS bigint) AS weeks, CAST(sum({same}) AS bigint) AS same_hours,
        CAST(coalesce(sum(CASE day WHEN :today THEN total
            WHEN :yesterday THEN (SELECT sum(each) FROM unnest(hours) WITH ORDINALITY AS said(each, place)
                WHERE place >= {since})
            END), 0) AS bigint) AS last_day
    FROM rates WHERE what = ANY(CAST(:whats AS text[])) AND day >= :first_day GROUP BY what
"""

FORGET_DAYS = text("DELETE FROM rates WHERE day < :first_day")

FORGET_HOURS = text("DELETE FROM rated_hours WHERE hour_at < CAST(:first_day AS timestamptz)")
