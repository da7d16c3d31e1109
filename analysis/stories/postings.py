"""Where posts are found again: key -> the newest posts that are filed under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

MOST_POSTS = 64
"""Posts remembered of a key, at least; up to twice as many between two trimmings. The newest say enough: a story that
goes on has new posts."""


class Postings:
    """Keys are numbers; a single post is kept as itself, several as a list, for most keys have one."""

    def __init__(self) -> None:
        self._filed: dict[int, int | list[int]] = {}

    def add(self, post_id: int, keys: Iterable[int]) -> None:
        """File a post."""
        filed = self._filed
        for key in keys:
            held = filed.get(key)
            if held is None:
                filed[key] = post_id
            elif isinstance(held, int):
                filed[key] = [held, post_id]
            else:
                held.append(post_id)
                if len(held) >= 2 * MOST_POSTS:
                    del held[:MOST_POSTS]

    def remove(self, post_id: int, keys: Iterable[int]) -> None:
        """Take a post out from under the keys it was filed under; it may have been trimmed away already."""
        filed = self._filed
        for key in keys:
            held = filed.get(key)
            if held == post_id:
                del filed[key]
            elif isinstance(held, list) and post_id in held:
                held.remove(post_id)
                if not held:
                    del filed[key]

    def count(self, keys: Iterable[int]) -> Counter[int]:
        """Post -> how many of the keys it is filed under."""
        counts: Counter[int] = Counter()
        single = []
        for held in filter(None, map(self._filed.get, keys)):
            if isinstance(held, int):
                single.append(held)
            else:
                counts.update(held)
        counts.update(single)
        return counts
