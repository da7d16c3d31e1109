"""The query language over everything stored: the same questions that alerts ask.

The law (a property test keeps it): over stored values, `query.matches(post.fields)` holds exactly when `search` returns
the post. `conditions` writes a query as SQL, `newest` finds the newest matches fast, `finding` makes pages of them;
`counting`, `facets` and `timelines` say how many there are.
"""

from __future__ import annotations

from storage.search.bounds import BUDGET, COUNT_BUDGET, SearchHeldUp, SearchTooSlow
from storage.search.conditions import Scope, found_by
from storage.search.counting import Total, count, count_by_channel, count_by_day, total
from storage.search.cursors import Cursor, CursorRefused, Sort
from storage.search.facets import Facets, FacetValue, facets
from storage.search.finding import Found, Hit, find, is_match, search
from storage.search.relevance import RANKED
from storage.search.timelines import Timeline, TimelineSpan, Unit, count_spans, timeline

__all__ = [
    "BUDGET",
    "COUNT_BUDGET",
    "RANKED",
    "Cursor",
    "CursorRefused",
    "FacetValue",
    "Facets",
    "Found",
    "Hit",
    "Scope",
    "SearchHeldUp",
    "SearchTooSlow",
    "Sort",
    "Timeline",
    "TimelineSpan",
    "Total",
    "Unit",
    "count",
    "count_by_channel",
    "count_by_day",
    "count_spans",
    "facets",
    "find",
    "found_by",
    "is_match",
    "search",
    "timeline",
    "total",
]
