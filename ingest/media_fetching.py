"""Media are fetched when somebody asks for them, within limits, as bytes: never opened, never decoded.

What Telegram tells about a file holds for a while only (FILE_REFERENCE_EXPIRED): so its message is read first, and
again when that is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from pathlib import Path

import structlog
from telethon import errors
from telethon.tl import functions, types

from ingest.asking import Asking, MethodClosed
from ingest.client import NoAnswer
from ingest.media_folder import LimitReached, MediaFolder, MediaLimits, Partial
from ingest.media_location import Located, locate
from ingest.media_pieces import STALE_REFERENCE, Refused, fetch_pieces, sentence_of
from ingest.supervision import first_to_end
from ingest.waiting import until
from ingest.watched import AskingFor
from storage import media_files
from storage.database import Database, DatabaseAway
from storage.media_files import MediaFile

__all__ = ["MediaFetching", "MediaLimits"]

log = structlog.get_logger()

LOOK_EVERY = dt.timedelta(seconds=10)
"""A wake-up is a hint: whoever listens also looks by itself."""

PAUSE_SECONDS = 2.0
MOST_TRIES = 5
"""Without a single new piece; then the others have their turn."""

LONGEST_WAIT_SECONDS = 60.0
"""What Telegram asks to wait longer for begins anew later, so that channels of other accounts have their turn."""

AS_SHIPPED = MediaLimits()

PROTECTED = "The channel protects its content: its media are not fetched."
NOTHING = "The message carries no file (any more)."
GONE = "The channel has deleted the message."
CUT = "Telegram gave only a part of the file: ask for it again later."


class NotNow(Exception):
    """Perhaps later: nobody reads the channel at the moment, or Telegram does not answer."""


class MediaFetching:
    """Fetches what is wanted, one file after the other, until cancelled. `home` is the data folder.

    One object a program, or one a life of its client: what a life leaves half done begins anew in the next.
    """

    def __init__(
        self,
        database: Database,
        home: Path,
        asking_for: AskingFor,
        *,
        limits: MediaLimits = AS_SHIPPED,
        look_every: dt.timedelta = LOOK_EVERY,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._database = database
        self._asking_for = asking_for
        self._folder = MediaFolder(home, limits)
        self._look_every = look_every.total_seconds()
        self._pause = pause_seconds
        self._is_woken = asyncio.Event()

    async def run(self) -> None:
        """For ever."""
        if count := await asyncio.to_thread(self._folder.remove_partials):
            log.info("half fetched media removed", files=count)
        await first_to_end(self._listen(), self._fetch_all())

    async def _listen(self) -> None:
        async for _ in self._database.wakeups("media"):
            self._is_woken.set()

    async def _fetch_all(self) -> None:
        while True:
            self._is_woken.clear()
            try:
                async with self._database.begin() as connection:
                    wanted = await media_files.wanted(connection)
                for file in wanted:
                    if self._asking_for(file.channel.id) is not None:
                        await self._fetch(file)
            except DatabaseAway as away:
                log.warning("media not fetched yet", reason=str(away))
            await until(self._is_woken, self._look_every)

    async def _fetch(self, file: MediaFile) -> None:
        try:
            path, size = await self._to_disk(file)
        except (NotNow, BlockingIOError):  # the other one: a process beside us is at it
            return
        except (Refused, LimitReached) as refusal:
            await self._refuse(file, str(refusal))
            return
        except OSError as error:
            await self._refuse(file, f"The file cannot be written: {error.strerror}.")
            return
        except Exception as error:  # noqa: BLE001 - the door of one file: whatever is wrong with it, the others go on
            await self._refuse(file, f"It could not be fetched ({type(error).__name__}).")
            return
        async with self._database.begin() as connection:
            is_wanted = await media_files.mark_stored(connection, file, path, size)
        if not is_wanted:
            self._folder.remove(path)
        log.info("medium fetched", channel_id=file.channel.id, message_id=file.message_id, bytes=size)

    async def _refuse(self, file: MediaFile, why: str) -> None:
        log.warning("medium not fetched", channel_id=file.channel.id, message_id=file.message_id)
        async with self._database.begin() as connection:
            await media_files.mark_refused(connection, file, why)

    async def _to_disk(self, file: MediaFile) -> tuple[str, int]:
        """Fetch it and give it its name. Raises Refused, LimitReached, NotNow, or OSError by the disk."""
        used = await asyncio.to_thread(self._folder.used)
        number = file.channel.telegram_id or 0
        with self._folder.begin(self._folder.path_of(number, file.message_id, "")) as partial:
            located = await self._download(file, partial, used)
            path = self._folder.path_of(number, file.message_id, located.suffix)
            await asyncio.to_thread(self._folder.keep, partial, path)
            return path, partial.size

    async def _download(self, file: MediaFile, partial: Partial, used: int) -> Located:
        """All pieces, whatever happens in between, as long as some come."""
        tries, known, why = 0, 0, CUT
        while tries < MOST_TRIES:
            before = partial.size
            try:
                asking, located = await self._located(file)
                if located.file_id != known:  # the message has been edited
                    partial.begin_again()
                    before, known = 0, located.file_id
                self._folder.check(located.size, used)
                async with contextlib.aclosing(fetch_pieces(asking, located, partial.size)) as pieces:
                    async for piece in pieces:
                        self._folder.check(partial.size + len(piece), used)  # whatever its size was said to be
                        partial.write(piece)
                if partial.size >= located.size:
                    return located
                partial.begin_again()
                before = 0
            except STALE_REFERENCE:
                why = "Telegram does not let the file be fetched: what it says of it holds no longer each time."
            except MethodClosed as closed:
                log.warning("media wait", channel_id=file.channel.id, seconds=round(closed.seconds))
                if closed.seconds > LONGEST_WAIT_SECONDS:
                    raise NotNow from closed
                await asyncio.sleep(closed.seconds)
                continue
            except _PASSING as error:
                task = asyncio.current_task()
                if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
                    raise
                log.warning("media wait", channel_id=file.channel.id, error=type(error).__name__)
                if tries == MOST_TRIES - 1:
                    raise NotNow from error
                await asyncio.sleep(self._pause)
            tries = 0 if partial.size > before else tries + 1
        raise Refused(why)

    async def _located(self, file: MediaFile) -> tuple[Asking, Located]:
        """Read the message: where its file lies now. Raises what `Asking.ask` raises, Refused or NotNow."""
        ours = self._asking_for(file.channel.id)
        if ours is None:
            raise NotNow
        asking, watched = ours
        if (closed := asking.lanes.closed_for(functions.upload.GetFileRequest)) > 0:
            raise MethodClosed("GetFile", closed)
        request = functions.channels.GetMessagesRequest(watched.to_input(), [types.InputMessageID(file.message_id)])
        try:
            answer = await asking.ask(request)
        except (errors.BadRequestError, errors.ForbiddenError) as error:
            raise Refused(sentence_of(error)) from error
        message = next((each for each in answer.messages if each.id == file.message_id), None)
        is_protected = any(
            chat.id == watched.telegram_id and getattr(chat, "noforwards", False) for chat in answer.chats
        )
        if is_protected or watched.channel.is_protected or getattr(message, "noforwards", False):
            raise Refused(PROTECTED)
        if message is None or isinstance(message, types.MessageEmpty):
            raise Refused(GONE)
        if (located := locate(message)) is None:
            raise Refused(NOTHING)
        return asking, located


_PASSING = (NoAnswer, ConnectionError, TimeoutError, errors.RPCError, asyncio.CancelledError)
"""Telethon cancels the requests of a client that is disconnected: whether it is us who are to end, our task knows."""
