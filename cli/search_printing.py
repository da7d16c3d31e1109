"""What `channelwatch search` prints: for programs, and for people with the words marked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.back_test import bars
from cli.terminal import harmless
from matching.highlighting import excerpt, highlights
from storage.search import Facets, FacetValue, Found, Hit, Timeline, Total

if TYPE_CHECKING:
    from cli.search import Asked
    from matching.query import Query

MARKED = "bold yellow"

MOST_BARS = 50
"""Of a chart: it fits beside its dates into a line."""

SHOWN = 300
"""Characters of a post that people are shown."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many posts there are in all, when, and of what."""

    total: Total
    timeline: Timeline
    facets: Facets


def print_json(query: Query, found: Found, counted: Counted | None) -> None:
    """A post a line."""
    for number, hit in enumerate(found.hits, start=1):
        row = _row(query, hit)
        if number == len(found.hits) and found.next_cursor is not None:
            row["next_cursor"] = found.next_cursor.text
        print(json.dumps(row, ensure_ascii=False))
    if counted is not None:
        print(json.dumps({"facets": _counted_row(counted)}, ensure_ascii=False))


def _row(query: Query, hit: Hit) -> dict[str, Any]:
    post = hit.post
    return {
        "channel": post.channel.username or post.channel.title,
        "message_id": post.message_id,
        "posted_at": post.posted_at.isoformat(),
        "edited_at": post.edited_at.isoformat() if post.edited_at else None,
        "deleted_at": post.deleted_at.isoformat() if post.deleted_at else None,
        "version": hit.version,
        "text": hit.text,
        "highlights": highlights(query, hit.text),
        "language": post.language,
        "topics": [topic.code for topic in post.topics],
        "score": hit.score,
        "url": post.url,
    }


def _counted_row(counted: Counted) -> dict[str, Any]:
    kinds = ("channels", "topics", "languages", "days")
    spans = [{"begins_at": span.begins_at.isoformat(), "posts": span.posts} for span in counted.timeline.spans]
    return {
        "total": counted.total.posts,
        "is_exact": counted.total.is_exact and counted.facets.one_in == 1 and counted.timeline.one_in == 1,
        "timeline": {"unit": counted.timeline.unit.value, "spans": spans},
        **{kind: [_value_row(value) for value in getattr(counted.facets, kind)] for kind in kinds},
    }


def _value_row(value: FacetValue) -> dict[str, Any]:
    return {"value": value.value, "label": value.label, "posts": value.posts, "asks": value.asks}


def print_for_people(asked: Asked, query: Query, found: Found, counted: Counted | None) -> None:
    """A post a paragraph, with the words that were asked for marked; then the counts, and how to go on."""
    console = Console()
    for hit in found.hits:
        console.print(_head(hit))
        console.print(_body(query, hit), highlight=False)
        console.print()
    if counted is not None:
        _print_counted(console, counted)
    order = "newest first" if asked.order.value == "newest" else "best first"
    console.print(f"{_posts(len(found.hits))}, {order}." if found.hits else "No posts.", style="dim", highlight=False)
    if found.is_partial:
        console.print("Some earlier versions are not analysed yet: search again to find more.", style="dim")
    if found.next_cursor is not None:
        command = f"channelwatch search {_again(asked, found.next_cursor.text)}"
        console.print(f"The next page: {command}", style="dim", soft_wrap=True, markup=False, highlight=False)


def _again(asked: Asked, cursor: str) -> str:
    """The next page of a search as it is typed."""
    options = [
        *(["--limit", str(asked.limit)] if asked.limit != 20 else []),
        *(["--sort", asked.order.value] if asked.order.value != "newest" else []),
        *(["--deleted"] if asked.deleted else []),
        *(["--versions"] if asked.versions else []),
        "--cursor",
        cursor,
    ]
    # Behind -- also words that begin with a minus are words.
    return shlex.join([*options, *(["--"] if asked.words.startswith("-") else []), asked.words])


def _posts(count: int) -> str:
    return f"{count:,} {'post' if count == 1 else 'posts'}"


def _head(hit: Hit) -> Text:
    post = hit.post
    head = Text.assemble((harmless(post.channel.title), "bold"), f"  {post.posted_at:%Y-%m-%d %H:%M} UTC  ")
    if hit.version is not None:
        head.append(f"as version {hit.version}, before an edit  ", "yellow")
    if post.deleted_at is not None:
        head.append(f"deleted {post.deleted_at:%Y-%m-%d %H:%M}  ", "red")
    return head.append(post.url or "", "dim")


def _body(query: Query, hit: Hit) -> Text:
    pieces = excerpt(query, hit.text, length=SHOWN).pieces()
    return Text.assemble(*((harmless(piece), MARKED if is_marked else "") for piece, is_marked in pieces))


def _print_counted(console: Console, counted: Counted) -> None:
    about = "" if counted.total.is_exact else "about "
    console.print(f"{about}{_posts(counted.total.posts)} in all", style="bold", highlight=False)
    spans = counted.timeline.spans
    if spans:
        step = -(-len(spans) // MOST_BARS)
        chart = bars([sum(span.posts for span in spans[at : at + step]) for at in range(0, len(spans), step)])
        first, last = spans[0].begins_at, spans[-1].ends_at
        console.print(f"{first:%Y-%m-%d} {chart} {last:%Y-%m-%d}", highlight=False)
    facets = counted.facets
    table = Table("Channels", "", "Topics", "", "Languages", "", box=None, pad_edge=False, header_style="dim")
    columns = [_cells(values) for values in (facets.channels, facets.topics, facets.languages)]
    for number in range(max(map(len, columns))):
        table.add_row(*(cell for column in columns for cell in (column[number] if number < len(column) else ("", ""))))
    console.print(table)
    if facets.one_in > 1:
        console.print(f"An estimate: one post in {facets.one_in:,} was looked at.", style="dim", highlight=False)
    console.print()


def _cells(values: Iterable[FacetValue]) -> list[tuple[Text, str]]:
    return [
        (Text(harmless(value.label) or "none", MARKED if value.is_chosen else ""), f"{value.posts:,}")
        for value in values
    ]
