"""The load that is measured with: the same every time, readable by our parser and by every peer."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("tantivy", reason="the benchmarks' requirements are not installed (dependency group bench)")

from benchmarks.corpus import from_file, generated
from benchmarks.measuring import percentile, spread
from benchmarks.peers import OneByOne, RegexLoop, Tantivy
from benchmarks.queries import DELIVERABLE, GENEROUS, Mix, queries, whole_language
from benchmarks.vocabulary import vocabulary
from matching.query import parse


def test_same_load_every_time() -> None:
    assert generated(40, is_small=True) == generated(40, is_small=True)
    words = vocabulary(is_small=True)
    assert queries(words, 40) == queries(words, 40)


def test_posts_of_a_file_are_spread_evenly_over_it(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(json.dumps({"text": f"post {number}"}) + "\n" for number in range(10)))
    assert from_file(path, 4).texts == [f"post {number}" for number in (0, 2, 5, 7)]
    assert len(from_file(path, 99).texts) == 10


def test_shorter_run_is_a_prefix_of_a_longer_one() -> None:
    assert generated(60, is_small=True).texts[:40] == generated(40, is_small=True).texts
    words = vocabulary(is_small=True)
    assert queries(words, 60)[:40] == queries(words, 40)


@pytest.mark.parametrize("mix", [GENEROUS, DELIVERABLE])
def test_text_of_a_query_is_read_as_it_was_meant(mix: Mix) -> None:
    for query in queries(vocabulary(is_small=True), 300, mix=mix):
        assert parse(str(query)) == query


def test_queries_of_the_whole_language_are_read() -> None:
    for text in whole_language(vocabulary(is_small=True), 64):
        assert str(parse(text))


def test_peers_find_a_word_a_phrase_an_exclusion_and_a_prefix() -> None:
    asked = [
        parse(text) for text in ("ракета", '"удар ракеты"', "ракета -киев", "раке*", "удар OR дождь", "снег дождь")
    ]
    texts = ["Удар ракеты по городу Киев.", "В лесу тихо."]
    assert RegexLoop(asked).matching(texts[0]) == [0, 1, 3, 4]
    assert (
        RegexLoop(asked).matches(texts) == Tantivy(asked).matches(texts) == OneByOne(Tantivy(asked)).matches(texts) == 4
    )


def test_file_of_posts_gives_texts_and_words_to_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl.gz"
    lines = [{"text": text} for text in [*generated(300, is_small=True).texts, "", "🔥", None]]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    corpus = from_file(path, 100)
    assert len(corpus.texts) == 100
    assert len(queries(corpus.words, 50)) == 50


def test_file_without_posts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": ""}\n')
    with pytest.raises(ValueError, match="holds no posts"):
        from_file(path, 10)


def test_spread_takes_evenly_and_other_offsets_give_neighbours() -> None:
    assert spread(range(100), 4) == [12, 37, 62, 87]
    assert spread(range(100), 4, 1) == [13, 38, 63, 88]
    assert spread(range(3), 10) == [0, 1, 2]
    assert all(after > before for before, after in pairwise(spread(range(1000), 7)))


def test_percentile_is_a_value_that_occurred() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 3.0
    assert percentile([1.0], 0.99) == 1.0
