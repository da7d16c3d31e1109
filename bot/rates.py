"""How much the bot may say, how soon, to whom: the arithmetic of Telegram's rates, on any clock.

Figures: Telegram documents about 30 messages a second in all, one a second to a chat and 20 a minute to a group
(Bot API FAQ); issue 2 asks for 28, 1 and 18, so that a clock's jitter never crosses the line.
"""

from __future__ import annotations

from collections import deque

SECOND_SPACING = 1 / 28
"""Seconds between two messages at the even pace: 28 a second, and no two at once."""

SECOND_MESSAGES = 30
"""Messages in any SECOND_WITH_MARGIN: what Telegram allows in a second, so that lateness can be made good at all."""

SECOND_WITH_MARGIN = 1.06
"""Seconds. The way to Telegram is not always equally long: a message 60 ms late is that much nearer to those after it,
and one of 20,000 was by which a second of Telegram's had too many (benchmarks.delivery). At the even pace 30 take
1.071 s, and what lies between is how fast messages that are late may make good."""

CATCHING_UP = 1.0
"""Seconds by which messages may run behind their even pace and still make it good: a timer that is a millisecond late,
and a commit that waits for the disk, would otherwise cost 3 messages in a hundred and more. With a quarter of a second
it was 3 in a hundred on a busy machine still (benchmarks.delivery): it stands still for longer than that."""

CLOSEST = 0.02
"""Seconds between two messages while they make good."""

CHAT_SPACING = 1.0
"""Seconds between two messages to one chat."""

GROUP_MINUTE = 18
"""Messages to a group or channel in any 60 seconds, replies not counted: of Telegram's 20, two stay free for those."""

GROUP_MINUTE_WITH_REPLIES = 20
"""Messages to a group or channel in any MINUTE_WITH_MARGIN seconds, replies counted."""

GROUP_BURST = 6
"""Messages in a group's minute that may follow each other at CHAT_SPACING; the rest of the minute is spread evenly, so
that nobody waits for long behind a burst (a reply least of all)."""

MINUTE = 60.0

MINUTE_WITH_MARGIN = 61.0
"""What is counted up to Telegram's own figure must allow for the way there, which is not always equally long."""

EVERYBODY = 0
"""In place of a chat's number: the whole bot."""

FORGET_AFTER = 2 * MINUTE
"""Seconds after which a quiet chat's past decides nothing any more."""


class Rates:
    """When the next message may go, in seconds of a clock that the caller reads. Groups have negative chat numbers.

    Buckets start empty: nothing is known of what an earlier process sent, so the first minute of every group is
    taken as spent at the even rate. A private chat's second is shorter than a process takes to start.
    """

    def __init__(self, now: float) -> None:
        self._started_at = now
        self._next = now + SECOND_SPACING
        """When the next message is due at the even pace."""
        self._recent = deque(
            (now - step * SECOND_SPACING for step in range(SECOND_MESSAGES - 1, -1, -1)), maxlen=SECOND_MESSAGES
        )
        """When the last messages went, as many as may go in a second."""
        self._pasts: dict[int, deque[float]] = {}
        """When each chat was last spoken to, the newest at the right."""
        self._bans: dict[int, float] = {}
        self._warm: set[int] = set()
        """Chats that may be cooling: all others are known not to be."""
        self._swept_at = now

    def free_at(self, chat_id: int, *, is_reply: bool = False) -> float:
        """The first moment at which a message may go to this chat, all limits and bans considered."""
        return max(self.free_for_all_at(), self.chat_free_at(chat_id, is_reply=is_reply))

    def free_for_all_at(self) -> float:
        """The first moment at which any message may go at all."""
        paced = max(self._next, self._recent[-1] + CLOSEST, self._recent[0] + SECOND_WITH_MARGIN)
        return max(paced, self._bans.get(EVERYBODY, 0.0))

    def chat_free_at(self, chat_id: int, *, is_reply: bool = False) -> float:
        """The first moment that the chat's own limits and ban leave free."""
        banned_until = self._bans.get(chat_id, 0.0)
        past = self._pasts.get(chat_id)
        if past is None:
            return max(banned_until, self._started_at)
        return max(banned_until, _free_again_at(chat_id, past, is_reply=is_reply))

    def take(self, chat_id: int, now: float) -> None:
        """A message goes now."""
        self._next = max(self._next, now - CATCHING_UP) + SECOND_SPACING
        self._recent.append(now)
        past = self._pasts.get(chat_id)
        if past is None:
            past = self._pasts[chat_id] = self._unknown_past(chat_id, now)
        past.append(now)
        self._warm.add(chat_id)
        self._sweep(now)

    def went(self, chat_id: int, taken: float, now: float) -> None:
        """The message that took its place at `taken` goes only now: Telegram counts from now."""
        for times in (self._recent, self._pasts.get(chat_id)):
            if times is not None and taken in times:
                times.remove(taken)
                times.append(now)

    def ban(self, chat_id: int, until: float) -> None:
        """Nothing goes to this chat (or EVERYBODY) before `until`; a ban never shrinks."""
        self._bans[chat_id] = max(until, self._bans.get(chat_id, 0.0))
        self._warm.add(chat_id)

    def banned_until(self, chat_id: int) -> float:
        """When the bans that concern this chat end; 0 when there is none."""
        return max(self._bans.get(chat_id, 0.0), self._bans.get(EVERYBODY, 0.0))

    def may_be_flooded(self, chat_id: int, now: float) -> bool:
        """Whether this chat alone can be what a refused message was too much for.

        A chat that heard nothing else within the last minute cannot be flooded, and a ban of another chat at the same
        time is no coincidence.
        """
        earlier = list(self._pasts.get(chat_id, ()))[:-1]
        others = any(until > now for banned, until in self._bans.items() if banned not in (EVERYBODY, chat_id))
        return bool(earlier) and now - earlier[-1] <= MINUTE and not others

    def cooling(self, now: float) -> dict[int, float]:
        """Chats that may not be spoken to now for reasons of their own, and when they may again."""
        waiting = {chat_id: self.chat_free_at(chat_id) for chat_id in self._warm - {EVERYBODY}}
        waiting = {chat_id: free for chat_id, free in waiting.items() if free > now}
        self._warm = set(waiting)
        return waiting

    def _unknown_past(self, chat_id: int, now: float) -> deque[float]:
        if chat_id > 0:
            return deque(maxlen=2)
        # What may have been said before we started, at the even rate, as far as it still counts.
        times = (self._started_at - step * MINUTE / GROUP_MINUTE for step in range(GROUP_MINUTE - 1, 0, -1))
        return deque((moment for moment in times if now - moment < MINUTE), maxlen=GROUP_MINUTE_WITH_REPLIES)

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < MINUTE:
            return
        self._swept_at = now
        self._pasts = {chat: past for chat, past in self._pasts.items() if now - past[-1] < FORGET_AFTER}
        self._bans = {chat: until for chat, until in self._bans.items() if until > now}


def _free_again_at(chat_id: int, times: deque[float], *, is_reply: bool) -> float:
    last = times[-1]
    if chat_id > 0:
        return last + CHAT_SPACING
    full = times[0] + MINUTE_WITH_MARGIN if len(times) == GROUP_MINUTE_WITH_REPLIES else 0.0
    if is_reply:
        return max(last + CHAT_SPACING, full)
    recent = sum(moment > last + CHAT_SPACING - MINUTE for moment in times)
    spaced = last + (CHAT_SPACING if recent < GROUP_BURST else MINUTE / GROUP_MINUTE)
    return max(spaced, full, times[-GROUP_MINUTE] + MINUTE if len(times) >= GROUP_MINUTE else 0.0)
