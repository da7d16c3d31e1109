"""`channelwatch evaluate stories`: how well posts that report one event are told from others."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.labelled_files import LabelledFile, labelled_rows, print_figures
from cli.terminal import harmless

LINE_SHOWN = 100
"""Characters of a story's first line that are printed."""


def stories(
    file: LabelledFile,
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

    scores = asdict(scores_of(list(labelled_rows(file, pair_of))))
    if scores["bcubed_f1"] is None:
        del scores["bcubed_f1"]
    print_figures(scores)


def _print_stream(file: Path) -> None:
    """The largest stories, and the figures on the last line."""
    from analysis.stories.streams import evaluate_stream, streamed_post

    scores = evaluate_stream(labelled_rows(file, streamed_post))
    for story in scores.largest:
        print(f"{story.posts:5} posts of {story.channels:2} channels  {harmless(story.first_line)[:LINE_SHOWN]}")
    figures = {name: value for name, value in asdict(scores).items() if name != "largest"}
    print_figures(figures | {"largest": [story.posts for story in scores.largest]})
