"""`channelwatch evaluate`: measure what we claim, on labelled files of the operator's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from cli.evaluate_stories import stories
from cli.evaluate_topics import topics
from cli.labelled_files import LabelledFile, labelled_rows, print_figures

app = typer.Typer(help="Measure on labelled files.", no_args_is_help=True)
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
    from dataclasses import asdict

    from matching.evaluation import evaluate_keywords

    print_figures(asdict(evaluate_keywords(labelled_rows(file, _keyword_row))))


def _keyword_row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: row[name] for name in ("keyword", "text", "label")}
