"""The topics: what is there, how a person finds one, and what a broken file says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.taxonomy import LANGUAGES, TOPICS, TaxonomyError, ancestors, descendants, find, read_topics

NESTED = """
[sport]
iptc = "15000000"
en = "Sport"
ru = "Спорт"
uk = "Спорт"
[chess]
iptc = "20000844"
parent = "sport"
en = "Chess"
ru = "Шахматы"
uk = "Шахи"
[blitz]
iptc = "29999999"
parent = "chess"
en = "Blitz"
ru = "Блиц"
uk = "Бліц"
"""


def test_the_seventeen_topics_of_iptc_are_there() -> None:
    top = sorted(str(topic.iptc) for topic in TOPICS.values() if topic.parent is None)
    assert top == [f"{number:02}000000" for number in range(1, 18)]


def test_the_second_level_hangs_below_the_first_only() -> None:
    parents = {topic.parent for topic in TOPICS.values() if topic.parent}
    assert len(TOPICS) - 17 >= 25
    assert all(TOPICS[parent].parent is None for parent in parents)


def test_a_topic_below_the_top_needs_no_code_of_iptc_but_one_at_the_top_does() -> None:
    assert read_topics(NESTED.replace('iptc = "20000844"\n', ""))["chess"].iptc is None
    with pytest.raises(TaxonomyError, match="sport has no iptc"):
        read_topics(NESTED.replace('iptc = "15000000"\n', ""))


def test_war_includes_strikes_and_talks() -> None:
    assert {"conflict", "strikes", "peace_talks"} <= descendants("conflict")


@given(topic=st.sampled_from(sorted(TOPICS)), language=st.sampled_from(LANGUAGES), shout=st.booleans())
def test_a_topic_is_found_by_its_name_in_any_language_and_case(topic: str, language: str, shout: bool) -> None:
    name = TOPICS[topic].names[language]
    found = find(f"  {name.upper() if shout else name} ")
    assert found is TOPICS[topic]


@pytest.mark.parametrize("text", ["conflict", "Conflict", "16000000", "Війна і мир", "война и мир", "War and peace"])
def test_a_topic_is_found_by_code_iptc_code_and_name(text: str) -> None:
    found = find(text)
    assert found is not None
    assert found.code == "conflict"


def test_the_apostrophe_may_be_of_any_kind() -> None:
    assert find("Здоров’я") is find("здоров'я") is TOPICS["health"]


@pytest.mark.parametrize("text", ["", "politic", "1600000", "погода в доме"])
def test_what_is_no_topic_is_not_found(text: str) -> None:
    assert find(text) is None


def test_ancestors_go_all_the_way_up_and_include_the_topic() -> None:
    topics = read_topics(NESTED)
    assert ancestors("blitz", topics) == {"blitz", "chess", "sport"}
    assert ancestors("sport", topics) == {"sport"}


def test_descendants_go_all_the_way_down_and_include_the_topic() -> None:
    topics = read_topics(NESTED)
    assert descendants("sport", topics) == {"sport", "chess", "blitz"}
    assert descendants("blitz", topics) == {"blitz"}


@given(upper=st.sampled_from(sorted(TOPICS)), lower=st.sampled_from(sorted(TOPICS)))
def test_ancestors_and_descendants_mirror_each_other(upper: str, lower: str) -> None:
    assert (upper in ancestors(lower)) == (lower in descendants(upper))


def test_an_unknown_code_has_no_ancestors() -> None:
    with pytest.raises(KeyError):
        ancestors("gossip")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('parent = "sport"', 'parent = "games"'), "games, which does not exist"),
        (('parent = "sport"', 'parent = "blitz"'), "among its own ancestors"),
        (('iptc = "20000844"', 'iptc = "15000000"'), "both called 15000000"),
        (('ru = "Шахматы"', 'ru = ""'), "chess has no ru"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(TaxonomyError, match=complaint):
        read_topics(NESTED.replace(*change))
