"""Channels are found and joined by the running ingest, one at a time and slowly: Telegram bans the hasty.

Those that somebody requested, and those whose reader is lost and that no other account is in.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from dataclasses import dataclass, replace
from typing import Any

import structlog
from telethon import TelegramClient, errors
from telethon.tl import functions, types

from config import metrics
from ingest.asking import UNREADABLE, method_name
from ingest.client import NoAnswer, call
from ingest.join_refusals import may_pass, refusal
from ingest.leases import Leases
from ingest.messages import username_of
from ingest.pace import Pace
from ingest.waiting import until
from ingest.watched import Watched
from storage import accounts, channels, readers
from storage.channels import Channel
from storage.completeness import begin_at
from storage.database import Database, DatabaseAway
from storage.flood_waits import note_flood_wait
from storage.ids import AccountId, ChannelId, TelegramChannelId
from storage.post_values import storable

log = structlog.get_logger()

BURST = 5
EVERY = dt.timedelta(seconds=30)
"""One resolve each 30 s is safe; abuse of contacts.resolveUsername earned bans of 24 h (Telethon#494). The first few of
a new installation may go at once."""

LOOK_EVERY = dt.timedelta(seconds=10)
"""Wake-ups are hints: we also look by ourselves, for channels that the account with most room leaves to us."""

REFUSED_FOR_SECONDS = 3600.0
"""So long an account does not try again to join a channel in another one's place that refused it."""

TROUBLED_FOR_SECONDS = 60.0
"""So long it does not try again to join a channel when Telegram could not answer: others have their turn first."""

JOINING = frozenset(("ResolveUsername", "JoinChannel"))
"""Requests that nothing else makes: a flood wait for one of them pauses joining."""


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
    pts: int | None = None
    """Its count of changes at that moment."""


class NoRoom(Exception):
    """Telegram lets this account join no more channels."""


class Joiner:
    """Joins what is an account's turn to join. Lives as long as the program; clients come and go."""

    def __init__(self, database: Database, account_id: AccountId, leases: Leases, *, pace: Pace | None = None) -> None:
        self._database = database
        self._account_id = account_id
        self._leases = leases
        self._pace = pace or Pace(BURST, EVERY)
        self._has_turn = False
        self._refused_until: dict[ChannelId, float] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A channel was requested, or has lost its reader."""
        self._woken.set()

    def obey(self, method: str, wait: dt.timedelta) -> None:
        """Telegram told this account before to leave a method alone; those of joining have one pace."""
        if method in JOINING:
            self._pace.close_for(wait)

    async def run(self, client: TelegramClient) -> None:
        """Look at once, at every wake-up and now and then; for ever.

        Raises telethon.errors.RPCError (the account itself is refused) or OSError (the connection).
        """
        while True:
            self._woken.clear()
            try:
                await self.join_wanted(client)
            except DatabaseAway as away:
                log.warning("no channel joined", account_id=self._account_id, reason=str(away))
            await until(self._woken, LOOK_EVERY.total_seconds())

    async def join_wanted(self, client: TelegramClient) -> None:
        """Join, at the pace, whatever it is this account's turn to join; what is refused is stored with the reason."""
        while await self._is_wanted():
            if not self._has_turn:
                await self._pace.wait()
                self._has_turn = True
            async with self._database.begin() as connection:
                channel = await readers.take_to_join(connection, self._account_id, self._refused())
            if channel is None:
                return  # another account was faster: our turn at the pace is kept for the next one
            self._has_turn = False
            try:
                await self._settle(client, channel)
            except errors.FloodWaitError as error:
                await self._pause(error)
                await self._give_back(channel.id)
            except (NoAnswer, errors.RPCError, *UNREADABLE) as error:
                if not may_pass(error):
                    raise
                # A connection that is dead is found by the sweep and the canary.
                log.warning("channel not joined yet", channel_id=channel.id, error=type(error).__name__)
                self._refused_until[channel.id] = time.monotonic() + TROUBLED_FOR_SECONDS
                await self._give_back(channel.id)
            finally:
                self._leases.expect_no_more()

    async def rejoin(self, client: TelegramClient, watched: Watched) -> bool:
        """Come back into a channel that the account was thrown out of, at the pace of all joining. Whether it is in.

        Raises telethon.errors.RPCError (the account itself is refused), OSError or DatabaseAway.
        """
        await self._pace.wait()
        try:
            await call(client, functions.channels.JoinChannelRequest(watched.to_input()))
        except errors.FloodWaitError as error:
            await self._pause(error)
            return False
        except (errors.BadRequestError, errors.ForbiddenError):
            return False
        except (NoAnswer, errors.RPCError, *UNREADABLE) as error:
            if not may_pass(error):
                raise
            return False
        return True

    async def _pause(self, error: errors.FloodWaitError) -> None:
        log.warning("joining is paused by Telegram", account_id=self._account_id, seconds=error.seconds)
        method, wait = method_name(type(error.request)), dt.timedelta(seconds=error.seconds + 1)
        self._pace.close_for(wait)
        metrics.note_flood_wait(method, wait)
        async with self._database.begin() as connection:
            await note_flood_wait(connection, self._account_id, method, wait)

    async def _is_wanted(self) -> bool:
        async with self._database.begin() as connection:
            if await readers.is_wanted(connection, self._account_id, self._refused()):
                return True
            await readers.explain_unread(connection)
        return False

    def _refused(self) -> list[ChannelId]:
        now = time.monotonic()
        return [channel_id for channel_id, until in self._refused_until.items() if until > now]

    async def _settle(self, client: TelegramClient, channel: Channel) -> None:
        try:
            joined = await self._join(client, channel)
        except Refused as refused:
            await self._refuse(channel, str(refused))
            return
        except NoRoom:
            log.warning("account may join no more channels", account_id=self._account_id)
            async with self._database.begin() as connection:
                await accounts.fill_up(connection, self._account_id)
            await self._give_back(channel.id)
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
            await begin_at(connection, channel_id, joined.newest, joined.pts)
            # It may be known under another name already, and read by another account.
            if await readers.is_reader(connection, self._account_id, channel_id):
                # before the commit: whoever sees the channel active may rely on it being heard
                self._leases.expect(joined.telegram_id, channel_id)
        log.info("channel joined", channel_id=channel_id, telegram_id=joined.telegram_id, account_id=self._account_id)
        await self._leases.refresh()

    async def _refuse(self, channel: Channel, why: str) -> None:
        """A request ends; a channel that another account could read waits for one that can."""
        self._leases.expect_no_more()  # nothing of it is heard any more
        log.warning("channel refused", channel_id=channel.id, account_id=self._account_id, reason=why)
        if channel.state == "active":
            self._refused_until[channel.id] = time.monotonic() + REFUSED_FOR_SECONDS
            await self._give_back(channel.id, why)
            return
        async with self._database.begin() as connection:
            await channels.refuse_channel(connection, channel.id, why)

    async def _give_back(self, channel_id: ChannelId, why: str | None = None) -> None:
        async with self._database.begin() as connection:
            await readers.give_back(connection, self._account_id, channel_id, why)

    async def _join(self, client: TelegramClient, wanted: Channel) -> Joined:
        """Find and join a channel. Raises Refused, NoRoom, and whatever stands against the account or connection."""
        try:
            found = await self._find(client, wanted.username or "")
            if wanted.state == "active" and found.telegram_id != wanted.telegram_id:
                raise Refused("its username belongs to another channel now.")
            found = await self._begin_of(client, found)
            # Telegram pushes from the moment we are in, and may be faster than its answer
            self._leases.expect(found.telegram_id, wanted.id)
            await call(
                client, functions.channels.JoinChannelRequest(types.InputChannel(found.telegram_id, found.access_hash))
            )
        except (errors.ChannelsTooMuchError, errors.UserChannelsTooMuchError):
            raise NoRoom from None
        except errors.RPCError as error:
            if (why := refusal(error)) is None:
                raise
            raise Refused(why) from None
        return found

    async def _begin_of(self, client: TelegramClient, found: Joined) -> Joined:
        """Where monitoring begins: a public channel shows its newest message and its count of changes to everybody."""
        peer = types.InputPeerChannel(found.telegram_id, found.access_hash)
        page = await call(client, functions.messages.GetHistoryRequest(peer, 0, None, 0, 1, 0, 0, 0))
        newest = max((message.id for message in page.messages), default=0)
        return replace(found, newest=newest, pts=getattr(page, "pts", None))

    async def _find(self, client: TelegramClient, username: str) -> Joined:
        answer = await call(client, functions.contacts.ResolveUsernameRequest(username))
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
