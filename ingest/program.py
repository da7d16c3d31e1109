"""The program that reads channels: one account, one connection at a time, every post through the pipeline."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from telethon import TelegramClient
from telethon.tl import functions

from config.settings import IngestSettings
from ingest import jobs
from ingest.albums import HOLD, MOST_PARTS
from ingest.asking import Asking, Lanes
from ingest.channel_states import ChannelStates
from ingest.client import ClientError, build_client, call, connect, disconnect
from ingest.fetching import Fetching
from ingest.filling import Filling
from ingest.joining import BURST, EVERY, Joiner
from ingest.listener import Listener, utc_now
from ingest.pace import Pace
from ingest.pipeline import Pipeline
from ingest.reconciler import SWEEP_EVERY, Reconciler
from ingest.rereading import Rereading
from ingest.session_key import SessionKey, SessionKeyError
from ingest.sessions import ACCOUNT, StoredSession, read_session, save_session
from ingest.supervision import AccountRefused, first_to_end, keep_alive, until_disconnected, watch_answers
from ingest.telethon_gaps import watch_gaps
from ingest.waking import watch_wakeups
from storage.accounts import Account, load_account, mark_revoked
from storage.database import AlreadyRunning, Database
from storage.ids import ChannelId

log = structlog.get_logger()

DRAIN_TIMEOUT = dt.timedelta(seconds=10)
"""A service manager waits about so long before it kills."""

LONGEST_ALBUM = HOLD * MOST_PARTS
"""An album is held no longer than this."""


class IngestError(Exception):
    """Channels cannot be read (any more); the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    """How the reconciler works. Tests make it fast, and their controls leave it out: then posts are lost."""

    every: dt.timedelta = SWEEP_EVERY
    is_on: bool = True


async def run_ingest(
    database: Database,
    settings: IngestSettings,
    *,
    stop: asyncio.Event,
    pace: Pace | None = None,
    sweeping: Sweeping = Sweeping(),
) -> None:
    """Read channels until `stop` is set, then commit what was heard and return.

    `pace` limits how fast channels are joined; it outlives connections. Raises IngestError when there is nothing to
    read with: nobody signed in, settings or key wrong, another process at it, or Telegram refuses the account.
    """
    if (missing := settings.missing()) is not None:
        raise IngestError(missing)
    try:
        async with database.only_one(f"account {ACCOUNT}"):
            ingest = await Ingest.open(database, settings, pace or Pace(BURST, EVERY), sweeping)
            await ingest.run(stop)
    except AlreadyRunning:
        raise IngestError(
            "Another process already uses the account on this database: wait until it ends, or stop it."
        ) from None
    except (SessionKeyError, ClientError) as error:
        raise IngestError(str(error)) from None


class Ingest:
    """The parts of the running program. The pipeline and the listener live as long as it; clients come and go."""

    def __init__(
        self,
        database: Database,
        settings: IngestSettings,
        key: SessionKey,
        account: Account,
        session: StoredSession,
        pace: Pace,
        sweeping: Sweeping = Sweeping(),
    ) -> None:
        self._database = database
        self._settings = settings
        self._key = key
        self._account = account
        self._session = session
        self._pace = pace
        self._is_refused = False
        self._lanes = Lanes()
        self._sweeping = sweeping
        self.pipeline = Pipeline(database)
        self.listener = Listener(self.pipeline)

    @classmethod
    async def open(
        cls, database: Database, settings: IngestSettings, pace: Pace, sweeping: Sweeping = Sweeping()
    ) -> Ingest:
        """With the stored account. Raises IngestError or SessionKeyError."""
        async with database.begin() as connection:
            account = await load_account(connection, ACCOUNT)
        if account is None:
            raise IngestError("Nobody is signed in to Telegram: run `channelwatch login` first.")
        if account.state != "ready":
            raise IngestError("Telegram has ended the stored session: run `channelwatch login` again.")
        key = SessionKey.read(settings.session_key_path)
        return cls(database, settings, key, account, read_session(account, key), pace, sweeping)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises IngestError or ClientError."""
        await jobs.load_lemmas(self._settings.home)
        committing = asyncio.create_task(self.pipeline.run())
        scheduler = jobs.make_scheduler(
            self._settings.home,
            retry_failed=self.pipeline.retry_failed,
            save_session=self._save_session_in_step,
            stages=self.pipeline.stages,
        )
        scheduler.start()
        try:
            await first_to_end(_set(stop), _ended(committing), keep_alive(self._live, pass_on=(ClientError,)))
        except AccountRefused as refusal:
            self._is_refused = refusal.is_ended
            if refusal.is_ended:
                async with self._database.begin() as connection:
                    await mark_revoked(connection, self._account.id)
            raise IngestError(str(refusal)) from refusal
        finally:
            scheduler.shutdown(wait=False)
            await self._finish(committing)

    async def _live(self) -> None:
        """One connection, from its beginning to its end. Raises what ended it."""
        client = build_client(self._settings, self._session)
        joiner = Joiner(self._database, client, self._account.id, self.listener, pace=self._pace)
        await joiner.refresh()  # before the first update can come
        self.listener.attach(client)
        watch_gaps(client, self.listener.doubt)
        try:
            await connect(client)
            await call(client, functions.updates.GetStateRequest())  # says exactly what stands against the account
            log.info("connected to telegram", account_id=self._account.id)
            await first_to_end(
                until_disconnected(client),
                joiner.run(),
                watch_answers(client),
                watch_wakeups(lambda: self.listener.doubt(None, "woke up")),
                *(self._reconciling(client, joiner) if self._sweeping.is_on else ()),
            )
        finally:
            # Ends the intake. Our handler never waits, so every update that Telethon counts as seen has been offered.
            await disconnect(client)

    def _reconciling(self, client: TelegramClient, joiner: Joiner) -> tuple[Coroutine[Any, Any, None], ...]:
        """The proof that nothing is missed, beside the listener."""
        database, account_id, listener = self._database, self._account.id, self.listener
        asking = Asking(client, self._lanes)
        fetching = Fetching(asking, utc_now)
        states = ChannelStates(database, account_id, asking, listener.doubts, joiner.refresh)

        def is_refused(channel_id: ChannelId) -> None:
            listener.doubts.raise_about(channel_id, "refused to be read")

        reconciler = Reconciler(
            database,
            account_id,
            asking,
            listener.doubts,
            self.pipeline,
            filling=Filling(database, fetching, self.pipeline, is_refused),
            rereading=Rereading(database, account_id, fetching, self.pipeline, listener.pts.settle, clock=utc_now),
            states=states,
            pts=listener.pts,
            sweep_every=self._sweeping.every,
        )
        return reconciler.run(), states.run()

    async def _save_session_in_step(self) -> None:
        """Store the session as it is now, once all that its update states count as seen is committed."""
        plain = self._session.dumps()
        await asyncio.sleep(LONGEST_ALBUM.total_seconds())
        await self.pipeline.settle()
        await self._write(plain)

    async def _finish(self, committing: asyncio.Task[None]) -> None:
        """Give on what is held, commit what waits, then store how far we have heard."""
        self.listener.albums.drain()
        try:
            if not committing.done():
                async with asyncio.timeout(DRAIN_TIMEOUT.total_seconds()):
                    await self.pipeline.settle()
                    await self._write(self._session.dumps())
        except TimeoutError:
            log.error("stopped before everything heard was committed")
        finally:
            committing.cancel()
            await asyncio.gather(committing, return_exceptions=True)
        await jobs.save_lemmas(self._settings.home)
        log.info("ingest stopped", dropped=self.listener.counts.dropped, failed=self.listener.counts.failed)

    async def _write(self, plain: bytes) -> None:
        if not self._is_refused:  # an ended session stays marked as ended
            await save_session(self._database, self._key, plain, self._session.own_id)


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for a task that should not end; its error becomes ours."""
    await asyncio.shield(task)
