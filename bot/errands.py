"""An errand: one update on its way through its handler, as one transaction, with what is said kept until its end.

The handlers know nothing of it. What they do to the database joins the errand's transaction; what they say to Telegram
is written down instead of sent. Effects, replies and the update's being handled are then committed together
(docs/decisions/0015-inbox.md), and the replies go out after that.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from bot.outgoing import Json, Outgoing, Request, speaks
from bot.replies import Reply
from storage.database import Connection, Database
from storage.ids import SubscriberId


@dataclass(slots=True)
class Errand:
    """The transaction of one update, and what its handler said."""

    connection: Connection
    replies: list[Reply] = field(default_factory=list)
    failure: BaseException | None = None
    """What the handler raised: the library's application swallows it."""
    owner: tuple[int, SubscriberId] | None = None
    """The chat that is answered, and its subscriber: suspended when the chat turns out to be closed to us."""
    repeat_mark: str = ""
    """What a reply begins with that may have been sent before, in the chat's language."""

    def note(self, endpoint: str, data: dict[str, Any]) -> None:
        """Keep a request for the errand's end."""
        chat_id = data.get("chat_id")
        owner = self.owner[1] if self.owner is not None and self.owner[0] == chat_id else None
        self.replies.append(Reply.of(endpoint, data, owner=owner, mark=self.repeat_mark))


_current: ContextVar[Errand | None] = ContextVar("errand", default=None)


def current() -> Errand | None:
    """The errand that this code runs in."""
    return _current.get()


@contextlib.contextmanager
def on(errand: Errand) -> Iterator[None]:
    """Run the block as this errand."""
    token = _current.set(errand)
    try:
        yield
    finally:
        _current.reset(token)


class JoinedDatabase(Database):
    """The same database; what begins during an errand is part of the errand's transaction, undone alone if it raises.

    Outside of errands it is as ever.
    """

    def __init__(self, database: Database) -> None:
        # Not the parent's: the engine is the given database's own, and who opened that closes it.
        self._database = database
        self._server = None
        self.url = database.url
        self.engine = database.engine

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Connection]:
        """A transaction of its own, or a piece of the errand's."""
        errand = current()
        if errand is None:
            async with self._database.begin() as connection:
                yield connection
            return
        async with errand.connection.begin_nested():
            yield errand.connection


class SaidLater(Outgoing):
    """Keeps what an errand says for its end; every other request goes on to `inner`.

    The handler is answered at once as if the request had been made: a message that it "sent" has the number 0.
    """

    def __init__(self, inner: Outgoing) -> None:
        self._inner = inner

    async def answer_to(self, request: Request) -> Json:
        """Note the request, or hand it on."""
        errand = current()
        if errand is None or not is_said(request.endpoint):
            return await self._inner.answer_to(request)
        errand.note(request.endpoint, request.data)
        return _as_if_made(request.endpoint, request.data)


def is_said(endpoint: str) -> bool:
    """Whether a method of the Bot API is something that people see, and so waits for what it speaks of."""
    return speaks(endpoint) or endpoint.startswith(("answer", "deleteMessage"))


def _as_if_made(endpoint: str, data: dict[str, Any]) -> Json:
    if endpoint in ("sendMediaGroup", "copyMessages", "forwardMessages"):
        return []
    if endpoint.startswith(("send", "forward")):
        return {"message_id": 0, "date": 0, "chat": {"id": data.get("chat_id"), "type": "private"}}
    return {"message_id": 0} if endpoint == "copyMessage" else True
