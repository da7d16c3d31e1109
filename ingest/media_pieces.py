"""The pieces of a file, as Telethon downloads it: it knows the way to the data centre that a file lies in."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from typing import Any

from telethon import errors
from telethon.tl import functions

from ingest.asking import Asking, MethodClosed
from ingest.media_location import Located

PIECE = 512 * 1024
"""Bytes of one request: the most that Telethon asks for, a part of what is allowed (core.telegram.org/api/files)."""

PIECE_TIMEOUT = dt.timedelta(seconds=60)

STALE_REFERENCE = (
    errors.FileReferenceExpiredError,
    errors.FileReferenceInvalidError,
    errors.FileReferenceEmptyError,
    errors.FilerefUpgradeNeededError,
)


class Refused(Exception):
    """This medium is not to be had; the message says why."""


async def fetch_pieces(asking: Asking, located: Located, offset: int) -> AsyncGenerator[bytes, None]:
    """The pieces of a file from `offset` on, at the pace of their method. Raises what `Asking.ask` raises, or Refused.

    The last one is shorter than the others, or ends where the file was said to end.
    """
    method = functions.upload.GetFileRequest
    client: Any = asking.client  # the download is the client's, and no single request
    pieces = client.iter_download(located.location, offset=offset, request_size=PIECE, dc_id=located.dc_id)
    try:
        while offset != located.size:
            await asking.lanes.wait(method)
            async with asyncio.timeout(PIECE_TIMEOUT.total_seconds()):
                piece = await anext(pieces, b"")
            asking.lanes.answered(method)
            yield piece
            offset += len(piece)
            if len(piece) < PIECE:
                break
    except errors.FloodError as flood:
        if (seconds := getattr(flood, "seconds", None)) is None:
            raise
        asking.lanes.flooded(method, seconds)
        raise MethodClosed("GetFile", seconds) from None
    except STALE_REFERENCE:
        raise
    except (errors.BadRequestError, errors.ForbiddenError) as error:
        raise Refused(sentence_of(error)) from error
    finally:
        if getattr(pieces, "_sender", None) is not None:  # else it never began, and Telethon's close would fail
            await pieces.close()


def sentence_of(error: Exception) -> str:
    """An error of Telegram's that no new try heals."""
    return f"Telegram refuses to give the file ({type(error).__name__.removesuffix('Error')})."
