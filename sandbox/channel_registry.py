"""Which channels there are, and what befalls them: made private, people thrown out, deleted, given back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from sandbox.channel import Channel, Refusal

if TYPE_CHECKING:
    from sandbox.world import Clock

FIRST_CHANNEL_ID = 2_000_000_001
"""Far from the ids of people, and within 32 bits as most real channel ids are."""


class ChannelRegistry:
    """All channels of the world by id and by name.

    `has_hash_per_account`: channels added from now on give each account an access hash of its own, as Telegram does.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[int, Channel] = {}
        self._by_name: dict[str, Channel] = {}
        self._highest_id = FIRST_CHANNEL_ID - 1
        self._former_names: dict[int, str | None] = {}
        self._watchers: list[Callable[[Channel, frozenset[int]], None]] = []
        self.has_hash_per_account = False

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, channel_id: int) -> Channel | None:
        """The channel with this id."""
        return self._by_id.get(channel_id)

    def by_username(self, username: str) -> Channel | None:
        """The channel with this name, whatever its case."""
        return self._by_name.get(username.lower())

    def add(
        self,
        title: str,
        username: str | None = None,
        *,
        channel_id: int | None = None,
        about: str = "",
        noforwards: bool = False,
    ) -> Channel:
        """Open a channel, still empty; without a username it is private. A taken id or name is a ValueError."""
        number = channel_id or self._highest_id + 1
        if number in self._by_id or (username and self.by_username(username)):
            raise ValueError(f"the box already has a channel {number} or @{username}")
        access_hash = random.getrandbits(63) - (1 << 62)
        channel = Channel(number, title, username, access_hash, self._clock.now(), about, noforwards)
        channel.has_hash_per_account = self.has_hash_per_account
        self._by_id[number] = channel
        self._highest_id = max(self._highest_id, number)
        if username:
            self._by_name[username.lower()] = channel
        return channel

    def make_private(self, channel: Channel) -> None:
        """Take the channel's name away: who is no member does not see it any more."""
        self._call_it(channel, None)
        self.tell_changed(channel, channel.members)

    def ban(self, channel: Channel, user_id: int) -> None:
        """Throw a person out for good, and tell them."""
        channel.ban(user_id)
        self.tell_changed(channel, {user_id})

    def kick(self, channel: Channel, user_id: int) -> None:
        """Throw a person out who may join again, if the channel is public."""
        channel.members.discard(user_id)
        self.tell_changed(channel, {user_id})

    def unban(self, channel: Channel, user_id: int, *, as_member: bool = False) -> None:
        """Let a person see the channel again; `as_member` puts them back into it, as an admin's invitation does."""
        channel.banned.discard(user_id)
        if as_member:
            channel.members.add(user_id)
        self.tell_changed(channel, {user_id})

    def close(self, channel: Channel, refused_as: Refusal = "CHANNEL_PRIVATE") -> None:
        """Delete the channel: its name is free, and every call about it is refused with this error.

        Telegram documents CHANNEL_PRIVATE for channels that one may not see, and CHANNEL_INVALID for such as are not.
        """
        if channel.refused_as is None:
            self._former_names[channel.id] = channel.username
            self._call_it(channel, None)
        channel.refused_as = refused_as
        self.tell_changed(channel, channel.members)

    def restore(self, channel: Channel) -> None:
        """Undo a deletion: posts, members and, if nobody has taken it meanwhile, the name are as they were."""
        channel.refused_as = None
        name = self._former_names.pop(channel.id, channel.username)
        if name is not None and self.by_username(name) is None:
            self._call_it(channel, name)
        self.tell_changed(channel, channel.members)

    def watch(self, callback: Callable[[Channel, frozenset[int]], None]) -> Callable[[], None]:
        """Hear what befalls a channel itself, with the ids of those it concerns; the answer ends it."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def tell_changed(self, channel: Channel, user_ids: Iterable[int]) -> None:
        """Let these people know that the channel, or their place in it, is not what it was."""
        concerned = frozenset(user_ids)
        for callback in list(self._watchers):
            callback(channel, concerned)

    def _call_it(self, channel: Channel, username: str | None) -> None:
        """Give the channel this name. ValueError if another has it."""
        if username and self.by_username(username) not in (None, channel):
            raise ValueError(f"the box already has a channel @{username}")
        if channel.username:
            self._by_name.pop(channel.username.lower(), None)
        channel.username = username
        if username:
            self._by_name[username.lower()] = channel
