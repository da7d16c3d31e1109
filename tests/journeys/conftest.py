"""Every journey begins on a fresh stage; what went wrong inside the box fails the journey that caused it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.journeys.stage import Stage, set_stage


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    """The box, a fresh database, and an account signed in; nothing runs yet."""
    async with set_stage(database, tmp_path) as stage:
        yield stage
