"""Telegram counts text in UTF-16 code units: an emoji outside the basic plane is two of them."""

from __future__ import annotations


def length(text: str) -> int:
    """How many UTF-16 code units the text takes; a lone surrogate counts as one."""
    return len(text) + sum(character > "\uffff" for character in text)


def boundaries(text: str) -> dict[int, int]:
    """UTF-16 offset -> index in the Python string, for every place between two characters.

    An offset that is missing lies outside the text or in the middle of a character.
    """
    places = {}
    offset = 0
    for index, character in enumerate(text):
        places[offset] = index
        offset += 2 if character > "\uffff" else 1
    places[offset] = len(text)
    return places
