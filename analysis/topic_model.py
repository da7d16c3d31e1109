"""A model of the operator's own in the place of our word lists: none, unless one is plugged in.

What ships is `analysis.topics`. Whoever wants a model installs a package that offers one as an entry point of GROUP,
and names it in CHANNELWATCH_TOPIC_MODEL. What Telegram's terms say of models: docs/privacy-and-terms.md.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from math import isfinite
from typing import Protocol

from analysis.taxonomy import TOPICS
from analysis.text import Terms
from analysis.topics import TopicScore, classify

GROUP = "channelwatch.topic_models"
"""The group of entry points; each names something that makes a TopicModel when it is called without arguments."""


class TopicModel(Protocol):
    """What a plugged-in model must offer. It may be called in several threads."""

    @property
    def version(self) -> str:
        """Another one whenever texts may get other topics: stored posts are labelled anew then."""
        ...

    def classify(self, text: str, terms: Terms) -> Sequence[TopicScore]:
        """The topics of a text, as `analysis.topics.classify` gives them: codes of the taxonomy with scores from 1 on,
        each of the top level before those below it; `words` may be empty. Whatever it raises, no post is lost: a new
        one is stored and tried again later, one that is labelled anew keeps the labels that it has."""
        ...


class NoSuchModel(LookupError):
    """No installed package offers the model that was asked for; the message names those that there are."""


class ModelFault(ValueError):
    """A model gave what is no topic; the message says what."""


class _Plug:
    """What is plugged in: made when it is first asked, for most commands label nothing."""

    offer: EntryPoint | None = None
    model: TopicModel | None = None
    making = threading.Lock()


def plug_in(name: str | None) -> None:
    """Take the topics from this model from now on, in this process; None: from what ships. Raises NoSuchModel."""
    _Plug.offer = _Plug.model = None
    if name is None:
        return
    offered = {each.name: each for each in entry_points(group=GROUP)}
    if name not in offered:
        there = f"there are: {', '.join(sorted(offered))}" if offered else "no installed package offers any"
        raise NoSuchModel(f"There is no topic model {name!r} (CHANNELWATCH_TOPIC_MODEL); {there}.")
    _Plug.offer = offered[name]


def model_version() -> str | None:
    """Name and version of the model that is plugged in; None of what ships. Raises what the model's making raises."""
    model = _model()
    return None if model is None or _Plug.offer is None else f"{_Plug.offer.name} {model.version}"


def _model() -> TopicModel | None:
    if _Plug.model is None and _Plug.offer is not None:
        with _Plug.making:
            if _Plug.model is None:
                _Plug.model = _Plug.offer.load()()
    return _Plug.model


def topics_of(text: str, terms: Terms) -> tuple[TopicScore, ...]:
    """The topics of a text that was analysed. Raises ModelFault and what a plugged-in model raises."""
    model = _model()
    if model is None:
        return classify(terms)
    found = tuple(map(_checked, model.classify(text, terms)))
    codes = [topic.code for topic in found]
    for place, code in enumerate(codes):
        parent = TOPICS[code].parent
        if code in codes[:place] or (parent is not None and parent not in codes[:place]):
            raise ModelFault(f"The topic model gave {code} twice, or not behind its parent: {', '.join(codes)}.")
    return found


def _checked(topic: TopicScore) -> TopicScore:
    if topic.code not in TOPICS:
        raise ModelFault(f"The topic model gave {topic.code!r}, which is no topic.")
    if not (isfinite(topic.score) and topic.score >= 1):
        raise ModelFault(f"The topic model gave {topic.code} a score of {topic.score}; they begin at 1.")
    return topic
