"""What the operator has named: own topics and sets of channels; and how far stored posts have been labelled anew."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Identity, SmallInteger
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base


class OwnTopicRow(Base):
    """A topic of the operator's: posts that its query matches are about it."""

    __tablename__ = "own_topics"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str]
    name_ru: Mapped[str] = mapped_column(server_default=sql("''"))
    name_uk: Mapped[str] = mapped_column(server_default=sql("''"))
    """Empty where the operator gave none: then `name_en` stands for it."""
    parent: Mapped[str | None]
    """The code of a wider topic, one that everybody has or an own one."""
    query: Mapped[str]
    """As understood: channels and sets by number."""
    version: Mapped[int]
    """The counter's value when it last changed."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class ChannelSetRow(Base):
    """A name for several channels. Its number is never given again, so a query that names it never means another."""

    __tablename__ = "channel_sets"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    """As `matching.names.set_name` writes it."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class ChannelSetMemberRow(Base):
    """A channel that is in a set."""

    __tablename__ = "channel_set_members"

    set_id: Mapped[int] = mapped_column(ForeignKey("channel_sets.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True, index=True)


class DefinitionCounterRow(Base):
    """One row, bumped by every change to own topics and channel sets inside its transaction; ingest reads it in each
    batch's. Without a row, nothing has ever changed."""

    __tablename__ = "definition_counter"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[int]


class RelabellingRow(Base):
    """One row: by what stored posts are being labelled, or have been, and how far that is. Newest first."""

    __tablename__ = "relabelling"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    labels_version: Mapped[str]
    """What makes the topics that everybody has, and languages; empty: somebody asked for all of it once more."""
    terms_version: Mapped[str]
    """What makes terms."""
    own_version: Mapped[str]
    """What makes own topics."""
    is_whole: Mapped[bool]
    """Whether all labels are made anew; otherwise own topics only."""
    with_terms: Mapped[bool]
    next_id: Mapped[int | None]
    """Posts of lower numbers are still to come; empty before it has begun."""
    posts: Mapped[int] = mapped_column(server_default=sql("0"))
    """Posts looked at."""
    changed: Mapped[int] = mapped_column(server_default=sql("0"))
    """Of these, posts whose labels were not what they should be."""
    asked_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
