"""What searches need beside the posts themselves."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class VersionTermsRow(Base):
    """The words of a version that an edit replaced, so that searches can ask for what a post said before.

    A trigger copies them from the post when the version is kept; what it could not copy, `storage.search.version_terms`
    makes anew when it is asked for.
    """

    __tablename__ = "post_version_terms"

    post_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    terms: Mapped[str] = mapped_column(TSVECTOR)

    __table_args__ = (
        ForeignKeyConstraint(
            ["post_id", "version"], ["post_versions.post_id", "post_versions.version"], ondelete="CASCADE"
        ),
        Index("ix_post_version_terms_terms", "terms", postgresql_using="gin"),
    )
