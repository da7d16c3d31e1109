"""Calls about the server and the account: configuration, people, the state of updates."""

from __future__ import annotations

import datetime as dt
from typing import Any

from telethon.tl import functions, types

from sandbox.mtproto.answers import Refused
from sandbox.mtproto.state import DC_ID, Call
from sandbox.mtproto.tl_objects import access_hash_of, filled, user_tl
from sandbox.world import User

ACCOUNT_PTS = 1
"""The account's own count of updates. It never moves: in the box, people read channels and write only to bots."""


def update_state(call: Call) -> Any:
    """Where the account's updates stand."""
    return types.updates.State(pts=ACCOUNT_PTS, qts=0, date=call.box.now(), seq=0, unread_count=0)


def _get_config(call: Call, _request: Any) -> Any:
    now = call.box.now()
    return filled(
        types.Config,
        now,
        expires=now + dt.timedelta(hours=1),
        this_dc=DC_ID,
        dc_options=[types.DcOption(DC_ID, call.box.host, call.box.port)],
        me_url_prefix="https://t.me/",
        message_length_max=4096,
        caption_length_max=1024,
    )


def _get_nearest_dc(_call: Call, _request: Any) -> Any:
    return types.NearestDc("XX", DC_ID, DC_ID)


def _get_users(call: Call, request: Any) -> Any:
    return [user_tl(_find_user(call, each), call.user.id) for each in request.id]


def _find_user(call: Call, reference: Any) -> User:
    if isinstance(reference, types.InputUserSelf):
        return call.user
    user = call.world.users.get(getattr(reference, "user_id", 0))
    if user is None or reference.access_hash != access_hash_of(user.id):
        raise Refused(400, "USER_ID_INVALID")
    return user


def _get_state(call: Call, _request: Any) -> Any:
    _ = call.user
    return update_state(call)


HANDLERS = {
    functions.help.GetConfigRequest: _get_config,
    functions.help.GetNearestDcRequest: _get_nearest_dc,
    functions.users.GetUsersRequest: _get_users,
    functions.updates.GetStateRequest: _get_state,
}
"""Request class -> handler."""
