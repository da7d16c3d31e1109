"""The one error of the query language, and what it says in English.

Every kind of mistake has a code, for which whoever speaks another language (the bot's catalogues) has its own sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "empty": "The query is empty: type a word to look for.",
        "too_long": "The query has {n} characters; {most} are allowed.",
        "too_long_written": "Written out the query has {n} characters; {most} are allowed.",
        "too_many_words": "The query has {n} words; {most} are allowed.",
        "too_deep": "Parentheses may stand at most {most} deep.",
        "too_deep_written": "Parentheses may stand at most {most} deep; written out this query has more.",
        "too_wide": "This would match far too much: add a word, a phrase, a topic or a channel to look for.",
        "too_wide_alternative": (
            "This alternative would match far too much: add a word, a phrase, a topic or a channel to look for."
        ),
        "closes_nothing": "This ) closes nothing.",
        "open_quote": "This quotation mark is not closed.",
        "open_parenthesis": "This ( is not closed.",
        "empty_parentheses": "There is nothing between these parentheses.",
        "nothing_follows": "Something must follow “{word}”.",
        "nothing_before": "Something must stand before “{word}”.",
        "loose_minus": "The minus must touch the word that it excludes: -word",
        "loose_equals": "The = must touch the word whose form it fixes: =word",
        "empty_phrase": "There is no word between the quotation marks.",
        "no_word": "There is no word in “{word}”: a word has letters or digits.",
        "star_inside": "A * may stand only at the end of a word.",
        "star_in_phrase": "In a phrase a * may stand only at the end of the last word.",
        "star_and_equals": "= asks for one form and * for many; use one of them.",
        "short_prefix": "At least {n} letters must stand before a *.",
        "mention_in_phrase": "A mention cannot stand in a phrase; put it outside the quotation marks.",
        "mention_in_word": "A mention stands for itself: put a space before the @.",
        "bad_mention": "A mention is @ and a username: Latin letters, digits and _.",
        "link": "A link is no word; to find posts that link to a site, ask for the site.",
        "empty_hashtag": "A hashtag has letters, digits or _ right behind the #.",
        "bad_hashtag": "A hashtag is one run of letters, digits and _.",
        "unknown_field": "There is no field “{word}”; there are {known}.",
        "field_not_yet": "{field}: is not available yet.",
        "no_value": "{field}: needs a value behind the colon.",
        "unknown_value": "{field}: knows {known}, but not “{word}”.",
        "bad_set_name": "“{word}” is no name of a channel set: those have letters, digits, - and _.",
        "unknown_set": "There is no channel set “{word}”. There are {known}.",
        "no_sets": "There is no channel set “{word}”. The operator has not made any.",
        "bad_username": "“{word}” is no username: those have Latin letters, digits and _.",
        "unknown_topic": "There is no topic “{word}”. There are {known}, and those below them.",
        "misspelt_topic": "There is no topic “{word}”. Near it: {near}.",
        "bad_strength": "“{word}” says nothing of a topic: behind its name may stand :strict, or nothing.",
        "bad_site": "“{word}” is no site: a site has a dot in its name.",
        "searches_only": "{field}: is for searches; a subscription looks at new posts only.",
        "standing_only": "{field}: is for subscriptions; there are no posts to find by it.",
        "burst_alone": "{field}: stands alone: it asks for news of bursts, not for posts with certain words.",
        "bad_burst": "{field}: takes one word, topic: and a topic, or * for every burst.",
        "bad_day": "“{word}” is no day; write it as {example}.",
        "far_year": "The year must be from {first} to {last}.",
    }
)
"""Every code with its sentence; `{names}` stand for the error's values."""

MOST_QUOTED = 40
"""Characters of a query's piece that a message quotes."""


class QueryError(Exception):
    """A query that cannot be taken, said so that a person can mend it.

    `code` is a key of SENTENCES, `values` what its sentence names; `position` is the offset in the query's text, in
    characters from 0, where it is; `suggestion` is the whole query mended, to be offered for one tap, or None when only
    the person knows.
    """

    def __init__(self, code: str, position: int, suggestion: str | None = None, /, **values: str | int) -> None:
        super().__init__(code, position, suggestion)
        self.code = code
        self.position = position
        self.suggestion = suggestion
        self.values = values

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return SENTENCES[self.code].format_map(self.values)

    def __str__(self) -> str:
        return self.message

    def suggesting(self, mended: str) -> QueryError:
        """The same mistake with another suggestion: the whole query where a piece of it was mended."""
        return QueryError(self.code, self.position, mended, **self.values)


def quoted(piece: str) -> str:
    """A piece as a sentence may quote it: not too long, and in characters that every chat can carry."""
    clean = piece.encode("utf-8", "replace").decode()
    return clean if len(clean) <= MOST_QUOTED else f"{clean[: MOST_QUOTED - 1]}…"
