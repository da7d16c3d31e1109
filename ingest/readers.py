"""The accounts that this process reads with: every ready one whose lock it can get, and who is taken over from others.

Several processes on one database share the accounts by locks, and the accounts share the channels by leases. Telegram
ends a session that is used from two places at once (AUTH_KEY_DUPLICATED), so an account that another process had in
hand is not touched before that process has surely let go.
"""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import time
from dataclasses import dataclass

import structlog

from ingest.asking import Asking
from ingest.client import ClientError
from ingest.leases import LEASE, RENEW_EVERY, Leases
from ingest.listener import Listener
from ingest.pace import Pace
from ingest.reader import Reader, Shared
from ingest.session_key import SessionKey, SessionKeyError
from ingest.supervision import AccountRefused, first_to_end
from ingest.tenure import Tenure
from ingest.watched import Watched
from storage.accounts import Account, list_accounts, load_account, lock_of
from storage.database import AlreadyRunning, DatabaseAway
from storage.holding import Hold, held_jobs
from storage.ids import AccountId, ChannelId

log = structlog.get_logger()


class IngestError(Exception):
    """Channels cannot be read (any more); the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How accounts and channels are shared between processes. Tests make it fast."""

    look_every: dt.timedelta = dt.timedelta(seconds=3)
    handover: dt.timedelta = dt.timedelta(seconds=20)
    """Between getting the lock of an account that another process had, and using it: longer than that process tries to
    have a lost lock back (`storage.holding.RETAKE_SECONDS`) and ends its connection. Nothing of it is waited when the
    other process has ended in good order. With looks and a connection it stays below 30 s (fault matrix, row 24)."""
    lease: dt.timedelta = LEASE
    renew_every: dt.timedelta = RENEW_EVERY


class Readers:
    """Looks for accounts to read with, until cancelled; then `close` it."""

    def __init__(self, shared: Shared, pace: Pace, sharing: Sharing = Sharing()) -> None:
        self._shared = shared
        self._database = shared.database
        self._pace = pace
        self._sharing = sharing
        self._running: dict[AccountId, Tenure] = {}
        self._elsewhere: set[AccountId] = set()
        self._not_before: dict[AccountId, float] = {}  # by the monotonic clock, until the handover has been waited for
        self._unusable: dict[AccountId, tuple[bytes, str]] = {}  # with the session that cannot be used, and why

    @property
    def running(self) -> list[Reader]:
        """The accounts that read in this process now."""
        return [each.reader for each in self._running.values()]

    def asking_for(self, channel_id: ChannelId) -> tuple[Asking, Watched] | None:
        """How to ask about a channel with the account that reads it; None while none of this process does.

        To be asked anew for every request: leases move, and connections end.
        """
        answers = (reader.asking_for(channel_id) for reader in self.running)
        return next((answer for answer in answers if answer is not None), None)

    async def check(self) -> None:
        """Raises IngestError when no account can be read with, SessionKeyError when the key is missing."""
        async with self._database.begin() as connection:
            stored = await list_accounts(connection)
        if not any(account.state == "ready" for account in stored):
            raise IngestError(_nobody(stored))
        SessionKey.read(self._shared.settings.session_key_path)

    async def run(self) -> None:
        """For ever. Raises IngestError when there is no account (any more) that anybody could read with."""
        await first_to_end(self._hear(), self._look_for_ever())

    async def close(self, *, is_pipeline_alive: bool = True) -> None:
        """End every connection; commit what was heard, and store how far that is."""
        for each in self._running.values():
            each.stop(is_pipeline_alive=is_pipeline_alive)
        await asyncio.gather(*(each.task for each in self._running.values()), return_exceptions=True)
        self._running.clear()

    async def save_sessions(self, longest_album: dt.timedelta) -> None:
        """Store the sessions as they are now, once all that their update states count as seen is committed."""
        heard = [(reader, reader.session.dumps()) for reader in self.running]
        await asyncio.sleep(longest_album.total_seconds())
        await self._shared.pipeline.caught_up()
        for reader, plain in heard:
            if reader in self.running:  # else it was stored at its end, or is another process's by now
                await reader.keep_session(plain)

    async def _hear(self) -> None:
        async for _ in self._database.wakeups("channels"):
            for reader in self.running:
                reader.wake()

    async def _look_for_ever(self) -> None:
        pause = self._sharing.look_every.total_seconds()
        while True:
            try:
                await self._look()
            except DatabaseAway as away:
                log.warning("accounts not looked for", reason=str(away))
            if self._running:
                tasks = [each.task for each in self._running.values()]
                await asyncio.wait(tasks, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                self._gather_ended()
            else:
                await asyncio.sleep(pause)

    async def _look(self) -> None:
        """Begin with every account that is free, end with those that are not to be used any more."""
        async with self._database.begin() as connection:
            stored = await list_accounts(connection)
            held = await held_jobs(connection, [lock_of(account.name) for account in stored])
        ready = {account.id: account for account in stored if account.state == "ready"}
        for account_id, each in self._running.items():
            if account_id not in ready:
                each.stop()
        others = {number: account for number, account in ready.items() if number not in self._running}
        for account in others.values():
            if self._unusable.get(account.id, (b"", ""))[0] == account.session:
                continue  # until somebody signs in again
            if lock_of(account.name) in held:
                self._note_elsewhere(account)
            else:
                await self._take(account)
        if not self._running and not self._elsewhere & others.keys():
            why = [sentence for number, (_, sentence) in self._unusable.items() if number in others]
            raise IngestError(why[0] if why else _nobody(stored))

    def _note_elsewhere(self, account: Account) -> None:
        if account.id not in self._elsewhere:
            log.info("standing by: another process reads with this account", account=account.name)
        self._elsewhere.add(account.id)

    async def _take(self, account: Account) -> None:
        hold = Hold(self._database, lock_of(account.name))
        try:
            await hold.take()
        except AlreadyRunning:
            self._note_elsewhere(account)
            return
        if account.id in self._elsewhere:
            self._not_before[account.id] = time.monotonic() + self._sharing.handover.total_seconds()
        self._elsewhere.discard(account.id)
        try:
            reader = await self._open(account)
        except SessionKeyError as error:
            self._set_aside(account, str(error))
            reader = None
        except BaseException:
            await hold.give_back()
            raise
        if reader is None:
            await hold.give_back()
            return
        left = self._not_before.get(account.id, 0.0) - time.monotonic()
        self._running[account.id] = Tenure(self._shared, reader, hold, dt.timedelta(seconds=max(left, 0.0)))

    async def _open(self, account: Account) -> Reader | None:
        """The account as it is now that nobody else can change it; None if it is not to be used."""
        async with self._database.begin() as connection:
            stored = await load_account(connection, account.name)
        if stored is None or stored.state != "ready":
            return None
        key = SessionKey.read(self._shared.settings.session_key_path)
        listener = Listener(self._shared.pipeline)
        lease, renew_every = self._sharing.lease, self._sharing.renew_every
        leases = Leases(self._database, stored.id, listener, lease=lease, renew_every=renew_every)
        return Reader(self._shared, stored, key, leases, copy.copy(self._pace))  # each at a pace of its own

    def _gather_ended(self) -> None:
        for account_id, each in list(self._running.items()):
            if not each.task.done():
                continue
            del self._running[account_id]
            if each.has_waited:
                self._not_before.pop(account_id, None)
            account = each.reader.account
            match error := None if each.task.cancelled() else each.task.exception():
                case None if each.is_lost:
                    log.warning("account lost to another process", account=account.name)
                case None | AccountRefused():
                    pass  # said already; the next look finds whether anybody is left
                case ClientError():
                    self._set_aside(account, str(error))
                case DatabaseAway():
                    log.warning("account put down", account=account.name, reason=str(error))
                case _:
                    log.error("account ended", account=account.name, exc_info=error)
                    self._set_aside(account, f"Account {account.name} ended by a defect ({type(error).__name__}).")

    def _set_aside(self, account: Account, why: str) -> None:
        log.error("account cannot be used", account=account.name, reason=why)
        self._unusable[account.id] = account.session, why


def _nobody(stored: list[Account]) -> str:
    if not stored:
        return "Nobody is signed in to Telegram: run `channelwatch login` first."
    said = [account.state_detail for account in stored if account.state_detail]
    return said[0] if said else "Telegram has ended the stored session: run `channelwatch login` again."
