"""A query as alternatives: each a set of leaves that must be there and a set that must not.

The percolator files alternatives, not trees (reference/performance.md, 4.2). The product over OR groups can
explode, so it is capped: an alternative then asks for less than the query does, and the query has to be verified
where it fires.
"""

from __future__ import annotations

from dataclasses import dataclass

from matching.nodes import And, Leaf, Node, Not, Or, denials_inward

MOST_ALTERNATIVES = 64
"""Alternatives that one query may take (reference/performance.md: 64 is ample)."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to match: every leaf of `required` holds and none of `forbidden`."""

    required: frozenset[Leaf]
    forbidden: frozenset[Leaf]

    def joined(self, other: Alternative) -> Alternative:
        """Both at once."""
        return Alternative(self.required | other.required, self.forbidden | other.forbidden)

    @property
    def is_possible(self) -> bool:
        """Whether it doesn't contradict itself."""
        return not self.required & self.forbidden


@dataclass(frozen=True, slots=True)
class Expansion:
    """All ways to match a query. Unless `is_exact`, they are ways to match something wider."""

    alternatives: frozenset[Alternative]
    is_exact: bool


def expand(node: Node, most: int = MOST_ALTERNATIVES) -> Expansion:
    """The alternatives of a query: about `most` at most, always as many as the leaves of an OR."""
    expansion = _listed(node) or _expand(denials_inward(node), most)
    return Expansion(frozenset(filter(lambda one: one.is_possible, expansion.alternatives)), expansion.is_exact)


def _listed(node: Node) -> Expansion | None:
    """The one alternative of a list of leaves, denied or not, which most queries are; None for other trees."""
    required: list[Leaf] = []
    forbidden: list[Leaf] = []
    for part in node.parts if isinstance(node, And) else (node,):
        leaf, leaves = (part.part, forbidden) if isinstance(part, Not) else (part, required)
        if isinstance(leaf, And | Or | Not):
            return None
        leaves.append(leaf)
    return Expansion(frozenset([Alternative(frozenset(required), frozenset(forbidden))]), is_exact=True)


def _expand(node: Node, most: int) -> Expansion:
    """The alternatives of a tree with its denials inward."""
    match node:
        case Or(parts):
            inner = [_expand(part, max(most // len(parts), 1)) for part in parts]
            every = frozenset(one for part in inner for one in part.alternatives)
            return Expansion(every, all(part.is_exact for part in inner))
        case And(parts):
            return _product([_expand(part, most) for part in parts], most)
        case Not(part):
            assert not isinstance(part, And | Or | Not)  # noqa: S101  # denials are inward
            return Expansion(frozenset([Alternative(frozenset(), frozenset([part]))]), is_exact=True)
        case _:
            return Expansion(frozenset([Alternative(frozenset([node]), frozenset())]), is_exact=True)


def _product(parts: list[Expansion], most: int) -> Expansion:
    """All combinations, one alternative of each part; parts that would make more than `most` are left to verification.

    Parts in which every alternative requires something come first, so that what is left still has an anchor.
    """
    parts.sort(key=lambda part: (not all(one.required for one in part.alternatives), len(part.alternatives)))
    combined, *others = parts
    alternatives, is_exact = combined.alternatives, combined.is_exact
    for part in others:
        if len(alternatives) * len(part.alternatives) > most and len(part.alternatives) > 1:
            is_exact = False
            continue
        alternatives = frozenset(one.joined(other) for one in alternatives for other in part.alternatives)
        is_exact = is_exact and part.is_exact
    return Expansion(alternatives, is_exact)
