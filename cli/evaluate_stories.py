"""`channelwatch evaluate stories`: how well posts that report one event are told from others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cli.terminal import harmless

T = TypeVar("T")

LINE_SHOWN = 100
"""Characters of a story's first line that are printed."""


class UnreadableRow(ValueError):
    """A line of a labelled file that is not of a known form."""


def stories(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, gzip or not.")],
    stream: Annotated[bool, typer.Option(help="The file is a stream of posts, not labelled pairs.")] = False,
) -> None:
    """Do two posts report one event? Precision, recall and F1 over labelled pairs.

    Each line is a JSON object: `first` and `second` with `text` (and, if known, `channel`, `message_id`, `date`),
    `label_a` and `label_b`; or `first_title`, `first_text`, `second_title`, `second_text`, `label` and `lang`. The
    last line printed is one JSON object: `precision`, `recall`, `f1`, `by_language`, `rows`, and `bcubed_f1` when posts
    come in several pairs.

    With `--stream` each line is a post (`channel`, `date`, `text`): they are joined as they would be on their way in,
    and the ten largest stories are shown.

    **Examples**

    `channelwatch evaluate stories pairs.jsonl.gz`

    `channelwatch evaluate stories --stream posts.jsonl.gz`
    """
    if stream:
        _print_stream(file)
        return
    from analysis.stories.evaluation import pair_of, scores_of

    scores = asdict(scores_of(list(_rows(file, pair_of))))
    if scores["bcubed_f1"] is None:
        del scores["bcubed_f1"]
    print(json.dumps(_rounded(scores)))


def _print_stream(file: Path) -> None:
    """The largest stories, and the figures on the last line."""
    from analysis.stories.streams import evaluate_stream, streamed_post

    scores = evaluate_stream(_rows(file, streamed_post))
    for story in scores.largest:
        print(f"{story.posts:5} posts of {story.channels:2} channels  {harmless(story.first_line)[:LINE_SHOWN]}")
    figures = {name: value for name, value in asdict(scores).items() if name != "largest"}
    print(json.dumps(_rounded(figures | {"largest": [story.posts for story in scores.largest]})))


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures with four digits."""
    return {
        name: _rounded(value) if isinstance(value, Mapping) else round(value, 4) if isinstance(value, float) else value
        for name, value in figures.items()
    }


def _rows(file: Path, read: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """The rows of a file, read. Raises UnreadableRow for a line of another form."""
    read_lines = 0
    try:
        for line in _lines(file):
            read_lines += 1
            yield read(json.loads(line))
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        raise UnreadableRow(
            f"{file.name} cannot be read around line {max(read_lines, 1)}: it is not of a form that is known here. "
            "`channelwatch evaluate stories --help` shows them."
        ) from error


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file, gzip (told by its first bytes) or not."""
    with file.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    with gzip.open(file, "rt", encoding="utf-8") if is_gzip else file.open(encoding="utf-8") as lines:
        yield from lines
