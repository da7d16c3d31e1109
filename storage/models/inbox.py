"""What Telegram told the bot, kept from before it was confirmed until after it was answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


class InboxRow(Base):
    """One update of the Bot API, and how far its handling is. What people wrote is gone as soon as that is done."""

    __tablename__ = "inbox"

    update_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    arrival: Mapped[int] = mapped_column(Identity(always=True))
    """The order in which updates came: their numbers begin anew after a quiet week (Bot API documentation, Update)."""
    chat_id: Mapped[int]
    """Whose updates are handled in their order: the chat, or the person where there is none; 0 for nobody's."""
    raw: Mapped[dict[str, Any]]
    received_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    state: Mapped[str] = mapped_column(server_default=sql("'new'"))
    """new; answering: its effects are committed and its replies go out; done; quarantine: it failed again and again."""
    tries: Mapped[int] = mapped_column(server_default=sql("0"))
    """How often its handling failed."""
    error: Mapped[str | None]
    """What kind of failure the last one was; never words."""
    replies: Mapped[list[dict[str, Any]]] = mapped_column(server_default=sql("'[]'"))
    """What is to be said, as requests of the Bot API."""
    answered: Mapped[int] = mapped_column(server_default=sql("0"))
    """How many of them are settled."""
    begun: Mapped[int] = mapped_column(server_default=sql("0"))
    """How often the next of them may have been sent: at most twice, the second time marked."""
    done_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("state", "new", "answering", "done", "quarantine"),
        Index("ix_inbox_open", "chat_id", "arrival", postgresql_where=sql("state IN ('new', 'answering')")),
    )
