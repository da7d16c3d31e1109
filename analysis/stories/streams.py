"""A stream of posts joined to stories as it would be on its way in: what `evaluate stories --stream` shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.language import detect
from analysis.stories.near_copies import near_copies
from analysis.stories.signing import sign
from analysis.stories.telling import Telling
from analysis.stories.window import SPAN, Window
from analysis.text import analyse

LARGEST = 10
"""Stories shown, the largest."""


@dataclass(frozen=True, slots=True)
class StreamedPost:
    """A post of a file, by its channel's name. `posted_at`: seconds since the epoch."""

    channel: str
    text: str
    posted_at: float


@dataclass(frozen=True, slots=True)
class StreamedStory:
    """A story of the stream: how many posts, of how many channels, and the first one's first line."""

    posts: int
    channels: int
    first_line: str


@dataclass(frozen=True, slots=True)
class StreamScores:
    """What became of a stream. `near_copies`: pairs within the window's span; `near_copies_joined`: their share in one
    story, None without any."""

    posts: int
    stories: int
    largest: Sequence[StreamedStory]
    near_copies: int
    near_copies_joined: float | None


def streamed_post(row: Mapping[str, Any]) -> StreamedPost:
    """Read a row of `channel`, `text` and `date`. Raises KeyError, TypeError or ValueError for another form."""
    return StreamedPost(str(row["channel"]), row["text"] or "", dt.datetime.fromisoformat(row["date"]).timestamp())


def stories_of(posts: Sequence[StreamedPost]) -> list[int]:
    """The story of each post, joined one after another in the order given; a story is the place of its first post."""
    window = Window()
    channels = {channel: number for number, channel in enumerate(dict.fromkeys(post.channel for post in posts))}
    stories: list[int] = []
    for place, post in enumerate(posts):
        terms = analyse(post.text)
        signature = sign(post.text, terms, detect(terms))
        telling = Telling(place, place, channels[post.channel], post.posted_at, signature)
        verdict = window.find(telling)
        story = verdict.into if verdict else place
        window.add(Telling(place, story, telling.channel_id, post.posted_at, signature))
        stories.append(story)
        for other in verdict.merged if verdict else ():
            window.merge(other, story)
            stories = [story if each == other else each for each in stories]
    return stories


def evaluate_stream(posts: Iterable[StreamedPost]) -> StreamScores:
    """Join a stream, in the order of posting."""
    ordered = sorted(posts, key=lambda post: post.posted_at)
    stories = stories_of(ordered)
    members: dict[int, list[StreamedPost]] = {}
    for story, post in zip(stories, ordered, strict=True):
        members.setdefault(story, []).append(post)
    largest = sorted(members.values(), key=len, reverse=True)[:LARGEST]
    copies = [
        (first, second)
        for first, second in near_copies([post.text for post in ordered])
        if ordered[second].posted_at - ordered[first].posted_at <= SPAN.total_seconds()
    ]
    joined = sum(stories[first] == stories[second] for first, second in copies)
    return StreamScores(
        len(ordered),
        len(members),
        [_shown(found) for found in largest],
        len(copies),
        joined / len(copies) if copies else None,
    )


def _shown(posts: Sequence[StreamedPost]) -> StreamedStory:
    return StreamedStory(len(posts), len({post.channel for post in posts}), next(iter(posts[0].text.splitlines()), ""))
