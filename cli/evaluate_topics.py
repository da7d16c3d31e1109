"""`channelwatch evaluate topics`: how well posts are labelled with topics."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer


def topics(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, gzip or not.")],
) -> None:
    """Do posts get the topics that people gave them?

    Each line is a JSON object with `text` (perhaps `title` and `lang`) and either `topics_a` and `topics_b`, lists of
    topics by two annotators, or `topics` by one (`["none"]`: no news); or `label`, a category of Telegram's data
    clustering contest: society, economy, technology, sports, entertainment, science, other, not_news. Which of our
    topics a category covers is told in `docs/decisions/0012-learned-topic-weights.md`.

    The last line printed is one JSON object: `micro_f1`, `macro_f1`, `accuracy`, `by_language`, `by_topic`,
    `none_rejected`, `rows`.

    **Example**

    `channelwatch evaluate topics my_posts.jsonl.gz`
    """
    from dataclasses import asdict

    from analysis.topic_scores import UnknownForm, evaluate_topics

    try:
        scores = evaluate_topics(_rows(file))
    except (UnknownForm, OSError, EOFError, UnicodeDecodeError) as error:
        typer.echo(f"{file.name} cannot be measured: {error}", err=True)
        raise typer.Exit(1) from error
    print(json.dumps(_rounded(asdict(scores))))


def _rounded(value: Any) -> Any:
    """Four digits are enough."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file, gzip (told by its first bytes) or not. Raises UnknownForm for a line that is no object."""
    from analysis.topic_scores import UnknownForm

    with file.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    with gzip.open(file, "rt", encoding="utf-8") if is_gzip else file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UnknownForm(f"line {number} is no JSON.") from error
            if not isinstance(row, dict):
                raise UnknownForm(f"line {number} is no JSON object.")
            yield row
