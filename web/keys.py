"""The key of feeds and webhooks, read once an application."""

from __future__ import annotations

from fastapi import Request

from config.keys import Key


def key_of(request: Request) -> Key:
    """The key in the data folder of the application's settings. Raises config.keys.KeyFileError."""
    state = request.app.state
    if not hasattr(state, "key"):
        state.key = Key.kept_in(state.settings.home)
    found: Key = state.key
    return found
