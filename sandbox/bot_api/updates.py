"""getUpdates and what belongs to it: a true long poll over the world's queue of updates."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.bot_api.errors import ApiError, BadRequest
from sandbox.bot_api.params import Params
from sandbox.bot_api.state import BotState, Handler
from sandbox.bot_api.wire import Json, update_json

_BATCH_LIMIT = 100
"""Updates of one answer (Bot API documentation)."""
_WAIT_LIMIT = 50
"""Seconds that the real server lets a long poll wait at most."""

_TERMINATED = "terminated by other getUpdates request; make sure that only one bot instance is running"
_PUSHED = "pushed"
_CLOSED = "closed"


async def get_updates(state: BotState, params: Params) -> list[Json]:
    """Confirm, then show what waits, or wait for it.

    As on the real server the newer of two polls wins: the one that was waiting ends with 409.
    """
    if state.webhook_url:
        raise _conflict("can't use getUpdates method while webhook is active; use deleteWebhook first")
    _remember_allowed(state, params)
    limit = min(params.integer("limit", _BATCH_LIMIT), _BATCH_LIMIT)
    if limit < 1:
        limit = _BATCH_LIMIT
    end_poll(state, _TERMINATED)
    waiting = state.chats.updates.read(params.integer("offset"), limit)
    timeout = min(params.integer("timeout"), _WAIT_LIMIT)
    if not waiting and timeout > 0:
        await _wait(state, timeout)
        waiting = state.chats.updates.read(0, limit)
    return [update_json(state.chats, update) for update in waiting]


def end_poll(state: BotState, reason: str) -> None:
    """Answer the poll that waits, if one does, with 409 and this reason."""
    if state.waiting_poll is not None:
        _settle(state.waiting_poll, reason)


def close_poll(state: BotState) -> None:
    """Let the poll that waits come back empty: the server stops."""
    end_poll(state, _CLOSED)


async def _wait(state: BotState, seconds: int) -> None:
    """Until an update is pushed, the time is over or the server closes; ApiError when another poll takes over."""
    poll: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    state.waiting_poll = poll
    unsubscribe = state.chats.updates.on_push(lambda: _settle(poll, _PUSHED))
    try:
        await asyncio.wait({poll}, timeout=seconds)
    finally:
        unsubscribe()
        if state.waiting_poll is poll:
            state.waiting_poll = None
    if poll.done() and poll.result() not in (_PUSHED, _CLOSED):
        raise _conflict(poll.result())


def _settle(poll: asyncio.Future[str], reason: str) -> None:
    if not poll.done():
        poll.set_result(reason)


def _remember_allowed(state: BotState, params: Params) -> None:
    """allowed_updates holds until it is given again; an empty list is the default, which holds all of the box."""
    allowed = params.structure("allowed_updates")
    if allowed is None:
        return
    if not isinstance(allowed, list):
        raise BadRequest("can't parse allowed_updates: expected an Array of String")
    state.chats.updates.allowed = frozenset(map(str, allowed)) or None


async def _set_webhook(state: BotState, params: Params) -> bool:
    """Only the switch: the box delivers no webhooks, but polling is refused while one is set."""
    url = params.text("url")
    if url and not url.startswith("https://"):
        raise BadRequest("bad webhook: An HTTPS URL must be provided for webhook")
    _remember_allowed(state, params)
    state.webhook_url = url
    if url:
        end_poll(state, "terminated by setWebhook request")
    return await _forget_pending(state, params)


async def _delete_webhook(state: BotState, params: Params) -> bool:
    state.webhook_url = ""
    return await _forget_pending(state, params)


async def _forget_pending(state: BotState, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        state.chats.updates.drop()
    return True


async def _webhook_info(state: BotState, params: Params) -> dict[str, Any]:
    pending = len(state.chats.updates.pending)
    return {"url": state.webhook_url, "has_custom_certificate": False, "pending_update_count": pending}


def _conflict(reason: str) -> ApiError:
    return ApiError(409, f"Conflict: {reason}")


METHODS: dict[str, Handler] = {
    "getUpdates": get_updates,
    "setWebhook": _set_webhook,
    "deleteWebhook": _delete_webhook,
    "getWebhookInfo": _webhook_info,
}
