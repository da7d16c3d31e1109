"""The key of feeds and webhooks, for routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from config.keys import Key


def key_of(request: Request) -> Key:
    """The key in the data folder, read at each request: one kept in memory would seal what a new file cannot open.

    Raises config.keys.KeyFileError.
    """
    return Key.kept_in(request.app.state.settings.home)


Keyed = Annotated[Key, Depends(key_of)]
