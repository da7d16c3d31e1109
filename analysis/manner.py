"""How a text is written, apart from its words: with them it tells talk and advertising from news."""

from __future__ import annotations

import re

from analysis.text import Terms

EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
"""Pictographs, dingbats and symbols: what channels decorate their posts with."""

MANNERS = ("exclamations", "questions", "emoji", "addresses", "long_words", "long_sentences")
"""The names of what `manner_of` gives, in its order."""

MOST = 3.0
"""What each is at most: a row of exclamation marks says no more than some of them."""


def manner_of(terms: Terms) -> tuple[float, ...]:
    """MANNERS of a text that was analysed, each from 0 to MOST.

    Exclamation and question marks for ten words, emoji for five; whether there is a link or a mention; characters a
    word for six, words a sentence for fifteen. Of several that tell chatter in invented posts, these told most.
    """
    text, words = terms.text, len(terms.forms)
    if not words:
        return (0.0,) * len(MANNERS)
    exclamations, questions = text.count("!"), text.count("?")
    sentences = 1 + text.count(". ") + exclamations + questions + text.count("\n") + text.count("…")
    found = (
        exclamations / words * 10,
        questions / words * 10,
        len(EMOJI.findall(text)) / words * 5,
        1.0 if "" in terms.forms else 0.0,
        len(text) / words / 6,
        words / sentences / 15,
    )
    return tuple([min(value, MOST) for value in found])
