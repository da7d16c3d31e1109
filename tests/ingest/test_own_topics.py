"""Own topics and channel sets, asked of posts beside their analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.labelling import labelled, up_to_date
from ingest.own_topics import Known, OwnTopics, with_own_topics
from matching.ids import ChannelSetId
from matching.query import parse
from storage.channel_sets import set_channels
from storage.database import Database
from storage.definitions import read_counters
from storage.ids import ChannelId
from storage.own_topics import OwnTopic, add_topic, remove_topic
from storage.posts import LabelledPost
from tests.ingest.values import NEWS, post
from tests.storage.makers import labelled as labelled_as
from tests.storage.makers import make_channel

TOPICS = [
    OwnTopic("ferries", "Ferries", "", "", "conflict", "quillon OR паром*"),
    OwnTopic("night", "Night", "", "", "ferries", '"night quillon"'),
    OwnTopic("desk", "Desk", "", "", None, "in:#5 plonket"),
]


def owning(*topics: OwnTopic, sets: Mapping[ChannelId, frozenset[ChannelSetId]] | None = None) -> OwnTopics:
    own = OwnTopics()
    own.known = Known(topics, sets or {})
    return own


def labels_of(item: LabelledPost) -> dict[str, tuple[tuple[str, float], ...]]:
    return {topic.code: topic.words for topic in item.labels.topics}


def test_a_matching_post_has_the_topic_with_its_words_and_those_above_it() -> None:
    item = labelled(post(1, "The Night Quillons are here; a quillon is here."), owning(*TOPICS))
    assert labels_of(item) == {"ferries": (("quillons", 0.5), ("quillon", 0.5)), "night": (("night quillons", 1.0),)}
    assert [topic.score for topic in item.labels.topics] == [1.0, 1.0]
    assert item.fields.topics == {"ferries", "night", "conflict"}
    assert parse("topic:conflict").matches(item.fields)
    assert '"night"' in item.row


def test_a_post_that_matches_nothing_has_its_other_topics() -> None:
    said = "Inflation rises, says the central bank"
    item = labelled(post(1, said), owning(*TOPICS))
    assert item.labels.topics == labelled(post(1, said)).labels.topics != ()
    assert item.fields.topics == labelled(post(1, said)).fields.topics


def test_a_post_that_is_up_to_date_is_the_very_same() -> None:
    own = owning(*TOPICS)
    item = labelled(post(1, "quillon"), own)
    assert up_to_date(item, own) is item
    plain = labelled(post(1, "quillon"))
    assert up_to_date(plain, OwnTopics()) is plain


def test_topics_that_come_and_go_are_given_and_taken() -> None:
    own = owning(TOPICS[0])
    item = labelled(post(1, "night quillon"), own)
    own.known = Known(TOPICS[1:], {})
    assert set(labels_of(up_to_date(item, own))) == {"night"}
    own.known = Known((), {})
    assert up_to_date(item, own) == labelled(post(1, "night quillon"))


def test_a_post_whose_analysis_failed_has_no_topics_until_it_comes_again() -> None:
    item = labelled_as(post(1, "quillon"), fails=True)
    assert with_own_topics(item, owning(*TOPICS)) is item


def test_an_own_topic_may_ask_for_a_set_of_channels() -> None:
    sets = {NEWS: frozenset({ChannelSetId(5)})}
    assert set(labels_of(labelled(post(1, "plonket"), owning(*TOPICS, sets=sets)))) == {"desk"}
    assert set(labels_of(labelled(post(1, "plonket"), owning(*TOPICS)))) == set()


def test_a_query_that_cannot_be_read_stops_no_other() -> None:
    broken = replace(TOPICS[1], query="((")
    item = labelled(post(1, "night quillon"), owning(TOPICS[0], broken))
    assert set(labels_of(item)) == {"ferries"}


def test_the_version_differs_exactly_when_labels_may() -> None:
    sets = {NEWS: frozenset({ChannelSetId(5)})}
    one = Known(TOPICS, sets).version
    assert Known(reversed(TOPICS), sets).version == one
    assert Known(TOPICS, {**sets, ChannelId(8): frozenset({ChannelSetId(6)})}).version == one
    assert Known(TOPICS, {}).version != one
    assert Known(TOPICS[1:], sets).version != one
    assert Known([*TOPICS[1:], replace(TOPICS[0], parent=None)], sets).version != one


async def test_a_change_is_read_once(database: Database) -> None:
    own = OwnTopics()
    await make_channel(database, "limansk_live")
    async with database.begin() as connection:
        assert await own.refresh(connection)
        assert not await own.refresh(connection)
        await add_topic(connection, TOPICS[0], parse("quillon"))
        assert await own.refresh(connection, (await read_counters(connection)).definitions)
        await set_channels(connection, "desk", ["limansk_live"])
        assert await own.refresh(connection)
        assert not await own.refresh(connection)
    item = labelled(post(1, "quillon"), own)
    assert set(labels_of(item)) == {"ferries"}
    assert own.fields_of(replace(item, post=replace(item.post, channel_id=ChannelId(1)))).sets == {1}
    assert own.fields_of(item).sets == frozenset()


async def test_a_topic_that_was_taken_back_is_not_known(database: Database) -> None:
    own = OwnTopics()
    async with database.begin() as connection:
        await add_topic(connection, TOPICS[0], parse("quillon"))
        await remove_topic(connection, "ferries")
        await own.refresh(connection)
    assert labels_of(labelled(post(1, "quillon"), own)) == {}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["quillon", "quillons", "night", "паромы", "harbour", "and", "#quillon"]), max_size=8))
def test_topics_are_those_whose_queries_match(words: list[str]) -> None:
    said = " ".join(words)
    own = owning(*TOPICS)
    item = labelled(post(1, said), own)
    fields = own.fields_of(labelled(post(1, said)))
    expected = {topic.code for topic in TOPICS if parse(topic.query).matches(fields)}
    assert {code for code in labels_of(item) if code in {topic.code for topic in TOPICS}} == expected
