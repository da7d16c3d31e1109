"""Everything the bot says, by language; what a language does not have yet is said in English."""

from __future__ import annotations

from collections.abc import Mapping

from bot.texts.catalogue import Catalogue
from bot.texts.en import ENGLISH

__all__ = ["CATALOGUES", "LANGUAGES", "Catalogue", "base_language", "texts_in"]

CATALOGUES: Mapping[str, Catalogue] = {ENGLISH.language: ENGLISH}
"""The languages that are ready; topics' names come from the taxonomy, which has all of LANGUAGES."""

LANGUAGES = ("en", "ru", "uk")
"""Languages that a subscriber may have."""


def base_language(code: str | None) -> str:
    """The language of LANGUAGES for an IETF tag such as "uk-UA" or "pt-br"; English for none and for all others."""
    base = (code or "").replace("_", "-").partition("-")[0].lower()
    return base if base in LANGUAGES else ENGLISH.language


def texts_in(language: str) -> Catalogue:
    """The sentences of a language."""
    return CATALOGUES.get(base_language(language), ENGLISH)
