"""Telegram accounts that read channels; what is stored of a session is ciphertext."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import AccountId
from storage.models import AccountChannelRow, AccountRow

COLUMNS = (
    AccountRow.id,
    AccountRow.name,
    AccountRow.session,
    AccountRow.state,
    AccountRow.state_detail,
    AccountRow.channels_max,
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `session` is encrypted. `state` is ready, or why it is not used: revoked, banned, frozen."""

    id: AccountId
    name: str
    session: bytes
    state: str
    state_detail: str | None = None
    """Why, in a sentence for the operator."""
    channels_max: int = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What an account does, for operators: the channels it reads now, those it is in, and those it may be in."""

    name: str
    state: str
    state_detail: str | None
    reads: int
    is_in: int
    channels_max: int

    @property
    def room(self) -> int:
        """Channels that it may still join."""
        return max(self.channels_max - self.is_in, 0)


def lock_of(name: str) -> str:
    """What the lock is called without which nobody uses the account (`storage.holding`)."""
    return f"account {name}"


async def save_account(
    connection: AsyncConnection, name: str, session: bytes, telegram_user_id: int | None, state: str = "ready"
) -> AccountId:
    """Keep an account's (encrypted) session under its name; the last one kept counts.

    Signed in as another person than before, it is in none of the channels that it was in: its hashes are worthless.
    """
    before = await connection.scalar(select(AccountRow.telegram_user_id).where(AccountRow.name == name))
    values = {"session": session, "telegram_user_id": telegram_user_id, "state": state, "state_detail": None}
    number = await connection.scalar(
        insert(AccountRow)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=["name"], set_={**values, "changed_at": func.now()})
        .returning(AccountRow.id)
    )
    if before is not None and before != telegram_user_id:
        await connection.execute(delete(AccountChannelRow).where(AccountChannelRow.account_id == number))
    return AccountId(int(number or 0))


async def keep_session(connection: AsyncConnection, account_id: AccountId, session: bytes) -> bool:
    """Keep the session of an account that is in use. False when it is not to be used any more: then nothing changes."""
    kept = await connection.scalar(
        update(AccountRow)
        .where(AccountRow.id == account_id, AccountRow.state == "ready")
        .values(session=session, changed_at=func.now())
        .returning(AccountRow.id)
    )
    return kept is not None


async def load_account(connection: AsyncConnection, name: str) -> Account | None:
    """The account of that name."""
    row = (await connection.execute(select(*COLUMNS).where(AccountRow.name == name))).first()
    return _account(row) if row else None


async def list_accounts(connection: AsyncConnection) -> list[Account]:
    """Every account, by name."""
    return [_account(row) for row in await connection.execute(select(*COLUMNS).order_by(AccountRow.name))]


async def name_of_user(connection: AsyncConnection, telegram_user_id: int) -> str | None:
    """Under which name this person is signed in."""
    found: str | None = await connection.scalar(
        select(AccountRow.name).where(AccountRow.telegram_user_id == telegram_user_id)
    )
    return found


async def list_readings(connection: AsyncConnection) -> list[Reading]:
    """What every account does, by name."""
    return [Reading(*row) for row in await connection.execute(READINGS)]


READINGS = text(
    "SELECT a.name, a.state, a.state_detail,"
    " (SELECT count(*) FROM channels c WHERE c.reader_id = a.id AND c.reader_until_at > now() AND c.state = 'active'),"
    " (SELECT count(*) FROM account_channels h WHERE h.account_id = a.id), a.channels_max"
    " FROM accounts a ORDER BY a.name"
)


async def mark_refused(connection: AsyncConnection, account_id: AccountId, state: str, why: str) -> None:
    """Telegram does not let it in (state revoked, banned or frozen): not used until somebody signs it in again."""
    await connection.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id)
        .values(state=state, state_detail=why, changed_at=func.now())
    )


async def set_channels_max(connection: AsyncConnection, account_id: AccountId, most: int) -> None:
    """How many channels Telegram lets it be in."""
    await connection.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id, AccountRow.channels_max != most)
        .values(channels_max=most, changed_at=func.now())
    )


async def fill_up(connection: AsyncConnection, account_id: AccountId) -> None:
    """Telegram lets it join no more, whatever we counted: channels that we know nothing of count, too."""
    joined = select(func.count()).where(AccountChannelRow.account_id == account_id).scalar_subquery()
    await connection.execute(update(AccountRow).where(AccountRow.id == account_id).values(channels_max=joined))


async def remove_account(connection: AsyncConnection, name: str) -> bool:
    """Forget an account and its session; who runs it stops at the next look. False when there is none of that name."""
    removed = await connection.scalar(delete(AccountRow).where(AccountRow.name == name).returning(AccountRow.id))
    return removed is not None


def _account(row: Any) -> Account:
    return Account(*row)
