"""What posts leave in memory is given back where the system's C library can do so, and nothing is harmed elsewhere."""

from __future__ import annotations

import ctypes

import pytest

from ingest import memory


async def test_memory_is_given_back_and_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Library:
        def __init__(self, name: str | None) -> None:
            self.malloc_trim = asked.append

    monkeypatch.setattr(ctypes, "CDLL", Library)
    memory._trim.cache_clear()
    await memory.give_back_memory()
    await memory.give_back_memory()
    assert asked == [0, 0]
    memory._trim.cache_clear()


async def test_library_that_cannot_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory._trim.cache_clear()
    await memory.give_back_memory()
    memory._trim.cache_clear()
