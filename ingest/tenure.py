"""An account's time with a process: from the lock on it to the moment when others may have it, and its channels."""

from __future__ import annotations

import asyncio
import datetime as dt
import time

import structlog

from ingest.reader import Reader, Shared
from ingest.supervision import AccountRefused, first_to_end
from storage import readers
from storage.database import DatabaseAway
from storage.holding import Hold

log = structlog.get_logger()

DRAIN_TIMEOUT = dt.timedelta(seconds=10)
"""A service manager waits about so long before it kills."""

PAUSE_SECONDS = 1.0


class Tenure:
    """A reader under its lock. `handover` is waited for before the first connection (see `ingest.readers.Sharing`)."""

    def __init__(self, shared: Shared, reader: Reader, hold: Hold, handover: dt.timedelta) -> None:
        self._shared = shared
        self._database = shared.database
        self._hold = hold
        self._handover = handover.total_seconds()
        self._stop = asyncio.Event()
        self._is_pipeline_alive = True
        self._has_waited = False
        self.reader = reader
        self.task = asyncio.create_task(self._run())
        """Raises what ended it, if that was neither `stop` nor the loss of the lock."""

    @property
    def has_waited(self) -> bool:
        """Whether the handover is over, and the account was used."""
        return self._has_waited

    @property
    def is_lost(self) -> bool:
        """Whether another process has the account now."""
        return self._hold.is_lost

    def stop(self, *, is_pipeline_alive: bool = True) -> None:
        """End it in good order; what was heard is committed, if somebody empties the pipeline."""
        self._is_pipeline_alive = is_pipeline_alive
        self._stop.set()

    async def _run(self) -> None:
        is_refused = False
        try:
            await first_to_end(self._stop.wait(), self._hold.until_lost(), self._read())
        except AccountRefused as refusal:
            is_refused = True
            await self._give_up(refusal)
            raise
        finally:
            try:
                await self._finish(is_ours=not is_refused and not self._hold.is_lost)
            finally:
                await self._hold.give_back()

    async def _read(self) -> None:
        await self._let_go()
        self._has_waited = True
        log.info("reading with account", account=self.reader.account.name, account_id=self.reader.account.id)
        await self.reader.run()

    async def _let_go(self) -> None:
        """Give whoever had the account the time to notice that it is ours, unless they said that they are done."""
        ends_at = time.monotonic() + self._handover
        while (left := ends_at - time.monotonic()) > 0:
            try:
                async with self._database.begin() as connection:
                    if not await readers.has_leases(connection, self.reader.account.id):
                        return
            except DatabaseAway:
                pass  # nobody has said that they are done, so the time is waited for
            await asyncio.sleep(min(left, self._handover / 10))

    async def _give_up(self, refusal: AccountRefused) -> None:
        """Telegram refuses the account: note why, let others have its channels, tell operators. Insists on it."""
        account = self.reader.account
        self.reader.leases.stop()
        log.error("telegram refuses the account", account=account.name, account_id=account.id, state=refusal.state)
        while not self._stop.is_set():
            try:
                async with self._database.begin() as connection:
                    await readers.lose_account(
                        connection,
                        account.id,
                        account.name,
                        state=refusal.state,
                        why=str(refusal),
                        reason=refusal.reason,
                    )
            except DatabaseAway as away:
                log.warning("loss of an account not noted yet", account_id=account.id, reason=str(away))
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    async def _finish(self, *, is_ours: bool) -> None:
        """Give on what is held, commit what waits, then store how far we have heard, and let others read the channels.

        Of an account that is not ours any more, or was not used yet, neither the session nor the leases are touched.
        """
        reader, account_id = self.reader, self.reader.account.id
        reader.listener.albums.drain()
        reader.leases.stop()
        try:
            if is_ours and self._has_waited and self._is_pipeline_alive:
                async with asyncio.timeout(DRAIN_TIMEOUT.total_seconds()):
                    await self._shared.pipeline.caught_up()
                    await reader.keep_session(reader.session.dumps())
                    async with self._database.begin() as connection:
                        await readers.release(connection, account_id)
        except TimeoutError:
            log.error("stopped before everything heard was committed", account_id=account_id)
        except DatabaseAway as away:
            log.error("session not stored at the end", account_id=account_id, reason=str(away))
        counts = reader.listener.counts
        log.info("account rests", account_id=account_id, dropped=counts.dropped, failed=counts.failed)
