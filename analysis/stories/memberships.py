"""Which posts of the window make which story, in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence

FOUNDERS = 4
"""The first posts of a story, which say what its event is."""


class Memberships:
    """Story -> its posts in the window. One post is kept as itself, several as a list: most stories have one."""

    def __init__(self) -> None:
        self._posts: dict[int, int | list[int]] = {}

    def add(self, post_id: int, story_id: int) -> None:
        """A post that belongs to no story belongs to this one."""
        held = self._posts.setdefault(story_id, post_id)
        if isinstance(held, list):
            held.append(post_id)
        elif held != post_id:
            self._posts[story_id] = [held, post_id]

    def remove(self, post_id: int, story_id: int) -> None:
        """A post does not belong to a story any more."""
        held = self._posts.get(story_id)
        if held == post_id:
            del self._posts[story_id]
        elif isinstance(held, list) and post_id in held:
            held.remove(post_id)
            if len(held) == 1:
                self._posts[story_id] = held[0]

    def of(self, story_id: int) -> Sequence[int]:
        """A story's posts, as they are now."""
        held = self._posts.get(story_id, ())
        return (held,) if isinstance(held, int) else tuple(held)

    def size(self, story_id: int) -> int:
        """How many posts a story has."""
        held = self._posts.get(story_id, ())
        return 1 if isinstance(held, int) else len(held)

    def founders(self, story_id: int) -> Sequence[int]:
        """A story's first posts."""
        return self.of(story_id)[:FOUNDERS]
