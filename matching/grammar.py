"""The grammar of the query language: how pieces combine. What a piece means is `matching.pieces`' and
`field_values`' job."""

from __future__ import annotations

import functools

from lark import Lark

GRAMMAR = r"""
start: either
either: both (_OR both)*
both: _part (_AND? _part)*
_part: denied | enclosed | leaf
denied: _NOT _part
enclosed: _OPEN either _CLOSE
leaf: PHRASE | FIELD | TERM

_OPEN: "("
_CLOSE: ")"
_OR.3: /\|{1,2}|(?:OR|ИЛИ|АБО)(?![^\s()"|])/
_AND.3: /AND(?![^\s()"|])/
_NOT.3: /[-−–](?=[^\s)|])|(?:NOT|НЕ)(?![^\s()"|])/
FIELD.2: /[^\W\d_]+:(?:"[^"]*"|[^\s()"|]+)/
PHRASE: /"[^"]*"/
TERM: /[^\s()"|]+/

%ignore /\s+/
"""
"""`a b` binds tighter than OR; a minus belongs to the piece it touches; operators are words in capitals (design)."""


@functools.cache
def parser() -> Lark:
    """The parser, built when first needed (some 40 ms). Its trees and tokens know their positions."""
    return Lark(GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False)
