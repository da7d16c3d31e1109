"""Which changes of a channel we have been told of: Telegram counts them, and what it counts beyond ours was missed."""

from __future__ import annotations

from collections import defaultdict

from storage.ids import ChannelId

MOST_AHEAD = 1_000
"""Changes that are remembered behind a gap, a channel; more than that, and the gap is for the reconciler anyway."""


class PtsCount:
    """How far the changes of each channel are known without a gap.

    An update moves a channel's pts by `count` to `pts` (MTProto documentation, "Working with updates"). One that was
    dropped leaves a gap here, even though later ones arrive: that is how a missed edit or deletion is noticed.
    """

    def __init__(self) -> None:
        self._known: dict[ChannelId, int] = {}
        self._ahead: dict[ChannelId, dict[int, int]] = defaultdict(dict)

    def applied(self, channel_id: ChannelId, pts: int, count: int) -> None:
        """An update has been heard. Those of a difference have no numbers (0): the next look settles them."""
        if pts <= 0 or channel_id not in self._known:
            return
        ahead = self._ahead[channel_id]
        if len(ahead) < MOST_AHEAD:
            ahead[pts - count] = pts
        self._close_up(channel_id)

    def lose(self, channel_id: ChannelId) -> None:
        """Something that was heard of was dropped: the next look finds the channel behind."""
        self._known.pop(channel_id, None)
        self._ahead.pop(channel_id, None)

    def known(self, channel_id: ChannelId) -> int | None:
        """Up to which count everything has been heard of; None before the first look."""
        return self._known.get(channel_id)

    def is_behind(self, channel_id: ChannelId, told: int) -> bool:
        """Whether Telegram counts changes that we have not heard of."""
        return self._known.get(channel_id, -1) < told

    def settle(self, channel_id: ChannelId, told: int) -> None:
        """Everything up to this count is known now, or being read."""
        self._known[channel_id] = max(told, self._known.get(channel_id, told))
        self._close_up(channel_id)

    def _close_up(self, channel_id: ChannelId) -> None:
        known, ahead = self._known[channel_id], self._ahead[channel_id]
        while ahead and (start := min(ahead)) <= known:
            known = max(known, ahead.pop(start))
        self._known[channel_id] = known
