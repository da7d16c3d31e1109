"""Channels change: renamed, private, gone, back. Each is a state with a notice, and the others do not feel it."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from telethon import errors
from telethon.tl import functions, types

from ingest.asking import Asking, MethodClosed, ServerTrouble, UnreadableAnswer
from ingest.client import NoAnswer
from ingest.listener import Listener
from ingest.looking import Seen
from ingest.messages import username_of
from ingest.supervision import first_to_end
from ingest.waiting import until
from ingest.watched import Watched
from storage import channel_states
from storage.channel_states import Unreadable
from storage.database import Database, DatabaseAway
from storage.ids import AccountId, ChannelId
from storage.post_values import storable

log = structlog.get_logger()

SOONEST_AGAIN, LATEST_AGAIN = dt.timedelta(seconds=10), dt.timedelta(hours=1)
"""Between two looks at a channel that cannot be read: a tenth of the time that it has been so, within these bounds.
Most come back soon or never. Whoever comes back untold is found within a sweep's time (issue 4 heals in a sweep and
5 s), the pause between two rounds and a request that is lost included."""

FEWEST_SECONDS_BETWEEN_TRIES = 1.0


class ChannelStates:
    """Keeps the states of an account's channels.

    `refresh` tells the listener which are active, `rejoin` comes back into one that the account was thrown out of.
    """

    def __init__(
        self,
        database: Database,
        account_id: AccountId,
        asking: Asking,
        listener: Listener,
        refresh: Callable[[], Awaitable[None]],
        rejoin: Callable[[Watched], Awaitable[bool]],
    ) -> None:
        self._database = database
        self._account_id = account_id
        self._asking = asking
        self._listener = listener
        self._refresh = refresh
        self._rejoin = rejoin
        self._outside: dict[ChannelId, Watched] = {}
        self._is_outside = asyncio.Event()
        self._lost_since: dict[ChannelId, float] = {}
        self._tried_at: dict[ChannelId, float] = {}

    async def seen(self, watched: Sequence[Watched], seen: Seen) -> None:
        """Take in what a look brought: new names, and channels that Telegram does not show us any more."""
        for each in watched:
            entity = seen.entities.get(each.telegram_id)
            if isinstance(entity, types.Channel):
                await self._note_names(each, entity)
            if isinstance(entity, types.ChannelForbidden) or getattr(entity, "left", False):
                await self._lose(each, "kicked")
        for each, error in seen.refused:
            await self._lose(each, await self._reason(each, error) or "private")
        shown = {look.channel_id for look in seen.looks} | {each.id for each, _ in seen.refused}
        for each in watched:
            # Of a channel that we are no member of any more, Telegram may say nothing at all.
            if each.id not in shown and (reason := await self._reason(each)) is not None:
                await self._lose(each, reason)

    async def run(self) -> None:
        """Look whether a lost channel can be read again: at once, now and then, and when Telegram speaks of it.

        For ever.
        """
        await first_to_end(self._look_for_ever(), self._come_back_for_ever())

    async def _look_for_ever(self) -> None:
        elsewhere, heard_of = self._listener.doubts.elsewhere, self._listener.heard_of
        while True:
            try:
                await self.try_again()
            except (MethodClosed, NoAnswer, DatabaseAway) as error:
                log.warning("lost channels not tried", error=type(error).__name__)
            if await until(elsewhere, SOONEST_AGAIN.total_seconds() / 2):
                elsewhere.clear()
                while heard_of:
                    self._tried_at.pop(heard_of.pop(), None)
                await asyncio.sleep(FEWEST_SECONDS_BETWEEN_TRIES)

    async def _come_back_for_ever(self) -> None:
        """Joining has a slow pace, and looking at the other lost channels does not wait for it."""
        while True:
            await self._is_outside.wait()
            each = next(iter(self._outside.values()))
            try:
                if await self._rejoin(each):
                    await self._restore(each)
            except DatabaseAway as away:
                log.warning("channel not joined again", channel_id=each.id, reason=str(away))
            del self._outside[each.id]
            if not self._outside:
                self._is_outside.clear()

    async def try_again(self) -> None:
        """One look at every lost channel whose turn it is."""
        async with self._database.begin() as connection:
            lost = await channel_states.unreadable_channels(connection, self._account_id)
        watched = [Watched(channel, access_hash) for channel, access_hash in lost if channel.telegram_id]
        self._listener.lost = {each.telegram_id: each.id for each in watched}
        self._lost_since = {each.id: self._lost_since.get(each.id, time.monotonic()) for each in watched}
        for each in filter(self._is_due, watched):
            # One by one: among a hundred, one that refuses would hide the others.
            try:
                entity = await self._shown(each)
            except ServerTrouble:  # which may concern this one only: the others do not wait for it
                log.warning("lost channel not tried", channel_id=each.id)
                continue
            self._tried_at[each.id] = time.monotonic()  # not before: a question that got lost is no try
            if entity is None:
                continue
            if entity.left:  # whoever was only thrown out may come back to a public channel
                self._outside[each.id] = each
                self._is_outside.set()
            else:
                await self._restore(each)

    async def _shown(self, each: Watched) -> types.Channel | None:
        """What Telegram shows of a channel; None when it refuses, or what it shows cannot be read."""
        try:
            answer = await self._asking.ask(functions.channels.GetChannelsRequest([each.to_input()]))
        except (errors.BadRequestError, errors.ForbiddenError, UnreadableAnswer):
            return None
        entity = next(iter(answer.chats), None)
        return entity if isinstance(entity, types.Channel) else None

    def _is_due(self, each: Watched) -> bool:
        if each.id not in self._tried_at:
            return True
        now = time.monotonic()
        wait = (now - self._lost_since[each.id]) / 10
        wait = min(max(wait, SOONEST_AGAIN.total_seconds()), LATEST_AGAIN.total_seconds())
        return now - self._tried_at[each.id] >= wait

    async def _note_names(self, each: Watched, entity: Any) -> None:
        known = (each.channel.username, each.channel.title, each.channel.is_protected)
        if known == (username_of(entity), storable(entity.title), bool(entity.noforwards)):
            return
        async with self._database.begin() as connection:
            changed = await channel_states.note_names(
                connection,
                each.channel,
                username=username_of(entity),
                title=entity.title,
                is_protected=bool(entity.noforwards),
            )
        if changed:
            log.info("channel calls itself otherwise", channel_id=each.id)

    async def _reason(self, each: Watched, refused: errors.RPCError | None = None) -> Unreadable | None:
        """Why Telegram does not show a channel: asked once more, for the answer to one is clearer than to a hundred.

        None when it does show it, after all.
        """
        try:
            answer = await self._asking.ask(functions.channels.GetChannelsRequest([each.to_input()]))
        except (errors.BadRequestError, errors.ForbiddenError) as error:
            refused = error
        else:
            for chat in answer.chats:
                if isinstance(chat, types.ChannelForbidden) or getattr(chat, "left", False):
                    return "kicked"
        if refused is None:
            return None
        return "deleted" if isinstance(refused, errors.ChannelInvalidError) else "private"

    async def _lose(self, each: Watched, state: Unreadable) -> None:
        async with self._database.begin() as connection:
            changed = await channel_states.mark_unreadable(connection, each.id, state)
        if changed:
            log.warning("channel cannot be read any more", channel_id=each.id, state=state)
            self._listener.lost = {**self._listener.lost, each.telegram_id: each.id}
            await self._refresh()

    async def _restore(self, each: Watched) -> None:
        async with self._database.begin() as connection:
            changed = await channel_states.mark_readable(connection, each.id)
        if changed:
            log.info("channel can be read again", channel_id=each.id)
            await self._refresh()
            self._listener.doubts.raise_about(each.id, "restored")
