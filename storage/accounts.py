"""Telegram accounts that read channels; what is stored of a session is ciphertext."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import AccountId
from storage.models import AccountRow


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `session` is encrypted, `state` is ready or revoked."""

    id: AccountId
    name: str
    session: bytes
    state: str


async def save_account(
    connection: AsyncConnection, name: str, session: bytes, telegram_user_id: int | None, state: str = "ready"
) -> AccountId:
    """Keep an account's (encrypted) session under its name; the last one kept counts."""
    values = {"session": session, "telegram_user_id": telegram_user_id, "state": state}
    number = await connection.scalar(
        insert(AccountRow)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=["name"], set_={**values, "changed_at": func.now()})
        .returning(AccountRow.id)
    )
    return AccountId(int(number or 0))


async def load_account(connection: AsyncConnection, name: str) -> Account | None:
    """The account of that name."""
    row = (
        await connection.execute(
            select(AccountRow.id, AccountRow.name, AccountRow.session, AccountRow.state).where(AccountRow.name == name)
        )
    ).first()
    return _account(row) if row else None


async def mark_revoked(connection: AsyncConnection, account_id: AccountId) -> None:
    """Telegram has ended this session: it is not used again until somebody logs in."""
    await connection.execute(
        update(AccountRow).where(AccountRow.id == account_id).values(state="revoked", changed_at=func.now())
    )


def _account(row: Any) -> Account:
    return Account(*row)
