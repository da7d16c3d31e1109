"""Which posts an operator has taken out of which stories: they are never joined again, nor by a merge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


class Separations:
    """Post -> stories that it is kept apart from; what a story is merged into is meant as well."""

    def __init__(self) -> None:
        self._apart: dict[int, set[int]] = defaultdict(set)

    def add(self, post_id: int, story_id: int) -> None:
        """Keep a post apart from a story."""
        self._apart[post_id].add(story_id)

    def merge(self, story_id: int, into: int) -> None:
        """A story goes on under another's name."""
        for stories in self._apart.values():
            if story_id in stories:
                stories.add(into)

    def forget(self, post_id: int) -> None:
        """The post is too old to be joined to anything."""
        self._apart.pop(post_id, None)

    def are_apart(self, post_id: int, story_id: int) -> bool:
        """Whether the post may not be joined to the story."""
        return story_id in self._apart.get(post_id, ())

    def any_apart(self, post_ids: Iterable[int], story_id: int) -> bool:
        """Whether one of the posts may not be."""
        return bool(self._apart) and any(self.are_apart(post_id, story_id) for post_id in post_ids)
