"""What a doctor asks this machine and, if it may, Telegram: settings, secret files, the disk, the bot's token."""

from __future__ import annotations

import datetime as dt
import email.utils
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.doctor_checks import Check, clock, disk

if TYPE_CHECKING:
    from config.settings import BotSettings, IngestSettings

ANSWER_WITHIN_SECONDS = 15.0


def settings(ingest: IngestSettings, bot: BotSettings) -> Iterator[Check]:
    """What is configured, and what is missing."""
    where = "DATABASE_URL" if ingest.database_url else f"the private PostgreSQL in {ingest.home.resolve()}"
    yield Check("settings", "ok", f"they can be read; everything is kept in {where}")
    for name, missing in (("reading", ingest.missing()), ("bot token", bot.missing())):
        if missing is not None:
            yield Check(name, "warn", "not configured", missing)
    if bot.token is not None and not bot.contact:
        yield Check("contact", "warn", "/privacy names nobody", "Set CHANNELWATCH_CONTACT: Telegram asks for it.")


def secret_files(ingest: IngestSettings, bot: BotSettings, *, has_account: bool) -> Iterator[Check]:
    """Whether the key of sessions is there, and nobody else can read what is secret."""
    from config.keys import NAME

    key = ingest.session_key_path
    if key.exists():
        yield _owners_only("session key", key)
    elif has_account:
        advice = "Put the file back from where you keep it, or `channelwatch login` again."
        yield Check("session key", "fail", f"{key} is not there", advice)
    others = {"buttons' secret": bot.button_secret_path, "console's key": ingest.home / NAME, ".env": Path(".env")}
    for name, path in others.items():
        if path.exists():
            yield _owners_only(name, path)


def _owners_only(name: str, path: Path) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Check(
            name, "warn" if name == ".env" else "fail", f"others can read {path} (mode {mode:04o})", f"chmod 600 {path}"
        )
    return Check(name, "ok", f"{path}, mode {mode:04o}")


def opens_sessions(ingest: IngestSettings, sessions: dict[str, bytes]) -> Iterator[Check]:
    """Whether the key is the one that the stored sessions were encrypted with."""
    from ingest.session_key import SessionKey, SessionKeyError

    if not sessions or not ingest.session_key_path.exists():
        return
    try:
        key = SessionKey.read(ingest.session_key_path)
        for session in sessions.values():
            key.decrypt(session)
    except SessionKeyError as error:
        yield Check("session", "fail", "the stored session cannot be opened", str(error))
    else:
        yield Check("session", "ok", "stored, and the key opens it")


def room(home: Path) -> Check:
    """How much is free where the data folder lies."""
    existing = next(each for each in (home.resolve(), *home.resolve().parents) if each.exists())
    usage = shutil.disk_usage(existing)
    return disk(usage.free, usage.total, str(home.resolve()))


async def token(bot: BotSettings) -> Iterator[Check]:
    """Whether Telegram takes the bot's token, and what time it has. One request: getMe."""
    import aiohttp

    if bot.token is None:
        return iter(())
    url = f"{bot.api_url.rstrip('/')}/bot{bot.token.get_secret_value()}/getMe"
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            began_at = dt.datetime.now(dt.UTC)
            async with session.get(url) as answer:
                date, status = answer.headers.get("Date"), answer.status
                content = await answer.json(content_type=None)
            now = began_at + (dt.datetime.now(dt.UTC) - began_at) / 2
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        # The error's own words hold the address, and the token is part of it.
        said = f"Telegram does not answer ({type(error).__name__})"
        return iter([Check("bot token", "fail", said, "Look at the network, a proxy, and BOT_API_URL.")])
    return iter(_judged(status, content, date, now))


def _judged(status: int, content: object, date: str | None, now: dt.datetime) -> Iterator[Check]:
    result = content.get("result") if isinstance(content, dict) else None
    if status == 200 and isinstance(result, dict):
        yield Check("bot token", "ok", f"Telegram knows it as @{result.get('username')}")
    elif status in (401, 404):
        yield Check("bot token", "fail", "Telegram does not know it", "Ask @BotFather for the token and set BOT_TOKEN.")
    else:
        yield Check("bot token", "warn", f"Telegram answers with status {status}", "Try again in a moment.")
    if date is not None:
        # The header counts whole seconds: half of one is what it is wrong by on average.
        theirs = email.utils.parsedate_to_datetime(date) + dt.timedelta(seconds=0.5)
        yield clock("clock (Telegram)", now - theirs, "Telegram's")
