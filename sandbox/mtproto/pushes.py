"""What readers are told while they are connected, and everything that may go wrong on the way to them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from telethon.tl import types

from sandbox.channels import Channel, ChannelEvent
from sandbox.mtproto.garbage import Garbage
from sandbox.mtproto.lasting import Lasting
from sandbox.mtproto.state import BoxState
from sandbox.mtproto.tl_objects import channel_tl, chats_tl, thin_channel_tl, update_tl

Entities = Literal["full", "min", "none"]

_HELD_SECONDS = 0.2
"""A push that is held back for the next one goes out by itself after this time, well within Telethon's patience with
gaps (0.5 s)."""


def tell_of_channel(box: BoxState, channel: Channel, user_id: int, update: Any) -> None:
    """Push one update about a channel to one person, with the channel as that person sees it."""
    if connections := box.connections_of({user_id}):
        box.tell(connections, types.Updates([update], [], [channel_tl(channel, user_id)], box.now(), 0))


@dataclass(slots=True)
class _Push:
    """One update on its way to one person."""

    channel: Channel
    event: ChannelEvent
    user_id: int
    copies: int = 1
    pts_lag: int = 0
    entities: Entities = "full"
    garbage: Garbage | None = None
    is_held: bool = False


@dataclass(slots=True)
class _Rule:
    """What befalls a share of the pushes of some channels (all if None)."""

    lasting: Lasting
    share: float
    channel_ids: frozenset[int] | None
    befall: Callable[[_Push], None]


class Pushes:
    """Tells readers what channels publish; each method but `announce` begins a trouble that lasts until lifted.

    `share` is a probability, drawn for every push to every person from the server's `rng`; `channels` are those
    concerned, all if none are given. Troubles that hit the same push add up.
    """

    def __init__(self, box: BoxState) -> None:
        self._box = box
        self._rules: list[_Rule] = []
        self._held: dict[int, list[_Push]] = defaultdict(list)

    def drop(self, share: float = 1.0, channels: Collection[Channel] = ()) -> Lasting:
        """Never send it: the client meets a gap with the next one."""
        return self._begin("pushes dropped", share, channels, lambda push: setattr(push, "copies", 0))

    def repeat(self, share: float = 1.0, channels: Collection[Channel] = (), *, copies: int = 2) -> Lasting:
        """Send it more than once."""
        return self._begin(
            "pushes repeated", share, channels, lambda push: setattr(push, "copies", push.copies * copies)
        )

    def reorder(self, share: float = 0.5, channels: Collection[Channel] = ()) -> Lasting:
        """Send it after the next push to the same person, or 0.2 s later if there is none."""
        return self._begin("pushes reordered", share, channels, lambda push: setattr(push, "is_held", True))

    def stale(self, share: float = 1.0, channels: Collection[Channel] = (), *, by: int = 1) -> Lasting:
        """Send it with a pts that is smaller by so many: to the client it is something that it has already seen."""
        return self._begin("pushes with stale pts", share, channels, lambda push: setattr(push, "pts_lag", by))

    def spoil(self, kind: Garbage, share: float = 1.0, channels: Collection[Channel] = ()) -> Lasting:
        """Send something unusable in its place."""
        return self._begin(f"pushes spoilt: {kind}", share, channels, lambda push: setattr(push, "garbage", kind))

    def thin(self, entities: Entities = "min", share: float = 1.0, channels: Collection[Channel] = ()) -> Lasting:
        """Send it with a channel entity without access hash ("min"), or with none at all."""
        return self._begin(
            f"pushes with entities: {entities}", share, channels, lambda push: setattr(push, "entities", entities)
        )

    def announce(self, channel: Channel, event: ChannelEvent) -> None:
        """Tell the members' connections of an event."""
        if not event.is_pushed:
            return
        for user_id in channel.members:
            if self._box.connections_of({user_id}):
                self._dispatch(self._befallen(_Push(channel, event, user_id)))

    def announce_change(self, channel: Channel, user_ids: Collection[int]) -> None:
        """Tell people that a channel, or their place in it, has changed."""
        for user_id in user_ids:
            tell_of_channel(self._box, channel, user_id, types.UpdateChannel(channel.id))

    def _begin(
        self, what: str, share: float, channels: Collection[Channel], befall: Callable[[_Push], None]
    ) -> Lasting:
        def end() -> None:
            self._rules.remove(rule)
            for user_id in list(self._held):
                self._release(user_id)

        ids = frozenset(channel.id for channel in channels) or None
        rule = _Rule(self._box.lasting.begin(what, end), share, ids, befall)
        self._rules.append(rule)
        return rule.lasting

    def _befallen(self, push: _Push) -> _Push:
        for rule in self._rules:
            concerned = rule.channel_ids is None or push.channel.id in rule.channel_ids
            if concerned and self._box.rng.random() < rule.share:
                rule.lasting.hits += 1
                rule.befall(push)
        return push

    def _dispatch(self, push: _Push) -> None:
        if push.copies and push.is_held:
            self._held[push.user_id].append(push)
            asyncio.get_running_loop().call_later(_HELD_SECONDS, self._release, push.user_id)
        elif push.copies:
            self._send(push)
            self._release(push.user_id)

    def _release(self, user_id: int) -> None:
        for push in self._held.pop(user_id, ()):
            self._send(push)

    def _send(self, push: _Push) -> None:
        updates = self._updates(push)
        if updates is None:
            return
        body = bytes(updates)
        for connection in self._box.connections_of({push.user_id}):
            for _ in range(push.copies):
                connection.push(body, push.garbage)

    def _updates(self, push: _Push) -> Any:
        channel, event = push.channel, push.event
        update = update_tl(channel, event)
        if update is None:
            return None  # held back so long that its post is gone
        update.pts = max(1, update.pts - push.pts_lag)
        chats: list[Any] = []
        if push.entities == "full":
            posts = [channel.posts[each] for each in event.message_ids if each in channel.posts]
            chats = chats_tl(self._box.world.channels, channel, posts, push.user_id)
        elif push.entities == "min":
            chats = [thin_channel_tl(channel)]
        return types.Updates([update], [], chats, self._box.now(), 0)
