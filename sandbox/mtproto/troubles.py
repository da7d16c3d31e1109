"""Troubles of calls that last until lifted: errors for a share of them, flood waits, flood limits, slowness."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.channels import Channel
from sandbox.mtproto.calls import spellings
from sandbox.mtproto.faults import Delay, NoAnswer, RpcFault
from sandbox.mtproto.lasting import Lasting
from sandbox.mtproto.state import BoxState

_NEVER_BY_DEFAULT = ("auth.", "help.getconfig")
"""Calls without which nobody could connect or sign in: they meet trouble only when they are named."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A call as troubles see it."""

    method: str
    user_id: int
    channel_ids: frozenset[int]


@dataclass(slots=True)
class _Rule:
    """What calls meet: those of these methods (all if none), about this channel, by this person, a share of them."""

    lasting: Lasting
    fault: Callable[[Meeting], object | None]
    methods: frozenset[str]
    channel_id: int | None = None
    user_id: int | None = None
    share: float = 1.0

    def concerns(self, call: Meeting) -> bool:
        """Whether this call may meet it."""
        if self.channel_id is not None and self.channel_id not in call.channel_ids:
            return False
        if self.user_id is not None and self.user_id != call.user_id:
            return False
        if self.methods:
            return not self.methods.isdisjoint(spellings(call.method))
        return not call.method.lower().startswith(_NEVER_BY_DEFAULT)


@dataclass(slots=True)
class _Bucket:
    """How many calls are free now, of at most so many, and since when."""

    tokens: float
    at: float


@dataclass(slots=True)
class _Limit:
    """A token bucket for each person and method."""

    per_second: float
    burst: float
    now: Callable[[], float]
    buckets: dict[tuple[int, str], _Bucket] = field(default_factory=dict)

    def meet(self, call: Meeting) -> RpcFault | None:
        """FLOOD_WAIT until the next call is free, if none is; a refused call costs nothing."""
        now = self.now()
        bucket = self.buckets.setdefault((call.user_id, call.method), _Bucket(self.burst, now))
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.per_second)
        bucket.at = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return None
        return flood_wait((1 - bucket.tokens) / self.per_second)


def flood_wait(seconds: float) -> RpcFault:
    """Telegram's refusal to be called again before so many seconds, in whole ones."""
    return RpcFault(420, f"FLOOD_WAIT_{max(1, math.ceil(seconds))}")


class Troubles:
    """Begins troubles; each lasts until lifted. `methods` are full names or last parts, all methods if none are given
    (but those of signing in and connecting). `channel`: only calls that name it. `user_id`: only that person's calls.
    """

    def __init__(self, box: BoxState) -> None:
        self._box = box
        self._rules: list[_Rule] = []

    def refuse(
        self,
        code: int,
        message: str,
        *methods: str,
        share: float = 1.0,
        channel: Channel | None = None,
        user_id: int | None = None,
    ) -> Lasting:
        """Answer a share of the calls with an error, e.g. `refuse(500, "RPC_CALL_FAIL", share=0.3)`."""
        fault = RpcFault(code, message)
        return self._begin(message, lambda _: fault, methods, share=share, channel=channel, user_id=user_id)

    def flood(
        self, seconds: float, *methods: str, channel: Channel | None = None, user_id: int | None = None
    ) -> Lasting:
        """FLOOD_WAIT, with the seconds that are left; it ends by itself when they have passed on the world's clock."""
        monotonic = self._box.world.clock.monotonic
        ends_at = monotonic() + seconds

        def meet(_call: Meeting) -> object | None:
            left = ends_at - monotonic()
            if left <= 0:
                lasting.lift()
                return None
            return flood_wait(left)

        lasting = self._begin(f"FLOOD_WAIT_{seconds:g}", meet, methods, channel=channel, user_id=user_id)
        return lasting

    def limit(self, method: str, *, per_second: float, burst: float = 1.0) -> Lasting:
        """Let each account call a method so often, else FLOOD_WAIT until it may again."""
        limit = _Limit(per_second, burst, self._box.world.clock.monotonic)
        return self._begin(f"limit of {method}", limit.meet, (method,))

    def slow(self, seconds: float, *methods: str, share: float = 1.0, channel: Channel | None = None) -> Lasting:
        """Serve a share of the calls only after so many real seconds."""
        delay = Delay(seconds)
        return self._begin("slow answers", lambda _: delay, methods, share=share, channel=channel)

    def ignore(self, *methods: str, share: float = 1.0, channel: Channel | None = None) -> Lasting:
        """Never answer a share of the calls."""
        silence = NoAnswer()
        return self._begin("no answers", lambda _: silence, methods, share=share, channel=channel)

    def meet(self, method: str, user_id: int, request: Any) -> object | None:
        """What this call meets: the first trouble that concerns it, None if there is none."""
        if not self._rules:
            return None
        call = Meeting(method, user_id, channels_named(request))
        for rule in list(self._rules):
            if rule.concerns(call) and self._box.rng.random() < rule.share:
                fault = rule.fault(call)
                if fault is not None:
                    rule.lasting.hits += 1
                    return fault
        return None

    def _begin(
        self,
        what: str,
        fault: Callable[[Meeting], object | None],
        methods: tuple[str, ...],
        *,
        share: float = 1.0,
        channel: Channel | None = None,
        user_id: int | None = None,
    ) -> Lasting:
        lasting = self._box.lasting.begin(what, lambda: self._rules.remove(rule))
        names = frozenset(method.lower() for method in methods)
        rule = _Rule(lasting, fault, names, channel.id if channel else None, user_id, share)
        self._rules.append(rule)
        return lasting


def channels_named(request: Any) -> frozenset[int]:
    """The ids of the channels that a request is about."""
    named = [getattr(request, "peer", None), getattr(request, "channel", None), *getattr(request, "peers", ())]
    if isinstance(listed := getattr(request, "id", None), list):
        named += listed
    peers = (getattr(each, "peer", each) for each in named)
    return frozenset(each.channel_id for each in peers if hasattr(each, "channel_id"))
