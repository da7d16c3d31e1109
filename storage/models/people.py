"""Who may use the bot: what operators decided about people and chats, invitations, and what is to be forgotten."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Identity
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


class PersonRow(Base):
    """What was decided about a person: let in, made an operator, or kept out. About anybody else there is no row."""

    __tablename__ = "people"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Telegram's number of the person. No name is kept."""
    role: Mapped[str] = mapped_column(server_default=sql("'subscriber'"))
    """subscriber, or operator: one who lets others in and is told what happens."""
    state: Mapped[str] = mapped_column(server_default=sql("'allowed'"))
    """allowed, or blocked: never answered."""
    let_in_by: Mapped[int | None]
    """The operator whose invitation it was; none: the command line, or the operator is forgotten."""
    decided_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (one_of("role", "subscriber", "operator"), one_of("state", "allowed", "blocked"))


class AdmittedChatRow(Base):
    """A group that somebody who is let in brought the bot into, a channel that they connected, or a chat kept out."""

    __tablename__ = "admitted_chats"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(server_default=sql("'allowed'"))
    let_in_by: Mapped[int | None]
    """The person who did."""
    decided_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (one_of("state", "allowed", "blocked"),)


class ConnectedChannelRow(Base):
    """The channel that an administrator of it configures from their private chat, for now."""

    __tablename__ = "connected_channels"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chat_id: Mapped[int]
    title: Mapped[str]
    connected_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class InviteRow(Base):
    """An invitation; its word is known to who got the link, here is only its hash."""

    __tablename__ = "invites"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the 128 random bits in the link."""
    role: Mapped[str]
    """What it makes of who opens it: subscriber or operator."""
    uses_left: Mapped[int]
    expires_at: Mapped[dt.datetime]
    made_by: Mapped[int | None]
    """The operator; none: the command line."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (one_of("role", "subscriber", "operator"),)


class ErasureRow(Base):
    """A chat that is to be forgotten, from the moment it was asked for until it has been done."""

    __tablename__ = "erasures"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    thread_id: Mapped[int]
    """Where to say that it is done."""
    language: Mapped[str]
    asked_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
