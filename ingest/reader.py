"""One account that reads: one connection after the other, the listener, the reconciler, and what is joined."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

import structlog
from telethon.tl import functions, types

from config.settings import IngestSettings
from ingest.asking import Asking, Lanes, MethodClosed, ServerTrouble
from ingest.catching_up import CatchingUp
from ingest.channel_states import ChannelStates
from ingest.client import ClientError, NoAnswer, build_client, connect, disconnect
from ingest.clock import ServerClock
from ingest.differences import Differences
from ingest.fetching import Fetching
from ingest.filling import Filling
from ingest.joining import Joiner
from ingest.leases import Leases
from ingest.listener import utc_now
from ingest.pace import Pace
from ingest.pipeline import Pipeline
from ingest.reconciler import SWEEP_EVERY, Reconciler
from ingest.rereading import Rereading
from ingest.session_key import SessionKey
from ingest.sessions import read_session
from ingest.supervision import first_to_end, keep_alive, until_disconnected, watch_answers
from ingest.telethon_gaps import watch_gaps
from ingest.telethon_requests import leave_alone, outlive_unreadable_differences
from ingest.waking import watch_wakeups
from ingest.watched import Watched
from storage import accounts
from storage.accounts import Account
from storage.database import Database, DatabaseAway
from storage.flood_waits import flood_waits_of, note_flood_wait
from storage.ids import ChannelId

log = structlog.get_logger()

CHANNELS_MAX, CHANNELS_MAX_PREMIUM = 500, 1_000
"""Channels that a person may be in (core.telegram.org/api/config: channels_limit_default, channels_limit_premium)."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    """How the reconciler works. Tests make it fast, and their controls leave it out: then posts are lost."""

    every: dt.timedelta = SWEEP_EVERY
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Shared:
    """What all accounts of this process have in common."""

    database: Database
    settings: IngestSettings
    pipeline: Pipeline
    clock: ServerClock
    sweeping: Sweeping


class Reader:
    """An account that this process reads with. Its listener, leases and paces outlive clients."""

    def __init__(self, shared: Shared, account: Account, key: SessionKey, leases: Leases, pace: Pace) -> None:
        """Raises SessionKeyError where the stored session is not readable."""
        self._shared = shared
        self._floods: asyncio.Queue[tuple[str, dt.timedelta]] = asyncio.Queue()
        self._lanes = Lanes(on_flood=lambda method, wait: self._floods.put_nowait((method, wait)))
        self._asking: Asking | None = None
        self.account = account
        self.key = key
        self.session = read_session(account, key)
        self.leases = leases
        self.listener = leases.listener
        self._joiner = Joiner(shared.database, account.id, leases, pace=pace)

    async def run(self) -> None:
        """Read until cancelled. Raises AccountRefused, or ClientError where the settings do not fit the account."""
        await keep_alive(self._live, pass_on=(ClientError,))

    def wake(self) -> None:
        """Channels have been requested, removed or freed."""
        self.leases.wake()
        self._joiner.wake()

    def asking_for(self, channel_id: ChannelId) -> tuple[Asking, Watched] | None:
        """How to ask about a channel; None when this account does not read it, or is not connected."""
        watched = self.leases.held.get(channel_id)
        return (self._asking, watched) if self._asking is not None and watched is not None else None

    async def keep_session(self, plain: bytes) -> None:
        """Store how far the session (the bytes of `dumps`) has heard; one that was ended or removed stays so."""
        session = self.key.encrypt(plain)
        async with self._shared.database.begin() as connection:
            await accounts.keep_session(connection, self.account.id, session)
        self.account = replace(self.account, session=session)

    async def _live(self) -> None:
        """One connection, from its beginning to its end. Raises what ended it."""
        listener = self.listener
        client = build_client(self._shared.settings, self.session)
        await self.leases.refresh()  # before the first update can come
        await self._obey_flood_waits()
        leave_alone(client, self._lanes.closed)
        outlive_unreadable_differences(client)
        # Telethon discards what it holds of a channel whose access hash it does not know; our tables know it best.
        self.session.remember_channels((each.telegram_id, each.access_hash) for each in self.leases.held.values())
        listener.attach(client)
        watch_gaps(client, listener.doubt, self._shared.clock)
        try:
            await connect(client)
            asking = Asking(client, self._lanes)
            await self._greet(asking)
            await self._read_budget(asking)
            self._asking = asking
            await first_to_end(
                until_disconnected(client),
                self.leases.run(),
                self._joiner.run(client),
                self._note_flood_waits(),
                watch_answers(client),
                watch_wakeups(lambda: listener.doubt(None, "woke up")),
                *(self._reconciling(asking) if self._shared.sweeping.is_on else ()),
            )
        finally:
            self._asking = None
            # Ends the intake. Our handler never waits, so every update that Telethon counts as seen has been offered.
            await disconnect(client)

    async def _greet(self, asking: Asking) -> None:
        """The first request says exactly what stands against the account. To wait is nothing against it."""
        try:
            await asking.ask(functions.updates.GetStateRequest())
        except (MethodClosed, ServerTrouble) as error:
            log.warning("telegram says nothing of the account yet", error=type(error).__name__)
        log.info("connected to telegram", account_id=self.account.id)

    async def _obey_flood_waits(self) -> None:
        """What Telegram told this account before, perhaps in another process, holds still."""
        async with self._shared.database.begin() as connection:
            waits = await flood_waits_of(connection, self.account.id)
        for wait in waits:
            self._lanes.close(wait.method, wait.left)
            self._joiner.obey(wait.method, wait.left)

    async def _note_flood_waits(self) -> None:
        """Store what Telegram tells us to leave alone, for operators and for who reads after us."""
        while True:
            method, wait = await self._floods.get()
            try:
                async with self._shared.database.begin() as connection:
                    await note_flood_wait(connection, self.account.id, method, wait)
            except DatabaseAway as away:
                log.warning("flood wait not stored", account_id=self.account.id, reason=str(away))

    async def _read_budget(self, asking: Asking) -> None:
        """How many channels Telegram lets the account be in: Premium is bought, and ends."""
        try:
            [user] = await asking.ask(functions.users.GetUsersRequest([types.InputUserSelf()]))
        except (MethodClosed, NoAnswer) as error:
            log.warning("budget of channels not read", account_id=self.account.id, error=type(error).__name__)
            return
        async with self._shared.database.begin() as connection:
            most = CHANNELS_MAX_PREMIUM if user.premium else CHANNELS_MAX
            await accounts.set_channels_max(connection, self.account.id, most)

    def _reconciling(self, asking: Asking) -> tuple[Coroutine[Any, Any, None], ...]:
        """The proof that nothing is missed, beside the listener."""
        database, pipeline = self._shared.database, self._shared.pipeline
        account_id, listener = self.account.id, self.listener
        fetching = Fetching(asking, utc_now)
        states = ChannelStates(
            database,
            account_id,
            asking,
            listener,
            self.leases.refresh,
            lambda watched: self._joiner.rejoin(asking.client, watched),
        )

        def is_refused(channel_id: ChannelId) -> None:
            listener.doubts.raise_about(channel_id, "refused to be read")

        filling = Filling(database, fetching, pipeline, is_refused)
        reconciler = Reconciler(
            database,
            account_id,
            asking,
            listener.doubts,
            pipeline,
            filling=filling,
            catching_up=CatchingUp(
                database,
                fetching,
                Differences(asking, utc_now),
                pipeline,
                listener.pts,
                filling.fill,
                clock=utc_now,
            ),
            rereading=Rereading(database, account_id, fetching, pipeline, clock=utc_now),
            states=states,
            pts=listener.pts,
            sweep_every=self._shared.sweeping.every,
        )
        return reconciler.run(), states.run()
