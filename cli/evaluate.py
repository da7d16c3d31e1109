"""`channelwatch evaluate`: measure what we claim, on labelled files of the operator's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli.evaluate_stories import stories
from cli.evaluate_topics import topics

app = typer.Typer(help="Measure on labelled files.", no_args_is_help=True)

LabelledFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, gzip or not.")]


app.command("stories")(stories)
app.command("topics")(topics)


@app.callback()
def evaluate() -> None:
    """Measure what channelwatch claims, on labelled files."""


@app.command("keywords")
def keywords(file: LabelledFile) -> None:
    """Does a keyword find exactly the sentences that hold one of its forms?

    Each line is a JSON object with `keyword`, `text` and `label` (1: the text holds a form of it, 0: it does not).
    The last line printed is one JSON object: `precision`, `recall`, `f1`, `rows`.

    **Example**

    `channelwatch evaluate keywords my_keywords.jsonl.gz`
    """
    import json
    from dataclasses import asdict

    from matching.evaluation import evaluate_keywords

    scores = evaluate_keywords(json.loads(line) for line in _lines(file))
    print(json.dumps({name: round(value, 4) for name, value in asdict(scores).items()}))


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file, gzip (told by its first bytes) or not."""
    import gzip

    with file.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    with gzip.open(file, "rt", encoding="utf-8") if is_gzip else file.open(encoding="utf-8") as lines:
        yield from lines
