"""How every program logs: a constant phrase and ids, on standard error, with secrets kept out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

TOKEN = re.compile(r"(bot)?\d{5,}:[A-Za-z0-9_-]{20,}")
"""A bot token, also as it stands in a Bot API address."""

PASSWORD_IN_URL = re.compile(r"(\w+://[^:/@\s]+:)[^@/\s]+@")


OWN_WORD = re.compile(r"\b(cw[af]_)[A-Za-z0-9_-]{43}")
"""A token of the API or the word of a private feed, should one ever reach a log."""


def set_up(*, verbose: bool = False, json: bool = False) -> None:
    """Send structlog and the standard library's loggers to standard error, redacted; call once at a program's door."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        cache_logger_on_first_use=False,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _RedactingFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _one_line, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    _quiet_the_talkative()


def _quiet_the_talkative() -> None:
    # httpx logs every address, and the bot's token is part of it; telegram.ext logs its base_url at DEBUG.
    for name in (
        "apprise",
        "httpx",
        "httpcore",
        "telegram",
        "telethon",
        "apscheduler",
        "aiohttp.access",
        "alembic",
        "asyncio",
        "pymorphy3",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its one error at a stop without network is a page of traceback that says nothing we have not said.
    logging.getLogger("telegram.ext.Updater").setLevel(logging.CRITICAL)
    # A line or a traceback for every message that Telethon drops, thousands with a wrong clock: each is a doubt to us
    # (ingest.telethon_gaps), and what comes of it is said once.
    for name in ("mtprotosender", "mtprotostate"):
        logging.getLogger(f"telethon.network.{name}").setLevel(logging.CRITICAL)


def redact(text: str) -> str:
    """The text without bot tokens and without passwords in addresses."""
    return OWN_WORD.sub(r"\1***", PASSWORD_IN_URL.sub(r"\1***@", TOKEN.sub("***", text)))


def _one_line(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # A log line is one line: nobody may forge a second one through a title or a name.
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = value.translate(CONTROL)
    return event


CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
