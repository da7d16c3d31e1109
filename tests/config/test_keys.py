"""The key of feeds and webhooks: one, whole, and its owner's alone, however many programs begin at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.keys import NAME, Key, KeyFileError

PROGRAMS = 8


def test_programs_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(PROGRAMS)

    def begin(home: Path) -> Key:
        together.wait()
        return Key.kept_in(home)

    with ThreadPoolExecutor(PROGRAMS) as programs:  # of one process number, as in containers of their own
        for turn in range(10):
            home = tmp_path / str(turn)
            first, *others = programs.map(begin, [home] * PROGRAMS)
            assert {key.opened(first.seal("secret")) for key in others} == {"secret"}
            assert [file.name for file in home.iterdir()] == [NAME]


def test_the_key_is_readable_by_its_owner_only_and_stays(tmp_path: Path) -> None:
    sealed = Key.kept_in(tmp_path).seal("secret")
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert Key.kept_in(tmp_path).opened(sealed) == "secret"


def test_another_key_and_no_key_say_what_to_do(tmp_path: Path) -> None:
    sealed = Key.kept_in(tmp_path / "other").seal("secret")
    with pytest.raises(KeyFileError, match=r"is not the key .* restore the file"):
        Key.kept_in(tmp_path).opened(sealed)
    (tmp_path / NAME).write_text("nonsense")
    with pytest.raises(KeyFileError, match="holds no key: restore the file"):
        Key.kept_in(tmp_path)
