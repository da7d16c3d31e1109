"""What the window knows of a post, and what it answers about a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.stories.signature import Signature

Kind = Literal["forward", "copy", "rewrite"]
"""How a post tells what another told: it forwards it, repeats its words, or says it in its own."""

Address = tuple[int, int]
"""Telegram's channel id and message id."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One post in the window. A story is named by the id of its first post.

    `posted_at`: seconds since the epoch. `address`: what forwards of it point at; `forward_of`: what it forwards.
    """

    post_id: int
    story_id: int
    channel_id: int
    posted_at: float
    signature: Signature
    address: Address | None = None
    forward_of: Address | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The story that a post belongs to, and why.

    `post_id`: the post of that story that it is most like. `similarity`: how likely the two report one event, 0 to 1.
    `also`: further stories that this post ties to the first: they are to be merged.
    """

    story_id: int
    post_id: int
    similarity: float
    kind: Kind
    also: tuple[int, ...] = ()

    @property
    def into(self) -> int:
        """The oldest of the stories that the post belongs to: they all go on under its number."""
        return min((self.story_id, *self.also))

    @property
    def merged(self) -> frozenset[int]:
        """The others of them, which become part of it."""
        return frozenset((self.story_id, *self.also)) - {self.into}


def addresses_of(telling: Telling) -> tuple[Address, ...]:
    """Where forwards of a post, and of what it forwards, point at."""
    if telling.forward_of is None:
        return () if telling.address is None else (telling.address,)
    return (telling.forward_of,) if telling.address is None else (telling.address, telling.forward_of)
