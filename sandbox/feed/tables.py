"""Read one table of the feed's TOML files with clear errors: nothing unknown, nothing of the wrong type."""

from __future__ import annotations

from typing import Any, TypeVar

Value = TypeVar("Value", str, int, float)


class FeedError(ValueError):
    """The sample feed contradicts itself; the message says where and what to change."""


class Table:
    """One TOML table being read: every value is taken once, and what is left over is an error."""

    def __init__(self, where: str, values: object) -> None:
        self.where = where
        if not isinstance(values, dict):
            raise FeedError(f"{where}: a table is needed, not {values!r}")
        self._values: dict[str, Any] = dict(values)

    def error(self, reason: str) -> FeedError:
        """An error that names this table."""
        return FeedError(f"{self.where}: {reason}")

    def optional(self, name: str, kind: type[Value]) -> Value | None:
        """Take a value of that type, or None when it is absent; an int serves as a float."""
        value = self._values.pop(name, None)
        if kind is float and type(value) is int:
            return kind(value)
        if value is not None and type(value) is not kind:
            raise self.error(f"{name} must be of type {kind.__name__}, not {value!r}")
        return value

    def required(self, name: str, kind: type[Value]) -> Value:
        """Take a value of that type that must be there."""
        value = self.optional(name, kind)
        if value is None:
            raise self.error(f"{name} is missing")
        return value

    def text(self, name: str) -> str:
        """Take a text, without the line breaks that the file has around it; "" when it is absent."""
        return (self.optional(name, str) or "").strip()

    def strings(self, name: str) -> tuple[str, ...]:
        """Take a list of texts that must be there and not be empty."""
        values = self._values.pop(name, None)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            raise self.error(f"{name} must be a list of texts, not {values!r}")
        return tuple(values)

    def table(self, name: str) -> Table | None:
        """Take a table inside this one, or None when it is absent."""
        values = self._values.pop(name, None)
        return None if values is None else Table(f"{self.where}, {name}", values)

    def finish(self) -> None:
        """Refuse what nobody has taken: a misspelt key would otherwise be lost in silence."""
        if self._values:
            raise self.error(f"unknown: {', '.join(sorted(self._values))}")
