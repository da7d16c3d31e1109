"""Who may use the console, where they are signed in, and what they did there."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


class OperatorRow(Base):
    """Somebody who may sign in to the console. Made on the command line only."""

    __tablename__ = "operators"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    """Argon2id with its salt and parameters, in the PHC string format."""
    language: Mapped[str | None]
    """What the console speaks to them; none: what their browser asks for."""
    theme: Mapped[str] = mapped_column(server_default=sql("'auto'"))
    time_zone: Mapped[str] = mapped_column(server_default=sql("'UTC'"))
    """An IANA name: where their days begin."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    password_set_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        one_of("language", "en", "ru", "uk"),
        one_of("theme", "auto", "light", "dark"),
        Index("uq_operators_name", sql("lower(name)"), unique=True),
    )


class OperatorSessionRow(Base):
    """One browser that is signed in. Its cookie holds the token; here is only the hash."""

    __tablename__ = "operator_sessions"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the 256 random bits in the cookie."""
    browser: Mapped[str] = mapped_column(server_default=sql("''"))
    """How it called itself, for its owner to know it again."""
    opened_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    used_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[dt.datetime]
    """When it ends however often it is used."""


class OperatorActionRow(Base):
    """Something that an operator did: signing in, a delivery tried again, a password changed."""

    __tablename__ = "operator_actions"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    operator_name: Mapped[str]
    """By name: it stays true when the operator is gone."""
    action: Mapped[str]
    subject: Mapped[str | None]
    """A number, such as a delivery's; never words of posts or queries."""
    done_at: Mapped[dt.datetime] = mapped_column(server_default=NOW, index=True)
