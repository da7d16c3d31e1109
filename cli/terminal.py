"""What a terminal shows: words of others as they are, never obeyed; and how far long work is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal takes as orders. A channel decides what a post holds; it must not decide what a terminal does."""


def harmless(text: str) -> str:
    """The text with what could steer a terminal replaced by U+FFFD."""
    return CONTROLS.sub("\ufffd", text)


def progress_bar() -> Progress:
    """A bar on standard error, which leaves standard output to the result; nothing where no terminal is."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


def in_bytes(size: float) -> str:
    """Bytes in the largest unit that they fill: 812 B, 3.4 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def span(seconds: float) -> str:
    """12 s, 3 min, 2 h, 5 d."""
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds) // size} {name}"
    return f"{max(int(seconds), 0)} s"
