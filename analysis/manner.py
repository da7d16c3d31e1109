"""How a text is written, apart from its words: with them it tells talk and advertising from news."""

from __future__ import annotations

from analysis.text import Terms

MANNERS = ("exclamations", "questions", "long_sentences")
"""The names of what `manner_of` gives, in its order."""

MOST = 3.0
"""What each is at most: a row of exclamation marks says no more than some of them."""


def manner_of(terms: Terms) -> tuple[float, ...]:
    """MANNERS of a text that was analysed, each from 0 to MOST: exclamation and question marks for ten positions,
    positions a sentence for fifteen. Every line break ends a sentence.

    Emoji, links and the length of words told chatter apart in invented posts as well, but real news is full of emoji
    and links (decision 12).
    """
    text, words = terms.text, len(terms.forms)
    if not words:
        return (0.0,) * len(MANNERS)
    exclamations, questions = text.count("!"), text.count("?")
    sentences = 1 + text.count(". ") + text.count("\n") + text.count("…") + exclamations + questions
    found = (exclamations / words * 10, questions / words * 10, words / sentences / 15)
    return tuple([min(value, MOST) for value in found])
