"""What weights are learned from is well written: known topics, no text twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analysis.taxonomy import TOPICS
from analysis.word_lists import NONE
from training.topic_texts import TOP_LEVEL, own_texts


def test_every_post_says_what_it_is_about_and_no_post_stands_twice() -> None:
    texts = list(own_texts())
    assert [text for text, times in Counter(each.text for each in texts).items() if times > 1] == []
    for each in texts:
        above = each.codes & TOP_LEVEL
        assert NONE not in each.codes or each.codes == {NONE}, each.text
        assert each.codes == {NONE} or 1 <= len(above) <= 3, each.text


def test_every_topic_is_taught_in_every_language() -> None:
    taught = Counter((each.language, code) for each in own_texts() for code in each.codes)
    assert [
        key for language in ("ru", "uk", "en") for code in (NONE, *TOPICS) if taught[key := (language, code)] < 8
    ] == []


@pytest.mark.parametrize("line", ["gossip\tA post.", "sport\t", "sport", "sport, gossip\tA post."])
def test_a_line_that_names_no_topic_is_refused_with_its_place(line: str, tmp_path: Path) -> None:
    file = tmp_path / "en_posts.tsv"
    file.write_text(f"sport\tA goal.\n{line}\n")
    with pytest.raises(ValueError, match=r"en_posts\.tsv, line 2"):
        list(own_texts(tmp_path))
