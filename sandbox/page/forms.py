"""Forms of the page: each says who does it, and where. Pure."""

from __future__ import annotations

from sandbox.page.markup import Markup, element
from sandbox.page.visitors import View


def form(view: View, action: str, *inner: object, class_: str | None = None, id_: str | None = None) -> Markup:
    """A form that is sent as the person on the screen, in the chat that is open."""
    fields = hidden(**{name: str(value) for name, value in view.fields().items()})
    return element("form", fields, *inner, method="post", action=action, class_=class_, id=id_)


def hidden(**values: str | int) -> list[Markup]:
    """Fields that nobody sees."""
    return [element("input", type="hidden", name=name, value=value) for name, value in values.items()]


def field(label: str, name: str, **attributes: str | int | bool | None) -> Markup:
    """A line to write in, under its label."""
    return element("label", label, element("input", name=name, **attributes))
