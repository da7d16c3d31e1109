"""The program that reads channels: every account that this process can have, every post through one pipeline."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import structlog

from config.settings import IngestSettings
from ingest import forgetting, jobs
from ingest.albums import HOLD, MOST_PARTS
from ingest.backfilling import Backfilling
from ingest.bursts import Bursts
from ingest.client import ClientError
from ingest.clock import ServerClock
from ingest.joining import BURST, EVERY
from ingest.listener import utc_now
from ingest.media_fetching import MediaFetching
from ingest.media_folder import MediaLimits
from ingest.memory import keep_memory_together
from ingest.pace import Pace
from ingest.pipeline import Pipeline
from ingest.preview_fallback import PreviewFallback
from ingest.reader import Shared, Sweeping
from ingest.readers import IngestError, Readers, Sharing
from ingest.relabelling import Relabeller
from ingest.session_key import SessionKeyError
from ingest.supervision import first_to_end
from storage.database import Database
from storage.keeping import Keeping

__all__ = ["Ingest", "IngestError", "Sharing", "Sweeping", "run_ingest"]

log = structlog.get_logger()

LONGEST_ALBUM = HOLD * MOST_PARTS
"""An album is held no longer than this."""

SWEEPING, SHARING = Sweeping(), Sharing()
"""As shipped."""

Work = Callable[["Ingest"], Coroutine[Any, Any, None]]
"""Something that runs as long as the program, whatever its accounts do: `ingest.readers.asking_for` says how to ask.
If it ends or raises, so does the program."""


async def run_ingest(
    database: Database,
    settings: IngestSettings,
    *,
    stop: asyncio.Event,
    pace: Pace | None = None,
    sweeping: Sweeping = SWEEPING,
    sharing: Sharing = SHARING,
) -> None:
    """Read channels until `stop` is set, then commit what was heard and return.

    `pace` limits how fast channels are joined, each account by itself. While other processes read with every account,
    this one stands by. Raises IngestError when there is nothing to read with: nobody signed in, settings or key wrong,
    or Telegram refuses the last account.
    """
    if (missing := settings.missing()) is not None:
        raise IngestError(missing)
    keep_memory_together()
    ingest = Ingest(database, settings, pace or Pace(BURST, EVERY), sweeping, sharing, works=_works(settings))
    try:
        has_account = await _has_account(ingest, settings)
        await ingest.run(stop, has_account=has_account)
    except (SessionKeyError, ClientError) as error:
        raise IngestError(str(error)) from None


class Ingest:
    """The parts of the running program. The pipeline lives as long as it; accounts and their clients come and go."""

    def __init__(
        self,
        database: Database,
        settings: IngestSettings,
        pace: Pace,
        sweeping: Sweeping = SWEEPING,
        sharing: Sharing = SHARING,
        *,
        works: Sequence[Work] = (),
    ) -> None:
        self.database = database
        self.settings = settings
        self.clock = ServerClock()
        self.pipeline = Pipeline(
            database, keeps_deleted_texts=settings.keep_deleted_texts, story_posts=settings.story_posts
        )
        self._works = works
        shared = Shared(database, settings, self.pipeline, self.clock, sweeping)
        self.readers = Readers(shared, pace, sharing)

    async def run(self, stop: asyncio.Event, *, has_account: bool = True) -> None:
        """Until `stop` is set; without an account, only what needs none.

        Raises IngestError, SessionKeyError or ClientError.
        """
        home = self.settings.home
        committing = asyncio.create_task(self.pipeline.run())
        scheduler = jobs.make_scheduler(
            home,
            retry_failed=self.pipeline.retry_failed,
            save_session=partial(self.readers.save_sessions, LONGEST_ALBUM),
            stages=self.pipeline.stages,
        )
        jobs.add_watch(scheduler, self.database)
        jobs.add_clock(scheduler, self.database, self.clock)
        forgetting.schedule(scheduler, self.database, keeping_of(self.settings), home)
        scheduler.start()
        try:
            works = [work(self) for work in self._works]
            if has_account:
                works.append(self.readers.run())
            await first_to_end(stop.wait(), _ended(committing), *works)
        finally:
            scheduler.shutdown(wait=False)
            await self.readers.close(is_pipeline_alive=not committing.done())
            committing.cancel()
            await asyncio.gather(committing, return_exceptions=True)
            log.info("ingest stopped")


async def _has_account(ingest: Ingest, settings: IngestSettings) -> bool:
    """Whether there is an account to read with. Raises IngestError if not, unless public pages are to be read."""
    try:
        if settings.api_id is None:
            raise IngestError("No account can be used without TELEGRAM_API_ID and TELEGRAM_API_HASH.")
        await ingest.readers.check()
    except IngestError as error:
        if not settings.preview:
            raise
        log.warning("reading public pages only", reason=str(error))
        return False
    return True


def _works(settings: IngestSettings) -> list[Work]:
    """What runs beside the accounts."""
    limits = MediaLimits(settings.media_file_mib, settings.media_folder_mib)
    works: list[Work] = [
        lambda it: Backfilling(it.database, it.pipeline, it.readers.asking_for, clock=utc_now).run(),
        lambda it: Relabeller(it.database).run(),
        lambda it: Bursts(it.database, clock=utc_now).run(),
        lambda it: MediaFetching(it.database, settings.home, it.readers.asking_for, limits=limits).run(),
    ]
    if settings.preview:
        works.append(lambda it: PreviewFallback(it.database, it.pipeline, settings.preview_url).run())
    return works


def keeping_of(settings: IngestSettings) -> Keeping:
    """What the settings want kept."""
    return Keeping(
        posts=dt.timedelta(days=settings.keep_days) if settings.keep_days else None,
        disk_budget_mib=settings.disk_budget_mib,
        deleted_texts=settings.keep_deleted_texts,
    )


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for a task that should not end; its error becomes ours."""
    await asyncio.shield(task)
