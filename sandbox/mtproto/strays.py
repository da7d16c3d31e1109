"""Messages that the server sends of its own accord, whatever channels do: notices and nonsense at will."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from sandbox.channels import Channel
from sandbox.mtproto.garbage import Garbage
from sandbox.mtproto.pushes import tell_of_channel
from sandbox.mtproto.state import BoxState
from sandbox.mtproto.tl_objects import thin_channel_tl

if TYPE_CHECKING:
    from sandbox.mtproto.connection import Connection


class Strays:
    """Each method sends one message now, to the connections of the people in `to`; to all if none are given."""

    def __init__(self, box: BoxState) -> None:
        self._box = box

    def updates_too_long(self, to: Collection[int] = ()) -> None:
        """updatesTooLong: the account shall ask for its difference."""
        self.updates(types.UpdatesTooLong(), to)

    def channel_too_long(self, channel: Channel, *, with_pts: bool = True, to: Collection[int] = ()) -> None:
        """updateChannelTooLong: the channel's difference is to be asked for; with its pts, or without."""
        update = types.UpdateChannelTooLong(channel.id, channel.pts if with_pts else None)
        for user_id in to or channel.members:
            tell_of_channel(self._box, channel, user_id, update)

    def new_session(self, to: Collection[int] = ()) -> None:
        """new_session_created: the server has lost what it knew of the client, updates may have been missed."""
        for connection in self._connections(to):
            connection.announce_new_session()

    def garbage(self, kind: Garbage, to: Collection[int] = ()) -> None:
        """Something unusable."""
        body = bytes(self._updates(types.UpdateConfig()))
        for connection in self._connections(to):
            connection.push(body, kind)

    def min_channel(self, channel: Channel, to: Collection[int] = ()) -> None:
        """An update with a channel entity that has no access hash."""
        views = types.UpdateChannelMessageViews(channel.id, channel.top_message_id, 1)
        self.updates(self._updates(views, chats=[thin_channel_tl(channel)]), to)

    def namesake(self, channel: Channel, *, access_hash: int = 222, to: Collection[int] = ()) -> None:
        """An update with a person whose bare id is the channel's: a cache by bare ids takes the one for the other."""
        person = types.User(channel.id, access_hash=access_hash, first_name="Same", last_name="Number")
        status = types.UpdateUserStatus(channel.id, types.UserStatusRecently())
        self.updates(self._updates(status, users=[person]), to)

    def updates(self, updates: Any, to: Collection[int] = ()) -> None:
        """Any updates object, as it is."""
        self._box.tell(self._connections(to), updates)

    def _connections(self, to: Collection[int]) -> Iterable[Connection]:
        return self._box.connections_of(to) if to else list(self._box.connections)

    def _updates(self, update: Any, *, users: Collection[Any] = (), chats: Collection[Any] = ()) -> Any:
        return types.Updates([update], list(users), list(chats), self._box.now(), 0)
