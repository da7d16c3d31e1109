"""Numbers of what is stored, as addresses name it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

LARGEST = 2**63 - 1
"""PostgreSQL's bigint: a greater number is nothing's."""

Number = Annotated[int, Path(ge=1, le=LARGEST)]
