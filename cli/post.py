"""`channelwatch post`: one post, when everything happened to it, and every version of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.opening import in_transaction
from cli.terminal import harmless

if TYPE_CHECKING:
    from rich.text import Text

    from analysis.differences import Piece
    from storage.history import History, Version


STYLES = {"kept": "", "removed": "strike red", "added": "bold green"}
MARKS = {"kept": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
"""As `git diff --word-diff` marks words where there is no colour."""


class NoSuchVersion(Exception):
    """A version was asked for that the post does not have."""


def post(
    address: Annotated[
        str, typer.Argument(metavar="POST", help="A link to it, @name/123, or Telegram's number of the channel/123.")
    ],
    version: Annotated[
        int | None, typer.Option(min=1, help="Show only what this version said; 1 is the first that was seen.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object with everything, for programs.")] = False,
) -> None:
    """Show a stored post, when it was published, seen, edited and deleted, and what each edit changed.

    Any message of an album stands for the whole of it. Times are UTC.

    **Examples**

    `channelwatch post https://t.me/demo_limansk_live/1041`

    `channelwatch post @demo_limansk_live/1041 --version 1`

    `channelwatch post @demo_limansk_live/1041 --json | jq .versions`
    """
    from storage.history import read_history
    from storage.post_address import PostAddress

    parsed = PostAddress.parse(address)
    history = in_transaction(lambda connection: read_history(connection, parsed))
    versions = history.versions
    if version is not None and version > len(versions):
        only = "There is only one version" if len(versions) == 1 else f"There are {len(versions)} versions"
        raise NoSuchVersion(f"{only} of this post: give a number up to {len(versions)}.")
    if json:
        _print_json(history, version)
    elif version is not None:
        _print_version(history, versions[version - 1])
    else:
        _print_for_people(history)


def _print_json(history: History, version: int | None) -> None:
    import json
    from dataclasses import asdict

    from analysis.differences import differences

    post = history.post
    shown = [each for each in history.versions if version in {None, each.number}]
    before = {each.number + 1: each.text for each in history.versions}
    row = {
        "channel": post.channel.username or post.channel.title,
        "channel_telegram_id": post.channel.telegram_id,
        "message_id": post.message_id,
        "url": post.url,
        "published_at": post.posted_at,
        "seen_at": post.seen_at,
        "found_by": history.found_by,
        "edited_at": post.edited_at,
        "deleted_at": post.deleted_at,
        "deleted_message_ids": history.gone,
        "expires_at": history.expires_at,
        "is_text_forgotten": history.is_text_forgotten,
        "was_edited_before_seen": history.was_edited_before_seen,
        "language": post.language,
        "topics": [topic.code for topic in post.topics],
        "views": post.views,
        "views_are_rounded": history.views_are_rounded,
        "forwards": post.forwards,
        "reactions": history.reactions,
        "text": post.text,
        "versions": [
            {
                **{name: value for name, value in asdict(each).items() if name != "parts"},
                "parts": [part.to_json() for part in each.parts],
                "difference": [asdict(piece) for piece in differences(before[each.number], each.text)]
                if each.number > 1
                else None,
            }
            for each in shown
        ],
    }
    print(json.dumps(row, ensure_ascii=False, default=_as_json))


def _as_json(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _print_version(history: History, version: Version) -> None:
    from rich.console import Console

    console = Console()
    console.print(_heading_of(history, version), soft_wrap=True)
    console.print(_plain(version.text), soft_wrap=True)


def _print_for_people(history: History) -> None:
    from rich.console import Console

    from analysis.differences import differences

    console = Console()
    has_colour = console.color_system is not None and not console.no_color
    for line in _head(history):
        console.print(line, soft_wrap=True)
    console.print()
    console.print(_plain(history.post.text), soft_wrap=True)
    if len(history.versions) == 1:
        return
    said_before = ""
    for version in history.versions:
        console.print()
        console.print(_heading_of(history, version), soft_wrap=True)
        if version.number == 1:
            console.print(_plain(version.text), soft_wrap=True)
        elif version.text != said_before:
            console.print(_marked(differences(said_before, version.text), has_colour=has_colour), soft_wrap=True)
        said_before = version.text


def _head(history: History) -> Iterator[Text]:
    """The post's name, and when everything happened to it."""
    from rich.text import Text

    post = history.post
    name = f"{post.channel.title}  {post.url or f'{post.channel.name}/{post.message_id}'}"
    yield Text(harmless(name), style="bold")
    late = post.seen_at - post.posted_at
    yield Text(f"published  {_moment(post.posted_at)}")
    yield Text(f"seen       {_moment(post.seen_at)}, by {history.found_by}, {_duration(late)} later")
    if history.was_edited_before_seen:
        yield Text("           (edited before it was seen: what it said first is not known)")
    for version in history.versions[1:]:
        yield Text(f"edited     {_moment(version.made_at)}: {_said_of(version)}")
    if post.deleted_at:
        yield Text(f"deleted    {_moment(post.deleted_at)}", style="red")
    elif history.gone:
        yield Text(f"deleted    in part: {', '.join(map(str, history.gone))}", style="red")
    if history.is_text_forgotten:
        yield Text("           (what it said was forgotten then, as the settings ask)")
    if history.expires_at:
        yield Text(f"expires    {_moment(history.expires_at)}")


def _heading_of(history: History, version: Version) -> Text:
    from rich.text import Text

    until = "as it stands" if version.replaced_at is None else f"until {_moment(version.replaced_at)}"
    what = "" if version.number == 1 else f", {_said_of(version)}"
    count = len(history.versions)
    return Text(f"Version {version.number} of {count}: {_moment(version.made_at)}, {until}{what}", style="bold")


def _said_of(version: Version) -> str:
    return f"{' and '.join(version.changes)} changed" if version.changes else "nothing to see changed"


def _marked(pieces: Sequence[Piece], *, has_colour: bool) -> Text:
    """What was removed in red and struck out, what was added in green; by signs where there is no colour."""
    from rich.text import Text

    if has_colour:
        return Text.assemble(*((harmless(piece.text), STYLES[piece.kind]) for piece in pieces))
    return Text("".join(MARKS[piece.kind].format(harmless(piece.text)) for piece in pieces))


def _plain(text: str) -> Text:
    from rich.text import Text

    return Text(harmless(text) or "(no text)", style="" if text else "dim")


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _duration(duration: dt.timedelta) -> str:
    """In the largest unit that it fills; a channel's clock may be ahead of ours."""
    seconds = max(round(duration.total_seconds()), 0)
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
