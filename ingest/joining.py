"""Requested channels are found and joined by the running ingest, one at a time and slowly: Telegram bans the hasty."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import structlog
from telethon import TelegramClient, errors
from telethon.tl import functions, types

from ingest.client import call
from ingest.listener import Listener
from ingest.messages import username_of
from ingest.pace import Pace
from storage import channels
from storage.channels import Channel
from storage.completeness import begin_at
from storage.database import Database
from storage.ids import AccountId, ChannelId, TelegramChannelId
from storage.post_values import storable

log = structlog.get_logger()

BURST = 5
EVERY = dt.timedelta(seconds=30)
"""One resolve each 30 s is safe; abuse of contacts.resolveUsername earned bans of 24 h (Telethon#494). The first few of
a new installation may go at once."""

LOOK_EVERY = dt.timedelta(seconds=60)
"""Wake-ups are hints: we also look by ourselves."""


class Refused(Exception):
    """A requested channel cannot be read, ever; the message is the sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A channel that the account is a member of now."""

    telegram_id: TelegramChannelId
    access_hash: int
    username: str | None
    title: str
    is_protected: bool
    newest: int = 0
    """The id of its newest message before we joined: monitoring begins behind it."""


class Joiner:
    """Joins what is requested, and keeps the listener's map of channels current. One object a life of the client."""

    def __init__(
        self,
        database: Database,
        client: TelegramClient,
        account_id: AccountId,
        listener: Listener,
        *,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._client = client
        self._account_id = account_id
        self._listener = listener
        self._pace = pace or Pace(BURST, EVERY)
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Look at once, at every wake-up and every minute; for ever.

        Raises telethon.errors.RPCError (the account itself is refused), NoAnswer or OSError (the connection).
        """
        hearing = asyncio.create_task(self._hear())
        try:
            await self._work()
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def refresh(self) -> None:
        """Tell the listener which channels are active now."""
        async with self._database.begin() as connection:
            active = await channels.active_channels(connection, self._account_id)
        self._listener.watch({channel.telegram_id: channel.id for channel, _ in active if channel.telegram_id})

    async def join_requested(self) -> None:
        """Join every channel that is requested now, at the pace; what is refused is stored with the reason."""
        while True:
            async with self._database.begin() as connection:
                requested = await channels.requested_channels(connection)
            if not requested:
                return
            await self._pace.wait()
            try:
                await self._settle_request(requested[0])
            except errors.FloodWaitError as error:
                log.warning("joining is paused by Telegram", seconds=error.seconds)
                self._pace.close_for(dt.timedelta(seconds=error.seconds + 1))

    async def _hear(self) -> None:
        async for _ in self._database.wakeups("channels"):
            self._woken.set()

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            await self.refresh()
            await self.join_requested()
            try:
                async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _settle_request(self, channel: Channel) -> None:
        try:
            joined = await self._join(channel)
        except Refused as refusal:
            await self._refuse(channel.id, str(refusal))
            return
        async with self._database.begin() as connection:
            channel_id = await channels.activate_channel(
                connection,
                channel.id,
                account_id=self._account_id,
                telegram_id=joined.telegram_id,
                access_hash=joined.access_hash,
                username=joined.username,
                title=joined.title,
                is_protected=joined.is_protected,
            )
            await begin_at(connection, channel_id, joined.newest)
            # before the commit: whoever sees the channel active may rely on it being heard
            self._listener.watch_also(joined.telegram_id, channel_id)
        log.info("channel joined", channel_id=channel_id, telegram_id=joined.telegram_id)

    async def _refuse(self, channel_id: ChannelId, why: str) -> None:
        await self.refresh()  # nothing of it is heard any more
        async with self._database.begin() as connection:
            await channels.refuse_channel(connection, channel_id, why)
        log.warning("channel refused", channel_id=channel_id, reason=why)

    async def _join(self, requested: Channel) -> Joined:
        """Find and join a channel. Raises Refused, and whatever stands against the account or the connection."""
        try:
            found = await self._find(requested.username or "")
            found = replace(found, newest=await self._newest_of(found))
            # Telegram pushes from the moment we are in, and may be faster than its answer
            self._listener.watch_also(found.telegram_id, requested.id)
            await call(
                self._client,
                functions.channels.JoinChannelRequest(types.InputChannel(found.telegram_id, found.access_hash)),
            )
        except errors.RPCError as error:
            if (why := _refusal(error)) is None:
                raise
            raise Refused(why) from None
        return found

    async def _newest_of(self, found: Joined) -> int:
        """The newest message of a channel, which a public one shows to everybody."""
        peer = types.InputPeerChannel(found.telegram_id, found.access_hash)
        page = await call(self._client, functions.messages.GetHistoryRequest(peer, 0, None, 0, 1, 0, 0, 0))
        return max((message.id for message in page.messages), default=0)

    async def _find(self, username: str) -> Joined:
        answer = await call(self._client, functions.contacts.ResolveUsernameRequest(username))
        number = answer.peer.channel_id if isinstance(answer.peer, types.PeerChannel) else None
        entity = next((chat for chat in answer.chats if chat.id == number), None)
        if isinstance(entity, types.ChannelForbidden):
            raise Refused("The account has no access to this channel: it is private, or the account is banned there.")
        if not isinstance(entity, types.Channel):
            raise Refused(f"@{username} is a person or a bot, not a channel.")
        if entity.megagroup or entity.gigagroup:
            raise Refused(f"@{username} is a group; only channels are watched.")
        return _joined(entity, username)


def _joined(entity: Any, asked: str) -> Joined:
    return Joined(
        telegram_id=TelegramChannelId(entity.id),
        access_hash=entity.access_hash,
        username=username_of(entity) or asked,
        title=storable(entity.title),
        is_protected=bool(entity.noforwards),
    )


_REFUSALS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (errors.UsernameNotOccupiedError, errors.UsernameInvalidError),
        "There is no channel of this name: check the spelling, or whether it was renamed.",
    ),
    (
        (errors.ChannelPrivateError, errors.ChannelInvalidError, errors.ChannelPublicGroupNaError),
        "The account has no access to this channel: it is private, or the account is banned there.",
    ),
    (
        (errors.ChannelsTooMuchError, errors.UserChannelsTooMuchError),
        "The account is a member of too many channels (500, or 1,000 with Premium): leave some, then add it again.",
    ),
    ((errors.InviteRequestSentError,), "The channel lets in only whom it has approved: the request to join is sent."),
)


def _refusal(error: errors.RPCError) -> str | None:
    """Why this one channel cannot be read; None when the error is not about the channel."""
    for kinds, sentence in _REFUSALS:
        if isinstance(error, kinds):
            return sentence
    # other 400s are about what was asked for, the rest (401, 406, 420, 5xx) about the account or the server
    is_about_channel = isinstance(error, errors.BadRequestError | errors.ForbiddenError)
    return f"Telegram refuses the channel ({type(error).__name__})." if is_about_channel else None
