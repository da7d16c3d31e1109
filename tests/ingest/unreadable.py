"""Messages of the box that no client of today can read: their constructor is of a layer to come."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.channels import Channel, ChannelPost
from sandbox.mtproto import dialogs, difference, reading, tl_objects


class _Unknown:
    def _bytes(self) -> bytes:
        return struct.pack("<Iq", 0x0BADC0DE, 0)


def make_unreadable(monkeypatch: pytest.MonkeyPatch, channel: Channel, *message_ids: int) -> None:
    """From now on the box says of these messages what Telethon cannot read, in whatever it answers."""

    def spoiled(say: Callable[[Channel, ChannelPost], Any]) -> Callable[[Channel, ChannelPost], Any]:
        def post_tl(of: Channel, post: ChannelPost) -> Any:
            return _Unknown() if of is channel and post.message_id in message_ids else say(of, post)

        return post_tl

    post_tl = spoiled(tl_objects.post_tl)
    for module in (dialogs, difference, reading, tl_objects):
        monkeypatch.setattr(module, "post_tl", post_tl)
