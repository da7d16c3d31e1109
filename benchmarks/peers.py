"""How others match posts against standing queries: the same trees, each turned into what the peer understands.

What is comparable: every engine gets texts and says which queries match, its queries compiled beforehand. What is
not: the peers work on stems (Snowball's; Ukrainian goes through the Russian stemmer, there being none of its own), so
they miss and over-match forms that our lemmas get right, and none of them knows topics, languages or channels. All of
that is in their favour: it is less work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import Stemmer
import tantivy

from matching.nodes import And, Node, Not, Or
from matching.query import Query
from matching.words import Phrase, Prefix, Word

WORD = re.compile(r"\w+(?:['’ʼ-]\w+)*")

INDEX_BYTES = 15_000_000
"""The smallest heap that tantivy's writer takes."""

Check = Callable[[str], bool]


class Peer(Protocol):
    """An engine with its queries compiled."""

    def matches(self, texts: Sequence[str]) -> int:
        """How many (post, query) pairs match."""


class Stems(dict[str, str]):
    """Word -> its stem, remembered: the fastest way measured (reference: performance, 3.2)."""

    def __init__(self) -> None:
        super().__init__()
        self._russian = Stemmer.Stemmer("russian", 0)
        self._english = Stemmer.Stemmer("english", 0)

    def __missing__(self, word: str) -> str:
        stem: str = (self._english if word.isascii() else self._russian).stemWord(word)
        self[word] = stem
        return stem

    def of(self, text: str) -> list[str]:
        """The stems of a text's words."""
        return [self[word] for word in WORD.findall(_without_yo(text).lower())]


def _without_yo(text: str) -> str:
    """ё as е, which is how the queries are spelled."""
    return text.replace("ё", "е").replace("Ё", "Е")


class RegexLoop:
    """The usual bot: every subscription's pattern is tried on every post.

    One compiled pattern, deaf to case, a word (the stem and whatever follows it) or phrase, joined by Python's own
    and, or, not, which stop as early as they can. It over-matches: a stem is also the beginning of other words.
    Lower-casing the text first instead would make it some 15 % faster (measured).
    """

    def __init__(self, queries: Iterable[Query]) -> None:
        stems = Stems()
        re.purge()
        self._checks = [_check(query.root, stems) for query in queries]

    def matches(self, texts: Sequence[str]) -> int:
        """Try every query on every text."""
        return sum(len(self.matching(text)) for text in texts)

    def matching(self, text: str) -> list[int]:
        """The numbers of the queries that match a text."""
        text = _without_yo(text)
        return [number for number, check in enumerate(self._checks) if check(text)]


def _check(node: Node, stems: Stems) -> Check:
    """A query as a function of the text."""
    match node:
        case Word(form):
            return _found(rf"\b{re.escape(stems[form])}\w*")
        case Prefix(head):
            return _found(rf"\b{re.escape(head)}\w*")
        case Phrase(parts):
            return _found(r"\b" + r"\W+".join(rf"{re.escape(stems[str(part)])}\w*" for part in parts))
        case And(parts):
            wanted = [_check(part, stems) for part in parts]
            return lambda text: all(check(text) for check in wanted)
        case Or(parts):
            either = [_check(part, stems) for part in parts]
            return lambda text: any(check(text) for check in either)
        case Not(part):
            excluded = _check(part, stems)
            return lambda text: not excluded(text)
        case _:
            raise TypeError(f"no peer understands {type(node).__name__}")


def _found(pattern: str) -> Check:
    search = re.compile(pattern, re.IGNORECASE).search
    return lambda text: search(text) is not None


class Tantivy:
    """A search engine turned round: posts are indexed in memory, then every query is run against them.

    `matches` on one post at a time is what an alert within a second needs; on 1,000 posts at once it is far faster and
    an alert waits for the 999 others. Its phrases need positions, as ours do; its prefixes run over stems, so it finds
    slightly less.
    """

    def __init__(self, queries: Iterable[Query]) -> None:
        self._stems = Stems()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="position")
        self._schema = builder.build()
        self._queries = [self._compiled(query.root) for query in queries]

    def matches(self, texts: Sequence[str]) -> int:
        """Index the texts together, and run every query."""
        index = tantivy.Index(self._schema)
        writer = index.writer(INDEX_BYTES, 1)
        for text in texts:
            writer.add_document(tantivy.Document(body=" ".join(self._stems.of(text))))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        search = index.searcher().search
        return sum(len(search(query, len(texts), count=False).hits) for query in self._queries)

    def _compiled(self, node: Node) -> Any:
        """A tree as tantivy's query object."""
        match node:
            case Word(form):
                return tantivy.Query.term_query(self._schema, "body", self._stems[form])
            case Prefix(head):
                return tantivy.Query.regex_query(self._schema, "body", f"{re.escape(head)}.*")
            case Phrase(parts):
                return tantivy.Query.phrase_query(self._schema, "body", [self._stems[str(part)] for part in parts])
            case And(parts):
                return tantivy.Query.boolean_query([self._clause(part, tantivy.Occur.Must) for part in parts])
            case Or(parts):
                return tantivy.Query.boolean_query([self._clause(part, tantivy.Occur.Should) for part in parts])
            case _:
                raise TypeError(f"no peer understands {type(node).__name__}")

    def _clause(self, node: Node, occur: Any) -> tuple[Any, Any]:
        """A part of a boolean query."""
        if isinstance(node, Not):
            return tantivy.Occur.MustNot, self._compiled(node.part)
        return occur, self._compiled(node)


class OneByOne:
    """An engine given one post at a time, though it could take many."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def matches(self, texts: Sequence[str]) -> int:
        """Ask about each text by itself."""
        return sum(self._peer.matches([text]) for text in texts)
