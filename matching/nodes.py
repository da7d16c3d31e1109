"""The tree of a query: And, Or and Not over leaves, and what can be said of any such tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from matching.conditions import After, Before, FieldLeaf, Has, Language
from matching.fields import PostFields
from matching.words import TermLeaf

Leaf = TermLeaf | FieldLeaf


@dataclass(frozen=True, slots=True)
class And:
    """All of two parts or more, none of them an And."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two parts or more, none of them an Or."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not that part, which is no Not."""

    part: Node


Node = And | Or | Not | TermLeaf | FieldLeaf


def all_of(parts: Iterable[Node]) -> Node:
    """All of the parts, flattened; a single part stands for itself."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: Iterable[Node]) -> Node:
    """Any of the parts, flattened; a single part stands for itself."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negate(part: Node) -> Node:
    """Not the part; what is denied twice is meant."""
    return part.part if isinstance(part, Not) else Not(part)


def leaves(node: Node) -> Iterator[Leaf]:
    """All leaves, from left to right, denied ones too."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield node


def wanted(node: Node, *, denied: bool = False) -> Iterator[Leaf]:
    """The leaves that speak for a match: those under an even number of denials."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from wanted(part, denied=denied)
        case Not(part):
            yield from wanted(part, denied=not denied)
        case _:
            if not denied:
                yield node


def replace_leaves(node: Node, replace: Callable[[Leaf], Leaf]) -> Node:
    """The same tree with every leaf replaced."""
    match node:
        case And(parts):
            return And(tuple(replace_leaves(part, replace) for part in parts))
        case Or(parts):
            return Or(tuple(replace_leaves(part, replace) for part in parts))
        case Not(part):
            return Not(replace_leaves(part, replace))
        case _:
            return replace(node)


def holds(node: Node, fields: PostFields) -> bool:
    """Whether a post has what the tree asks for: the specification that percolator and search are checked against."""
    match node:
        case And(parts):
            return all(holds(part, fields) for part in parts)
        case Or(parts):
            return any(holds(part, fields) for part in parts)
        case Not(part):
            return not holds(part, fields)
        case TermLeaf():
            return bool(node.positions(fields.terms.lexemes()))
        case FieldLeaf():
            return node.holds(fields)


def denials_inward(node: Node, *, denied: bool = False) -> Node:
    """The same question with every Not directly before a leaf (De Morgan)."""
    match node:
        case And(parts) | Or(parts):
            inner = [denials_inward(part, denied=denied) for part in parts]
            return all_of(inner) if isinstance(node, And) != denied else any_of(inner)
        case Not(part):
            return denials_inward(part, denied=not denied)
        case _:
            return Not(node) if denied else node


def narrows(node: Node) -> bool:
    """Whether something asked for positively, in every alternative, keeps the matches few (design, "The query
    language").

    `node` has its denials inward. A language, a kind of content and a date leave too much.
    """
    match node:
        case And(parts):
            return any(map(narrows, parts))
        case Or(parts):
            return all(map(narrows, parts))
        case _:
            return not isinstance(node, Not | Language | Has | After | Before)


def canonical(node: Node) -> str:
    """One text for all ways to ask the same: denials inward, parts sorted, none of them twice."""
    return _canonical(denials_inward(node))


def _canonical(node: Node) -> str:
    """The canonical text of a tree with its denials inward."""
    match node:
        case And(parts) | Or(parts):
            texts = sorted({_canonical(part) for part in parts})
            sign = " & " if isinstance(node, And) else " || "
            return texts[0] if len(texts) == 1 else f"({sign.join(texts)})"
        case Not(part):
            return f"-{_canonical(part)}"
        case _:
            return node.canonical


def write(node: Node, leaf: Callable[[Leaf], str] = str) -> str:
    """The tree as query text, with parentheses wherever And, Or and Not meet; `leaf` writes the leaves."""
    match node:
        case And(parts):
            return " ".join(_enclosed(part, leaf) for part in parts)
        case Or(parts):
            return " OR ".join(_enclosed(part, leaf) for part in parts)
        case Not(part):
            return f"-{_enclosed(part, leaf)}"
        case _:
            return leaf(node)


def _enclosed(node: Node, leaf: Callable[[Leaf], str]) -> str:
    """The text of an inner tree, in parentheses when it has parts."""
    text = write(node, leaf)
    return f"({text})" if isinstance(node, And | Or) else text


def tsquery(node: Node) -> str | None:
    """The whole tree for PostgreSQL's `::tsquery`; None when it asks for a field anywhere."""
    match node:
        case And(parts) | Or(parts):
            inner = [tsquery(part) for part in parts]
            known = [text for text in inner if text is not None]
            sign = " & " if isinstance(node, And) else " | "
            return f"({sign.join(known)})" if len(known) == len(inner) else None
        case Not(part):
            denied = tsquery(part)
            return None if denied is None else f"!{denied}"
        case TermLeaf():
            return node.tsquery()
        case _:
            return None
