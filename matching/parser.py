"""From the text of a query to its tree, with errors that say where and what instead."""

from __future__ import annotations

from lark import Token, Tree, UnexpectedInput, UnexpectedToken

from matching.bursts import Burst
from matching.errors import QueryError, quoted
from matching.field_values import Asker, is_field_name, read_field
from matching.grammar import parser
from matching.nodes import Leaf, Node, all_of, any_of, leaves, narrows, negate, write
from matching.pieces import read_phrase, read_term
from matching.plain import read_plain
from matching.words import Phrase, TermLeaf

MOST_CHARACTERS = 300
MOST_WORDS = 30
DEEPEST = 8
"""Limits of a query: characters, words, parentheses within each other (design)."""

_QUOTES = str.maketrans(dict.fromkeys("«»“”„‟〝〞＂", '"'))
"""Quotation marks that keyboards put for the plain one."""


def parse_tree(text: str, asker: Asker, *, is_stored: bool = False) -> Node:
    """The tree of a query's text. `is_stored` waives the limits for what was accepted before. Raises QueryError."""
    if not is_stored and len(text) > MOST_CHARACTERS:
        raise QueryError("too_long", MOST_CHARACTERS, n=len(text), most=MOST_CHARACTERS)
    plain = text.translate(_QUOTES)
    if not plain.strip():
        raise QueryError("empty", 0)
    if (words := read_plain(plain)) is not None:
        if not is_stored:
            _refuse_too_large(words)
        return words
    _refuse_unbalanced(plain)
    tree = _parse(plain)
    reading = _Reading(plain, asker)
    node = reading.build(tree)
    reading.refuse_burst_among_others(node)
    if not is_stored:
        _refuse_too_large(node)
    barren = reading.barren(tree, denied=False)
    if barren is not None:
        raise _too_wide(node, barren)
    return node


def _parse(plain: str) -> Tree[Token]:
    """Lark's tree; its errors in our words."""
    try:
        return parser().parse(plain)
    except UnexpectedInput as error:
        raise _in_our_words(error, plain) from None


def _refuse_unbalanced(plain: str) -> None:
    """Raise QueryError for quotation marks and parentheses that do not close, or nest too deep."""
    opened: list[int] = []
    quote: int | None = None
    for place, sign in enumerate(plain):
        if sign == '"':
            quote = place if quote is None else None
        elif quote is None and sign == "(":
            opened.append(place)
            if len(opened) > DEEPEST:
                raise QueryError("too_deep", place, most=DEEPEST)
        elif quote is None and sign == ")":
            if not opened:
                raise QueryError("closes_nothing", place, plain[:place] + plain[place + 1 :])
            opened.pop()
    if quote is not None:
        mended = plain + '"' if plain[quote + 1 :].strip() else _without(plain, quote, 1)
        raise QueryError("open_quote", quote, mended)
    if opened:
        kept = plain.rstrip("(-– ")
        closing = ")" * sum(place < len(kept) for place in opened)
        raise QueryError("open_parenthesis", opened[-1], kept + closing or None)


def _in_our_words(error: UnexpectedInput, plain: str) -> QueryError:
    """What went wrong with operators: all that can go wrong once quotes and parentheses are balanced."""
    token = error.token if isinstance(error, UnexpectedToken) and error.token.type != "$END" else None
    start = len(plain) if token is None else token.start_pos or 0
    before = [earlier for earlier in parser().lex(plain) if (earlier.end_pos or 0) <= start]
    if before and before[-1].type in ("_OR", "_NOT", "_AND"):
        operator = before[-1]
        place = operator.start_pos or 0
        return QueryError("nothing_follows", place, _without(plain, place, len(operator)), word=quoted(operator))
    if token is None or token.type == "_CLOSE":
        return QueryError("empty_parentheses", before[-1].start_pos or 0 if before else 0)
    return QueryError("nothing_before", start, _without(plain, start, len(token)), word=quoted(token))


def _without(plain: str, start: int, length: int) -> str | None:
    """The query without one piece, None when nothing is left."""
    rest = " ".join(f"{plain[:start]} {plain[start + length :]}".split())
    return rest.replace("( ", "(").replace(" )", ")") or None


def _refuse_too_large(node: Node) -> None:
    """Raise QueryError when the query, written out as understood, is beyond the limits.

    Measured on what is written out, so that this text can always be parsed again.
    """
    words = sum(len(leaf.parts) if isinstance(leaf, Phrase) else isinstance(leaf, TermLeaf) for leaf in leaves(node))
    if words > MOST_WORDS:
        raise QueryError("too_many_words", 0, n=words, most=MOST_WORDS)
    written = write(node)
    if len(written) > MOST_CHARACTERS:
        raise QueryError("too_long_written", 0, n=len(written), most=MOST_CHARACTERS)
    if _depth(written) > DEEPEST:
        raise QueryError("too_deep_written", 0, most=DEEPEST)


def _depth(written: str) -> int:
    """How deep the parentheses of a text stand within each other; there are none in its quotes."""
    depth = deepest = 0
    for sign in written:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def _too_wide(node: Node, start: int) -> QueryError:
    """What to say of a query, or of one of its alternatives, that would match nearly everything."""
    return QueryError("too_wide_alternative" if start or len(list(leaves(node))) > 1 else "too_wide", start)


class _Reading:
    """One walk over Lark's tree."""

    def __init__(self, plain: str, asker: Asker) -> None:
        self._plain = plain
        self._asker = asker
        self._leaves: dict[int, Leaf] = {}

    def build(self, tree: Tree[Token]) -> Node:
        """Our tree of Lark's."""
        inner = [child for child in tree.children if isinstance(child, Tree)]
        match tree.data:
            case "either":
                return any_of(map(self.build, inner))
            case "both":
                return all_of(map(self.build, inner))
            case "denied":
                return negate(self.build(inner[0]))
            case "leaf":
                return self._leaf(tree)
            case _:
                return self.build(inner[0])

    def _leaf(self, tree: Tree[Token]) -> Leaf:
        """The leaf of one piece, read once."""
        (token,) = (child for child in tree.children if isinstance(child, Token))
        start = token.start_pos or 0
        if start not in self._leaves:
            self._leaves[start] = self._read_or_mend(token, start)
        return self._leaves[start]

    def _read_or_mend(self, token: Token, start: int) -> Leaf:
        """Read one piece; what a QueryError suggests for it becomes the whole query with that piece mended."""
        try:
            return self._read(token, start)
        except QueryError as error:
            if error.suggestion is not None:
                mended = self._plain[:start] + error.suggestion + self._plain[start + len(token) :]
                raise error.suggesting(mended) from None
            raise

    def _read(self, token: Token, start: int) -> Leaf:
        """Read one piece by its kind."""
        if token.type == "PHRASE":
            return read_phrase(token, start)
        if token.type == "FIELD" or (token.endswith(":") and is_field_name(token[:-1])):
            return read_field(token, start, self._asker)
        return read_term(token, start)

    def refuse_burst_among_others(self, node: Node) -> None:
        """Raise QueryError for a `burst:` that is not all there is: it asks for no posts."""
        if isinstance(node, Burst):
            return
        for start, leaf in self._leaves.items():
            if isinstance(leaf, Burst):
                raise QueryError("burst_alone", start, str(leaf), field="burst")

    def barren(self, tree: Tree[Token], *, denied: bool) -> int | None:
        """Where the first alternative begins that asks for nothing that narrows; None when all do (see `narrows`)."""
        inner = [child for child in tree.children if isinstance(child, Tree)]
        if tree.data == "leaf":
            is_narrow = not denied and narrows(self._leaf(tree))
            return None if is_narrow else tree.meta.start_pos
        found = [self.barren(child, denied=denied != (tree.data == "denied")) for child in inner]
        alternatives = "both" if denied else "either"
        if len(inner) > 1 and tree.data in ("either", "both") and tree.data != alternatives:
            return None if None in found else tree.meta.start_pos
        missing = [place for place in found if place is not None]
        if missing and tree.data == "denied":
            return tree.meta.start_pos
        return min(missing, default=None)
