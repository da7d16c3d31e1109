"""A model that an operator plugs in labels posts in the place of our word lists, and cannot harm them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from analysis import topic_model
from analysis.labels import label
from analysis.text import Terms
from analysis.topic_model import GROUP, ModelFault, NoSuchModel, plug_in
from analysis.topics import TopicScore
from ingest.labelling import labelled, labels_version
from storage.ids import ChannelId
from tests.storage.makers import make_post

WAR = "Ракетный удар по городу: погибли солдаты, идёт наступление армии."


class Stubborn:
    """A model that finds the same in every text."""

    version = "stubborn 1"
    found: tuple[TopicScore, ...] = (TopicScore("sport", 2.0, ()), TopicScore("football", 1.0, ()))

    def classify(self, text: str, terms: Terms) -> Sequence[TopicScore]:
        assert text
        assert terms.forms
        return self.found


class Wrong(Stubborn):
    """A model that is not as it should be, and has the other's version."""


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    offered = EntryPoints(
        EntryPoint(name.lower(), f"{__name__}:{name}", GROUP) for name in (Stubborn.__name__, Wrong.__name__)
    )
    monkeypatch.setattr(topic_model, "entry_points", lambda group: offered.select(group=group))
    yield
    plug_in(None)


def test_without_one_the_word_lists_label() -> None:
    assert [topic.code for topic in label(WAR).topics][:1] == ["conflict"]


def test_the_plugged_in_model_labels_and_stored_posts_are_labelled_anew_by_it() -> None:
    before = labels_version()
    plug_in("stubborn")
    assert label(WAR).topics == Stubborn.found
    assert label(WAR).topic_codes == {"sport", "football"}
    assert labels_version() != before
    plug_in(None)
    assert labels_version() == before


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (TopicScore("gossip", 2.0, ()), "'gossip', which is no topic"),
        (TopicScore("sport", 0.4, ()), "sport a score of 0.4"),
        (TopicScore("sport", float("nan"), ()), "sport a score of nan"),
        (TopicScore("football", 1.0, ()), "football twice, or not behind its parent"),
    ],
    ids=["unknown topic", "score below 1", "no number", "without its parent"],
)
def test_what_is_no_topic_is_refused_and_the_post_waits_to_be_labelled(
    found: TopicScore, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in("wrong")
    monkeypatch.setattr(Wrong, "found", (found,))
    with pytest.raises(ModelFault, match=fault):
        label(WAR)
    kept = labelled(make_post(ChannelId(1), said=WAR))
    assert kept.post.text == WAR
    assert kept.labels.failed


def test_models_of_one_version_are_two_and_none_is_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {labels_version()}
    for name, version in (("stubborn", "1"), ("wrong", "1"), ("wrong", "")):
        monkeypatch.setattr(Wrong if name == "wrong" else Stubborn, "version", version)
        plug_in(name)
        seen.add(labels_version())
    assert len(seen) == 4


def test_a_model_is_made_when_it_is_first_asked() -> None:
    plug_in("stubborn")
    assert topic_model._Plug.model is None
    label(WAR)
    assert isinstance(topic_model._Plug.model, Stubborn)


def test_a_model_that_nobody_installed_is_named_with_those_that_are_there() -> None:
    with pytest.raises(NoSuchModel, match=r"'gpt'.*there are: stubborn, wrong"):
        plug_in("gpt")
