"""What no backup holds: by what somebody is signed in, and what is worth nothing without it.

Found by foreign keys, so that no table can be forgotten: what goes with an account when it is removed is left out with
it, and a column that would be emptied then is emptied when the backup is restored.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Table

from storage.models import AccountRow, Base, OperatorSessionRow

SIGNED_IN = (AccountRow.__tablename__, OperatorSessionRow.__tablename__)
"""The reading accounts with their (encrypted) sessions, and the browsers in which operators are signed in."""


def tables() -> list[str]:
    """Tables that are in a backup without their rows."""
    found = list(SIGNED_IN)
    for table in Base.metadata.sorted_tables:  # what is referred to comes before what refers to it
        if table.name not in found and any(_goes_along(key, found) for key in table.foreign_keys):
            found.append(table.name)
    return found


def columns() -> list[tuple[str, str]]:
    """Tables and their columns that refer to rows which are not there after a restore."""
    gone = tables()
    return [
        (table.name, key.parent.name)
        for table in Base.metadata.sorted_tables
        for key in _keys(table)
        if table.name not in gone and key.column.table.name in gone
    ]


def _keys(table: Table) -> list[ForeignKey]:
    return sorted(table.foreign_keys, key=lambda key: key.parent.name)


def _goes_along(key: ForeignKey, gone: list[str]) -> bool:
    return key.column.table.name in gone and key.ondelete == "CASCADE"
