"""link_preview_options: which link of a text is shown with a card, and how."""

from __future__ import annotations

from typing import Any

from sandbox.bot_api.errors import BadRequest

_FLAGS = ("is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text")


def read_preview(given: Any) -> dict[str, Any] | None:
    """The options of a request, or None; BadRequest when they are malformed or contradict each other."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise BadRequest("can't parse link preview options: expected an Object")
    options = {name: True for name in _FLAGS if given.get(name)}
    if options.keys() >= {"prefer_small_media", "prefer_large_media"}:
        raise BadRequest("link preview media can't be both small and large")
    url = given.get("url")
    if url is not None and not isinstance(url, str):
        raise BadRequest("can't parse link preview options: url must be a String")
    return options | ({"url": url} if url else {})
