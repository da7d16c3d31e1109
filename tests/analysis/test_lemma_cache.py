"""The memory of lemmas, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.lemma_cache import LemmaCache, Lemmas


class Counting:
    """Lemmas that count how often they are computed."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, form: str) -> Lemmas:
        self.asked.append(form)
        return (form, form + "'")


def test_a_form_is_computed_once() -> None:
    compute = Counting()
    cache = LemmaCache(compute)
    assert cache["мир"] == cache["мир"] == ("мир", "мир'")
    assert compute.asked == ["мир"]


def test_the_bound_holds_and_used_forms_stay() -> None:
    compute = Counting()
    cache = LemmaCache(compute, bound=100)
    for number in range(1000):
        _ = cache["used"]
        _ = cache[str(number)]
        assert cache.remembered <= 100
    assert compute.asked.count("used") == 1


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lemmas"
    first = LemmaCache(Counting())
    _ = first["мир"]
    first.save(path, "v1")
    compute = Counting()
    second = LemmaCache(compute)
    assert second.load(path, "v1")
    assert second["мир"] == ("мир", "мир'")
    assert not compute.asked


def test_a_larger_file_than_the_bound_is_cut(tmp_path: Path) -> None:
    large = LemmaCache(Counting(), bound=1000)
    for number in range(400):
        _ = large[str(number)]
    large.save(tmp_path / "lemmas", "v1")
    small = LemmaCache(Counting(), bound=100)
    assert small.load(tmp_path / "lemmas", "v1")
    assert small.remembered <= 100


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "lemmas"
    cache = LemmaCache(Counting())
    _ = cache["мир"]
    cache.save(path, "v1")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        other = LemmaCache(Counting())
        assert not other.load(path, "v1"), length
        assert other.remembered == 0


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", b"[1]\n", b"null\n", b"\xff\xfe\n", b'{"format":1}\nxx', b"PK\x03\x04 foreign"]
)
def test_a_foreign_file_is_ignored(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lemmas"
    path.write_bytes(content)
    assert not LemmaCache(Counting()).load(path, "v1")


def test_other_dictionaries_and_a_missing_file_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "lemmas"
    assert not LemmaCache(Counting()).load(path, "v1")
    LemmaCache(Counting()).save(path, "v1")
    assert not LemmaCache(Counting()).load(path, "v2")


def test_a_save_that_fails_leaves_the_old_file_and_no_scrap(tmp_path: Path) -> None:
    path = tmp_path / "lemmas"
    LemmaCache(Counting()).save(path, "v1")
    before = path.read_bytes()
    broken = LemmaCache(lambda form: ("\ud800",))
    _ = broken["x"]
    with pytest.raises(UnicodeEncodeError):
        broken.save(path, "v1")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
