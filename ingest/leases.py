"""Which channels an account reads: leases that are renewed, and a listener that hears of nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt

import structlog

from ingest.listener import Listener
from ingest.waiting import until
from ingest.watched import Watched
from storage import readers
from storage.database import Database, DatabaseAway
from storage.ids import AccountId, ChannelId

log = structlog.get_logger()

LEASE = dt.timedelta(seconds=30)
RENEW_EVERY = dt.timedelta(seconds=10)
"""Two renewals may fail before somebody else takes over a channel: within 30 s (fault matrix, row 24)."""

AGAIN_SECONDS = 1.0
"""Between two tries while the database is away."""


class Leases:
    """Keeps the leases of one account, and its listener's map of channels. Outlives clients.

    A process that was stopped (SIGSTOP, a machine that slept) may wake up when others read its channels. The end of
    the leases is therefore also a timer here: it fires before anything that has come meanwhile is taken in, and the
    listener is deaf until the leases are renewed. It is a courtesy, not what nothing is lost or doubled by: what is
    offered late is stored once, by its channel's and its message's number, like everything that comes twice.
    """

    def __init__(
        self,
        database: Database,
        account_id: AccountId,
        listener: Listener,
        *,
        lease: dt.timedelta = LEASE,
        renew_every: dt.timedelta = RENEW_EVERY,
    ) -> None:
        self._database = database
        self._account_id = account_id
        self.listener = listener
        self.lease = lease
        self._renew_every = renew_every.total_seconds()
        self._expected: dict[int, ChannelId] = {}
        self._end: asyncio.TimerHandle | None = None
        self._is_refused_by_database = False
        self._one_at_a_time = asyncio.Lock()
        self._woken = asyncio.Event()
        self.held: dict[ChannelId, Watched] = {}
        """What may be read with this account now."""

    def wake(self) -> None:
        """Channels have been requested, removed or freed: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Renew, and claim what this account can read and nobody does; for ever."""
        while True:
            self._woken.clear()
            pause = self._renew_every
            try:
                await self.refresh()
            except DatabaseAway as away:
                log.warning("leases not renewed", account_id=self._account_id, reason=str(away))
                pause = AGAIN_SECONDS
            await until(self._woken, pause)

    async def refresh(self) -> None:
        """Do it once, and tell the listener which channels it may hear. Raises DatabaseAway."""
        async with self._one_at_a_time:
            began = asyncio.get_running_loop().time()
            try:
                async with self._database.begin() as connection:
                    await readers.claim(connection, self._account_id, self.lease)
                    held = await readers.held_channels(connection, self._account_id)
            except DatabaseAway:
                self._is_refused_by_database = True
                raise
            self._is_refused_by_database = False
            before, self.held = self.held, {each.id: Watched(each, key) for each, key in held if each.telegram_id}
            self._expected = {number: each for number, each in self._expected.items() if each not in self.held}
            self._tell_listener()
            self._end_at(began + self.lease.total_seconds())
        # Whoever read it last may have left a gap.
        self.listener.doubts.raise_about_each(self.held.keys() - before.keys(), "lease taken")

    def expect(self, telegram_id: int, channel_id: ChannelId) -> None:
        """This channel is being joined: what it says is heard from the moment Telegram lets us in."""
        self._expected[telegram_id] = channel_id
        self.listener.watch_also(telegram_id, channel_id)

    def expect_no_more(self) -> None:
        """Nothing is being joined."""
        self._expected.clear()
        self._tell_listener()

    def stop(self) -> None:
        """Be deaf, and let the leases end."""
        self._forget()
        if self._end is not None:
            self._end.cancel()

    def _end_at(self, moment: float) -> None:
        if self._end is not None:
            self._end.cancel()
        # A plain callback: after a stop of the process the loop calls it before it wakes any task that waits for data.
        self._end = asyncio.get_running_loop().call_at(moment, self._ended)

    def _ended(self) -> None:
        if self._is_refused_by_database:
            return  # we run, but cannot renew, and nobody else can claim: the pipeline keeps what comes
        log.warning("leases ended, listening to nothing", account_id=self._account_id, channels=len(self.held))
        self._forget()
        self.wake()

    def _forget(self) -> None:
        self.held = {}
        self._tell_listener()

    def _tell_listener(self) -> None:
        self.listener.watch({**{each.telegram_id: each.id for each in self.held.values()}, **self._expected})
