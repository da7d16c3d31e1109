"""The one error of the query language."""

from __future__ import annotations


class QueryError(Exception):
    """A query that cannot be taken, said so that a person can mend it.

    `message` says what is wrong; `position` is the offset in the query's text, in characters from 0, where it is;
    `suggestion` is the whole query mended, to be offered for one tap, or None when only the person knows.
    """

    def __init__(self, message: str, position: int, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.suggestion = suggestion
