"""A query for every mistake that the query language knows: in whatever language it is explained, this calls for it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from matching.errors import QueryError
from matching.ids import ChannelSetId
from matching.names import Names
from matching.query import parse

NAMED = Names({"harbour": "harbour"}, {"war-desk": ChannelSetId(5)})
UNNAMED = Names({}, {})

MISTAKES: Mapping[str, str] = {
    "empty": "  ",
    "too_long": "м" * 301,
    "too_long_written": "|".join(["телефон"] * 30),
    "too_many_words": "мир " * 31,
    "too_deep": "(" * 9 + "мир" + ")" * 9,
    "too_deep_written": "д|(г (" * 4 + "а б|в" + "))" * 4,
    "too_wide": "lang:ru",
    "too_wide_alternative": "мир OR lang:ru",
    "closes_nothing": "мир)",
    "open_quote": '"мир',
    "open_parenthesis": "(мир",
    "empty_parentheses": "мир ()",
    "nothing_follows": "мир OR",
    "nothing_before": "OR мир",
    "loose_minus": "мир - план",
    "loose_equals": "мир = план",
    "empty_phrase": 'мир ""',
    "no_word": "мир 👍",
    "star_inside": "д*м",
    "star_in_phrase": '"мир* план"',
    "star_and_equals": "=дом*",
    "short_prefix": "до*",
    "mention_in_phrase": '"@bbc_news мир"',
    "mention_in_word": "мир,@bbc_news",
    "bad_mention": "@имя",
    "link": "https://example.org/a",
    "empty_hashtag": "мир #",
    "bad_hashtag": "#мир-дом",
    "unknown_field": "chanel:bbc",
    "field_not_yet": "story:5",
    "no_value": "lang:",
    "unknown_value": "lang:xx",
    "bad_set_name": "in:-mine",
    "unknown_set": "in:other",
    "no_sets": "in:other",
    "bad_username": "channel:имя",
    "unknown_topic": "topic:щщщщ",
    "misspelt_topic": "topic:confict",
    "bad_strength": "topic:conflict:very",
    "bad_site": "link:bbc",
    "searches_only": "мир after:2026-01-01",
    "standing_only": "burst:*",
    "burst_alone": "burst:мир план",
    "bad_burst": 'burst:"мир план"',
    "bad_day": "мир after:вчера",
    "far_year": "мир after:1999-01-01",
}
"""By the code of the mistake."""


def mistake(code: str) -> QueryError:
    """The error that a query of that kind raises."""
    names = UNNAMED if code == "no_sets" else NAMED
    with pytest.raises(QueryError) as caught:
        parse(MISTAKES[code], standing=code not in ("bad_day", "far_year", "standing_only"), names=names)
    return caught.value
