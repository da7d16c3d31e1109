"""Channels that no account can read are followed by their public pages, until one can."""

from __future__ import annotations

import asyncio
import datetime as dt

import structlog

from ingest.arrivals import Noted
from ingest.messages import ServiceMessage
from ingest.pipeline import Pipeline
from ingest.preview import PreviewReader
from ingest.preview_loop import PreviewChannel, PreviewLoop
from ingest.preview_page import NoPreview
from ingest.supervision import first_to_end
from storage import preview_channels
from storage.database import Database, DatabaseAway

log = structlog.get_logger()

CHOOSE_EVERY = dt.timedelta(seconds=10)


class PreviewFallback:
    """Chooses the channels and follows them. Posts enter by the pipeline's door, and meet an account's by their ids."""

    def __init__(
        self,
        database: Database,
        pipeline: Pipeline,
        base_url: str,
        *,
        choose_every: dt.timedelta = CHOOSE_EVERY,
        patience: dt.timedelta = preview_channels.PATIENCE,
    ) -> None:
        self._database = database
        self._pipeline = pipeline
        self._base_url = base_url
        self._choose_every = choose_every.total_seconds()
        self._patience = patience

    async def run(self) -> None:
        """For ever."""
        async with PreviewReader(self._base_url) as reader:
            loop = PreviewLoop(reader, self._pipeline, on_service=self._on_service, on_no_preview=self._on_no_preview)
            await first_to_end(loop.run(), self._choose_for_ever(loop))

    async def _choose_for_ever(self, loop: PreviewLoop) -> None:
        while True:
            try:
                await self._choose(loop)
            except DatabaseAway as away:
                log.warning("channels without a reader not looked for", reason=str(away))
            await asyncio.sleep(self._choose_every)

    async def _choose(self, loop: PreviewLoop) -> None:
        async with self._database.begin() as connection:
            unread = await preview_channels.unread_channels(connection, self._patience)
            for channel in unread:
                if channel.state in ("requested", "lost") and loop.newest(channel.id) is not None:
                    await preview_channels.mark_followed(connection, channel.id)
                    log.info("channel followed by its pages", channel_id=channel.id)
        loop.follow(
            PreviewChannel(channel.id, channel.username, channel.telegram_id, channel.newest) for channel in unread
        )

    async def _on_service(self, message: ServiceMessage) -> None:
        await self._pipeline.note(Noted(message.channel_id, service=(message.message_id,)))

    async def _on_no_preview(self, channel: PreviewChannel, why: NoPreview | None) -> None:
        if why is not None:
            log.warning("channel has no public pages", channel_id=channel.channel_id, reason=why.name.lower())
