"""What the environment says, and what is said about it when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import BotSettings, IngestSettings, SettingsError, StorageSettings, read

TOKEN = "123456:ABC-def_ghi"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither this machine's variables nor a .env of the checkout count."""
    monkeypatch.chdir(tmp_path)
    for kind in (IngestSettings, BotSettings):
        for field in kind.model_fields.values():
            monkeypatch.delenv(str(field.validation_alias), raising=False)


def test_nothing_set_means_a_private_database_in_data(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "TOKEN", "API_ID", "DATABASE"):
        monkeypatch.setenv(variable, "/somewhere/else")
    settings = read(StorageSettings)
    assert (settings.home, settings.database_url) == (Path("data"), None)


def test_dot_env_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"BOT_TOKEN={TOKEN}\n")
    token = read(BotSettings).token
    assert token is not None
    assert token.get_secret_value() == TOKEN


def test_empty_values_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "")
    assert "BOT_TOKEN" in (read(BotSettings).missing() or "")


def test_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("BOT_TOKEN_FILE", str(tmp_path / "token"))
    token = read(BotSettings).token
    assert token is not None
    assert token.get_secret_value() == TOKEN


def test_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOT_TOKEN_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="BOT_TOKEN_FILE cannot be read"):
        read(BotSettings)


@pytest.mark.parametrize("token", ["not-a-token-at-all", "123456:short", "123456 :ABCDEFGH"])
def test_bad_token_is_refused_without_being_repeated(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", token)
    with pytest.raises(SettingsError, match="BOT_TOKEN") as refused:
        read(BotSettings)
    assert token not in str(refused.value)


def test_stray_newline_is_stripped_from_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", f" {TOKEN}\n")
    token = read(BotSettings).token
    assert token is not None
    assert token.get_secret_value() == TOKEN


@pytest.mark.parametrize("url", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"])
def test_every_spelling_of_postgresql_is_one(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    found = read(StorageSettings).database_url
    assert found is not None
    assert found.get_secret_value() == "postgresql+psycopg://u:p@h/d"


def test_other_databases_are_refused_without_their_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me:hunter2@host/db")
    with pytest.raises(SettingsError, match="postgresql://") as refused:
        read(StorageSettings)
    assert "hunter2" not in str(refused.value)


def test_another_data_centre_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ID": "1", "HASH": "0" * 32}.items():
        monkeypatch.setenv(f"TELEGRAM_API_{name}", value)
    assert read(IngestSettings).missing() is None
    monkeypatch.setenv("TELEGRAM_DC_ADDRESS", "127.0.0.1:443")
    assert "go together" in (read(IngestSettings).missing() or "")


def test_secrets_do_not_show_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    assert "ABC-def" not in repr(read(BotSettings))


def test_operators_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(BotSettings).operators == frozenset()
    monkeypatch.setenv("CHANNELWATCH_OPERATORS", "123, 456 789")
    assert read(BotSettings).operators == {123, 456, 789}
    monkeypatch.setenv("CHANNELWATCH_OPERATORS", "@boss")
    with pytest.raises(SettingsError, match="CHANNELWATCH_OPERATORS: it holds numeric ids"):
        read(BotSettings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHANNELWATCH_KEEP_DAYS", "-1"),
        ("CHANNELWATCH_DISK_BUDGET_MIB", "0"),
        ("CHANNELWATCH_PREVIEW_URL", "file:///etc/passwd"),
        ("CHANNELWATCH_PREVIEW", "perhaps"),
    ],
)
def test_settings_that_make_no_sense_are_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        read(IngestSettings)
