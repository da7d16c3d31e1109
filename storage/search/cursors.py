"""Where a page of search results ended, and the opaque text that carries it to the next request and back."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import math
from dataclasses import dataclass
from enum import StrEnum

from matching.query import Query
from storage.ids import PostId
from storage.search.conditions import Scope

LONGEST = 400
"""Characters of a cursor's text that are read."""

LARGEST_ID = 2**63 - 1


class Sort(StrEnum):
    """The order in which posts are found."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


class CursorRefused(Exception):
    """A cursor is none of ours, or belongs to another search."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next one holds what comes behind it."""

    posted_at: dt.datetime
    id: PostId
    score: float | None = None
    """By relevance only: that of the last post."""
    newest_id: PostId | None = None
    """By relevance only: the post stored last when the first page was made. Later ones are no part of this search, so
    that they neither push others out of its ranking nor move them."""
    asked: str = ""
    """A mark of the search that it belongs to; "" for one made by hand, which any search newest first takes."""

    @property
    def text(self) -> str:
        """The cursor in letters, digits, - and _; to be given back as it is."""
        values = [_microseconds(self.posted_at), self.id, self.score, self.newest_id, self.asked]
        return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The cursor that has this text. Raises CursorRefused for any other text."""
        try:
            cursor = _read(text)
        except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
            raise CursorRefused(UNREADABLE) from None
        if cursor.text != text:
            raise CursorRefused(UNREADABLE)
        return cursor

    def refuse_other(self, asked: str, sort: Sort) -> None:
        """Raise CursorRefused unless it belongs to the search with that mark and order."""
        is_by_relevance = self.score is not None and self.newest_id is not None
        if (self.asked and self.asked != asked) or is_by_relevance is not (sort is Sort.RELEVANCE):
            raise CursorRefused("This page belongs to another search: leave the cursor out to begin at the first page.")


UNREADABLE = "This is no cursor of a search: give back the one that came with a page, or none for the first page."


def mark(query: Query, sort: Sort, scope: Scope) -> str:
    """What tells a search from others: its query (in whatever words), order and scope."""
    told = f"{sort}|{scope.deleted}|{scope.versions}|{query.canonical}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _microseconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def _read(text: str) -> Cursor:
    if len(text) > LONGEST or not text.isascii():
        raise ValueError
    values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    moment, number, score, newest_id, asked = values
    numbers = [moment, number, *([] if newest_id is None else [newest_id])]
    if any(type(value) is not int or abs(value) > LARGEST_ID for value in numbers):
        raise ValueError
    if not isinstance(asked, str) or not (score is None or (type(score) is float and math.isfinite(score))):
        raise ValueError
    posted_at = _EPOCH + dt.timedelta(microseconds=moment)
    return Cursor(posted_at, PostId(number), score, None if newest_id is None else PostId(newest_id), asked)
