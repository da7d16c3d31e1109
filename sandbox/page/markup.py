"""HTML that cannot be broken by what people wrote: everything is escaped unless it was made here. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterable

_VOID = frozenset({"br", "img", "input", "link", "meta"})


class Markup(str):
    """HTML that is safe as it stands; any other text is escaped when it becomes part of one."""

    __slots__ = ()


def safe(inner: object) -> Markup:
    """Text escaped, markup as it is, lists joined, nothing for None."""
    if inner is None:
        return Markup()
    if isinstance(inner, Markup):
        return inner
    if isinstance(inner, str):
        return Markup(html.escape(inner))
    if isinstance(inner, Iterable):
        return Markup("".join(map(safe, inner)))
    return Markup(html.escape(str(inner)))


def element(tag: str, /, *inner: object, **attributes: str | int | bool | None) -> Markup:
    """One element. Attributes: `class_` is class, `_` becomes `-`, True stands bare, None and False are left out."""
    written = "".join(map(_attribute, attributes.items()))
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{safe(inner)}</{tag}>")


def _attribute(pair: tuple[str, str | int | bool | None]) -> str:
    name, value = pair[0].rstrip("_").replace("_", "-"), pair[1]
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
