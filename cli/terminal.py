"""Words of others on a terminal: shown as they are, never obeyed."""

from __future__ import annotations

import re

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal takes as orders. A channel decides what a post holds; it must not decide what a terminal does."""


def harmless(text: str) -> str:
    """The text with what could steer a terminal replaced by U+FFFD."""
    return CONTROLS.sub("\ufffd", text)
