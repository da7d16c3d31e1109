"""The labelled files that `channelwatch evaluate` measures with, and the figures it prints of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

T = TypeVar("T")

LabelledFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, gzip or not.")]


class Unmeasurable(ValueError):
    """A labelled file is damaged, or holds a row of another form; the message names the file and the fault."""

    def __init__(self, file: Path, fault: str) -> None:
        super().__init__(f"{file.name} cannot be measured: {fault}")


def labelled_rows(file: Path, read: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """The rows of a file as `read` makes them, which raises KeyError, TypeError or ValueError for one of another form.

    Raises Unmeasurable.
    """
    number = 1
    try:
        for line in _lines(file):
            row = json.loads(line)
            if not isinstance(row, dict):
                raise TypeError("it is no JSON object.")
            yield read(row)
            number += 1
    except KeyError as error:
        raise Unmeasurable(file, f"line {number} has no {error}.") from error
    except (TypeError, ValueError, OSError, EOFError) as error:
        raise Unmeasurable(file, f"around line {number}, {error}") from error


def print_figures(figures: Mapping[str, Any]) -> None:
    """One JSON object on a line, its shares with four digits."""
    print(json.dumps(_rounded(figures)))


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file, gzip (told by its first bytes) or not."""
    import gzip

    with file.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    with gzip.open(file, "rt", encoding="utf-8") if is_gzip else file.open(encoding="utf-8") as lines:
        yield from lines


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value
