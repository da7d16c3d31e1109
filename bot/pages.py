"""Lists that are longer than a message: one page of them, and the buttons that lead to the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.message import Button
from bot.texts import Catalogue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What is shown of a list."""

    here: Sequence[T]
    number: int
    """From 0."""
    pages: int

    @classmethod
    def of(cls, items: Sequence[T], number: int, size: int) -> Page[T]:
        """That page of the list, or its last one if there are fewer by now."""
        pages = max(1, -(-len(items) // size))
        number = min(number, pages - 1)
        return cls(items[number * size : (number + 1) * size], number, pages)

    def turns(self, data: str, texts: Catalogue) -> tuple[Button, ...]:
        """The buttons to the pages before and behind it; `data` is what theirs begins with."""
        earlier = (Button(texts.earlier, data=f"{data}{self.number - 1}"),) if self.number else ()
        later = (Button(texts.later, data=f"{data}{self.number + 1}"),) if self.number + 1 < self.pages else ()
        return (*earlier, *later)


def page_number(said: str) -> int:
    """The page that a button leads to; the first one where it names none."""
    return int(said) if said.isdecimal() and len(said) < 9 else 0
