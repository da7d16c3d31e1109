"""Troubles that last until they are lifted, beside the faults that are taken once (`world.faults`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self


class Lasting:
    """A trouble that has begun. `lift` ends it, and so does leaving `with`; a second time does nothing.

    `hits` counts what met it (calls, pushes, connections): a test that ends with 0 did not test what it says.
    """

    def __init__(self, what: str, on_lift: Callable[[Lasting], None]) -> None:
        self.what = what
        self.hits = 0
        self.is_lifted = False
        self._on_lift = on_lift

    def lift(self) -> None:
        """End the trouble."""
        if not self.is_lifted:
            self.is_lifted = True
            self._on_lift(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.lift()

    def __repr__(self) -> str:
        return f"Lasting({self.what}, hits={self.hits}, is_lifted={self.is_lifted})"


class LastingTroubles:
    """All that last now, in the order in which they began."""

    def __init__(self) -> None:
        self._active: list[Lasting] = []

    def begin(self, what: str, on_lift: Callable[[], object] = lambda: None) -> Lasting:
        """Begin a trouble; `on_lift` is called once, when it ends."""

        def end(lasting: Lasting) -> None:
            self._active.remove(lasting)
            on_lift()

        lasting = Lasting(what, end)
        self._active.append(lasting)
        return lasting

    def lift_all(self) -> None:
        """End them all, the latest first."""
        for lasting in self._active[::-1]:
            lasting.lift()

    @property
    def active(self) -> list[Lasting]:
        """What lasts now."""
        return list(self._active)
