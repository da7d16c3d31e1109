"""glibc is told to keep one heap and to give back what posts leave; elsewhere nothing is harmed."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from ingest import memory


@pytest.fixture(autouse=True)
def looked_up_anew() -> Iterator[None]:
    memory._function.cache_clear()
    yield
    memory._function.cache_clear()


async def test_memory_is_given_back_and_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Library:
        def __init__(self, name: str | None) -> None:
            self.malloc_trim = asked.append

    monkeypatch.setattr(ctypes, "CDLL", Library)
    await memory.give_back_memory()
    await memory.give_back_memory()
    assert asked == [0, 0]


def test_threads_share_one_heap_and_large_buffers_lie_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[int, int] = {}

    class Library:
        def __init__(self, name: str | None) -> None:
            self.mallopt = settings.__setitem__

    monkeypatch.setattr(ctypes, "CDLL", Library)
    memory.keep_memory_together()
    assert settings == {memory.M_ARENA_MAX: 1, memory.M_MMAP_THRESHOLD: 131_072, memory.M_TRIM_THRESHOLD: 131_072}


async def test_library_that_cannot_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory.keep_memory_together()
    await memory.give_back_memory()
