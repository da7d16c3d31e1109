"""What a doctor makes of what it finds: one judgment a question, each with what to do. No I/O."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cli.running import ALIVE
from cli.terminal import in_bytes, span

if TYPE_CHECKING:
    from storage.checkup import Findings, Schema

Verdict = Literal["ok", "warn", "fail"]

SKEW_WARNED, SKEW_FAILED = dt.timedelta(seconds=5), dt.timedelta(seconds=30)
"""Telegram refuses messages whose time is more than 30 s ahead of its own or 300 s behind (MTProto, msg_id)."""

FREE_WARNED, FREE_FAILED = 2 * 2**30, 300 * 2**20
"""Bytes. PostgreSQL's write-ahead log alone may fill 1 GiB (max_wal_size); on a full disk nothing can be stored."""

LATE_FAILED = dt.timedelta(minutes=30)
BACKUP_OLD = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    said: str
    advice: str | None = None
    """What to do; nothing where all is well."""


def server(found: Findings) -> Check:
    """Whether the database is one that this release runs on."""
    from storage.checkup import LEAST_SERVER

    said = f"PostgreSQL {found.server_version}, {in_bytes(found.database_bytes)}"
    if found.server_major < LEAST_SERVER:
        return Check("database", "fail", said, f"PostgreSQL {LEAST_SERVER} or newer is needed; 18 is what is tested.")
    return Check("database", "ok", said)


def schema(found: Schema, wanted: str, *, is_private: bool) -> Check:
    """Whether the database is at this release's schema."""
    if found.is_half_restored:
        advice = "Wait for its end; if none is running, run `channelwatch restore` again: it undoes that first."
        return Check("schema", "fail", "a restore is under way, or was cut off", advice)
    if found.current == wanted:
        return Check("schema", "ok", f"{wanted}, as this release needs it")
    if not found.is_known:
        advice = "Run that release, or restore an older backup."
        return Check("schema", "fail", f"{found.current}, of a newer release", advice)
    said = f"{found.current or 'none'}, this release needs {wanted}"
    if is_private:
        return Check("schema", "warn", said, "It is migrated when the next program starts.")
    return Check("schema", "fail", said, "Stop the programs and run `channelwatch migrate`.")


def clock(name: str, skew: dt.timedelta, whose: str) -> Check:
    """Whether this machine's clock agrees with another one. `skew`: how much ours is ahead."""
    seconds = skew.total_seconds()
    said = f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} {whose}"
    if abs(skew) < SKEW_WARNED:
        return Check(name, "ok", said)
    verdict: Verdict = "fail" if abs(skew) >= SKEW_FAILED else "warn"
    return Check(name, verdict, said, "Set this machine's clock by NTP (timedatectl set-ntp true).")


def disk(free: int, whole: int, where: str) -> Check:
    """Whether there is room on the disk of the data folder."""
    said = f"{in_bytes(free)} of {in_bytes(whole)} free on the disk of {where}"
    if free >= FREE_WARNED:
        return Check("disk", "ok", said)
    advice = "Make room, or set CHANNELWATCH_KEEP_DAYS or CHANNELWATCH_DISK_BUDGET_MIB lower."
    return Check("disk", "fail" if free < FREE_FAILED else "warn", said, advice)


def accounts(found: Findings, *, is_wanted: bool) -> Iterator[Check]:
    """Whether there is an account to read with."""
    if not found.accounts:
        verdict: Verdict = "fail" if is_wanted and found.channels else "warn"
        yield Check("account", verdict, "no account is signed in", "`channelwatch login`")
    for name, state, why in found.accounts:
        if state == "ready":
            yield Check("account", "ok", f"{name}: ready")
        else:
            yield Check("account", "fail", f"{name}: {why or state}", f"`channelwatch login --account {name}`")


def reading(found: Findings) -> Iterator[Check]:
    """Whether channels are read, and completely."""
    if not found.channels:
        yield Check("channels", "warn", "none is monitored", "`channelwatch channels add @name`")
        return
    silence = found.ingest_silence
    if silence is None or silence > ALIVE:
        heard = "has never run here" if silence is None else f"was last heard {span(silence.total_seconds())} ago"
        yield Check("ingest", "warn", f"it {heard}", "`channelwatch run`")
    else:
        yield Check("ingest", "ok", "it runs")
        if found.unread:
            yield Check(
                "readers", "warn", _channels(found.unread, "read by no account"), "`channelwatch accounts list`"
            )
    if found.blind:
        name, since = found.blind[0]
        said = f"{_channels(len(found.blind), 'not looked at')}; {name} since {since:%d %b %H:%M} UTC"
        yield Check("channels", "fail", said, "`channelwatch channels status --troubled`")
    elif found.with_holes:
        said = _channels(found.with_holes, "with messages that are not accounted for yet")
        yield Check("channels", "warn", said, "If it stays so: `channelwatch channels status --troubled`")
    else:
        yield Check("channels", "ok", f"{found.channels} monitored, every message accounted for")
    if found.failed_analyses:
        said = f"{found.failed_analyses} posts could not be labelled; they are tried again"
        yield Check("labels", "warn", said, "If it stays so, tell the developers: the log names the posts.")


def sending(found: Findings, now: dt.datetime) -> Iterator[Check]:
    """Whether what is owed goes out."""
    if found.late_since_at is not None:
        age = now - found.late_since_at
        said = f"{found.late:,} deliveries are late, the oldest by {span(age.total_seconds())}"
        advice = "`channelwatch deliveries status`" if found.has_bot else "No bot runs: `channelwatch run`"
        yield Check("deliveries", "fail" if age > LATE_FAILED else "warn", said, advice)
    elif found.dead:
        said = f"{found.dead:,} failed for good in the last day"
        yield Check("deliveries", "warn", said, "`channelwatch deliveries list`, then `retry` or nothing")
    else:
        yield Check("deliveries", "ok", "nothing is late")
    if not found.has_bot:
        yield Check("bot", "warn", "it does not run", "`channelwatch run`")


def backups(last_at: dt.datetime | None, now: dt.datetime) -> Check:
    """Whether there is a backup that is young enough."""
    advice = "`channelwatch backup FILE`; nothing to do if your server is backed up in another way"
    if last_at is None:
        return Check("backup", "warn", "none was made with `channelwatch backup`", advice)
    said = f"the last one was made {span((now - last_at).total_seconds())} ago"
    return Check("backup", "warn", said, advice) if now - last_at > BACKUP_OLD else Check("backup", "ok", said)


def _channels(count: int, what: str) -> str:
    return f"1 channel {what}" if count == 1 else f"{count:,} channels {what}"
