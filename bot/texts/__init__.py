"""Everything the bot says, by language; to whoever speaks another one it is said in English."""

from __future__ import annotations

from collections.abc import Mapping

from bot.texts.catalogue import Catalogue
from bot.texts.en import ENGLISH
from bot.texts.ru import RUSSIAN
from bot.texts.uk import UKRAINIAN

__all__ = ["CATALOGUES", "LANGUAGES", "Catalogue", "base_language", "texts_in"]

CATALOGUES: Mapping[str, Catalogue] = {texts.language: texts for texts in (ENGLISH, RUSSIAN, UKRAINIAN)}
"""The sentences of each language; topics' names come from the taxonomy, which has all of them."""

LANGUAGES = tuple(CATALOGUES)
"""Languages that a subscriber may have."""


def base_language(code: str | None) -> str:
    """The language of LANGUAGES for an IETF tag such as "uk-UA" or "pt-br"; English for none and for all others."""
    base = (code or "").replace("_", "-").partition("-")[0].lower()
    return base if base in LANGUAGES else ENGLISH.language


def texts_in(language: str) -> Catalogue:
    """The sentences of a language."""
    return CATALOGUES.get(base_language(language), ENGLISH)
