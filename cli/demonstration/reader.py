"""An account that reads channels of the box: where ingest finds the box, and who signs in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from config.settings import IngestSettings
from sandbox.mtproto import MtprotoServer
from sandbox.world import User


def settings_of(telegram: MtprotoServer, home: Path) -> IngestSettings:
    """Settings that point ingest at the box, whose public key is written into `home`, the data folder."""
    key = home / "box.pem"
    key.write_text(telegram.public_key_pem)
    return IngestSettings.model_validate(
        {
            "home": home,
            "database_url": None,
            "api_id": 1,
            "api_hash": "0" * 32,
            "dc_id": telegram.dc_id,
            "dc_address": f"{telegram.host}:{telegram.port}",
            "dc_public_key": key,
        }
    )


def environment_of(settings: IngestSettings, database_url: str) -> dict[str, str]:
    """The same as the environment of a program of its own."""
    return {
        "CHANNELWATCH_HOME": str(settings.home),
        "DATABASE_URL": database_url,
        "TELEGRAM_API_ID": str(settings.api_id),
        "TELEGRAM_API_HASH": settings.api_hash.get_secret_value() if settings.api_hash else "",
        "TELEGRAM_DC_ID": str(settings.dc_id),
        "TELEGRAM_DC_ADDRESS": settings.dc_address or "",
        "TELEGRAM_DC_PUBLIC_KEY": str(settings.dc_public_key),
    }


class KnowsTheCode:
    """The person at the keyboard of `channelwatch login`."""

    def __init__(self, user: User) -> None:
        self._user = user

    async def phone(self) -> str:
        """The person's own."""
        return self._user.phone

    async def code(self, where: str) -> str:
        """As the box sends it."""
        return self._user.code

    async def password(self, hint: str | None) -> str:
        """The second factor, if there is one."""
        return self._user.password or ""

    async def show_qr(self, url: str, expires_at: dt.datetime) -> None:
        """Nobody scans here."""
        raise NotImplementedError("in the box, people sign in by code")

    async def say(self, sentence: str) -> None:
        """Nothing to answer."""
