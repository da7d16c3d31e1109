"""What the environment, or a `.env` file, configures: one class a program, read once at its door."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(Exception):
    """The environment says something that cannot be used; the message names the variable, never its value."""


def _token(value: SecretStr) -> SecretStr:
    # A stray newline would put the token into the text of the URL error that httpx raises.
    bare = value.get_secret_value().strip()
    if not re.fullmatch(r"\d+:[A-Za-z0-9_-]{6,}", bare):
        raise ValueError("a bot token looks like 123456:ABC-def, as @BotFather gives it")
    return SecretStr(bare)


def _database_url(value: SecretStr) -> SecretStr:
    bare = value.get_secret_value().strip()
    if not re.match(r"postgres(ql)?(\+psycopg)?://", bare):
        raise ValueError("it starts with postgresql://; other databases are not supported")
    return SecretStr(re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", bare))


def _names(value: object) -> object:
    """ "one.example, two.example" as host names; anything else is left to the type."""
    return frozenset(value.lower().replace(",", " ").split()) if isinstance(value, str) else value


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _numbers(value: object) -> object:
    """ "123, 456" as numbers; anything else is left to the type."""
    if not isinstance(value, str):
        return value
    try:
        return frozenset(int(number) for number in value.replace(",", " ").split())
    except ValueError:
        raise ValueError("it holds numeric ids of people, such as 123456789, separated by commas") from None


class _FromEnvironment(BaseSettings):
    # The prefix keeps field names that programs and tests fill by hand from being read as variables: HOME, TOKEN, …
    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        env_prefix="CHANNELWATCH_",
        extra="ignore",
        populate_by_name=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        # NAME_FILE holds the path of a file with the value: how containers hand over secrets.
        for field in cls.model_fields.values():
            name = str(field.validation_alias)
            path = values.pop(f"{name}_FILE", None)
            if path and not values.get(name):
                try:
                    values[name] = Path(str(path)).read_text(encoding="utf-8").strip()
                except OSError as error:
                    raise ValueError(f"{name}_FILE cannot be read: {error.strerror}") from error
        return values


class StorageSettings(_FromEnvironment):
    """Where everything is kept. With no DATABASE_URL a private PostgreSQL runs in the data folder."""

    home: Path = Field(default=Path("data"), validation_alias="CHANNELWATCH_HOME")
    database_url: Annotated[SecretStr, AfterValidator(_database_url)] | None = Field(
        default=None, validation_alias="DATABASE_URL"
    )
    database_url_file: Path | None = Field(default=None, validation_alias="DATABASE_URL_FILE")
    metrics_port: int | None = Field(default=None, ge=0, le=65_535, validation_alias="CHANNELWATCH_METRICS_PORT")
    """Where a program says how it does: /healthz, /readyz and /metrics; nowhere unless set."""
    metrics_host: str = Field(default="127.0.0.1", validation_alias="CHANNELWATCH_METRICS_HOST")
    topic_model: str | None = Field(default=None, min_length=1, validation_alias="CHANNELWATCH_TOPIC_MODEL")
    """A topic model that an installed package offers, in the place of our word lists (`analysis.topic_model`)."""


class IngestSettings(StorageSettings):
    """The account that reads channels, and the data centre it speaks to (Telegram's, unless told otherwise)."""

    api_id: int | None = Field(default=None, validation_alias="TELEGRAM_API_ID")
    api_hash: SecretStr | None = Field(default=None, validation_alias="TELEGRAM_API_HASH")
    api_hash_file: Path | None = Field(default=None, validation_alias="TELEGRAM_API_HASH_FILE")
    dc_id: int = Field(default=2, validation_alias="TELEGRAM_DC_ID")
    dc_address: str | None = Field(default=None, validation_alias="TELEGRAM_DC_ADDRESS")
    """host:port of another MTProto server, such as Telegram's test servers; needs its public key too."""
    dc_public_key: Path | None = Field(default=None, validation_alias="TELEGRAM_DC_PUBLIC_KEY")
    """A PEM file with the server's RSA public key."""
    session_key: Path | None = Field(default=None, validation_alias="CHANNELWATCH_SESSION_KEY")
    """The file that holds the key of stored sessions; by default `session.key` in the data folder, made 0600."""
    keep_days: int = Field(default=365, ge=0, le=36_500, validation_alias="CHANNELWATCH_KEEP_DAYS")
    """How many days posts are kept, from when they came; 0 keeps them for ever."""
    disk_budget_mib: int | None = Field(default=None, gt=0, validation_alias="CHANNELWATCH_DISK_BUDGET_MIB")
    """MiB that the database may fill before its oldest posts go."""
    keep_deleted_texts: bool = Field(default=True, validation_alias="CHANNELWATCH_KEEP_DELETED_TEXTS")
    """Whether what a deleted post said is kept as long as other posts are."""
    media_file_mib: int = Field(default=50, gt=0, validation_alias="CHANNELWATCH_MEDIA_FILE_MIB")
    media_folder_mib: int = Field(default=2048, gt=0, validation_alias="CHANNELWATCH_MEDIA_FOLDER_MIB")
    """MiB that one fetched file, and all of them together, may fill."""
    preview: bool = Field(default=False, validation_alias="CHANNELWATCH_PREVIEW")
    """Whether public channels that no account can read are read from their preview pages."""
    story_posts: int = Field(default=200_000, ge=1_000, le=2_000_000, validation_alias="CHANNELWATCH_STORY_POSTS")
    """Posts of the last 72 hours, the newest, with which a new one is compared to find its story; some 1.2 KiB each."""
    preview_url: str = Field(
        default="https://t.me", pattern=r"^https?://[^/\s]+/?$", validation_alias="CHANNELWATCH_PREVIEW_URL"
    )

    @property
    def session_key_path(self) -> Path:
        """Where the key of stored sessions lies."""
        return self.session_key or self.home / "session.key"

    def missing(self) -> str | None:
        """One sentence that says what reading channels still needs, or None."""
        if (self.api_id is None or self.api_hash is None) and not self.preview:
            return (
                "To read channels, set TELEGRAM_API_ID and TELEGRAM_API_HASH (your own, from https://my.telegram.org) "
                "in the environment or in .env."
            )
        if (self.dc_address is None) != (self.dc_public_key is None):
            return "TELEGRAM_DC_ADDRESS and TELEGRAM_DC_PUBLIC_KEY go together: set both, or neither for Telegram."
        return None


class BotSettings(StorageSettings):
    """The bot that speaks to subscribers."""

    token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(default=None, validation_alias="BOT_TOKEN")
    token_file: Path | None = Field(default=None, validation_alias="BOT_TOKEN_FILE")
    api_url: str = Field(default="https://api.telegram.org", validation_alias="BOT_API_URL")
    """The Bot API server; a self-hosted one is named here."""
    operators: Annotated[frozenset[int], NoDecode, BeforeValidator(_numbers)] = Field(
        default=frozenset(), validation_alias="CHANNELWATCH_OPERATORS"
    )
    """Telegram's numbers of the people who are told when a channel cannot be read; each must have started the bot."""

    access: Literal["open", "invite", "listed"] = Field(default="invite", validation_alias="CHANNELWATCH_ACCESS")
    """Who may use the bot: everybody; operators, listed people and who opened an invitation; or only the first two."""
    listed: Annotated[frozenset[int], NoDecode, BeforeValidator(_numbers)] = Field(
        default=frozenset(), validation_alias="CHANNELWATCH_LISTED"
    )
    """Telegram's numbers of people, or (negative) of groups, that may use the bot."""
    inline: Annotated[frozenset[int], NoDecode, BeforeValidator(_numbers)] = Field(
        default=frozenset(), validation_alias="CHANNELWATCH_INLINE"
    )
    """Telegram's numbers of people who may find posts from any chat by `@bot words`; nobody by default."""
    contact: str = Field(default="", max_length=200, validation_alias="CHANNELWATCH_CONTACT")
    """How whoever runs the bot can be reached; said in /privacy and to who is not let in."""
    most_subscriptions: int = Field(default=50, ge=1, validation_alias="CHANNELWATCH_MOST_SUBSCRIPTIONS")
    """Of one chat."""
    commands_a_minute: int = Field(default=20, ge=1, validation_alias="CHANNELWATCH_COMMANDS_A_MINUTE")
    """Of one person in one chat."""
    button_secret: Path | None = Field(default=None, validation_alias="CHANNELWATCH_BUTTON_SECRET")
    """The file with the secret that buttons are signed with; by default `buttons.key` in the data folder, made 0600."""

    @property
    def button_secret_path(self) -> Path:
        """Where the secret of buttons lies."""
        return self.button_secret or self.home / "buttons.key"

    def missing(self) -> str | None:
        """One sentence that says what the bot still needs, or None."""
        if self.token is None:
            return "To send alerts, set BOT_TOKEN (from @BotFather) in the environment or in .env."
        return None


class WebSettings(StorageSettings):
    """The console, the API and the feeds: where they are served, and by which names they answer."""

    web: bool = Field(default=False, validation_alias="CHANNELWATCH_WEB")
    """Whether `channelwatch run` serves them too; `channelwatch run web` does in any case."""
    host: str = Field(default="127.0.0.1", validation_alias="CHANNELWATCH_WEB_HOST")
    """The address to listen on. Any but this machine's own needs an operator first."""
    port: int = Field(default=8878, ge=0, le=65_535, validation_alias="CHANNELWATCH_WEB_PORT")
    url: Annotated[str, AfterValidator(_without_slash)] | None = Field(
        default=None, pattern=r"^https?://[^/?#\s@]+/?$", validation_alias="CHANNELWATCH_WEB_URL"
    )
    """Where people reach it, behind a proxy for instance: its host is answered to, and feeds' links begin with it."""
    hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(_names)] = Field(
        default=frozenset(), validation_alias="CHANNELWATCH_WEB_HOSTS"
    )
    """Further host names that are answered to; a request for any other is refused."""
    proxies: str = Field(default="", validation_alias="CHANNELWATCH_WEB_PROXIES")
    """Addresses, separated by commas, of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    webhook_hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(_names)] = Field(
        default=frozenset(), validation_alias="CHANNELWATCH_WEBHOOK_HOSTS"
    )
    """Hosts that webhooks may be sent to though their addresses are private."""


Settings = TypeVar("Settings", bound=BaseSettings)


def read(kind: type[Settings]) -> Settings:
    """The settings of one program. Raises SettingsError with one sentence for all that is wrong."""
    try:
        return kind()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise SettingsError(problems) from None
