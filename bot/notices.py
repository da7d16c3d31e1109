"""What operators are told becomes one message: what happened, to which channels, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.message import Message
from bot.rich_text import RichText, bold, fill, italic, joined, one_line, plain
from bot.texts import Catalogue, texts_in
from storage.notices import Kind, Notice

MOST_NAMED = 25
"""Channels of one sentence that are named; of more, how many there are."""

NAME_UNITS = 60
"""How much of a channel's name is shown."""

UNKNOWN_VALUE = "?"
"""In place of a value that the notice does not carry."""


def compose_notices(notices: Sequence[Notice], *, language: str, is_repeat: bool) -> Message:
    """One sentence for each kind of thing that happened, the latest last; it names all channels to which it did."""
    texts = texts_in(language)
    groups: dict[tuple[str, str], list[Notice]] = {}
    for notice in notices:
        key = (notice.kind, str(notice.detail.get("account", "")))
        groups[key] = [*groups.pop(key, []), notice]
    marks = [italic(texts.repeat)] if is_repeat else []
    return Message(joined("\n\n", [*marks, *(_sentence(group, texts) for group in groups.values())])).shortened()


def _sentence(notices: Sequence[Notice], texts: Catalogue) -> RichText:
    """What is true of all of them; of two of the same program, machine or account the later one counts."""
    latest = notices[-1]
    if latest.kind not in list(Kind):
        return fill(texts.notice_unknown, kind=latest.kind)
    template: str = getattr(texts, f"notice_{latest.kind}")
    return fill(template, channels=_channels(notices, texts), **_values(latest))


def _values(notice: Notice) -> dict[str, str]:
    names = ("account", "reason", "moved", "left", "seconds", "minutes")
    return {name: _shown(notice.detail.get(name)) for name in names}


def _channels(notices: Sequence[Notice], texts: Catalogue) -> RichText:
    pieces = [_channel(notice, texts) for notice in notices]
    different = [piece for place, piece in enumerate(pieces) if piece not in pieces[:place]]
    named = different[:MOST_NAMED]
    if left := len(different) - len(named):
        named.append(fill(texts.counted(texts.more_items, left), n=left))
    return joined(", ", named)


def _channel(notice: Notice, texts: Catalogue) -> RichText:
    channel = notice.channel
    name = bold(plain(one_line(channel.name)).truncated(NAME_UNITS)) if channel else plain(UNKNOWN_VALUE)
    if notice.kind == Kind.RENAMED:
        old, new = (notice.detail.get(key) for key in ("old", "new"))
        return fill(texts.renamed_item, old=_username(old, texts), new=_username(new, texts))
    if notice.kind == Kind.BLIND:
        return fill(texts.blind_item, channel=name, minutes=_shown(notice.detail.get("minutes")))
    return name


def _username(name: object, texts: Catalogue) -> RichText:
    return bold(f"@{one_line(str(name))}") if name else plain(texts.no_username)


def _shown(value: object) -> str:
    return UNKNOWN_VALUE if value is None else plain(one_line(str(value))).truncated(NAME_UNITS).text
