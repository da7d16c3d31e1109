"""Backups hold everything but by what somebody is signed in; a restore brings it back, or changes nothing."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from storage import left_out, migrations
from storage.backups import Backup, BackupDamaged, BackupRefused, back_up, last_backup_at, remember
from storage.checkup import schema_of
from storage.database import Database
from storage.dump_programs import DumpProgramFailed, find_programs, output_of, run
from storage.embedded import EmbeddedServer
from storage.models import Base
from storage.restoring import SECTIONS, Restored, RestoreRefused, restore
from storage.stories import Placed, place
from tests.conftest import execute, numbers
from tests.storage.makers import NOON, change, make_channel, make_owed, make_post, store, store_one

SESSION = b"sealed-session-canary"

SIGNED_IN = """
    INSERT INTO accounts (name, state, session) VALUES ('main', 'ready', 'sealed-session-canary');
    INSERT INTO account_channels (account_id, channel_id, access_hash) SELECT 1, id, 424242424242 FROM channels;
    INSERT INTO flood_waits (account_id, method, until_at) VALUES (1, 'GetHistory', now());
    INSERT INTO rereads (account_id, age_seconds, done_until_at) VALUES (1, 60, now());
    UPDATE channels SET reader_id = 1, reader_until_at = now();
    INSERT INTO operators (name, password_hash) VALUES ('demo', 'argon2-hash');
    INSERT INTO operator_sessions (operator_id, token_hash, expires_at) VALUES (1, 'signed-in-canary', now());
"""


async def fill(url: str) -> None:
    """Something in most tables: posts with versions and a story, people who asked, accounts and who is signed in."""
    database = Database(url)
    posts = await make_owed(database, chats=(100, 200), posts=3)
    news = await make_channel(database)
    await store(database, make_post(news, 2, "мир, исправлено", edited_at=NOON))
    other = await store_one(database, make_post(await make_channel(database, "other"), 1, "мир \\ \t и \n строка"))
    async with database.begin() as connection:
        await place(connection, [Placed(other, posts[0], "rewrite", posts[0], 0.9)])
    for statement in filter(str.strip, SIGNED_IN.split(";")):
        await change(database, statement)
    await database.close()


@pytest.fixture
async def filled(database_url: str) -> str:
    """The address of such a database."""
    await fill(database_url)
    return database_url


@pytest.fixture
def empty_url(postgres: EmbeddedServer) -> Iterator[str]:
    """The address of a database that nobody has used or migrated yet."""
    name = f"restored_{next(numbers)}"
    execute(postgres, f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres.url_of(name)
    execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def tables(url: str) -> dict[str, list[str]]:
    """Every row of every table as JSON."""
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        rows = sql.SQL("SELECT CAST(to_jsonb(t) AS text) FROM {} t ORDER BY 1")
        return {name: [row for (row,) in connection.execute(rows.format(sql.Identifier(name)))] for name in names}


def back_up_to(path: Path, url: str, **options: Any) -> Backup:
    return back_up(url, path, is_private=True, progress=lambda *_: None, **options)


def restore_into(url: str, path: Path, *, replace: bool = False) -> Restored:
    return restore(url, path, is_private=True, replace=replace, progress=lambda *_: None)


async def test_drill_into_an_empty_data_folder_nothing_differs_but_who_is_signed_in(
    filled: str, tmp_path: Path
) -> None:
    path = tmp_path / "everything.dump"
    back_up_to(path, filled)
    with (
        tempfile.TemporaryDirectory(prefix="channelwatch-tests-") as home,  # not pytest's, which others may close
        EmbeddedServer(Path(home), {"fsync": "off"}) as server,
    ):
        restored = restore_into(server.url, path)
        came_back = tables(server.url)
    with psycopg.connect(filled) as connection:  # what goes along, goes along by foreign keys
        connection.execute("DELETE FROM accounts")
        connection.execute("DELETE FROM operator_sessions")
    assert came_back == tables(filled)
    assert (restored.posts, restored.owed, restored.is_checked) == (4, 6, True)


async def test_control_the_drill_would_see_a_single_letter(filled: str, empty_url: str, tmp_path: Path) -> None:
    back_up_to(tmp_path / "b.dump", filled)
    restore_into(empty_url, tmp_path / "b.dump")
    with psycopg.connect(empty_url) as connection:
        connection.execute("UPDATE post_versions SET text = text || '.'")
    assert tables(empty_url)["post_versions"] != tables(filled)["post_versions"]


async def test_work_goes_on_after_a_restore(filled: str, empty_url: str, tmp_path: Path) -> None:
    back_up_to(tmp_path / "b.dump", filled)
    restore_into(empty_url, tmp_path / "b.dump")
    migrations.check(empty_url)
    database = Database(empty_url)
    await store_one(database, make_post(await make_channel(database, "third"), 1, "новый"))
    await database.close()
    back_up_to(tmp_path / "again.dump", empty_url)
    restore_into(empty_url, tmp_path / "again.dump", replace=True)
    assert len(tables(empty_url)["posts"]) == 5


async def test_no_session_is_in_the_file_and_others_cannot_read_it(filled: str, tmp_path: Path) -> None:
    path = back_up_to(tmp_path / "b.dump", filled).path
    said = output_of(find_programs(18, is_private=True).restore, ["--file=-", str(path)])
    assert [word in said for word in ("исправлено", SESSION.hex(), b"signed-in-canary".hex(), "424242424242")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_whatever_refers_to_what_is_left_out_goes_with_it_or_is_emptied() -> None:
    gone = left_out.tables()
    assert {"accounts", "account_channels", "operator_sessions"} <= set(gone)
    assert "posts" not in gone
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name in gone and table.name not in gone:
                assert key.parent.nullable, f"{table.name}.{key.parent.name} cannot be emptied"
                assert (table.name, key.parent.name) in left_out.columns()


async def test_a_damaged_file_is_refused_and_nothing_is_touched(filled: str, empty_url: str, tmp_path: Path) -> None:
    path = back_up_to(tmp_path / "b.dump", filled).path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupDamaged, match="not what it was"):
        restore_into(empty_url, path)
    (tmp_path / "b.dump.sha256").unlink()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BackupDamaged, match="cannot be read"):
        restore_into(empty_url, path)
    assert tables(empty_url) == {}


async def test_a_database_that_holds_something_is_replaced_only_if_told(filled: str, tmp_path: Path) -> None:
    back_up_to(tmp_path / "b.dump", filled)
    with psycopg.connect(filled) as connection:
        connection.execute("UPDATE posts SET text = 'changed since'")
    with pytest.raises(RestoreRefused, match="--replace"):
        restore_into(filled, tmp_path / "b.dump")
    assert "changed since" in str(tables(filled)["posts"])
    restore_into(filled, tmp_path / "b.dump", replace=True)
    assert "changed since" not in str(tables(filled)["posts"])


async def test_a_restore_that_fails_leaves_what_was_there(filled: str, tmp_path: Path) -> None:
    with psycopg.connect(filled) as connection:
        connection.execute("INSERT INTO alembic_version (version_num) VALUES ('9999')")
        connection.execute("DELETE FROM alembic_version WHERE version_num <> '9999'")
    programs = find_programs(18, is_private=True)
    path = tmp_path / "of_a_newer_release.dump"
    run(programs.dump, ["--format=custom", "--schema=public", f"--file={path}"], url=filled)
    with psycopg.connect(filled) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", (migrations.head(),))
    before = tables(filled)
    with pytest.raises((migrations.SchemaMismatch, DumpProgramFailed)):
        restore_into(filled, path, replace=True)
    assert tables(filled) == before
    with psycopg.connect(filled) as connection:
        assert connection.execute("SELECT FROM pg_namespace WHERE nspname = 'before_restore'").fetchone() is None


@pytest.mark.parametrize("finished", [0, 1, 2], ids=["nothing", "tables", "rows"])
async def test_what_a_killed_restore_put_aside_comes_back_first(filled: str, tmp_path: Path, finished: int) -> None:
    path = back_up_to(tmp_path / "b.dump", filled).path
    with psycopg.connect(filled) as connection:
        connection.execute("UPDATE posts SET text = 'changed since'")
    before = tables(filled)
    with psycopg.connect(filled) as connection:
        connection.execute("ALTER SCHEMA public RENAME TO before_restore")
    for section in SECTIONS[:finished]:
        arguments = ["--exit-on-error", "--no-comments", f"--section={section}", str(path)]
        run(find_programs(18, is_private=True).restore, arguments, url=filled)
    for begin in (migrations.check, migrations.upgrade):  # rows without a key or an index: nobody may work with them
        with pytest.raises(migrations.SchemaMismatch, match="restore"):
            begin(filled)
    assert schema_of(filled).is_half_restored
    with pytest.raises(RestoreRefused, match="holds channels already"):
        restore_into(filled, path)
    migrations.check(filled)
    assert tables(filled) == before


async def test_a_restore_waits_for_no_other_one(filled: str, tmp_path: Path) -> None:
    path = back_up_to(tmp_path / "b.dump", filled).path
    before = tables(filled)
    with psycopg.connect(filled) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (migrations.LOCK,))
        with pytest.raises(RestoreRefused, match="stop all programs"):
            restore_into(filled, path, replace=True)
    assert tables(filled) == before


async def test_nothing_is_restored_under_a_running_program(filled: str, tmp_path: Path) -> None:
    back_up_to(tmp_path / "b.dump", filled)
    database = Database(filled)
    async with database.begin() as connection:
        await connection.exec_driver_sql("SELECT 1")
        with pytest.raises(RestoreRefused, match="stop them first"):
            restore_into(filled, tmp_path / "b.dump", replace=True)
    await database.close()


def test_a_backup_is_not_overwritten_unawares_and_is_remembered(database_url: str, tmp_path: Path) -> None:
    assert last_backup_at(tmp_path) is None
    made = back_up_to(tmp_path / "b.dump", database_url)
    with pytest.raises(BackupRefused, match="is there already"):
        back_up_to(tmp_path / "b.dump", database_url)
    remember(tmp_path, made)
    assert last_backup_at(tmp_path) == made.made_at
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.dump", "b.dump.sha256", "last-backup.json"]


def test_a_password_reaches_the_program_where_nobody_else_sees_it(tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/password\n')
    program.chmod(0o700)
    run(program, ["--verbose"], url="postgresql+psycopg://me:hunter2@db:5432/news?sslmode=require")
    assert "hunter2" not in (tmp_path / "arguments").read_text()
    assert "sslmode=require" in (tmp_path / "arguments").read_text()
    assert (tmp_path / "password").read_text() == "hunter2\n"
