"""The count at the end: what was owed against what the box's Bot API accepted."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cli.demonstration.broadcast import Broadcast, Owed
from sandbox.chat_records import Accepted


@dataclass(frozen=True, slots=True)
class Outcome:
    """Totals of one demo; latencies in milliseconds from publication in the box to acceptance by its Bot API.

    A person is owed one alert about each story that holds a post they asked for. `posts_told_again`: how many more such
    posts there were, which stand in those alerts instead of being sent.
    """

    posts_published: int
    posts_stored: int
    posts_told_again: int
    alerts_expected: int
    alerts_delivered: int
    alerts_lost: int
    alerts_unexpected: int
    duplicates: int
    latencies: list[float]

    @property
    def is_flawless(self) -> bool:
        """Everything stored, every alert delivered once, and nothing that nobody asked for."""
        return (
            self.posts_published == self.posts_stored
            and not self.alerts_lost
            and not self.duplicates
            and not self.alerts_unexpected
        )

    def to_json(self) -> str:
        """One JSON object on one line."""
        totals = {name: getattr(self, name) for name in self.__slots__ if name != "latencies"}
        return json.dumps({**totals, "latency_ms": {"p50": self._percentile(50), "p99": self._percentile(99)}})

    def _percentile(self, percent: int) -> float | None:
        if len(self.latencies) < 2:
            return None
        return round(statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1], 1)


def count(broadcast: Broadcast, posts_stored: int, stories: Mapping[str, int]) -> Outcome:
    """Compare what the broadcast owes with what was accepted; the visitor's own alerts are left out.

    `stories`: the number of the story of each stored post, by its link.
    """
    people = {user.id for user in broadcast.stage.people.values()}
    alerts = [item for item in broadcast.stage.world.chats.accepted if item.chat_id in people and is_alert(item)]
    asked_for = broadcast.owed_since
    expected = {(chat_id, stories.get(link, link)) for chat_id, link in asked_for}
    copies = Counter((chat_id, stories.get(link, link)) for chat_id, link in map(_owed, alerts))
    return Outcome(
        posts_published=broadcast.published,
        posts_stored=posts_stored,
        posts_told_again=len(asked_for) - len(expected),
        alerts_expected=len(expected),
        alerts_delivered=len(copies.keys() & expected),
        alerts_lost=len(expected - copies.keys()),
        alerts_unexpected=sum(_owed(item) not in asked_for for item in alerts),
        duplicates=sum(copies.values()) - len(copies),
        latencies=[(item.monotonic - asked_for[_owed(item)]) * 1000 for item in alerts if _owed(item) in asked_for],
    )


def is_alert(item: Accepted) -> bool:
    """Whether an accepted message is an alert: only alerts carry the button that says why."""
    rows = (item.reply_markup or {}).get("inline_keyboard", [])
    return any(str(button.get("callback_data", "")).startswith("w:") for row in rows for button in row)


def _owed(item: Accepted) -> Owed:
    link = next((entity["url"] for entity in item.entities if entity["type"] == "text_link"), "")
    return item.chat_id, link
