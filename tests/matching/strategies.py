"""Hypothesis strategies for queries and posts over one small vocabulary, so that they often meet.

`query_texts`, `trees` and `queries` make queries, `texts` and `post_fields` posts. The same strategies serve the query
language, the percolator and the law between `matches` and `storage.search`.
"""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from analysis import taxonomy
from analysis.text import analyse
from matching.conditions import (
    KINDS,
    LANGUAGES,
    After,
    Before,
    Channel,
    ForwardedFrom,
    Has,
    InSet,
    Language,
    Link,
    Topic,
)
from matching.fields import PostFields
from matching.hosts import with_parents
from matching.ids import ChannelId, ChannelSetId
from matching.nodes import Leaf, Node, all_of, any_of, denials_inward, narrows, negate
from matching.query import Query
from matching.words import Exact, Hashtag, Mention, Phrase, Prefix, Word

FORMS = [
    *["война", "войны", "войне", "війна", "воєн", "мир", "мира", "дом", "дома", "город", "городе", "рік", "року"],
    *["стали", "сталь", "путин", "путина", "київ", "києва", "п'ять", "об'єкт", "шел", "люди", "людей", "человек"],
    *["news", "houses", "house", "don't", "iphone", "2024", "15", "б52"],
]
"""Folded forms: homographs (дома, стали, шел), several forms of one word, an apostrophe, digits."""

HEADS = ["вой", "війн", "горо", "hou", "202", "пут", "п'я"]
TAGS = ["война", "мир_и_дом", "news"]
NAMES = ["news_kremlin", "suspilne", "bbc"]
SITES = ["news.bbc.co.uk", "example.com", "пример.рф"]
CHANNELS = [ChannelId(1), ChannelId(2), ChannelId(30)]
SETS = [ChannelSetId(1), ChannelSetId(2), ChannelSetId(9)]
TOPICS = sorted(taxonomy.TOPICS)[:4]
FIRST_DAY = dt.date(2026, 1, 1)

days = st.integers(0, 9).map(lambda count: FIRST_DAY + dt.timedelta(days=count))
words = st.sampled_from(FORMS).map(Word)
single_words = st.one_of(words, st.sampled_from(FORMS).map(Exact))
prefixes = st.sampled_from(HEADS).map(Prefix)


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    """Two to four words in a row; the last may be a prefix."""
    parts = draw(st.lists(single_words, min_size=1, max_size=3))
    return Phrase((*parts, draw(st.one_of(single_words, prefixes))))


term_leaves: st.SearchStrategy[Leaf] = st.one_of(
    words,
    single_words,
    prefixes,
    phrases(),
    st.sampled_from(TAGS).map(Hashtag),
    st.sampled_from(NAMES).map(Mention),
)
field_leaves: st.SearchStrategy[Leaf] = st.one_of(
    st.sampled_from(CHANNELS).map(Channel),
    st.sampled_from(SETS).map(InSet),
    st.builds(Topic, st.sampled_from(TOPICS), st.booleans()),
    st.sampled_from(LANGUAGES).map(Language),
    st.sampled_from(KINDS).map(Has),
    st.sampled_from(["@bbc", "@suspilne", "1001"]).map(ForwardedFrom),
    st.sampled_from(["bbc.co.uk", "example.com", "пример.рф"]).map(Link),
)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


date_leaves: st.SearchStrategy[Leaf] = st.one_of(
    days.map(lambda day: After(day, _midnight(day))), days.map(lambda day: Before(day, _midnight(day)))
)


def trees(*, standing: bool = True, max_leaves: int = 8) -> st.SearchStrategy[Node]:
    """Any tree over the leaves, also one that the language refuses for matching too much."""
    leaf: st.SearchStrategy[Node] = st.one_of(term_leaves, term_leaves, field_leaves)
    if not standing:
        leaf = st.one_of(leaf, date_leaves)

    def inner(part: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(part, min_size=2, max_size=4)
        return st.one_of(several.map(all_of), several.map(any_of), part.map(negate))

    return st.recursive(leaf, inner, max_leaves=max_leaves)


def queries(*, standing: bool = True, max_leaves: int = 8) -> st.SearchStrategy[Query]:
    """Queries that the language accepts."""
    accepted = trees(standing=standing, max_leaves=max_leaves).filter(lambda tree: narrows(denials_inward(tree)))
    return accepted.map(Query)


pieces = st.one_of(
    st.sampled_from(FORMS),
    st.sampled_from(FORMS),
    st.sampled_from([form.upper() for form in FORMS]),
    st.sampled_from(["#" + tag for tag in TAGS]),
    st.sampled_from(["@" + name for name in NAMES]),
    st.sampled_from(["https://example.com/война", "мир-война", "1,5", "👍", "і", "по", "the", "слово", "горожане"]),
)
texts = st.lists(pieces, max_size=12).flatmap(
    lambda parts: st.sampled_from([" ", ", ", "\n", " — "]).map(lambda between: between.join(parts))
)
long_texts = st.tuples(texts, st.sampled_from(["мир ", "мир дом ", "война и "]), st.integers(200, 400), texts).map(
    lambda parts: f"{parts[0]} {parts[1] * parts[2]} {parts[3]}"
)
"""Texts in which PostgreSQL drops positions of a lexeme: it keeps 256."""


@st.composite
def post_fields(draw: st.DrawFn, text: st.SearchStrategy[str] = texts) -> PostFields:
    """A post as it may be stored."""
    sites = draw(st.sets(st.sampled_from(SITES), max_size=2))
    topics = draw(st.frozensets(st.sampled_from(TOPICS), max_size=2))
    return PostFields(
        terms=analyse(draw(text)),
        channel_id=draw(st.sampled_from(CHANNELS)),
        posted_at=_midnight(draw(days)) + dt.timedelta(hours=draw(st.sampled_from([0, 12]))),
        language=draw(st.sampled_from([*LANGUAGES, None])),
        topics=topics,
        has=draw(st.frozensets(st.sampled_from(KINDS), max_size=3)),
        forwarded_from=draw(st.sampled_from([frozenset(), frozenset({"@bbc", "1001"}), frozenset({"@suspilne"})])),
        links=frozenset(domain for site in sites for domain in with_parents(site)),
        sets=draw(st.frozensets(st.sampled_from(SETS), max_size=2)),
        sure_topics=topics & draw(st.frozensets(st.sampled_from(TOPICS))),
    )


query_texts = queries().map(str)
"""Texts of queries as a person might type them, all of them accepted."""
